#include "system/process.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "base/text.h"
#include "support/temp_folder.h"
#include "system/event_loop.h"

using namespace mlpipe;

namespace {

ProcessSpec shell(const std::string& script) {
  ProcessSpec spec;
  spec.argv = {"sh", "-c", script};
  spec.environment = environment_with({});
  return spec;
}

struct Outcome {
  std::string out;
  ExitStatus status;
};

Outcome outcome_of(ProcessSpec spec) {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  spec.out = pipe->second.get();
  auto child = Child::spawn(spec);
  REQUIRE_MESSAGE(child, child.error().message);
  pipe->second.reset();
  Outcome outcome;
  char bytes[4096];
  for (ssize_t got; (got = ::read(pipe->first.get(), bytes, sizeof bytes)) > 0;) outcome.out.append(bytes, static_cast<std::size_t>(got));
  outcome.status = child->reap();
  return outcome;
}

// Reads what a child says until it has said a line.
std::string line_from(int fd) {
  std::string line;
  for (char byte; ::read(fd, &byte, 1) == 1 && byte != '\n';) line += byte;
  return line;
}

bool alive(pid_t pid) { return ::kill(pid, 0) == 0; }

// True when `pid` ends within ten seconds, also when somebody else has to reap it.
bool ends(pid_t pid) {
  for (int i = 0; i < 5000; ++i) {
    const auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
    if (!text || text->find(") Z ") != std::string::npos) return true;
    ::poll(nullptr, 0, 10);
  }
  return false;
}

}  // namespace

TEST_CASE("a child's exit code is its own, and 9 is not SIGKILL") {
  const auto nine = outcome_of(shell("exit 9")).status;
  CHECK(nine.code == 9);
  CHECK(nine.signal == 0);
  CHECK_FALSE(nine.ok());
  CHECK(describe(nine) == "exit code 9");

  const auto killed = outcome_of(shell("kill -9 $$")).status;
  CHECK(killed.code == 137);
  CHECK(killed.signal == SIGKILL);
  CHECK(describe(killed) == "killed by SIGKILL");

  CHECK(outcome_of(shell("exit 137")).status.signal == 0);
  CHECK(outcome_of(shell("true")).status.ok());
}

TEST_CASE("signals have names, and those without say their number") {
  CHECK(signal_name(SIGSEGV) == "SIGSEGV");
  CHECK(signal_name(77) == "signal 77");
}

TEST_CASE("reap tells the processor time and the memory of a child and what it waited for") {
  const auto status = outcome_of(shell("sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; true")).status;
  CHECK(status.cpu.count() > 0.0);
  CHECK(status.cpu.count() < 60.0);
  CHECK(status.peak_rss > 100 * 1024);
}

