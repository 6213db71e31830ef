#include <doctest/doctest.h>

#include "base/diagnostic.h"
#include "base/digest.h"
#include "base/error.h"

using namespace mlpipe;

TEST_CASE("a diagnostic shows its line, a caret and a hint") {
  const Diagnostic d{Severity::error, {"p.yaml", 2, 3, 6}, "unknown key", "did you mean `command`?"};
  CHECK(render(d, "steps:\n  comand: x\n",
               false) == "p.yaml:2:3: error: unknown key\n    comand: x\n    ^~~~~~\n  hint: did you mean `command`?\n");
}

TEST_CASE("the caret counts characters, not bytes, and stays in its line") {
  const Diagnostic d{Severity::warning, {"p", 1, 7, 100}, "m", ""};
  CHECK(render(d, "\xC3\xA9\xC3\xA9: x\n", false) == "p:1:7: warning: m\n  \xC3\xA9\xC3\xA9: x\n      ^\n");
}

TEST_CASE("without a line, or past the end of the text, only the message is drawn") {
  CHECK(render({Severity::error, {"--set a.b=1", 0, 0, 1}, "m", ""}, "x", false) == "--set a.b=1: error: m\n");
  CHECK(render({Severity::error, {"p", 9, 1, 1}, "m", ""}, "x\n", false) == "p:9:1: error: m\n");
  CHECK(render({Severity::error, {"p", 1, 99, 1}, "m", ""}, "x\n", false) == "p:1:99: error: m\n");
}

TEST_CASE("long lines are cut around the caret, and control bytes shown as ?") {
  const std::string line = std::string(5000, 'a') + "!" + std::string(5000, 'b');
  const std::string drawn = render({Severity::error, {"p", 1, 5001, 1}, "m", ""}, line, false);
  CHECK(drawn.size() < 400);
  CHECK(drawn.find("...a") != std::string::npos);
  CHECK(drawn.find("!b") != std::string::npos);
  CHECK(render({Severity::error, {"p", 1, 1, 1}, "m", ""}, "a\x1b[31m", false).find('\x1b') == std::string::npos);
}

TEST_CASE("colour is an addition") {
  CHECK(render({Severity::error, {"p", 0, 0, 1}, "m", ""}, "", true) == "p: \x1b[1;31merror\x1b[0m: m\n");
}

TEST_CASE("diagnostics are sorted by place, and each is said once") {
  Diagnostics all;
  all.error({"b", 1, 1, 1}, "m");
  all.error({"a", 9, 1, 1}, "m");
  all.warning({"a", 2, 5, 1}, "m");
  all.error({"a", 9, 1, 1}, "m");
  CHECK(all.has_errors());
  all.sort();
  REQUIRE(all.all().size() == 3);
  CHECK(all.all()[0].where.line == 2);
  CHECK(all.all()[2].where.file == "b");
}

TEST_CASE("digests are read back from their hexadecimal form") {
  Digest digest;
  digest.bytes[0] = 0xAB;
  digest.bytes[31] = 1;
  CHECK(digest.hex().starts_with("ab00"));
  CHECK(Digest::parse(digest.hex()) == digest);
  CHECK_FALSE(Digest::parse(digest.hex().substr(1)));
  CHECK_FALSE(Digest::parse(std::string(64, 'g')));
}

TEST_CASE("exit codes are public") {
  CHECK(exit_code(ErrorKind::step_failed) == 1);
  CHECK(exit_code(ErrorKind::usage) == 2);
  CHECK(exit_code(ErrorKind::spec) == 3);
  CHECK(exit_code(ErrorKind::threshold) == 5);
  CHECK(exit_code(ErrorKind::timeout) == 7);
  CHECK(exit_code(ErrorKind::store) == 9);
  CHECK(exit_code(ErrorKind::interrupted) == 130);
  CHECK(exit_code(ErrorKind::terminated) == 143);
}
