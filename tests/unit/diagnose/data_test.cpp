#include "unit/diagnose/case.h"

using namespace mlpipe;
using namespace mlpipe::test;

TEST_CASE("a folder of v1 that the script never made") {
  Step step = script("train.py");
  step.outputs = {output("model", false)};
  const auto given = [](Case& c) {
    c.facts.outputs = {{"model", "/work/outputs/model", false}};
    c.fail("exit code 1", "FileNotFoundError: [Errno 2] No such file or directory: '/work/outputs/model/m.pt'");
  };
  proves("output-folder", step, given,
         {[](Case& c) { c.facts.outputs[0].exists = true; }, [](Case& c) { c.step().outputs[0].made = true; },
          [](Case& c) { c.facts.output = "FileNotFoundError: [Errno 2] No such file or directory: '/data/x'"; }, nothing_failed});
}

TEST_CASE("before a run: no code of a v1 script makes a folder") {
  Step step = script("train.py");
  step.outputs = {output("model", false)};
  proves("output-folder", step, [](Case& c) { c.source("train.py", "open(path + '/m', 'w')  # os.makedirs(path)\n"); },
         {[](Case& c) { c.source("more.py", "os.makedirs(path)\n"); }, [](Case& c) { c.step().outputs[0].made = true; },
          [](Case& c) { c.facts.sources.clear(); }, [](Case& c) { c.step().outputs[0].type = DataType::file; }});
}

TEST_CASE("a path relative to a worker's folder") {
  const auto given = [](Case& c) {
    c.source("data/labels.txt", "");
    c.fail("not one of 4 items succeeded");
    c.facts.traceback = "FileNotFoundError: [Errno 2] No such file or directory: './data/labels.txt'";
  };
  proves("relative-path", entry_script(), given,
         {[](Case& c) { c.facts.paths.clear(); }, [](Case& c) { c.facts.traceback = "FileNotFoundError: [Errno 2] No such file or directory: '/data/labels.txt'"; },
          [](Case& c) { c.facts.traceback = "KeyError: 'data/labels.txt'"; }, nothing_failed});
  proves("relative-path", entry_script(), given,
         {[](Case& c) { c.step().action = std::get<Command>(command("python x.py").action); }, not_yet, [](Case& c) { c.facts.paths = {"labels.txt"}; }});
}

TEST_CASE("a step that writes into its input") {
  proves("input-written", command("sh clean.sh"), [](Case& c) { c.fail("its input raw changed while it ran, so its result is not kept"); },
         {[](Case& c) { c.facts.error = "its hash path lib changed while it ran, so its result is not kept"; }, [](Case& c) { c.facts.error = "exit code 1"; }, nothing_failed});
  Case c(command("sh clean.sh"));
  c.fail("its input raw changed while it ran, so its result is not kept");
  CHECK(c.only().cause.starts_with("its input raw is not what it was"));
}

TEST_CASE("no space is left") {
  proves("no-space", command("cp a b"), [](Case& c) { c.fail("exit code 1", "cp: error writing 'b': No space left on device"); },
         {[](Case& c) { c.facts.output = "there is plenty of space on this device"; }, [](Case& c) { c.facts.output = ""; }, nothing_failed});
}

TEST_CASE("no permission") {
  proves("no-permission", command("python x.py"), [](Case& c) { c.fail("exit code 1", "PermissionError: [Errno 13] Permission denied: '/data/x.csv'"); },
         {[](Case& c) { c.facts.output = "git@host: Permission denied (publickey)."; }, [](Case& c) { c.facts.output = "curl: https://x/y: Permission denied"; },
          [](Case& c) { c.facts.output = "Permission denied"; }, nothing_failed});
  Case shell(command("./run.sh"));
  shell.fail("exit code 126", "/bin/sh: 1: ./run.sh: Permission denied");
  shell.facts.exit_code = 126;
  CHECK(shell.only().cause == "./run.sh is not executable");
  Case input(command("x"));
  input.facts.inputs = {{"raw", "/data"}};
  input.fail("exit code 1", "PermissionError: [Errno 13] Permission denied: '/data/x.csv'");
  CHECK(input.only().cause.find("which is its input raw") != std::string::npos);
}