TEST_CASE("a program that cannot start is an error that names it and the reason") {
  const test::TempFolder folder;
  ProcessSpec spec = shell("true");
  const auto message_of = [&] {
    const auto child = Child::spawn(spec);
    REQUIRE_FALSE(child);
    return child.error().message;
  };

  SUBCASE("not on PATH") {
    spec.argv = {"no-such-program-here"};
    CHECK(message_of() == "cannot start `no-such-program-here`: it is not on PATH");
  }
  SUBCASE("no such file") {
    spec.argv = {(folder / "absent").string()};
    CHECK(message_of() == "cannot start `" + spec.argv[0] + "`: no such file or directory");
  }
  SUBCASE("not executable") {
    spec.argv = {folder.write("plain", "#!/bin/sh\n").string()};
    CHECK(message_of() == "cannot start `" + spec.argv[0] + "`: permission denied");
  }
  SUBCASE("no interpreter line") {
    const auto script = folder.write("script", "echo hello\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    spec.argv = {script.string()};
    CHECK(message_of() == "cannot start `" + spec.argv[0] + "`: exec format error");
  }
  SUBCASE("an interpreter that does not exist") {
    const auto script = folder.write("script", "#!/no/such/interpreter\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    spec.argv = {script.string()};
    const auto child = Child::spawn(spec);
    REQUIRE_FALSE(child);
    CHECK(child.error().hint.find("#!") != std::string::npos);
  }
  SUBCASE("no such working directory") {
    spec.cwd = folder / "absent";
    CHECK(message_of() == "cannot start `sh`: cannot enter " + (folder / "absent").string() + ": no such file or directory");
  }
  SUBCASE("arguments beyond what the kernel takes") {
    spec.argv.push_back(std::string(8 << 20, 'x'));
    CHECK(message_of() == "cannot start `sh`: argument list too long");
  }
  SUBCASE("no program at all") {
    spec.argv.clear();
    CHECK(message_of() == "cannot start ``: no program is named");
  }
  // A child that failed leaves no zombie behind.
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("a child gets exactly the descriptors it was given") {
  // Some of ours that do not close on exec, at numbers below and above those that the child will use.
  const Fd low(::open("/dev/null", O_RDONLY)), high(::fcntl(low.get(), F_DUPFD, 200));
  auto passed = make_pipe();
  REQUIRE(passed);
  ProcessSpec spec;
  spec.argv = {"ls", "/proc/self/fd"};
  spec.environment = environment_with({});
  spec.pass = {passed->first.get(), passed->second.get()};
  // ls itself opens the folder: the first free number.
  CHECK(outcome_of(spec).out == "0\n1\n2\n3\n4\n5\n");
  spec.pass.clear();
  CHECK(outcome_of(spec).out == "0\n1\n2\n3\n");
}

TEST_CASE("passed descriptors arrive in order, however their numbers overlap with the new ones") {
  const test::TempFolder folder;
  // Six files at the numbers that happen to be free, passed in reverse: many swap places with targets.
  std::vector<Fd> files;
  ProcessSpec spec = shell("for fd in 3 4 5 6 7 8; do cat <&$fd; done");
  for (int i = 0; i < 6; ++i) {
    const auto file = folder.write(std::to_string(i), std::to_string(i));
    files.emplace_back(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    spec.pass.insert(spec.pass.begin(), files.back().get());
  }
  CHECK(outcome_of(spec).out == "543210");
}

TEST_CASE("one descriptor can serve as output and error output at once, and input defaults to nothing") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  ProcessSpec spec = shell("cat; echo out; echo err >&2");
  spec.out = spec.err = pipe->second.get();
  auto child = Child::spawn(spec);
  REQUIRE(child);
  pipe->second.reset();
  CHECK(line_from(pipe->first.get()) == "out");
  CHECK(line_from(pipe->first.get()) == "err");
  CHECK(child->reap().ok());
}

TEST_CASE("environment and working directory are those given") {
  const test::TempFolder folder;
  ProcessSpec spec;
  spec.argv = {"/usr/bin/env"};
  spec.environment = {"ONLY=this one"};
  CHECK(outcome_of(spec).out == "ONLY=this one\n");

  spec = shell("pwd -P");
  spec.cwd = folder.path();
  CHECK(outcome_of(spec).out == std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST_CASE("the program is looked up in the child's PATH, not in ours") {
  const test::TempFolder folder;
  const auto program = folder.write("bin/greet-from-test", "#!/bin/sh\necho hello\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  ProcessSpec spec;
  spec.argv = {"greet-from-test"};
  spec.environment = {"PATH=/nowhere:" + (folder / "bin").string() + ":/bin:/usr/bin"};
  CHECK(outcome_of(spec).out == "hello\n");
}

TEST_CASE("a relative program with a slash is relative to the child's working directory") {
  const test::TempFolder folder;
  const auto program = folder.write("tools/run", "#!/bin/sh\necho ran\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  ProcessSpec spec = shell("");
  spec.argv = {"tools/run"};
  spec.cwd = folder.path();
  CHECK(outcome_of(spec).out == "ran\n");
}

TEST_CASE("children have default, unblocked signals whatever ours are") {
  const EventLoop ignores_sigpipe;
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, &before);
  const auto out = outcome_of(shell("grep -E '^Sig(Blk|Ign)' /proc/self/status")).out;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(out == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("spawning leaves our own signal mask as it was") {
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  outcome_of(shell("true"));
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < NSIG; ++signal) CHECK(sigismember(&before, signal) == sigismember(&after, signal));
}

TEST_CASE("spawning leaks no descriptor here") {
  const auto count = [] { return list_folder("/proc/self/fd")->size(); };
  outcome_of(shell("true"));
  const auto before = count();
  for (int i = 0; i < 20; ++i) outcome_of(shell("true"));
  ProcessSpec absent = shell("");
  absent.argv = {"/no/such/program"};
  for (int i = 0; i < 20; ++i) CHECK_FALSE(Child::spawn(absent));
  CHECK(count() == before);
}

TEST_CASE("pidfd becomes readable when the child ends") {
  auto child = Child::spawn(shell("exit 4"));
  REQUIRE(child);
  EventLoop loop;
  int code = -1;
  loop.watch(child->pidfd(), EPOLLIN, [&](std::uint32_t) {
    loop.forget(child->pidfd());
    code = child->reap().code;
  });
  loop.run();
  CHECK(code == 4);
  CHECK_FALSE(child->running());
}

TEST_CASE("a child leads its own group, and reaping it kills what is left of that") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  ProcessSpec spec = shell("sleep 1000 & echo $!; exit 0");
  spec.out = pipe->second.get();
  auto child = Child::spawn(spec);
  REQUIRE(child);
  CHECK(::getpgid(child->pid()) == child->pid());
  pipe->second.reset();
  const auto grandchild = parse_integer(line_from(pipe->first.get()));
  REQUIRE(grandchild);
  CHECK(child->reap().ok());
  CHECK(ends(static_cast<pid_t>(*grandchild)));
}

TEST_CASE("destroying a living child kills its group and leaves no zombie") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  ProcessSpec spec = shell("sleep 1000 & echo $!; wait");
  spec.out = pipe->second.get();
  pid_t pid = -1;
  std::optional<long long> grandchild;
  {
    auto child = Child::spawn(spec);
    REQUIRE(child);
    pid = child->pid();
    pipe->second.reset();
    grandchild = parse_integer(line_from(pipe->first.get()));
  }
  CHECK_FALSE(alive(pid));
  REQUIRE(grandchild);
  CHECK(ends(static_cast<pid_t>(*grandchild)));
}

TEST_CASE("a moved child is owned once") {
  auto first = Child::spawn(shell("exit 1")), second = Child::spawn(shell("sleep 1000"));
  REQUIRE(first);
  REQUIRE(second);
  const pid_t replaced = second->pid();
  *second = first.take();
  CHECK_FALSE(first->running());
  CHECK_FALSE(alive(replaced));
  CHECK(second->reap().code == 1);
  CHECK(second->reap().code == 0);  // already released
}

TEST_CASE("a child dies with us, even when we are killed") {
  auto pipe = make_pipe();
  REQUIRE(pipe);
  const pid_t runner = ::fork();
  REQUIRE(runner >= 0);
  if (runner == 0) {
    ProcessSpec spec = shell("echo $$; exec sleep 1000");
    spec.out = pipe->second.get();
    auto child = Child::spawn(spec);
    for (;;) ::pause();
  }
  const auto child = parse_integer(line_from(pipe->first.get()));
  ::kill(runner, SIGKILL);
  ::waitpid(runner, nullptr, 0);
  REQUIRE(child);
  CHECK(ends(static_cast<pid_t>(*child)));
}

TEST_CASE("children can be waited for although our parent left SIGCHLD ignored") {
  const pid_t runner = ::fork();
  REQUIRE(runner >= 0);
  if (runner == 0) {
    ::signal(SIGCHLD, SIG_IGN);
    ::_exit(outcome_of(shell("exit 5")).status.code == 5 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(runner, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("environment_with replaces, adds and keeps the rest") {
  ::setenv("MLPIPE_TEST_KEPT", "kept", 1);
  ::setenv("MLPIPE_TEST_OLD", "old", 1);
  const auto entries = environment_with({"MLPIPE_TEST_OLD=new", "MLPIPE_TEST_ADDED=a=b"});
  const auto count = [&](const std::string& entry) { return std::count(entries.begin(), entries.end(), entry); };
  CHECK(count("MLPIPE_TEST_KEPT=kept") == 1);
  CHECK(count("MLPIPE_TEST_OLD=old") == 0);
  CHECK(count("MLPIPE_TEST_OLD=new") == 1);
  CHECK(count("MLPIPE_TEST_ADDED=a=b") == 1);
}

TEST_CASE("children that are killed at any moment, before their exec too, do not stop us") {
  std::atomic<bool> over{false};
  const std::string children = fmt::format("/proc/self/task/{}/children", ::gettid());
  std::thread killer([&] {
    while (!over)
      if (const auto pids = read_file(children))
        for (const auto word : split(*pids, ' '))
          if (const auto pid = parse_integer(word)) ::kill(static_cast<pid_t>(*pid), SIGKILL);
  });
  int killed = 0;
  for (int i = 0; i < 5000; ++i) {
    ProcessSpec spec;
    spec.argv = {"/bin/true"};
    auto child = Child::spawn(spec);
    if (child) killed += child->reap().signal == SIGKILL;
  }
  over = true;
  killer.join();
  CHECK(killed > 0);
}

TEST_CASE("Ctrl-Z at any moment does not stop a child before its exec, and us with it for ever") {
  const pid_t runner = ::fork();
  if (runner == 0) {
    ::setpgid(0, 0);
    for (int i = 0; i < 200; ++i) {
      ProcessSpec spec;
      spec.argv = {"/bin/true"};
      if (auto child = Child::spawn(spec)) (void)child->reap();
    }
    ::_exit(0);
  }
  ::setpgid(runner, runner);
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  int status = 0;
  bool ended = false;
  while (!(ended = ::waitpid(runner, &status, WNOHANG) == runner) && std::chrono::steady_clock::now() < end) {
    ::kill(-runner, SIGTSTP);
    ::kill(-runner, SIGCONT);
  }
  if (!ended) ::kill(runner, SIGKILL), ::waitpid(runner, &status, 0);
  CHECK(ended);
  CHECK(status == 0);
}
