#include "worker/native_worker.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <optional>

#include "base/units.h"
#include "scoring/row_collector.h"
#include "worker/module_mini_batch.h"

namespace mlpipe {
namespace {

using wire::FromWorker;
using Steady = std::chrono::steady_clock;

wire::MiniBatchResult result_of(const wire::MiniBatch& batch, RowCollector& collected) {
  wire::MiniBatchResult result;
  result.id = batch.id;
  result.attempt = batch.attempt;
  result.items = static_cast<std::uint32_t>(collected.reasons().size());
  result.rows = std::move(collected.rows());
  std::uint32_t item = 0;
  for (auto& reason : collected.reasons()) {
    if (reason) result.failed.push_back({item, std::move(*reason)});
    ++item;
  }
  result.returned = result.items - static_cast<std::uint32_t>(result.failed.size());
  return result;
}

// The first line says what happened; all of it is the traceback.
FromWorker failure(const OpenScorer& scorer, const wire::MiniBatch& batch, char* error) {
  const std::string text = error ? error : "the scoring module failed without a reason";
  if (error) scorer.module->free_text(error);
  return wire::MiniBatchFailed{batch.id, batch.attempt, text.substr(0, text.find('\n')), text};
}

class NativeWorker {
 public:
  NativeWorker(int socket, const std::variant<OpenScorer, UnopenedScorer>& scorer) : socket_(socket), scorer_(scorer) {}

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
    if (const auto* batch = std::get_if<wire::MiniBatch>(&message)) return score(std::get<OpenScorer>(scorer_), *batch);
    const auto* unopened = std::get_if<UnopenedScorer>(&scorer_);
    if (!unopened) return wire::Ready{};  // init: the fork server has loaded the model already
    const auto start = Steady::now();
    auto opened = open_scorer(unopened->module, unopened->configuration);
    if (!opened) return wire::InitFailed{opened.error().message, opened.error().message};
    scorer_ = *opened;
    return wire::Ready{static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - start).count())};
  }

  int socket_;
  std::variant<OpenScorer, UnopenedScorer> scorer_;
  wire::Reader<wire::ToWorker> reader_;
};

}  // namespace

Result<OpenScorer> open_scorer(const std::string& module, const std::string& configuration) {
  void* library = ::dlopen(module.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return Error{ErrorKind::step_failed, std::string("cannot open the scoring module: ") + ::dlerror(), ""};
  using Entry = const mlpipe_scoring_module* (*)();
  const auto entry = reinterpret_cast<Entry>(::dlsym(library, "mlpipe_scoring_module_v2"));
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
  const ModuleMiniBatch items(batch);
  RowCollector collector(items.count());
  const auto sink = collector.sink();
  char* error = nullptr;
  const auto start = Steady::now();
  if (scorer.module->score(scorer.scorer, &items.get(), &sink, &error) != 0) return failure(scorer, batch, error);
  if (collector.rows().size() > wire::longest_rows)
    return wire::MiniBatchFailed{batch.id, batch.attempt, fmt::format("its rows take {}, more than the {} of one mini-batch", format_bytes(collector.rows().size()),
                                                                      format_bytes(wire::longest_rows)), "a smaller mini_batch_size"};
  auto result = result_of(batch, collector);
  result.run_us = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - start).count());
  return result;
}

int native_worker_main(int socket, const std::variant<OpenScorer, UnopenedScorer>& scorer) {
  try {
    return NativeWorker(socket, scorer).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mlpipe worker: %s\n", error.what());
    return 1;
  }
}

}  // namespace mlpipe
