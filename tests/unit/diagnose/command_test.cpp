#include "diagnose/shell_command.h"
#include "unit/diagnose/case.h"

using namespace mlpipe;
using namespace mlpipe::test;

namespace {

Change runs(const std::string& text) {
  return [text](Case& c) { c.step() = command(text); };
}

std::string words_and_joints(const std::string& text) {
  const auto parts = command_parts(text);
  if (!parts) return "not to be told";
  std::string all;
  for (const CommandPart& part : *parts) all += part.word + (part.behind == "\n" ? "/" : part.behind);
  return all;
}

}  // namespace

TEST_CASE("the parts of a command") {
  CHECK(words_and_joints("python t.py") == "python");
  CHECK(words_and_joints("A=1 B=2 python t.py; cp a b | tee 2>&1 x && c") == "python;cp|tee&&c");
  CHECK(words_and_joints("a &&\n b ||\n c") == "not to be told");
  CHECK(words_and_joints("a &&\n  b\n# it's; a comment\nc\n") == "a&&b/c");
  CHECK(words_and_joints("a | \\\n  b >| c &> d") == "a|b");
  CHECK(words_and_joints("a 'x; y' \"z | $A\"") == "a");
  for (const char* text : {"if a; then b; fi", "a; for x in y; do b; done", "a $(b; c)", "a `b`", "a & b", "cat << EOF\na; b\nEOF", "a 'open", "(a; b)", "! a; b", "while a; do b; done"})
    CHECK(words_and_joints(text) == "not to be told");
}

TEST_CASE("a command that the shell does not find") {
  const auto given = [](Case& c) { c.fail("exit code 127", "/bin/sh: 1: trainer: not found\n", 127); };
  proves("command-not-found", command("trainer"), given,
         {[](Case& c) { c.facts.exit_code = 1; }, prints("model: not found"), prints("/bin/sh: 1: trainer: not found\nno model, giving up\n"), prints("dpkg-query: package trainer: not found")});
  Case bash(command("trainer --x"));
  bash.fail("exit code 127", "bash: line 1: trainer: command not found", 127);
  CHECK(bash.only().cause == "the shell found no command `trainer`");
  proves("command-not-found", command("sh run.sh"), [](Case& c) { c.fail("exit code 127", "run.sh: 3: trainer: not found\n", 127); },
         {[](Case& c) { c.step() = command("python t.py"); }, [](Case& c) { c.step() = script("t.py"); }, prints("x.sh: 3: trainer: not found")});
  Case optional(command("python t.py"));  // os.system() of a tool that need not be there; sys.exit(127) for another reason
  optional.fail("exit code 127", "sh: 1: trainer: not found\n", 127);
  CHECK(diagnose(optional.facts).empty());
  Case interpreter(command("./run.sh"));
  interpreter.fail("exit code 127", "/bin/sh: 1: ./run.sh: not found", 127);
  CHECK(interpreter.only().cause == "`./run.sh`, or the interpreter that its first line names, is not there");
}

TEST_CASE("a; b hid that a was not found") {
  const auto given = [](Case& c) {
    c.end();
    c.facts.output = "/bin/sh: 1: trainer: not found";
  };
  proves("hidden-failure", command("trainer | tee log"), given,
         {runs("trainer || true"), runs("trainer || echo none; python t.py"), runs("if ! trainer; then python t.py; fi"), runs("python t.py; trainer"), runs("trainer &&\npython t.py"),
          [](Case& c) { c.facts.reused = true; }, prints("/bin/sh: 1: nvidia-smi: not found"), prints("model: not found"), runs("x=$(trainer); python t.py"), runs("set -e; trainer; echo done"), runs("set -o errexit; trainer; true"), runs("set -xe; trainer; true"), runs("trainer; test $? = 127 && python t.py"), prints("x.sh: key trainer: not found"),
          runs("trainer --version || echo fallback; echo done"), runs("if trainer; then python t.py; fi")});
}

TEST_CASE("a; b hid that Python did not find the script of a") {
  const auto given = [](Case& c) {
    c.end();
    c.facts.output = "/usr/bin/python3: can't open file 'clean/claen.py': [Errno 2] No such file or directory\n";
  };
  proves("hidden-failure", command("python3 clean/claen.py; echo cleaned"), given,
         {runs("echo go; python3 clean/claen.py"), runs("python3 clean/claen.py || true; echo cleaned"), runs("python3 all.py; echo cleaned"), prints("all.py: can't open file 'clean/claen.py': [Errno 2] No such file or directory")});
}

TEST_CASE("a; b hid an exception that nothing in a could catch") {
  const std::string code = "def main():\n    raise ValueError('hello')\n\n\nif __name__ == '__main__':\n    main()\n";
  const auto raised_at = [](const std::string& place) { return "Traceback (most recent call last):\n  File " + place + "\n    main()\n  File \"clean.py\", line 2, in main\nValueError: hello\n"; };
  const std::string uncaught = raised_at("\"/copy/clean.py\", line 6, in <module>");
  const auto given = [&](Case& c) {
    c.end();
    c.source("clean.py", code);
    c.facts.output = uncaught + "cleaned, on stderr\n";
  };
  proves("hidden-failure", command("python clean.py --in x; echo cleaned"), given,
         {has_source("clean.py", "def main():\n    raise ValueError('hello')\n\nif True:\n  try:\n    main()\n  except ValueError:\n    traceback.print_exc()\n"), has_source("clean.py", "import sys\nsys.excepthook = log\nx\ny\nz\nmain()\n"),
          has_source("clean.py", "import contextlib\nwith contextlib.suppress(E):\n\n\n\n    main()\n"), runs("python clean.py && echo cleaned"), runs("python all.py; echo cleaned"), runs("python clean.py; test $? = 1"), runs("echo go; python clean.py"),
          prints(raised_at("\"/copy/clean.py\", line 6, in go")), prints(raised_at("\"/copy/other.py\", line 6, in <module>")), prints(raised_at("\"<string>\", line 6, in <module>")), prints(raised_at("\"/copy/clean.py\", line 99, in <module>")),
          [](Case& c) { c.facts.reused = true; }},
         {});
  Case c(command("python clean.py; echo cleaned"));
  given(c);
  CHECK(c.only().cause == "a part of its command ended with a traceback (ValueError: hello); what follows the `;` hid its exit code");
  Case teed(command("python clean.py 2>&1 | tee log"));
  given(teed);
  std::swap(teed.facts.printed, teed.facts.output);
  CHECK(teed.only().cause.ends_with("what follows the `|` hid its exit code"));
}

TEST_CASE("a; b hid that a crashed") {
  const std::string traceback = "Traceback (most recent call last):\n  File \"t.py\", line 1\nValueError: bad\n";
  const auto given = [&](Case& c) { c.fail("it ended well but did not write its output model (the file m.pt)", traceback, 0); };
  proves("hidden-failure", command("python t.py; echo done"), given,
         {runs("python t.py && echo done"), runs("set -e; python t.py; echo done"), runs("python t.py --name 'a; b'"), runs("echo go; python t.py"), runs("python t.py || echo failed; echo done"),
          runs("python a.py; python b.py"), says_error("exit code 1"), prints(traceback + "WARNING trained without it\n"), prints("UserWarning: deprecated")});
}

TEST_CASE("what is shown of a long line is whole characters") {
  Case c(command("trainer; true"));
  c.end();
  c.facts.output = "sh: " + std::string(195, 'x') + "\u00e4\u00f6: trainer: not found";
  CHECK(c.only().cause.find(std::string(195, 'x') + "...") != std::string::npos);
}
