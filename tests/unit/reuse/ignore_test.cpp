#include "reuse/ignore.h"

#include <doctest/doctest.h>

#include <chrono>

#include "support/temp_folder.h"

using namespace mlpipe;
using test::TempFolder;

namespace {

IgnoreRules rules_of(std::string_view lines) {
  IgnoreRules rules;
  rules.add_lines(lines);
  return rules;
}

bool file_ignored(std::string_view lines, std::string_view path) { return rules_of(lines).ignores(path, false); }
bool folder_ignored(std::string_view lines, std::string_view path) { return rules_of(lines).ignores(path, true); }

}  // namespace

TEST_CASE("wildcards match as git's wildmatch does") {
  struct Row {
    const char *pattern, *path;
    bool matches;
  };
  // Mostly from git's t3070-wildmatch.sh.
  const Row rows[] = {
      {"foo", "foo", true},          {"bar", "foo", false},         {"???", "foo", true},          {"??", "foo", false},
      {"*", "foo", true},            {"f*", "foo", true},           {"*f", "foo", false},          {"*foo*", "foo", true},
      {"*ob*a*r*", "foobar", true},  {"*ab", "aaaaaaabababab", true}, {"foo\\*", "foo*", true},    {"foo\\*bar", "foobar", false},
      {"f\\\\oo", "f\\oo", true},    {"*[al]?", "ball", true},      {"[ten]", "ten", false},       {"**[!te]", "ten", true},
      {"**[!ten]", "ten", false},    {"t[a-g]n", "ten", true},      {"t[!a-g]n", "ten", false},    {"t[!a-g]n", "ton", true},
      {"t[^a-g]n", "ton", true},     {"a[]]b", "a]b", true},        {"a[]-]b", "a-b", true},       {"a[]-]b", "aab", false},
      {"]", "]", true},              {"foo*bar", "foo/baz/bar", false}, {"foo**bar", "foo/baz/bar", false}, {"foo**bar", "foobazbar", true},
      {"foo/**/bar", "foo/baz/bar", true}, {"foo/**/**/bar", "foo/baz/bar", true}, {"foo/**/bar", "foo/b/a/z/bar", true},
      {"foo/**/**/bar", "foo/b/a/z/bar", true}, {"foo/**/bar", "foo/bar", true}, {"foo/**/**/bar", "foo/bar", true},
      {"foo?bar", "foo/bar", false}, {"foo[/]bar", "foo/bar", false}, {"foo[^a-z]bar", "foo/bar", false}, {"f[^eiu][^eiu][^eiu][^eiu][^eiu]r", "foo/bar", false},
      {"f[^eiu][^eiu][^eiu][^eiu][^eiu]r", "foo-bar", true}, {"**/foo", "foo", true}, {"**/foo", "XXX/foo", true}, {"**/foo", "bar/baz/foo", true},
      {"*/foo", "bar/baz/foo", false}, {"**/bar*", "foo/bar/baz", false}, {"**/bar/*", "deep/foo/bar/baz", true},
      {"**/bar/*", "deep/foo/bar/baz/", false}, {"**/bar/**", "deep/foo/bar/baz/", true}, {"**/bar/*", "deep/foo/bar", false},
      {"**/bar/**", "deep/foo/bar/", true}, {"**/bar**", "foo/bar/baz", false}, {"*/bar/**", "foo/bar/baz/x", true},
      {"*/bar/**", "deep/foo/bar/baz/x", false}, {"**/bar/*/*", "deep/foo/bar/baz/x", true}, {"[a-c]b*", "acrt", false}, {"[[:digit:]]*", "1x", true},
      {"[[:alpha:][:digit:]]", "_", false}, {"[a-", "a", false}, {"a[", "a[", false}, {"\\", "\\", false}, {"[\\]]", "]", true}, {"[\\\\-^]", "]", true},
      {"[!\\]a-]", "]", false}, {"*.csv", ".csv", true}, {"", "", true}, {"", "a", false}, {"**", "a/b", true}, {"a/**", "a", false}, {"a/**", "a/b/c", true},
      {"***/foo", "a/b/foo", true}, {"a*/b*/c", "ax/by/c", true}, {"**/a/**/b", "x/a/y/a/z/b", true}, {"**/a*b/c", "aXb/d/ab/c", true}};
  for (const Row& row : rows) {
    CAPTURE(row.pattern);
    CAPTURE(row.path);
    CHECK(wildcard_match(row.pattern, row.path) == row.matches);
  }
}

