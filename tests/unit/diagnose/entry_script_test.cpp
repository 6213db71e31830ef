#include "unit/diagnose/case.h"

using namespace mlpipe;
using namespace mlpipe::test;

namespace {

const std::string parses = "p = argparse.ArgumentParser()\np.add_argument('--model')\n";

Template word(const std::string& text) {
  Template argument;
  argument.written = text;
  argument.parts.emplace_back(text);
  return argument;
}

}  // namespace

TEST_CASE("parse_args ends at the driver's arguments") {
  const auto given = [](Case& c) {
    c.source("score.py", parses + "args = p.parse_args()\n");
    c.fail("init() failed: SystemExit: 2");
  };
  proves("parse-args", entry_script(), given,
         {[](Case& c) { c.facts.sources[0].text = parses + "args, _ = p.parse_known_args()\n"; }, [](Case& c) { c.facts.error = "init() failed: SystemExit: 1"; },
          [](Case& c) { c.facts.output = "score.py: error: the following arguments are required: --model"; }, nothing_failed,
          [](Case& c) { c.step().action = std::get<Command>(command("python score.py").action); }});
  Case said(entry_script());
  said.fail("init() failed: SystemExit: 2", "usage: x\nx: error: unrecognized arguments: --client_sdk_version mlpipe-0.1.0 --output /o");
  CHECK(said.only().hint.find("use parse_known_args() instead") != std::string::npos);
}

TEST_CASE("argparse takes the driver's argument for a longer one") {
  Step step = entry_script();
  step.outputs = {output("rows")};
  proves("abbreviated-argument", step, [](Case& c) { c.source("score.py", parses + "p.add_argument(\n    '-f', \"--output_format\", default='csv')\n"); },
         {[](Case& c) { c.source("more.py", "p.add_argument('--output')\n"); }, [](Case& c) { c.facts.sources[0].text = "p = ArgumentParser(allow_abbrev=False)\np.add_argument('--output_format')"; },
          [](Case& c) { c.step().outputs.clear(); c.facts.sources[0].text = "# p.add_argument('--output_format')\n"; }, nothing_failed});
  proves("abbreviated-argument", entry_script(), [](Case& c) { c.fail("init() failed: SystemExit: 2", "score.py: error: ambiguous option: --output could match --output_a, --output_b"); },
         {[](Case& c) { c.facts.output = "score.py: error: argument --n: invalid int value"; }, nothing_failed, [](Case& c) { c.facts.output = "the option is ambiguous"; }});
}

TEST_CASE("the script's argument is a flag of the driver") {
  Step step = entry_script();
  std::get<Parallel>(step.action).arguments = {word("--nice"), word("3")};
  proves("reserved-argument", step, [](Case& c) { c.source("score.py", "p.add_argument('--nice', type=int)"); },
         {[](Case& c) { c.facts.sources[0].text = "p.add_argument('--nicer', type=int)"; }, [](Case& c) { std::get<Parallel>(c.step().action).arguments.clear(); },
          [](Case& c) { c.step() = entry_script(); std::get<Parallel>(c.step().action).arguments = {word("--model")}; c.facts.sources[0].text = parses; }, nothing_failed});
}

TEST_CASE("run() returned None") {
  proves("returned-none", entry_script(), [](Case& c) { c.fail("not one of 4 items succeeded: run() returned None (NoneType), not a list, a tuple or a pandas DataFrame"); },
         {[](Case& c) { c.facts.error = "run() returned 'None' (str), not a list, a tuple or a pandas DataFrame"; }, [](Case& c) { c.facts.error = "TypeError: NoneType"; }, nothing_failed});
}

TEST_CASE("run() returned something that is no list: shown") {
  proves("returned-wrong-type", entry_script(), [](Case& c) { c.fail("x: run() returned 'cat 0.9' (str), not a list, a tuple or a pandas DataFrame"); },
         {[](Case& c) { c.facts.error = "run() returned None (NoneType), not a list, a tuple or a pandas DataFrame"; }, [](Case& c) { c.facts.error = "run() returned 3 results for 4 items"; }, nothing_failed});
  Case c(entry_script());
  c.fail("run() returned 'cat 0.9' (str), not a list, a tuple or a pandas DataFrame");
  CHECK(c.only().cause == "run() has to return a list, a tuple or a pandas DataFrame, and it returned 'cat 0.9' (str)");
}

TEST_CASE("run() returned too few") {
  proves("returned-too-few", entry_script(), [](Case& c) { c.fail("4 items failed, error_threshold allows 0: run() returned 1 result for 5 items"); },
         {[](Case& c) { c.facts.error = "run() returned 5 results for 5 items"; }, [](Case& c) { c.facts.error = "run() returned 6 results for 5 items"; }, nothing_failed,
          [](Case& c) { c.facts.error = "run() returned 7 (int), not a list, a tuple or a pandas DataFrame for 5 items"; }});
}

TEST_CASE("init() fails everywhere: said when nothing better is") {
  proves("init-failed", entry_script(), [](Case& c) { c.fail("init() failed: ValueError: bad model"); },
         {[](Case& c) { c.facts.mini_batch = 3; }, [](Case& c) { c.facts.traceback = "ModuleNotFoundError: No module named 'torch'"; }, nothing_failed,
          [](Case& c) { c.facts.error = "3 items failed, error_threshold allows 0: ValueError"; }});
}
