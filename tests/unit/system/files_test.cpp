#include "system/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <functional>

#include "support/temp_folder.h"

using namespace mlpipe;
using Names = std::vector<std::string>;

namespace {

mode_t mode_of(const Path& path) {
  struct stat st;
  REQUIRE(::lstat(path.c_str(), &st) == 0);
  return st.st_mode & 07777;
}

// Runs `check` in a process that is not root, which no permission would stop. True: it returned true.
bool as_ordinary_user(const Path& folder, const std::function<bool()>& check) {
  constexpr uid_t nobody = 65534;
  if (::geteuid() == 0) REQUIRE(::chown(folder.c_str(), nobody, nobody) == 0);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    if (::geteuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) ::_exit(2);
    ::_exit(check() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string of_size(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + i / 256);
  return text;
}

}  // namespace

TEST_CASE("errors name the path and the reason in our style") {
  const test::TempFolder folder;
  const auto missing = read_file(folder / "absent");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "cannot open " + (folder / "absent").string() + ": no such file or directory");
  CHECK(missing.error().kind == ErrorKind::step_failed);
  CHECK(read_file(folder.path()).error().message == "cannot read " + folder.path().string() + ": is a directory");
}

TEST_CASE("a full or read-only disk is the store's trouble, with a remedy") {
  for (const int number : {ENOSPC, EDQUOT, EROFS}) {
    const auto error = errno_error("write", "file", number);
    CHECK(error.kind == ErrorKind::store);
    CHECK_FALSE(error.hint.empty());
  }
  const auto full = write_file("/dev/full/x", "");
  CHECK_FALSE(full);
  const Fd fd(::open("/dev/full", O_WRONLY));
  CHECK(write_all(fd.get(), "bytes", "/dev/full").error().kind == ErrorKind::store);
}

TEST_CASE("read_file reads files of every size, also those that do not tell theirs") {
  const test::TempFolder folder;
  for (const std::size_t size : {0u, 1u, 15u, 16u, 4095u, 4096u, 4097u, 100000u}) {
    const auto text = of_size(size);
    CHECK(*read_file(folder.write("file", text)) == text);
  }
  CHECK(read_file("/proc/self/status")->starts_with("Name:"));
}

TEST_CASE("write_file replaces a file and leaves nothing beside it") {
  const test::TempFolder folder;
  REQUIRE(write_file(folder / "file", "old"));
  REQUIRE(write_file(folder / "file", "new", Durability::synced));
  CHECK(test::read(folder / "file") == "new");
  CHECK(*list_folder(folder.path()) == Names{"file"});
}

