#include "worker/native_worker.h"

#include <dlfcn.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <optional>

namespace mlpipe {
namespace {

using wire::FromWorker;
using Steady = std::chrono::steady_clock;

// What the module tells about the items of one mini-batch; rows are put into the order of the items.
class RowCollector {
 public:
  explicit RowCollector(std::size_t items) : rows_(items), reasons_(items) {}

  mlpipe_row_sink sink() { return {this, on_row, on_failed}; }

  wire::MiniBatchResult result(const wire::MiniBatch& batch) {
    wire::MiniBatchResult result;
    result.id = batch.id;
    result.attempt = batch.attempt;
    result.items = static_cast<std::uint32_t>(rows_.size());
    for (std::size_t item = 0; item < rows_.size(); ++item) {
      if (reasons_[item]) {
        result.failed.push_back({static_cast<std::uint32_t>(item), std::move(*reasons_[item])});
      } else {
        result.rows += rows_[item];
      }
    }
    result.returned = result.items - static_cast<std::uint32_t>(result.failed.size());
    return result;
  }

 private:
  static void on_row(void* self, std::size_t item, const char* text, std::size_t length) {
    static_cast<RowCollector*>(self)->rows_.at(item).append(text, length).push_back('\n');
  }
  static void on_failed(void* self, std::size_t item, const char* reason, std::size_t length) {
    static_cast<RowCollector*>(self)->reasons_.at(item).emplace(reason, length);
  }

  std::vector<std::string> rows_;
  std::vector<std::optional<std::string>> reasons_;
};

// The first line says what happened; all of it is the traceback.
FromWorker failure(const OpenScorer& scorer, const wire::MiniBatch& batch, char* error) {
  const std::string text = error ? error : "the scoring module failed without a reason";
  if (error) scorer.module->free_text(error);
  return wire::MiniBatchFailed{batch.id, batch.attempt, text.substr(0, text.find('\n')), text};
}

class NativeWorker {
 public:
  NativeWorker(int socket, const OpenScorer& scorer) : socket_(socket), scorer_(scorer) {}

  int run() {
    for (;;) {
      auto message = receive();
      if (!message) return complain(message.error());
      if (!*message) return 0;  // the runner is gone
      if (std::holds_alternative<wire::Stop>(**message)) return send(wire::Bye{}) ? 0 : 1;
      if (!send(answer(**message))) return 1;
    }
  }

 private:
  static int complain(const Error& error) {
    std::fprintf(stderr, "mlpipe worker: %s\n", error.message.c_str());
    return 1;
  }

  // Nothing: the other end is closed.
  Result<std::optional<wire::ToWorker>> receive() {
    for (;;) {
      MLPIPE_TRY(auto message, reader_.next());
      if (message) return message;
      char buffer[65536];
      const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return std::optional<wire::ToWorker>();
      reader_.feed({buffer, static_cast<std::size_t>(got)});
    }
  }

  bool send(const FromWorker& message) {
    const std::string frame = wire::encode(message);
    for (std::string_view rest = frame; !rest.empty();) {
      const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return false;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  FromWorker answer(const wire::ToWorker& message) {
    if (const auto* batch = std::get_if<wire::MiniBatch>(&message)) return score(scorer_, *batch);
    return wire::Ready{};  // init: the fork server has loaded the model already
  }

  int socket_;
  OpenScorer scorer_;
  wire::Reader<wire::ToWorker> reader_;
};

}  // namespace

Result<OpenScorer> open_scorer(const std::string& module, const std::string& configuration) {
  void* library = ::dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return Error{ErrorKind::step_failed, std::string("cannot open the scoring module: ") + ::dlerror(), ""};
  using Entry = const mlpipe_scoring_module* (*)();
  const auto entry = reinterpret_cast<Entry>(::dlsym(library, "mlpipe_scoring_module_v1"));
  if (!entry) return Error{ErrorKind::step_failed, module + " is no scoring module of this version of mlpipe", ""};
  OpenScorer opened{entry(), nullptr};
  char* error = nullptr;
  opened.scorer = opened.module->open(configuration.c_str(), &error);
  if (opened.scorer) return opened;
  const std::string reason = error ? error : "the scoring module gave no reason";
  if (error) opened.module->free_text(error);
  return Error{ErrorKind::step_failed, reason, ""};
}

wire::FromWorker score(const OpenScorer& scorer, const wire::MiniBatch& batch) {
  std::vector<mlpipe_item> items;
  for (const auto& item : batch.items) items.push_back({item.c_str()});
  RowCollector collector(items.size());
  const auto sink = collector.sink();
  char* error = nullptr;
  const auto start = Steady::now();
  if (scorer.module->score(scorer.scorer, items.data(), items.size(), &sink, &error) != 0) return failure(scorer, batch, error);
  auto result = collector.result(batch);
  result.run_us = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - start).count());
  return result;
}

int native_worker_main(int socket, const OpenScorer& scorer) {
  try {
    return NativeWorker(socket, scorer).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mlpipe worker: %s\n", error.what());
    return 1;
  }
}

}  // namespace mlpipe
