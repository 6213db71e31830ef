#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <filesystem>

#include "base/text.h"
#include "system/process.h"

using namespace mlpipe;

namespace {

// A child that carries the token, and its output so far as one line.
struct Marked {
  Child child;
  std::string line;
};

Marked start(const std::string& script, const std::string& token) {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  ProcessSpec spec;
  spec.argv = {"sh", "-c", script};
  spec.environment = environment_with({std::string(run_token_variable) + "=" + token});
  spec.out = pipe->second.get();
  auto child = Child::spawn(spec);
  REQUIRE(child);
  pipe->second.reset();
  Marked marked{child.take(), {}};
  for (char byte; ::read(pipe->first.get(), &byte, 1) == 1 && byte != '\n';) marked.line += byte;
  return marked;
}

std::string token_for(const char* test) { return std::string(test) + "-" + std::to_string(::getpid()); }

}  // namespace

TEST_CASE("kill_marked finds descendants that left their group and session") {
  const auto token = token_for("escaped");
  // setsid takes it out of the group; the first child ends, so it is an orphan as well.
  auto marked = start("setsid sh -c 'echo $$; exec sleep 1000' & wait", token);
  const auto escaped = parse_integer(marked.line);
  REQUIRE(escaped);
  ::kill(marked.child.pid(), SIGKILL);
  CHECK(marked.child.reap().signal == SIGKILL);
  REQUIRE(::kill(static_cast<pid_t>(*escaped), 0) == 0);
  CHECK(kill_marked(token) == 1);
  CHECK(kill_marked(token) == 0);
}

TEST_CASE("wait_for_marked waits for what ends by itself, and no longer than it may") {
  using std::chrono::milliseconds;
  const auto token = token_for("patience");
  auto soon = start("setsid sh -c 'echo $$; exec sleep 0.2' & wait", token);
  wait_for_marked(token, milliseconds(60'000));
  CHECK(kill_marked(token) == 0);
  auto never = start("setsid sh -c 'echo $$; exec sleep 1000' & wait", token);
  wait_for_marked(token, milliseconds(100));
  CHECK(kill_marked(token) >= 1);
}

TEST_CASE("kill_marked leaves the status of living children to their owners") {
  const auto token = token_for("owner");
  auto marked = start("echo ready; exec sleep 1000", token);
  CHECK(kill_marked(token) == 1);
  CHECK(marked.child.reap().signal == SIGKILL);
}

TEST_CASE("kill_marked asks for the whole token") {
  const auto token = token_for("whole");
  auto marked = start("echo ready; exec sleep 1000", token + "-longer");
  CHECK(kill_marked(token) == 0);
  CHECK(kill_marked("") == 0);
  CHECK(::kill(marked.child.pid(), 0) == 0);
}

TEST_CASE("kill_marked spares ourselves") {
  const auto token = token_for("self");
  const pid_t other = ::fork();
  REQUIRE(other >= 0);
  if (other == 0) {
    // Becomes a shell that carries the token itself; the fork is what kill_marked would see of us.
    const auto environment = environment_with({std::string(run_token_variable) + "=" + token, "MLPIPE_TEST_SELF=" + token});
    std::vector<char*> entries;
    for (const auto& entry : environment) entries.push_back(const_cast<char*>(entry.c_str()));
    entries.push_back(nullptr);
    const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
    const char* argv[] = {self.c_str(), "--test-case=helper: kill_marked from a marked process", "--no-skip", nullptr};
    ::execve(self.c_str(), const_cast<char**>(argv), entries.data());
    ::_exit(99);
  }
  int status = 0;
  ::waitpid(other, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("helper: kill_marked from a marked process" * doctest::skip()) {
  const char* const token = std::getenv("MLPIPE_TEST_SELF");
  if (token) CHECK(kill_marked(token) == 0);
}

// In a process of its own: a subreaper stays one, and would reap the forks of other tests.
TEST_CASE("a subreaper reaps the orphans that its children leave") {
  const pid_t runner = ::fork();
  REQUIRE(runner >= 0);
  if (runner == 0) {
    become_subreaper();
    const auto token = token_for("orphans");
    auto kept = start("echo ready; exec sleep 1000", token + "-other");
    auto parent = start("setsid sh -c 'echo $$; exec sleep 1000' & wait", token);
    const auto orphan = static_cast<pid_t>(parse_integer(parent.line).value_or(-1));
    ::kill(parent.child.pid(), SIGKILL);
    parent.child.reap();
    const bool killed = kill_marked(token) == 1;
    const bool gone = ::kill(orphan, 0) != 0;
    const bool kept_lives = ::kill(kept.child.pid(), 0) == 0;
    kept.child.signal_group(SIGTERM);
    const bool kept_status = kept.child.reap().signal == SIGTERM;
    ::_exit(killed && gone && kept_lives && kept_status ? 0 : 1 + killed + 2 * gone + 4 * kept_lives + 8 * kept_status);
  }
  int status = 0;
  ::waitpid(runner, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
