#include "worker/model_bench.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "worker/native_worker.h"

namespace mlpipe {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ModelBenchRequest, configuration, batch_sizes, workers, seconds, compared_batch_size)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ModelBenchTiming, batch_size, workers, seconds, rows_per_second)

namespace {

using nlohmann::json;
using Steady = std::chrono::steady_clock;

constexpr std::size_t most_values = 65536;

std::string text_of(const ModelBenchResult& result) {
  const json value{{"facts", to_json(result.facts)}, {"open_seconds", result.open_seconds}, {"timings", result.timings},
                   {"values", result.values},        {"memory", result.memory},             {"error", result.error}};
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// What this process adds to the memory of the machine.
std::uint64_t proportional_set_size() {
  const auto text = read_file("/proc/self/smaps_rollup");
  const auto at = text ? text->find("\nPss:") : std::string::npos;
  if (at == std::string::npos) return 0;
  std::istringstream number(text->substr(at + 5, 40));
  std::uint64_t kilobytes = 0;
  number >> kilobytes;
  return kilobytes * 1024;
}

// What a worker tells about its part.
struct Part {
  mlpipe_timing timing{};
  std::uint64_t memory = 0;
};

class ModelBench {
 public:
  ModelBench(OpenScorer scorer, const ModelBenchRequest& request) : scorer_(scorer), request_(request) {}

  Result<ModelBenchResult> run() {
    ModelBenchResult result;
    MLPIPE_TRY(result.facts, model_facts_from_json(scorer_.module->facts(scorer_.scorer)));
    // Workers first: what this process computes before it forks would be theirs too.
    for (const int workers : request_.workers)
      for (const std::size_t size : sizes_for(result.facts)) MLPIPE_TRY_VOID(measure(size, workers, result));
    result.values.resize(most_values);
    MLPIPE_TRY(const mlpipe_timing last, timing(std::clamp(request_.compared_batch_size, result.facts.smallest_batch, result.facts.largest_batch), 0, &result.values));
    static_cast<void>(last);
    return result;
  }

 private:
  std::vector<std::size_t> sizes_for(const ModelFacts& facts) const {
    std::vector<std::size_t> sizes = request_.batch_sizes;
    std::erase_if(sizes, [&](std::size_t size) { return size < facts.smallest_batch || size > facts.largest_batch; });
    if (sizes.empty()) sizes.push_back(facts.batch_size);
    return sizes;
  }

  Result<mlpipe_timing> timing(std::size_t batch_size, double seconds, std::vector<float>* values) const {
    mlpipe_timing timing{};
    char* error = nullptr;
    const int failed = scorer_.module->measure(scorer_.scorer, batch_size, seconds, &timing, values ? values->data() : nullptr, values ? values->size() : 0, &error);
    if (failed == 0) return timing;
    const std::string reason = error ? error : "the scoring module failed without a reason";
    if (error) scorer_.module->free_text(error);
    return Error{ErrorKind::step_failed, reason, ""};
  }

  [[noreturn]] void work(std::size_t batch_size, int out) const {
    const auto measured = timing(batch_size, request_.seconds, nullptr);
    if (!measured) {
      std::fprintf(stderr, "%s\n", measured.error().message.c_str());
      ::_exit(1);
    }
    const Part part{*measured, proportional_set_size()};
    const bool told = ::write(out, &part, sizeof part) == sizeof part;
    ::_exit(told ? 0 : 1);
  }

  Status measure(std::size_t batch_size, int workers, ModelBenchResult& result) const {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("make", "a pipe");
    const Fd in(ends[0]);
    Fd out(ends[1]);
    for (int worker = 0; worker < workers; ++worker)
      if (::fork() == 0) work(batch_size, out.get());
    out = Fd();
    ModelBenchTiming timing{batch_size, workers, 0, 0};
    std::uint64_t memory = proportional_set_size();
    int answers = 0;
    for (Part part; ::read(in.get(), &part, sizeof part) == sizeof part; ++answers) {
      timing.seconds = std::max(timing.seconds, part.timing.median_seconds);
      timing.rows_per_second += static_cast<double>(batch_size) / part.timing.median_seconds;
      memory += part.memory;
    }
    while (::wait(nullptr) > 0) {
    }
    if (answers < workers) return why_failed(batch_size);
    result.timings.push_back(timing);
    result.memory = std::max(result.memory, memory);
    return {};
  }

  // A worker has no way to say: what it did is done once more here.
  Error why_failed(std::size_t batch_size) const {
    const auto again = timing(batch_size, 0, nullptr);
    return again ? Error{ErrorKind::step_failed, "a worker ended before it had measured", "is there memory for all of them?"} : again.error();
  }

  OpenScorer scorer_;
  const ModelBenchRequest& request_;
};

Result<ModelBenchResult> bench(const Path& module, const Path& file) {
  MLPIPE_TRY(const std::string text, read_file(file));
  const auto request = json::parse(text, nullptr, false).get<ModelBenchRequest>();
  const auto start = Steady::now();
  MLPIPE_TRY(const OpenScorer scorer, open_scorer(module.string(), request.configuration));
  const double open_seconds = std::chrono::duration<double>(Steady::now() - start).count();
  MLPIPE_TRY(ModelBenchResult result, ModelBench(scorer, request).run());
  result.open_seconds = open_seconds;
  return result;
}

}  // namespace

std::string to_json(const ModelBenchRequest& request) { return json(request).dump(-1, ' ', false, json::error_handler_t::replace); }

Result<ModelBenchResult> model_bench_result_from_json(std::string_view text) {
  try {
    const json value = json::parse(text);
    ModelBenchResult result;
    result.error = value.at("error").get<std::string>();
    if (!result.error.empty()) return result;
    MLPIPE_TRY(result.facts, model_facts_from_json(value.at("facts").get<std::string>()));
    value.at("open_seconds").get_to(result.open_seconds);
    value.at("timings").get_to(result.timings);
    // JSON writes numbers that it does not have as null.
    for (const json& number : value.at("values")) result.values.push_back(number.is_null() ? NAN : number.get<float>());
    value.at("memory").get_to(result.memory);
    return result;
  } catch (const json::exception& error) {
    return Error{ErrorKind::step_failed, std::string("the measurement cannot be read: ") + error.what(), ""};
  }
}

int model_bench_main(const Path& module, const Path& request) {
  try {
    auto result = bench(module, request);
    if (!result) {
      ModelBenchResult failed;
      failed.error = result.error().message;
      result = std::move(failed);
    }
    const auto written = write_all(STDOUT_FILENO, text_of(*result), "standard output");
    ::_exit(written ? 0 : 1);  // LibTorch's destructors take 70 ms
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mlpipe: %s\n", error.what());
    return 1;
  }
}

}  // namespace mlpipe
