// Native workers through the launcher that the pool sees, with a module that is no LibTorch.
#include <doctest/doctest.h>

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "batch/parallel_step.h"
#include "batch/workers/scoring_launcher.h"
#include "support/temp_folder.h"
#include "worker/protocol.h"
#include "reuse/scan.h"

using namespace mlpipe;

namespace {

struct Launched {
  test::TempFolder folder;
  EventLoop loop;
  ParallelJob job;
  std::unique_ptr<WorkerLauncher> launcher;
  std::vector<std::string> notices;

  explicit Launched(const std::string& model = "good.pt", std::optional<Error> no_programs = std::nullopt) {
    job.model = model;
    job.logs = job.scratch = folder.path();
    job.environment = environment_with({});
    make(std::move(no_programs));
  }

  void make(std::optional<Error> no_programs = std::nullopt) {
    Result<ScoringPrograms> programs = ScoringPrograms{{MLPIPE_BINARY_DIR "/tests/scoring_server_program"}, MLPIPE_BINARY_DIR "/tests/fake_scoring_module.so"};
    if (no_programs) programs = *no_programs;
    launcher = make_scoring_launcher(loop, job, programs, [this](const std::string& message, const std::string&) { notices.push_back(message); });
  }

  template <class T>
  T wait(std::optional<T>& value) {
    for (int turns = 0; !value && turns < 2000; ++turns) loop.turn(std::chrono::milliseconds(10));
    REQUIRE(value);
    return std::move(*value);
  }
  Result<WorkerProcess> launch(int number) {
    std::optional<Result<WorkerProcess>> answer;
    launcher->launch(number, [&](Result<WorkerProcess> worker) { answer.emplace(std::move(worker)); });
    CHECK_FALSE(answer);
    return wait(answer);
  }
  ExitStatus collect(int number) {
    std::optional<ExitStatus> answer;
    launcher->collect(number, [&](ExitStatus status) { answer = status; });
    CHECK_FALSE(answer);
    return wait(answer);
  }
};

std::string ask(const WorkerProcess& worker, const wire::ToWorker& message) {
  REQUIRE(write_all(worker.socket.get(), wire::encode(message), "socket"));
  wire::Reader<wire::FromWorker> reader;
  EventLoop loop;
  std::string rows = "no answer";
  loop.watch(worker.socket.get(), EPOLLIN, [&](std::uint32_t) {
    char buffer[4096];
    const ssize_t got = ::read(worker.socket.get(), buffer, sizeof buffer);
    if (got <= 0) return loop.stop();
    reader.feed({buffer, static_cast<std::size_t>(got)});
    auto answer = reader.next();
    REQUIRE(answer);
    if (!*answer) return;
    if (const auto* result = std::get_if<wire::MiniBatchResult>(&**answer)) rows = result->rows;
    loop.stop();
  });
  loop.run();
  return rows;
}

}  // namespace

TEST_CASE("scoring launcher: workers score, stop, and their exit is collected") {
  Launched launched;
  auto first = launched.launch(0), second = launched.launch(1);
  REQUIRE((first && second));
  CHECK(ask(*first, wire::MiniBatch{1, 1, {"/x/a", "/x/b"}}) == "a\nb\n");
  CHECK(ask(*second, wire::MiniBatch{2, 1, {"/x/c"}}) == "c\n");
  ask(*first, wire::Stop{});
  const auto status = launched.collect(0);
  CHECK(status.ok());
  CHECK(status.peak_rss > 0);
  launched.launcher->kill(1);
  CHECK(launched.collect(1).signal == SIGKILL);
}

TEST_CASE("scoring launcher: a killed worker is started again with the same number") {
  Launched launched;
  auto worker = launched.launch(3);
  REQUIRE(worker);
  ::kill(worker->pid, SIGKILL);
  CHECK(launched.collect(3).signal == SIGKILL);
  const auto again = launched.launch(3);
  REQUIRE(again);
  CHECK(again->pid != worker->pid);
  CHECK(ask(*again, wire::MiniBatch{1, 2, {"/x/a"}}) == "a\n");
}

