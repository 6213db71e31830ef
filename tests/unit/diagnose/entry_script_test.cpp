#include "unit/diagnose/case.h"

using namespace mlpipe;
using namespace mlpipe::test;

namespace {

const std::string parses = "p = argparse.ArgumentParser()\np.add_argument('--model')\n";

const std::string ended_by_argparse = "Traceback (most recent call last):\n  File \"score.py\", line 3, in init\n    p.parse_args()\n  File \"argparse.py\", line 1872, in parse_args\n    self.error(msg)\nSystemExit: 2\n";

Step with_output() {
  Step step = entry_script();
  step.outputs = {output("rows")};
  return step;
}

}  // namespace

TEST_CASE("parse_args ends at the driver's arguments") {
  const auto given = [](Case& c) {
    c.source("score.py", parses + "args = p.parse_args()\n");
    c.fail("init() failed: SystemExit: 2", "usage: x\nx: error: unrecognized arguments: --client_sdk_version mlpipe-0.1.0 --output /o");
    c.facts.traceback = ended_by_argparse;
  };
  proves("parse-args", entry_script(), given,
         {prints("score.py: error: the following arguments are required: --model"), raises(raised("SystemExit: 1")), prints("score.py: error: argument --n: invalid int value: 'x'"),
          prints("score.py: error: unrecognized arguments: --modle"), prints("sub.py: error: the following arguments are required: --x\nstarted with --client_sdk_version\n"),
          [](Case& c) { c.step().action = std::get<Command>(command("python score.py").action); }, raises(raised("SystemExit: 2")), raises(raised("ValueError: parse_args() gave SystemExit: 2"))});
  Case said(entry_script());
  given(said);
  CHECK(said.only().hint.find("use parse_known_args() instead") != std::string::npos);
  said.facts.output = "x: error: unrecognized arguments: --unknown " + std::string(300, 'x') + " --client_sdk_version 1";
  CHECK(said.says("parse-args"));
}

TEST_CASE("argparse takes the driver's argument for a longer one") {
  proves("abbreviated-argument", with_output(), has_source("score.py", parses + "p.add_argument(\n    '-f', \"--output_format\", default='csv')\n"),
         {has_source("more.py", "p.add_argument('--output')\n"), has_source("score.py", "p = ArgumentParser(allow_abbrev=False)\np.add_argument('--output_format')"),
          has_source("score.py", "# p.add_argument('--output_format')\n"), has_source("score.py", parses + "print('--output_format')\n"), [](Case& c) { c.step().outputs.clear(); }});
  proves("abbreviated-argument", entry_script(), [](Case& c) { c.fail("init() failed: SystemExit: 2", "score.py: error: ambiguous option: --output could match --output_a, --output_b"); },
         {prints("score.py: error: argument --n: invalid int value"), prints("the option is ambiguous"), prints("score.py: error: unrecognized arguments: --output_c")});
}

TEST_CASE("the script's argument is a flag of the driver") {
  Step step = entry_script();
  std::get<Parallel>(step.action).arguments = {word("--nice"), word("3")};
  proves("reserved-argument", step, has_source("score.py", "p.add_argument('--nice', type=int)"),
         {has_source("score.py", "p.add_argument('--nicer', type=int)"), has_source("score.py", "# p.add_argument('--nice', type=int)\n" + parses),
          [](Case& c) { std::get<Parallel>(c.step().action).arguments = {word("--model"), word("3")}; }},
         {Moment::failed});
}

TEST_CASE("run() returned None") {
  proves("returned-none", entry_script(), [](Case& c) { c.fail("not one of 4 items succeeded: run() returned None (NoneType), not a list, a tuple or a pandas DataFrame"); },
         {raises(raised("ValueError: run() returned None (NoneType), not a list, a tuple or a pandas DataFrame")), says_error("run() returned 'None' (str), not a list, a tuple or a pandas DataFrame"), says_error("TypeError: 'NoneType' object is not iterable"),
          says_error("ValueError: score() returned None"), says_error("run() returned 3 results for 4 items")});
}

TEST_CASE("run() returned something that is no list: shown") {
  proves("returned-wrong-type", entry_script(), [](Case& c) { c.fail("x: run() returned 'cat 0.9' (str), not a list, a tuple or a pandas DataFrame"); },
         {raises(raised("ValueError: run() returned 'cat 0.9' (str), not a list, a tuple or a pandas DataFrame")), says_error("run() returned None (NoneType), not a list, a tuple or a pandas DataFrame"), says_error("run() returned 3 results for 4 items"), says_error("TypeError: run() returned a string")});
  Case c(entry_script());
  c.fail("run() returned 'cat 0.9' (str), not a list, a tuple or a pandas DataFrame");
  CHECK(c.only().cause == "run() has to return a list, a tuple or a pandas DataFrame, and it returned 'cat 0.9' (str)");
}

TEST_CASE("run() returned too few") {
  proves("returned-too-few", entry_script(), [](Case& c) { c.fail("4 items failed, error_threshold allows 0: run() returned 1 result for 5 items"); },
         {raises(raised("ValueError: run() returned 1 result for 5 items")), says_error("run() returned 5 results for 5 items"), says_error("run() returned 6 results for 5 items"), says_error("run() returned 7 (int), not a list, a tuple or a pandas DataFrame for 5 items"),
          says_error("ValueError: 1 result for 5 items")});
}

TEST_CASE("init() fails everywhere: said when nothing better is") {
  proves("init-failed", entry_script(), [](Case& c) { c.fail("init() failed: ValueError: bad model"); },
         {[](Case& c) { c.facts.mini_batch = 3; }, raises("ModuleNotFoundError: No module named 'torch'"), says_error("3 items failed, error_threshold allows 0: ValueError"),
          [](Case& c) { c.step().action = std::get<Command>(command("python score.py").action); }});
}
