#include "base/shell_place.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <memory>

#include "base/text.h"

using namespace mlpipe;

namespace {

std::string shell_says(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(("sh -c " + shell_quote(command)).c_str(), "r"), ::pclose);
  std::string out;
  char buffer[256];
  while (const auto got = std::fread(buffer, 1, sizeof buffer, pipe.get())) out.append(buffer, got);
  return out;
}

}  // namespace

TEST_CASE("a path is one word for the shell, wherever it stands") {
  for (const std::string path : {"/plain/path", "/with blank/it's", "/a\"b$HOME`id`\\c", "/new\nline", "/*"})
    for (const auto& [before, after] : {std::pair("printf '[%s]' ", ""), {"printf \"[%s]\" \"x ", "\""}, {"printf '[%s]' 'it'\\''s ", "'"}, {"printf \"[%s]\" \\\"", ""}, {"printf '[%s]' --data=", ""}}) {
      ShellPlace place;
      place.pass(before);
      const std::string said = shell_says(before + place.quoted(path) + after);
      CAPTURE(before);
      CAPTURE(path);
      CHECK(said.size() > path.size());
      CHECK(said.front() == '[');
      CHECK(said.substr(said.size() - path.size() - 1) == path + "]");
      CHECK(said.find("][") == std::string::npos);
    }
}

TEST_CASE("quotes in a comment open nothing") {
  ShellPlace place;
  place.pass("# don't panic\nls it\\'s#not 'a # b' ");
  CHECK(place.quoted("x y") == "'x y'");
}

TEST_CASE("text behind a quoted part is outside the quotes again") {
  ShellPlace place;
  place.pass("echo 'a\"b' \"c'd\" \\' ");
  CHECK(place.quoted("x y") == "'x y'");
}