namespace {

void kill_server_of(Launched& launched, int number) {
  const auto worker = launched.launch(number);
  REQUIRE(worker);
  std::string stat = test::read("/proc/" + std::to_string(worker->pid) + "/stat");
  stat.erase(0, stat.rfind(')') + 4);  // "PPID ..."
  ::kill(static_cast<pid_t>(std::stol(stat)), SIGKILL);
  CHECK(launched.collect(number).signal == SIGKILL);
}

}  // namespace

TEST_CASE("scoring launcher: a new server takes the batch size that the first one measured") {
  Launched launched("measured.pt");
  launched.job.state = launched.folder.path();
  launched.job.config.scoring.numerics = Numerics::fast;
  launched.make();
  kill_server_of(launched, 0);
  const std::string first = test::read(launched.folder.path() / "batch_size");
  REQUIRE(launched.launch(0));
  CHECK(std::stoi(first) > 1);
  CHECK(test::read(launched.folder.path() / "batch_size") == first);
}

TEST_CASE("scoring launcher: when the fork server is killed its workers end, and a new server takes its place") {
  Launched launched("noted.pt");
  kill_server_of(launched, 0);
  const auto again = launched.launch(0);
  REQUIRE(again);
  CHECK(ask(*again, wire::MiniBatch{1, 2, {"/x/a"}}) == "a\n");
  CHECK(launched.notices == std::vector<std::string>{"worth a note"});  // once, though it was opened twice
}

TEST_CASE("scoring launcher: a model that does not load is the error of every worker") {
  Launched launched("unreadable.pt");
  std::vector<std::string> errors;
  for (const int number : {0, 1}) {
    launched.launcher->launch(number, [&](Result<WorkerProcess> worker) { errors.push_back(worker ? "started" : worker.error().message); });
  }
  for (int turns = 0; errors.size() < 2 && turns < 2000; ++turns) launched.loop.turn(std::chrono::milliseconds(10));
  CHECK(errors == std::vector<std::string>(2, "unreadable.pt is no model"));
  CHECK(launched.launch(2).error().message == "unreadable.pt is no model");  // later ones get the same answer
}

TEST_CASE("scoring launcher: a server that dies while loading, or cannot be found, is explained") {
  Launched crashing("crashing.pt");
  CHECK(crashing.launch(0).error().message.starts_with("the scoring server ended while loading the model: killed by SIGABRT"));
  Launched missing("good.pt", Error{ErrorKind::step_failed, "no module", "build it"});
  CHECK(missing.launch(0).error().message == "no module");
}

