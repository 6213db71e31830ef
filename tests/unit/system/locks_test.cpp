#include "system/locks.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "support/temp_folder.h"
#include "system/process.h"

using namespace mlpipe;

namespace {

bool try_and_drop(const LockFile& file, const std::string& name) {
  auto lock = file.try_lock(name);
  REQUIRE(lock);
  return lock->has_value();
}

bool in_other_process(const std::function<bool()>& check) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) ::_exit(check() ? 0 : 1);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status == 0;
}

}  // namespace

TEST_CASE("a lock is owned once, within a process as between processes") {
  const test::TempFolder folder;
  const LockFile file(folder / "locks"), same(folder / "locks");
  {
    const auto lock = file.try_lock("claim a");
    REQUIRE(lock);
    REQUIRE(lock->has_value());
    CHECK_FALSE(try_and_drop(file, "claim a"));
    CHECK_FALSE(try_and_drop(same, "claim a"));
    CHECK(try_and_drop(file, "claim b"));
    CHECK(*file.is_locked("claim a"));
    CHECK_FALSE(*file.is_locked("claim b"));
    CHECK(in_other_process([&] { return !try_and_drop(same, "claim a") && try_and_drop(same, "claim b") && *same.is_locked("claim a"); }));
  }
  CHECK_FALSE(*file.is_locked("claim a"));
  CHECK(try_and_drop(file, "claim a"));
}

TEST_CASE("looking at a lock neither takes nor drops one") {
  const test::TempFolder folder;
  const LockFile file(folder / "locks");
  CHECK_FALSE(*file.is_locked("a"));
  CHECK_FALSE(path_exists(folder / "locks"));
  const auto lock = file.try_lock("a");
  REQUIRE(lock->has_value());
  for (int i = 0; i < 3; ++i) CHECK(*file.is_locked("a"));
  CHECK_FALSE(try_and_drop(file, "a"));
}

TEST_CASE("a lock moves with its object") {
  const test::TempFolder folder;
  const LockFile file(folder / "locks");
  Lock kept;
  {
    auto lock = file.try_lock("a");
    REQUIRE(lock->has_value());
    kept = std::move(**lock);
  }
  CHECK(*file.is_locked("a"));
  kept = Lock();
  CHECK_FALSE(*file.is_locked("a"));
}

TEST_CASE("a lock is free as soon as its holder was killed") {
  const test::TempFolder folder;
  const LockFile file(folder / "locks");
  auto pipe = make_pipe();
  REQUIRE(pipe);
  const pid_t holder = ::fork();
  REQUIRE(holder >= 0);
  if (holder == 0) {
    const auto lock = file.try_lock("a");
    [[maybe_unused]] const auto put = ::write(pipe->second.get(), lock && *lock ? "y" : "n", 1);
    for (;;) ::pause();
  }
  char taken = 0;
  CHECK(::read(pipe->first.get(), &taken, 1) == 1);
  CHECK(taken == 'y');
  CHECK(*file.is_locked("a"));
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  CHECK_FALSE(*file.is_locked("a"));
  CHECK(try_and_drop(file, "a"));
}

TEST_CASE("a child that outlives the lock does not keep it") {
  const test::TempFolder folder;
  const LockFile file(folder / "locks");
  auto lock = file.try_lock("a");
  REQUIRE(lock->has_value());
  ProcessSpec spec;
  spec.argv = {"sleep", "1000"};
  spec.environment = environment_with({});
  const auto child = Child::spawn(spec);
  REQUIRE(child);
  lock->reset();
  CHECK_FALSE(*file.is_locked("a"));
}

TEST_CASE("many names do not hinder each other") {
  const test::TempFolder folder;
  const LockFile file(folder / "locks");
  std::vector<Lock> held;
  for (int i = 0; i < 200; ++i) {
    auto lock = file.try_lock("claim " + std::to_string(i));
    REQUIRE(lock);
    REQUIRE(lock->has_value());
    held.push_back(std::move(**lock));
  }
}

TEST_CASE("a lock file that cannot be made is the store's trouble") {
  const auto lock = LockFile("/proc/no/locks").try_lock("a");
  REQUIRE_FALSE(lock);
  CHECK(lock.error().kind == ErrorKind::store);
}
