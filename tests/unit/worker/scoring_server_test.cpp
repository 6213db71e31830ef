// The fork server as a process, with a module that is no LibTorch.
#include <doctest/doctest.h>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "support/temp_folder.h"
#include "system/files.h"
#include "system/process.h"
#include "worker/protocol.h"
#include "worker/server_channel.h"

using namespace mlpipe;

namespace {

constexpr const char* fake_module = MLPIPE_BINARY_DIR "/tests/fake_scoring_module.so";

struct Worker {
  std::uint32_t number = 0;
  pid_t pid = 0;
  Fd pidfd, socket, out, err;
  wire::Reader<wire::FromWorker> reader;

  void send(const wire::ToWorker& message) const {
    const std::string frame = wire::encode(message);
    REQUIRE(write_all(socket.get(), frame, "socket"));
  }
  // Nothing: it closed its socket.
  std::optional<wire::FromWorker> receive() {
    for (;;) {
      auto message = reader.next();
      REQUIRE(message);
      if (*message) return std::move(*message);
      char buffer[4096];
      const ssize_t got = ::read(socket.get(), buffer, sizeof buffer);
      if (got <= 0) return std::nullopt;
      reader.feed({buffer, static_cast<std::size_t>(got)});
    }
  }
};

bool ended(const Fd& pidfd, int wait_ms = 10'000) {
  pollfd watched{pidfd.get(), POLLIN, 0};
  return ::poll(&watched, 1, wait_ms) == 1;
}

std::string read_end(const Fd& pipe) {
  std::string text;
  char buffer[256];
  for (ssize_t got; (got = ::read(pipe.get(), buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

class Server {
 public:
  Server() {
    auto ends = socket_pair();
    REQUIRE(ends);
    control_ = std::move(ends->first);
    channel_ = server_wire::Channel(control_.get());
    ProcessSpec spec;
    spec.argv = {MLPIPE_BINARY_DIR "/tests/scoring_server_program"};
    spec.environment = environment_with({});
    spec.pass = {ends->second.get()};
    auto child = Child::spawn(spec);
    REQUIRE(child);
    child_ = child.take();
  }

  template <class Expected>
  Expected expect() {
    auto received = next();
    REQUIRE(received);
    REQUIRE(std::holds_alternative<Expected>(received->message));
    descriptors = std::move(received->descriptors);
    return std::get<Expected>(received->message);
  }

  void open(const std::string& model, const std::string& module = fake_module) {
    REQUIRE(channel_.send(server_wire::Open{module, "{\"model\": \"" + model + "\"}"}));
  }

  Worker fork(std::uint32_t number) {
    Worker worker = ask_for_fork(number);
    const auto forked = expect<server_wire::Forked>();
    CHECK(forked.number == number);
    worker.pid = static_cast<pid_t>(forked.pid);
    worker.pidfd = std::move(descriptors.at(0));
    return worker;
  }

  Worker ask_for_fork(std::uint32_t number) {
    auto socket = socket_pair();
    auto out = make_pipe(), err = make_pipe();
    REQUIRE((socket && out && err));
    REQUIRE(channel_.send(server_wire::Fork{number}, {socket->second.get(), out->second.get(), err->second.get()}));
    return Worker{number, 0, {}, std::move(socket->first), std::move(out->first), std::move(err->first), {}};
  }

  // Nothing: the server is gone.
  std::optional<server_wire::Received> next() {
    for (;;) {
      auto received = channel_.next();
      REQUIRE(received);
      if (*received) return std::move(*received);
      const auto open = channel_.fill(true);
      REQUIRE(open);
      if (!*open) return std::nullopt;
    }
  }

  void hang_up() { control_.reset(); }
  Child& child() { return child_; }
  std::vector<Fd> descriptors;

 private:
  Fd control_;
  server_wire::Channel channel_{-1};
  Child child_;
};

// A server that has opened the model.
Server& opened(Server& server, const std::string& model = "good.pt") {
  server.open(model);
  server.expect<server_wire::Opened>();
  return server;
}

wire::MiniBatchResult score(Worker& worker, std::vector<std::string> items, std::uint64_t id = 7) {
  worker.send(wire::MiniBatch{id, 2, std::move(items)});
  const auto answer = worker.receive();
  REQUIRE(answer);
  REQUIRE(std::holds_alternative<wire::MiniBatchResult>(*answer));
  return std::get<wire::MiniBatchResult>(*answer);
}

}  // namespace

TEST_CASE("a worker scores mini-batches: rows in item order, failed items with their reason") {
  Server server;
  Worker worker = opened(server).fork(0);
  worker.send(wire::Init{});
  CHECK(std::holds_alternative<wire::Ready>(worker.receive().value()));
  const auto result = score(worker, {"/x/a", "/x/bad1", "/x/twice", "/x/b"});
  CHECK(result.id == 7);
  CHECK(result.attempt == 2);
  CHECK(result.items == 4);
  CHECK(result.returned == 3);
  CHECK(result.rows == "a\ntwice\nagain\nb\n");
  REQUIRE(result.failed.size() == 1);
  CHECK(result.failed[0].number == 1);
  CHECK(result.failed[0].reason == "no image");
  CHECK(score(worker, {}).rows.empty());
}

TEST_CASE("stop says bye and exits 0, and the server reports it") {
  Server server;
  Worker worker = opened(server).fork(3);
  worker.send(wire::Stop{});
  CHECK(std::holds_alternative<wire::Bye>(worker.receive().value()));
  const auto exited = server.expect<server_wire::Exited>();
  CHECK(exited.number == 3);
  CHECK(WIFEXITED(exited.status));
  CHECK(WEXITSTATUS(exited.status) == 0);
  CHECK(exited.peak_rss > 100'000);
}

TEST_CASE("a worker whose socket closes ends by itself") {
  Server server;
  Worker worker = opened(server).fork(0);
  worker.socket.reset();
  CHECK(WEXITSTATUS(server.expect<server_wire::Exited>().status) == 0);
}

TEST_CASE("a model that throws fails its mini-batch; the worker goes on") {
  Server server;
  Worker worker = opened(server, "failing.pt").fork(0);
  for (int time = 0; time < 2; ++time) {
    worker.send(wire::MiniBatch{1, 1, {"/a"}});
    const auto failed = std::get<wire::MiniBatchFailed>(worker.receive().value());
    CHECK(failed.summary == "the model threw");
    CHECK(failed.traceback == "the model threw\nat line 2");
  }
}

TEST_CASE("what a worker prints comes through its own pipe, which closes with it") {
  Server server;
  opened(server);
  Worker first = server.fork(0), second = server.fork(1);
  score(first, {"/speak"});
  first.send(wire::Stop{});
  CHECK(read_end(first.out) == "spoken\n");  // ends although the second worker and the server live
  CHECK(read_end(first.err).empty());
  CHECK_FALSE(ended(second.pidfd, 0));
}

TEST_CASE("a worker has its own descriptors only, also when many are asked for in one burst") {
  Server server;
  opened(server);
  ::kill(server.child().pid(), SIGSTOP);
  std::vector<Worker> workers;
  for (std::uint32_t number : {0, 1, 2}) workers.push_back(server.ask_for_fork(number));
  ::kill(server.child().pid(), SIGCONT);
  for (auto& worker : workers) {
    worker.pid = static_cast<pid_t>(server.expect<server_wire::Forked>().pid);
    worker.send(wire::Init{});
    CHECK(std::holds_alternative<wire::Ready>(worker.receive().value()));
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(worker.pid) + "/fd")) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    CHECK(names == std::vector<std::string>{"0", "1", "2", "3"});
  }
}

TEST_CASE("a killed or crashed worker is reported with its signal, and its number can be forked again") {
  Server server;
  opened(server);
  Worker worker = server.fork(5);
  CHECK(::getpgid(worker.pid) == worker.pid);
  ::kill(-worker.pid, SIGKILL);
  CHECK(ended(worker.pidfd));
  auto exited = server.expect<server_wire::Exited>();
  CHECK(WTERMSIG(exited.status) == SIGKILL);
  Worker again = server.fork(5);
  CHECK(score(again, {"/a"}).rows == "a\n");
  again.send(wire::MiniBatch{1, 1, {"/crash"}});
  CHECK_FALSE(again.receive());
  exited = server.expect<server_wire::Exited>();
  CHECK(exited.number == 5);
  CHECK(WTERMSIG(exited.status) == SIGABRT);
}

TEST_CASE("malformed frames end the worker, not the server") {
  Server server;
  opened(server);
  Worker worker = server.fork(0);
  REQUIRE(write_all(worker.socket.get(), std::string(64, '\xff'), "socket"));
  CHECK(WEXITSTATUS(server.expect<server_wire::Exited>().status) == 1);
  CHECK(server.fork(0).pid > 0);
}

TEST_CASE("a model that does not open is explained, also when it brings the server down") {
  Server server;
  server.open("unreadable.pt");
  CHECK(server.expect<server_wire::OpenFailed>().reason == "unreadable.pt is no model");
  server.open("good.pt", "/nowhere/module.so");
  CHECK(server.expect<server_wire::OpenFailed>().reason.starts_with("cannot open the scoring module: /nowhere/module.so"));
  server.ask_for_fork(0);
  CHECK(server.expect<server_wire::ForkFailed>().reason == "no model is open");
  server.open("crashing.pt");
  CHECK_FALSE(server.next());
  CHECK(server.child().reap().signal == SIGABRT);
}

TEST_CASE("a server with a second thread refuses to fork") {
  Server server;
  opened(server, "threaded.pt").ask_for_fork(2);
  const auto failed = server.expect<server_wire::ForkFailed>();
  CHECK(failed.number == 2);
  CHECK(failed.reason == "the scoring server has 2 threads and cannot fork safely");
}

TEST_CASE("when the control socket closes the server ends with all its workers") {
  Server server;
  opened(server);
  Worker first = server.fork(0), second = server.fork(1);
  server.hang_up();
  CHECK(ended(first.pidfd));
  CHECK(ended(second.pidfd));
  CHECK(server.child().reap().ok());
}

TEST_CASE("kill -9 of the server ends its workers") {
  Server server;
  opened(server);
  Worker worker = server.fork(0);
  ::kill(server.child().pid(), SIGKILL);
  CHECK(ended(worker.pidfd));
}

TEST_CASE("the server's frames survive the socket in any pieces; malformed ones are errors") {
  auto ends = socket_pair();
  REQUIRE(ends);
  server_wire::Channel sender(ends->first.get()), receiver(ends->second.get());
  const std::string large(100'000, 'x');
  REQUIRE(sender.send(server_wire::Open{"module", large}));
  REQUIRE(sender.send(server_wire::ForkFailed{9, "why"}));
  REQUIRE(receiver.fill(true));
  const auto open = receiver.next();
  REQUIRE((open && *open));
  CHECK(std::get<server_wire::Open>((*open)->message).configuration == large);
  CHECK(std::get<server_wire::ForkFailed>((*receiver.next())->message).reason == "why");
  CHECK_FALSE(*receiver.next());
  REQUIRE(write_all(ends->first.get(), std::string("\x05\0\0\0\x02\0\0\0\0", 9), "socket"));  // a fork without descriptors
  REQUIRE(receiver.fill(true));
  CHECK_FALSE(receiver.next());
  server_wire::Channel fresh(ends->second.get());
  REQUIRE(write_all(ends->first.get(), std::string("\0\0\0\0", 4), "socket"));
  REQUIRE(fresh.fill(true));
  CHECK_FALSE(fresh.next());
}
