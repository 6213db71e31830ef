#include "system/host.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temp_folder.h"

using namespace mlpipe;

TEST_CASE("usable cores respect the affinity of the process") {
  CHECK(usable_cores() >= 1);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    cpu_set_t all, one;
    CPU_ZERO(&one);
    ::sched_getaffinity(0, sizeof all, &all);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &all)) ++cpu;
    CPU_SET(cpu, &one);
    ::sched_setaffinity(0, sizeof one, &one);
    ::_exit(usable_cores() == 1 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("physical memory is a plausible size") {
  CHECK(physical_memory() > 16u << 20);
  CHECK(physical_memory() < std::uint64_t{1} << 50);
}

TEST_CASE("executable_path is this test") { CHECK(executable_path().filename() == "system_test"); }

TEST_CASE("find_module looks beside the executable") {
  CHECK(find_module("python/mlpipe_worker.py").has_value());
  CHECK_FALSE(find_module("no such module").has_value());
}

TEST_CASE("find_program takes the first executable file on PATH") {
  const test::TempFolder folder;
  const auto make = [&](const char* name, mode_t mode) {
    const auto file = folder.write(name, "");
    ::chmod(file.c_str(), mode);
    return file;
  };
  std::filesystem::create_directories(folder / "a/tool");
  make("b/tool", 0644);
  const auto good = make("c/tool", 0755);
  make("d/tool", 0755);
  const auto list = [&](std::initializer_list<const char*> names) {
    std::string text;
    for (const char* name : names) text += (text.empty() ? "" : ":") + (folder / name).string();
    return text;
  };
  CHECK(find_program("tool", list({"absent", "a", "b", "c", "d"})) == good);
  CHECK_FALSE(find_program("tool", list({"a", "b"})).has_value());
  CHECK_FALSE(find_program("", list({"c"})).has_value());
  CHECK_FALSE(find_program("absent", list({"c"})).has_value());
  CHECK(find_program(good.string(), "") == good);
  CHECK_FALSE(find_program((folder / "b/tool").string(), "").has_value());
}

TEST_CASE("a file is no terminal") {
  const test::TempFolder folder;
  const auto fd = open_file(folder / "file", O_WRONLY | O_CREAT);
  REQUIRE(fd);
  CHECK_FALSE(is_terminal(fd->get()));
  CHECK_FALSE(is_terminal(-1));
}
