#include "reuse/tree.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "system/blake3.h"
#include "unit/reuse/test_tools.h"

using namespace mlpipe;
using test::scan;
using test::TempFolder;

namespace {

std::vector<std::string> paths_of(const Tree& tree) {
  std::vector<std::string> paths;
  for (const TreeEntry& entry : tree.entries()) paths.push_back(entry.path);
  return paths;
}

std::string scan_error(const Path& root) {
  const auto tree = scan_tree(root);
  REQUIRE_FALSE(tree);
  return tree.error().message;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("a tree lists files bytewise by whole path, and empty folders") {
  const TempFolder folder;
  for (const char* name : {"a/b", "a.txt", "a-b", "ab", "a/c/d", "Z", "\xff", "\xc3\xa4", "new\nline"}) folder.write(name, name);
  std::filesystem::create_directories(folder / "empty/inner");
  const Tree tree = scan(folder.path());
  CHECK(paths_of(tree) == Paths{"Z", "a-b", "a.txt", "a/b", "a/c/d", "ab", "empty/inner/", "new\nline", "\xc3\xa4", "\xff"});
  CHECK(tree.entries()[0].digest == digest_of("Z"));
  CHECK(tree.entries()[0].size == 1);
  CHECK_FALSE(tree.is_file);
  CHECK(std::is_sorted(tree.entries().begin(), tree.entries().end(), [](auto& a, auto& b) { return a.path < b.path; }));
}

TEST_CASE("the digest is of content: not of place, time or owner") {
  const TempFolder one, two;
  for (const TempFolder* folder : {&one, &two}) {
    folder->write("x/a", "1");
    folder->write("b", "2");
  }
  ::chmod((two / "b").c_str(), 0600);
  const timespec old[2] = {{1000, 0}, {1000, 0}};
  ::utimensat(AT_FDCWD, (two / "b").c_str(), old, 0);
  CHECK(scan(one.path()).digest == scan(two.path()).digest);
}

TEST_CASE("every difference of content gives another digest") {
  const TempFolder folder;
  folder.write("a", "1");
  folder.write("sub/b", "2");
  std::vector<Digest> seen = {scan(folder.path()).digest};
  const auto differs = [&] {
    const Digest digest = scan(folder.path()).digest;
    CHECK(std::find(seen.begin(), seen.end(), digest) == seen.end());
    seen.push_back(digest);
  };
  folder.write("a", "2");
  differs();
  ::chmod((folder / "a").c_str(), 0755);
  differs();
  std::filesystem::rename(folder / "a", folder / "c");
  differs();
  std::filesystem::create_directory(folder / "empty");
  differs();
  folder.write("empty/file", "");
  differs();
  std::filesystem::remove(folder / "sub/b");
  differs();
}

TEST_CASE("a single file's name is not part of its digest, and it is not a folder with one file") {
  const TempFolder folder;
  const Tree a = scan(folder.write("a.pt", "x")), b = scan(folder.write("b.pt", "x"));
  CHECK(a.is_file);
  CHECK(a.digest == b.digest);
  CHECK(paths_of(a) == Paths{""});
  CHECK(a.bytes == 1);
  folder.write("sub/a.pt", "x");
  CHECK(scan(folder / "sub").digest != a.digest);
}

TEST_CASE("ignored files and folders do not count, nor do stores") {
  const TempFolder folder;
  for (const char* name : {"train.py", "x.pyc", "__pycache__/y", "logs/a.log", "build/z", ".mlpipe/format", "nested/.mlpipe/runs/x", "state/runs/x"}) folder.write(name, "1");
  folder.write("state/format", "mlpipe store 1\n");
  IgnoreRules rules;
  rules.add_lines("*.log\nbuild/\n");
  CHECK(paths_of(scan(folder.path(), {&rules})) == Paths{"logs/", "nested/", "train.py"});
  CHECK(paths_of(scan(folder.path())) == Paths{"__pycache__/y", "build/z", "logs/a.log", "nested/", "train.py", "x.pyc"});
}

TEST_CASE("with a pattern only files that match count") {
  const TempFolder folder;
  for (const char* name : {"a.csv", "b.txt", "sub/c.csv", "sub/deep/d.csv"}) folder.write(name, "1");
  std::filesystem::create_directory(folder / "empty");
  ::mkfifo((folder / "pipe").c_str(), 0600);
  CHECK(paths_of(scan(folder.path(), {nullptr, "*.csv"})) == Paths{"a.csv"});
  CHECK(paths_of(scan(folder.path(), {nullptr, "*/*.csv"})) == Paths{"sub/c.csv"});
  CHECK(paths_of(scan(folder.path(), {nullptr, "**/*.csv"})) == Paths{"a.csv", "sub/c.csv", "sub/deep/d.csv"});
}

TEST_CASE("links are followed") {
  const TempFolder folder, other;
  other.write("d/x", "far");
  folder.write("real", "near");
  std::filesystem::create_symlink("real", folder / "link");
  std::filesystem::create_directory_symlink(other / "d", folder / "dir");
  std::filesystem::create_directory_symlink(other / "d", folder / "again");
  CHECK(paths_of(scan(folder.path())) == Paths{"again/x", "dir/x", "link", "real"});
  std::filesystem::create_directory_symlink(folder.path(), other / "root");
  CHECK(scan(other / "root").digest == scan(folder.path()).digest);
}

TEST_CASE("loops of links and links to nothing are errors that name them") {
  const TempFolder folder;
  SUBCASE("to the folder above") {
    std::filesystem::create_directories(folder / "a/b");
    std::filesystem::create_directory_symlink("../..", folder / "a/b/up");
    CHECK(scan_error(folder.path()).find("a/b/up: its links go round in a circle") != std::string::npos);
  }
  SUBCASE("to itself") {
    std::filesystem::create_symlink("self", folder / "self");
    CHECK(scan_error(folder.path()).find("self: its links go round in a circle") != std::string::npos);
  }
  SUBCASE("to nothing") {
    std::filesystem::create_symlink("nowhere", folder / "dangling");
    CHECK(scan_error(folder.path()).find("dangling: it is a link to something that does not exist") != std::string::npos);
    IgnoreRules rules;
    rules.add_lines("dangling");
    CHECK(scan(folder.path(), {&rules}).entries().empty());
  }
}

TEST_CASE("pipes, sockets and devices are refused by name, never waited for") {
  const TempFolder folder;
  SUBCASE("a pipe") {
    REQUIRE(::mkfifo((folder / "queue").c_str(), 0600) == 0);
    CHECK(scan_error(folder.path()).find("queue: it is a named pipe") != std::string::npos);
    CHECK(scan_error(folder / "queue").find("it is a named pipe") != std::string::npos);
  }
  SUBCASE("a socket") {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", (folder / "sock").c_str());
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(scan_error(folder.path()).find("sock: it is a socket") != std::string::npos);
    ::close(fd);
  }
  SUBCASE("a device") { CHECK(scan_error("/dev/null").find("it is a device") != std::string::npos); }
}

TEST_CASE("a missing root is an error with its name") { CHECK(scan_error("/nowhere/at/all").find("/nowhere/at/all") != std::string::npos); }

TEST_CASE("folders nested without end are an error, not a crash") {
  const TempFolder folder;
  Path deep = folder.path();
  for (int i = 0; i < 300; ++i) deep /= "d";
  std::filesystem::create_directories(deep);
  CHECK(scan_error(folder.path()).find("folders inside each other") != std::string::npos);
}

TEST_CASE("many files hashed by several threads give the digest of one") {
  const TempFolder folder;
  for (int i = 0; i < 300; ++i) folder.write("d" + std::to_string(i % 7) + "/" + std::to_string(i), std::string(static_cast<std::size_t>(i * 37), 'x'));
  CHECK(scan(folder.path(), {nullptr, "", nullptr, 4}) .entries() == scan(folder.path()).entries());
}

TEST_CASE("a listing is read back exactly") {
  const TempFolder folder;
  for (const char* name : {"plain", "with space", "back\\slash", "\xff\xfe", "new\nline", "\\x41", "tr\xc3\xa4in"}) folder.write(name, name);
  ::chmod((folder / "plain").c_str(), 0755);
  std::filesystem::create_directory(folder / "empty");
  for (const Path& root : {folder.path(), folder / "plain", folder / "empty"}) {
    const Tree tree = scan(root);
    const auto back = tree_from_text(to_text(tree));
    REQUIRE(back);
    CHECK(back->entries() == tree.entries());
    CHECK(back->digest == tree.digest);
    CHECK(back->bytes == tree.bytes);
    CHECK(back->is_file == tree.is_file);
  }
  CHECK(to_text(scan(folder.path())).find("5 x plain\n") != std::string::npos);
}

TEST_CASE("a damaged listing is refused") {
  const TempFolder folder;
  folder.write("a", "1");
  folder.write("b", "2");
  const std::string text = to_text(scan(folder.path()));
  for (std::size_t cut = 1; cut < text.size(); ++cut)
    if (text[cut - 1] != '\n') CHECK_FALSE(tree_from_text(text.substr(0, cut)));
  const std::string line = text.substr(0, text.find('\n') + 1);
  CHECK_FALSE(tree_from_text(line + line));
  CHECK_FALSE(tree_from_text(std::string(64, 'g') + " 1 - a\n"));
  CHECK_FALSE(tree_from_text(std::string(64, '0') + " -1 - a\n"));
  CHECK_FALSE(tree_from_text(std::string(64, '0') + " 1 ? a\n"));
  CHECK_FALSE(tree_from_text(std::string(64, '0') + " 1 - a\\q\n"));
  CHECK_FALSE(tree_from_text(std::string(64, '0') + " 1 - \n" + std::string(64, '0') + " 1 - a\n"));
}

TEST_CASE("a comparison names what came, went and changed") {
  const TempFolder folder;
  folder.write("gone", "1");
  folder.write("same", "1");
  folder.write("edited", "1");
  const Tree before = scan(folder.path());
  std::filesystem::remove(folder / "gone");
  folder.write("edited", "2");
  folder.write("new", "3");
  const auto changes = compare(before, scan(folder.path()));
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].path == "edited");
  CHECK(changes[0].kind == TreeChange::Kind::changed);
  CHECK(changes[0].after == digest_of("2"));
  CHECK(changes[1].path == "gone");
  CHECK(changes[1].kind == TreeChange::Kind::removed);
  CHECK(changes[2].path == "new");
  CHECK(changes[2].kind == TreeChange::Kind::added);
  CHECK(compare(before, before).empty());
}