TEST_CASE("a hostile pattern does not take for ever") {
  std::string pattern, stars;
  for (int i = 0; i < 2000; ++i) pattern += "*a", stars += "**/a*/";
  CHECK_FALSE(wildcard_match(pattern + "b", std::string(4000, 'a')));
  std::string path;
  for (int i = 0; i < 1000; ++i) path += "aa/";
  CHECK_FALSE(wildcard_match(stars + "b", path + "c"));
}

TEST_CASE("rules without a slash match at any depth, rules with one from the root") {
  CHECK(file_ignored("*.log", "a/b/x.log"));
  CHECK(file_ignored("data", "a/data"));
  CHECK_FALSE(file_ignored("/data", "a/data"));
  CHECK(file_ignored("/data", "data"));
  CHECK_FALSE(file_ignored("a/x", "b/a/x"));
  CHECK(file_ignored("a/x", "a/x"));
  CHECK(file_ignored("**/a/x", "b/a/x"));
  CHECK(file_ignored("out/**", "out/deep/x"));
  CHECK_FALSE(folder_ignored("out/**", "out"));
}

TEST_CASE("a trailing slash means folders only") {
  CHECK(folder_ignored("build/", "x/build"));
  CHECK_FALSE(file_ignored("build/", "x/build"));
}

TEST_CASE("the last rule that matches decides") {
  CHECK_FALSE(file_ignored("*.txt\n!keep.txt", "keep.txt"));
  CHECK(file_ignored("*.txt\n!keep.txt\nkeep.txt", "keep.txt"));
  CHECK(file_ignored("!keep.txt\n*.txt", "keep.txt"));
}

TEST_CASE("comments, blanks, escapes and line ends as git reads them") {
  CHECK_FALSE(file_ignored("#x", "#x"));
  CHECK(file_ignored("\\#x", "#x"));
  CHECK(file_ignored("\\!x", "!x"));
  CHECK(file_ignored("x   \n", "x"));
  CHECK(file_ignored("x\\ \n", "x "));
  CHECK_FALSE(file_ignored("x\\ \n", "x"));
  CHECK(file_ignored("x\\\\ \n", "x\\"));
  CHECK(file_ignored("a.txt\r\nb.txt\r\n", "a.txt"));
  CHECK(file_ignored("\xEF\xBB\xBFx", "x"));
  CHECK_FALSE(file_ignored("\n\n/\n!\n   \n", "a"));
}

TEST_CASE("what tools drop is ignored, and no negation brings it back") {
  for (const char* path : {"a/x.pyc", ".DS_Store", "x/.train.py.swp", "notes~", ".#lock", "#auto#", ".git", "._meta"}) {
    CAPTURE(path);
    CHECK(file_ignored("", path));
  }
  for (const char* path : {".git", "x/__pycache__", ".ipynb_checkpoints", ".mlpipe", "deep/er/.mlpipe", ".venv"}) {
    CAPTURE(path);
    CHECK(folder_ignored("!*\n!.git\n!.mlpipe/", path));
  }
  for (const char* path : {"train.py", ".env", ".amlignore", "git", "x.pycx", "__pycache__"}) {
    CAPTURE(path);
    CHECK_FALSE(file_ignored("", path));
  }
}

TEST_CASE(".amlignore is read before .gitignore, and only one of them") {
  const TempFolder folder;
  CHECK_FALSE(IgnoreRules::of(folder.path())->ignores("a.txt", false));
  folder.write(".gitignore", "a.txt\n");
  CHECK(IgnoreRules::of(folder.path())->ignores("a.txt", false));
  folder.write(".amlignore", "b.txt\n");
  CHECK_FALSE(IgnoreRules::of(folder.path())->ignores("a.txt", false));
  CHECK(IgnoreRules::of(folder.path())->ignores("b.txt", false));
}

TEST_CASE("what the file alone says, without what is built in") {
  const TempFolder folder;
  folder.write(".amlignore", "*.txt\n!a.txt\n");
  const auto rules = *IgnoreRules::of(folder.path());
  CHECK(rules.ignores_as_written("b.txt", false));
  CHECK_FALSE(rules.ignores_as_written("a.txt", false));
  CHECK_FALSE(rules.ignores_as_written(".venv", true));
  CHECK(rules.ignores(".venv", true));
}
