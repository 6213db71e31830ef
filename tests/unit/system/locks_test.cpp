#include "system/locks.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <functional>
#include <thread>

#include "support/temp_folder.h"
#include "system/process.h"

using namespace mlpipe;
using namespace std::chrono_literals;

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

TEST_CASE("a lock is shared by many or owned by one") {
  using enum LockFile::Share;
  const test::TempFolder folder;
  const LockFile file(folder / "locks");
  {
    const auto one = file.wait_lock("a", shared, 0ms), two = file.wait_lock("a", shared, 0ms);
    REQUIRE(one->has_value());
    REQUIRE(two->has_value());
    CHECK(*file.is_locked("a"));
    CHECK_FALSE(try_and_drop(file, "a"));
    CHECK_FALSE(file.wait_lock("a", exclusive, 5ms)->has_value());
    CHECK(file.wait_lock("a", shared, 0ms)->has_value());  // the one that gave up is no longer in the way
  }
  const auto alone = file.wait_lock("a", exclusive, 0ms);
  REQUIRE(alone->has_value());
  CHECK_FALSE(file.wait_lock("a", shared, 5ms)->has_value());
  CHECK(file.wait_lock("b", shared, 0ms)->has_value());
}

TEST_CASE("who wants a lock alone is not kept waiting by those who come later") {
  using enum LockFile::Share;
  const test::TempFolder folder;
  const LockFile file(folder / "locks");
  auto first = file.wait_lock("a", shared, 0ms);
  REQUIRE(first->has_value());
  std::thread waiting([&] { CHECK(file.wait_lock("a", exclusive, 60s)->has_value()); });
  // As soon as it waits, nobody else gets in.
  for (bool open = true; open;) open = file.wait_lock("a", shared, 0ms)->has_value();
  **first = Lock();
  waiting.join();
  CHECK(file.wait_lock("a", shared, 0ms)->has_value());
}

TEST_CASE("a lock of a file that can only be read is shared, of one that is not there too") {
  const test::TempFolder folder;
  const LockFile none(folder / "no folder" / "locks");
  CHECK(none.wait_lock("a", LockFile::Share::shared, 0ms)->has_value());
  CHECK_FALSE(none.wait_lock("a", LockFile::Share::exclusive, 0ms));
}

TEST_CASE("who holds a lock is found") {
  const test::TempFolder folder;
  const LockFile file(folder / "locks");
  CHECK(file.holders("a").empty());
  const auto lock = file.wait_lock("a", LockFile::Share::shared, 0ms);
  REQUIRE(lock->has_value());
  CHECK(file.holders("b").empty());
  const auto holders = file.holders("a");
  REQUIRE(holders.size() == 1);
  CHECK(holders[0].find(fmt::format("(process {})", ::getpid())) != std::string::npos);
}