TEST_CASE("scoring launcher: workers that wait for a model that never loads can be killed, and the server goes with the last") {
  Launched launched("hanging.pt");
  std::vector<std::string> errors;
  for (const int number : {0, 1}) {
    launched.launcher->launch(number, [&](Result<WorkerProcess> worker) { errors.push_back(worker ? "started" : worker.error().message); });
  }
  launched.loop.turn(std::chrono::milliseconds(20));
  launched.launcher->kill(0);
  CHECK(errors.empty());  // never from inside kill
  for (int turns = 0; errors.empty() && turns < 2000; ++turns) launched.loop.turn(std::chrono::milliseconds(10));
  launched.launcher->kill(1);
  for (int turns = 0; errors.size() < 2 && turns < 2000; ++turns) launched.loop.turn(std::chrono::milliseconds(10));
  CHECK(errors == std::vector<std::string>(2, "stopped"));
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("scoring launcher: a launch that is cancelled and asked for again gets a worker") {
  Launched launched;
  auto other = launched.launch(0);
  REQUIRE(other);
  std::optional<Result<WorkerProcess>> answer;
  launched.launcher->launch(1, [&](Result<WorkerProcess> worker) { answer.emplace(std::move(worker)); });
  launched.launcher->kill(1);
  CHECK_FALSE(launched.wait(answer));
  const auto again = launched.launch(1);
  REQUIRE(again);
  CHECK(ask(*again, wire::MiniBatch{1, 1, {"/x/a"}}) == "a\n");
}

namespace {

// A whole step with native workers whose model never loads.
struct HangingStep : ParallelListener {
  Launched launched{"hanging.pt"};
  std::optional<ParallelOutcome> outcome;
  std::unique_ptr<ParallelStep> step;

  explicit HangingStep(Seconds limit) {
    auto& job = launched.job;
    launched.folder.write("in/item", "");
    job.state = launched.folder / "state";
    job.inputs = {{"images", DataType::folder, launched.folder / "in", std::make_shared<const Tree>(scan_tree(launched.folder / "in").take())}};
    job.config.model.emplace();
    job.config.mini_batch_size = {1, true};
    job.config.run_invocation_timeout = limit;
    job.config.task_overhead_timeout = Seconds(0);
    step = std::make_unique<ParallelStep>(launched.loop, Clock::real(), job, *this, std::move(launched.launcher));
    REQUIRE(step->start());
  }
  void on_output(const std::string&, bool, std::string_view, std::optional<std::uint64_t>) override {}
  void on_worker_ended(const std::string&, WallTime, Seconds, const std::string&) override {}
  void on_try_ended(const std::string&, const EndedTry&) override {}
  void on_progress(const ParallelProgress&) override {}
  void on_notice(const std::string&, const std::string&) override {}
  void on_finished(ParallelOutcome ended) override { outcome = std::move(ended); }

  Error wait() {
    const auto ended = launched.wait(outcome);
    step.reset();
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
    REQUIRE_FALSE(ended.status);
    return ended.status.error();
  }
};

}  // namespace

TEST_CASE("a native step whose model never loads ends at its time limit, when it is stopped and when it is killed") {
  const auto error = HangingStep(Seconds(0.1)).wait();
  CHECK(error.kind == ErrorKind::timeout);
  CHECK(error.message.starts_with("the worker did not start within "));
  for (const bool kill : {false, true}) {
    HangingStep hanging(Seconds(1000));
    hanging.launched.loop.turn(std::chrono::milliseconds(20));
    if (kill) hanging.step->kill(ErrorKind::interrupted);
    else hanging.step->stop(ErrorKind::interrupted);
    CHECK(hanging.wait().kind == ErrorKind::interrupted);
  }
}

TEST_CASE("scoring launcher: without a free descriptor a launch is an error, not the end of mlpipe") {
  Launched launched;
  REQUIRE(launched.launch(0));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  std::vector<Fd> taken;
  std::optional<Result<WorkerProcess>> answer;
  launched.launcher->launch(1, [&](Result<WorkerProcess> worker) { answer.emplace(std::move(worker)); });
  launched.loop.turn(std::chrono::milliseconds(0));  // its pipes are made
  const rlimit few{64, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  for (;;) {
    Fd fd(::dup(0));
    if (!fd) break;
    taken.push_back(std::move(fd));
  }
  taken.pop_back();  // for the worker's pidfd, not for its duplicate
  auto worker = launched.wait(answer);
  ::setrlimit(RLIMIT_NOFILE, &before);
  taken.clear();
  REQUIRE_FALSE(worker);
  CHECK(worker.error().message == "cannot watch a worker: too many open files");
}

TEST_CASE("scoring launcher: destroying it ends the server and what waits, and leaves no empty log") {
  std::optional<WorkerProcess> worker;
  Launched launched;
  worker.emplace(launched.launch(0).take());
  bool called = false;
  launched.launcher->launch(1, [&](Result<WorkerProcess>) { called = true; });
  launched.launcher.reset();
  launched.loop.turn(std::chrono::milliseconds(0));
  CHECK_FALSE(called);
  CHECK_FALSE(path_exists(launched.folder / "scoring_server.txt"));
  bool ended = false;
  launched.loop.watch(worker->pidfd.get(), EPOLLIN, [&](std::uint32_t) { ended = true; });
  for (int turns = 0; !ended && turns < 1000; ++turns) launched.loop.turn(std::chrono::milliseconds(10));
  CHECK(ended);
}