TEST_CASE("write_file that cannot finish keeps the old file and leaves nothing beside it") {
  const test::TempFolder folder;
  folder.write("file", "old");
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    // A limit of file size stands for a disk that fills up.
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(write_file(folder / "file", std::string(5000, 'x')) ? 1 : 0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  CHECK(status == 0);
  CHECK(test::read(folder / "file") == "old");
  CHECK(*list_folder(folder.path()) == Names{"file"});

  std::filesystem::create_directory(folder / "folder");
  CHECK_FALSE(write_file(folder / "folder", "text"));
  CHECK(*list_folder(folder.path()) == Names{"file", "folder"});
}

TEST_CASE("write_file replaces a link instead of writing through it") {
  const test::TempFolder folder;
  const auto target = folder.write("target", "untouched");
  std::filesystem::create_symlink(target, folder / "link");
  REQUIRE(write_file(folder / "link", "new"));
  CHECK(test::read(target) == "untouched");
  CHECK(test::read(folder / "link") == "new");
}

TEST_CASE("a reader sees the old or the new file, never half of one") {
  const test::TempFolder folder;
  const std::string a(300000, 'a'), b(300000, 'b');
  REQUIRE(write_file(folder / "file", a));
  const pid_t writer = ::fork();
  REQUIRE(writer >= 0);
  if (writer == 0) {
    for (int i = 0; i < 200; ++i) static_cast<void>(write_file(folder / "file", i % 2 ? a : b));
    ::_exit(0);
  }
  bool whole = true;
  while (::waitpid(writer, nullptr, WNOHANG) == 0) {
    const auto text = read_file(folder / "file");
    whole = whole && text && (*text == a || *text == b);
  }
  CHECK(whole);
}

TEST_CASE("make_dirs makes all folders, and says when a file is in the way") {
  const test::TempFolder folder;
  CHECK(make_dirs(folder / "a/b/c"));
  CHECK(make_dirs(folder / "a/b/c"));
  CHECK(is_folder(folder / "a/b/c"));
  folder.write("file", "");
  CHECK_FALSE(make_dirs(folder / "file"));
  CHECK_FALSE(make_dirs(folder / "file/below"));
}

TEST_CASE("path_exists, is_file and is_folder follow links") {
  const test::TempFolder folder;
  folder.write("file", "");
  std::filesystem::create_symlink("file", folder / "to_file");
  std::filesystem::create_symlink(".", folder / "to_folder");
  std::filesystem::create_symlink("absent", folder / "dangling");
  CHECK(is_file(folder / "to_file"));
  CHECK_FALSE(is_folder(folder / "to_file"));
  CHECK(is_folder(folder / "to_folder"));
  CHECK_FALSE(path_exists(folder / "dangling"));
}

TEST_CASE("list_folder sorts by bytes and keeps odd names") {
  const test::TempFolder folder;
  for (const char* name : {"b", "B", "a", "\xc3\xa9", ".hidden", "new\nline", "10", "9"}) folder.write(name, "");
  CHECK(*list_folder(folder.path()) == Names{".hidden", "10", "9", "B", "a", "b", "new\nline", "\xc3\xa9"});
  CHECK_FALSE(list_folder(folder / "a"));
  CHECK_FALSE(list_folder(folder / "absent"));
}

TEST_CASE("clone_file copies bytes and the executable bit, nothing else") {
  const test::TempFolder folder;
  for (const std::size_t size : {0u, 1u, 4096u, 600000u}) {
    const auto from = folder.write("from", of_size(size));
    REQUIRE(clone_file(from, folder / "to"));
    CHECK(test::read(folder / "to") == of_size(size));
  }
  const auto from = folder.write("script", "#!/bin/sh\n");
  ::chmod(from.c_str(), 06711);
  REQUIRE(clone_file(from, folder / "script_copy"));
  const mode_t mask = ::umask(0);
  ::umask(mask);
  CHECK(mode_of(folder / "script_copy") == (0755 & ~mask));
  ::chmod(from.c_str(), 0444);
  REQUIRE(clone_file(from, folder / "plain_copy"));
  CHECK(mode_of(folder / "plain_copy") == (0644 & ~mask));
}

TEST_CASE("clone_file copies files that do not tell their size") {
  const test::TempFolder folder;
  REQUIRE(clone_file("/proc/self/cmdline", folder / "copy"));
  CHECK(test::read(folder / "copy") == *read_file("/proc/self/cmdline"));
  CHECK_FALSE(test::read(folder / "copy").empty());
}

TEST_CASE("clone_file never writes through what stands at its target") {
  const test::TempFolder folder;
  const auto from = folder.write("from", "new"), other = folder.write("other", "untouched");
  std::filesystem::create_hard_link(other, folder / "hard");
  std::filesystem::create_symlink(other, folder / "soft");
  REQUIRE(clone_file(from, folder / "hard"));
  REQUIRE(clone_file(from, folder / "soft"));
  CHECK(test::read(other) == "untouched");
  CHECK(test::read(folder / "hard") == "new");
  CHECK(test::read(folder / "soft") == "new");
}

TEST_CASE("copy_tree copies a folder with its empty folders, links followed") {
  const test::TempFolder folder;
  folder.write("from/a/deep/file", "1");
  folder.write("shared/data", "2");
  std::filesystem::create_directories(folder / "from/empty");
  std::filesystem::create_symlink("../shared", folder / "from/linked");
  std::filesystem::create_symlink("a/deep/file", folder / "from/file");
  REQUIRE(copy_tree(folder / "from", folder / "to"));
  CHECK(*list_folder(folder / "to") == Names{"a", "empty", "file", "linked"});
  CHECK(test::read(folder / "to/a/deep/file") == "1");
  CHECK(test::read(folder / "to/linked/data") == "2");
  CHECK(test::read(folder / "to/file") == "1");
  CHECK_FALSE(std::filesystem::is_symlink(folder / "to/linked"));
  CHECK_FALSE(std::filesystem::is_symlink(folder / "to/file"));
}

TEST_CASE("copy_tree copies a single file") {
  const test::TempFolder folder;
  REQUIRE(copy_tree(folder.write("from", "text"), folder / "to"));
  CHECK(test::read(folder / "to") == "text");
}

TEST_CASE("copy_tree refuses what it cannot copy, without waiting for it") {
  const test::TempFolder folder;
  const auto message_of = [&] {
    const auto status = copy_tree(folder / "from", folder / "to");
    REQUIRE_FALSE(status);
    return status.error().message;
  };
  std::filesystem::create_directories(folder / "from/a/b");

  SUBCASE("a link that leads back") {
    std::filesystem::create_symlink("../..", folder / "from/a/b/up");
    CHECK(message_of().find("round in a circle") != std::string::npos);
  }
  SUBCASE("a link to itself") {
    std::filesystem::create_symlink("self", folder / "from/self");
    CHECK(message_of().find("cannot read") == 0);
  }
  SUBCASE("a dangling link") {
    std::filesystem::create_symlink("absent", folder / "from/link");
    CHECK(message_of().find("no such file") != std::string::npos);
  }
  SUBCASE("a pipe that nobody writes to") {
    REQUIRE(::mkfifo((folder / "from/pipe").c_str(), 0600) == 0);
    CHECK(message_of().find("neither a file nor a folder") != std::string::npos);
    CHECK_FALSE(clone_file(folder / "from/pipe", folder / "to_file"));
  }
  SUBCASE("the same folder twice is no circle") {
    folder.write("from/a/file", "x");
    std::filesystem::create_symlink("a", folder / "from/again");
    CHECK(copy_tree(folder / "from", folder / "to"));
    CHECK(test::read(folder / "to/again/file") == "x");
  }
  SUBCASE("a copy into itself") {
    CHECK_FALSE(copy_tree(folder / "from", folder / "from/a/copy"));
  }
}

TEST_CASE("remove_tree removes files, links and folders, and a missing one is fine") {
  const test::TempFolder folder;
  const auto kept = folder.write("kept/file", "kept");
  folder.write("tree/a/b/file", "x");
  std::filesystem::create_directory_symlink(folder / "kept", folder / "tree/a/link");
  std::filesystem::create_directory_symlink(folder / "kept", folder / "top");
  CHECK(remove_tree(folder / "tree/"));
  CHECK_FALSE(path_exists(folder / "tree"));
  CHECK(remove_tree(folder / "top/"));
  CHECK(remove_tree(folder / "tree"));
  CHECK(remove_tree(folder / "tree/below/missing"));
  CHECK(test::read(kept) == "kept");
  CHECK(*list_folder(folder.path()) == Names{"kept"});
  CHECK(remove_tree(kept));
  CHECK_FALSE(path_exists(kept));
}

TEST_CASE("remove_tree removes folders that lost their permissions") {
  const test::TempFolder folder;
  CHECK(as_ordinary_user(folder.path(), [&] {
    folder.write("tree/closed/below/file", "x");
    folder.write("tree/unwritable/file", "x");
    std::filesystem::create_directories(folder / "tree/nothing_allowed");
    ::chmod((folder / "tree/closed/below").c_str(), 0500);
    ::chmod((folder / "tree/closed").c_str(), 0000);
    ::chmod((folder / "tree/unwritable").c_str(), 0555);
    ::chmod((folder / "tree/nothing_allowed").c_str(), 0000);
    ::chmod((folder / "tree").c_str(), 0100);
    return static_cast<bool>(remove_tree(folder / "tree")) && !path_exists(folder / "tree");
  }));
}

TEST_CASE("remove_tree gives no permissions to what a link points to") {
  const test::TempFolder folder;
  CHECK(as_ordinary_user(folder.path(), [&] {
    folder.write("kept/file", "x");
    ::chmod((folder / "kept").c_str(), 0000);
    std::filesystem::create_directories(folder / "tree");
    std::filesystem::create_directory_symlink(folder / "kept", folder / "tree/link");
    const bool removed = static_cast<bool>(remove_tree(folder / "tree"));
    const bool untouched = mode_of(folder / "kept") == 0;
    ::chmod((folder / "kept").c_str(), 0700);
    return removed && untouched;
  }));
}

TEST_CASE("remove_tree says what it could not remove") {
  const test::TempFolder folder;
  CHECK(as_ordinary_user(folder.path(), [&] {
    folder.write("closed/tree/file", "x");
    ::chmod((folder / "closed").c_str(), 0500);
    const auto status = remove_tree(folder / "closed/tree");
    const bool said = !status && status.error().message.find("permission denied") != std::string::npos;
    ::chmod((folder / "closed").c_str(), 0700);
    return said;
  }));
}

TEST_CASE("remove_tree removes trees deeper than paths and descriptors reach") {
  const test::TempFolder folder;
  const std::string name(200, 'd');
  REQUIRE(::mkdir((folder / "deep").c_str(), 0700) == 0);
  Fd here(::open((folder / "deep").c_str(), O_RDONLY | O_DIRECTORY));
  for (int depth = 0; depth < 1500; ++depth) {
    REQUIRE(::mkdirat(here.get(), name.c_str(), 0700) == 0);
    here = Fd(::openat(here.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
    REQUIRE(here);
  }
  CHECK(remove_tree(folder / "deep"));
  CHECK_FALSE(path_exists(folder / "deep"));
}

TEST_CASE("remove_tree removes a folder with very many files") {
  const test::TempFolder folder;
  for (int i = 0; i < 3000; ++i) folder.write("many/file" + std::to_string(i), "");
  CHECK(remove_tree(folder / "many"));
  CHECK_FALSE(path_exists(folder / "many"));
}

TEST_CASE("sync_tree syncs whole trees and passes over links and pipes") {
  const test::TempFolder folder;
  folder.write("tree/a/file", "x");
  std::filesystem::create_symlink("absent", folder / "tree/dangling");
  REQUIRE(::mkfifo((folder / "tree/pipe").c_str(), 0600) == 0);
  CHECK(sync_tree(folder / "tree"));
  CHECK(sync_tree(folder / "tree/a/file"));
  CHECK_FALSE(sync_tree(folder / "absent"));
}

TEST_CASE("rename_path names both paths when it fails") {
  const test::TempFolder folder;
  const auto status = rename_path(folder / "absent", folder / "to");
  REQUIRE_FALSE(status);
  CHECK(status.error().message.find((folder / "absent").string()) != std::string::npos);
  CHECK(status.error().message.find((folder / "to").string()) != std::string::npos);
}

TEST_CASE("descriptors are closed on exec") {
  const test::TempFolder folder;
  const auto fd = open_file(folder / "file", O_WRONLY | O_CREAT);
  REQUIRE(fd);
  CHECK((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("absolute_path normalises and shown_path is short below the working directory") {
  const Path here = std::filesystem::current_path();
  CHECK(absolute_path("a/../b/./c/") == here / "b/c");
  CHECK(absolute_path("/x/y/../z/") == "/x/z");
  CHECK(absolute_path("") == here);
  CHECK(absolute_path("/") == "/");
  CHECK(shown_path("a/b") == "a/b");
  CHECK(shown_path(here / "a") == "a");
  CHECK(shown_path(here) == ".");
  CHECK(shown_path(here.string() + "-sibling/a") == here.string() + "-sibling/a");
  CHECK(shown_path("/etc/../etc/hosts") == "/etc/hosts");
}

TEST_CASE("free_bytes tells a size, and an error for a missing path") {
  const test::TempFolder folder;
  CHECK(*free_bytes(folder.path()) > 0);
  CHECK_FALSE(free_bytes(folder / "absent"));
}

TEST_CASE("read_at gives what is there, and less only at the end") {
  const test::TempFolder folder;
  REQUIRE(write_file(folder / "file", "0123456789"));
  const auto file = open_file(folder / "file", O_RDONLY);
  REQUIRE(file);
  char bytes[8];
  CHECK(*read_at(file->get(), 2, bytes, 4, folder / "file") == 4);
  CHECK(std::string_view(bytes, 4) == "2345");
  CHECK(*read_at(file->get(), 7, bytes, sizeof bytes, folder / "file") == 3);
  CHECK(*read_at(file->get(), 99, bytes, sizeof bytes, folder / "file") == 0);
  CHECK(read_at(-1, 0, bytes, sizeof bytes, folder / "file").error().message.find("bad file descriptor") != std::string::npos);
}
