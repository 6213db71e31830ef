#include "unit/diagnose/case.h"

using namespace mlpipe;
using namespace mlpipe::test;

TEST_CASE("a command that the shell does not find") {
  const auto given = [](Case& c) {
    c.fail("exit code 127", "/bin/sh: 1: trainer: not found\n");
    c.facts.exit_code = 127;
  };
  proves("command-not-found", command("trainer"), given,
         {[](Case& c) { c.facts.exit_code = 1; }, [](Case& c) { c.facts.output = "model: not found"; }, [](Case& c) { c.facts.output = ""; }, nothing_failed});
  Case c(command("x"));
  c.fail("exit code 127", "bash: line 1: trainer: command not found");
  c.facts.exit_code = 127;
  CHECK(c.only().cause == "the shell found no command `trainer`");
}

TEST_CASE("a; b hid that a failed") {
  const auto given = [](Case& c) { c.fail("it ended well but did not write its output model (the file m.pt)", "Traceback (most recent call last):\n  File \"t.py\", line 1\nValueError: bad\n"); };
  proves("hidden-failure", command("python t.py; echo done"), given,
         {[](Case& c) { c.step() = command("python t.py && echo done"); }, [](Case& c) { c.step() = command("set -e; python t.py; echo done"); },
          [](Case& c) { c.facts.output = "all fine"; }, [](Case& c) { c.facts.error = "exit code 1"; }, nothing_failed,
          [](Case& c) { c.step() = command("python t.py --name 'a; b'"); }});
  proves("hidden-failure", command("trainer | tee log"), [](Case& c) { c.end(); c.facts.output = "/bin/sh: 1: trainer: not found"; },
         {[](Case& c) { c.step() = command("trainer || true"); }, [](Case& c) { c.facts.reused = true; }, [](Case& c) { c.facts.output = "model: not found"; }, not_yet});
}
