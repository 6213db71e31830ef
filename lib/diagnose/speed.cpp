// Steps that are slower than they need to be, here or in Azure.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"
#include "diagnose/output_paths.h"
#include "diagnose/python_source.h"

namespace mlpipe::diagnosis {
namespace {

constexpr std::uint64_t small_write = 4096;
constexpr Seconds worth_a_word{5};
constexpr double overhead_wanted = 0.05;  // of the time in run()

std::optional<Recognised> small_appends(const Facts& facts) {
  if (!ended(facts) || facts.reused || facts.writes < many_writes || facts.written_bytes / facts.writes >= small_write) return std::nullopt;
  if (facts.printed_bytes * 2 > facts.written_bytes) return std::nullopt;  // mostly what it printed
  const bool mounted = std::ranges::any_of(facts.step.outputs, [](const StepOutput& output) { return output.mode != "upload" && output.left_in.empty(); });
  const auto found = mounted ? find_append_to_output(facts) : std::nullopt;
  if (!found) return std::nullopt;
  return Recognised{fmt::format("it wrote {} times, {} each on average, and {}:{} opens a file of an output to append: in Azure a mounted output uploads the whole file again at each, so that epochs get slower",
                                facts.writes, format_bytes(facts.written_bytes / facts.writes), found->file, found->line),
                    "keep the file in the working directory and copy it to the output once, at the end; or `mode: upload` for that output"};
}

// How many threads one process makes for its sums: a variable of the step, or a call in its code; 0: not said.
int threads_of(const Facts& facts) {
  for (const char* name : {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"})
    if (const auto set = facts.step.environment_variables.find(name); set != facts.step.environment_variables.end())
      if (const auto number = parse_integer(set->second.written)) return static_cast<int>(*number);
  if (const Parallel* parallel = facts.step.parallel())
    if (const auto set = parallel->config.environment_variables.find("OMP_NUM_THREADS"); set != parallel->config.environment_variables.end())
      if (const auto number = parse_integer(set->second)) return static_cast<int>(*number);
  for (const Facts::Source& source : facts.sources)
    for (const PythonCall& call : python_calls({source.text, source.code}, "torch.set_num_threads"))
      if (const auto number = call.arguments.empty() ? std::nullopt : parse_integer(trim(call.arguments[0].code))) return static_cast<int>(*number);
  return 0;
}

std::optional<Recognised> oversubscribed(const Facts& facts) {
  if (failed(facts) || !is_parallel(facts) || facts.workers < 2 || facts.cores < 1 || facts.reused) return std::nullopt;
  if (ended(facts) && facts.took < worth_a_word) return std::nullopt;
  const int threads = threads_of(facts);
  if (threads < 2 || facts.workers * threads <= facts.cores) return std::nullopt;
  return Recognised{fmt::format("{} workers with {} threads each share {}: they wait for each other more than they compute", facts.workers, threads, plural(static_cast<std::size_t>(facts.cores), "core")),
                    fmt::format("one thread a worker, which is the default: remove the setting; or process_count_per_node: {}", std::max(1, facts.cores / threads))};
}

// The next of 1, 2, 5, 10, 20, ...
double round_up(double number) {
  const double power = std::pow(10, std::floor(std::log10(std::max(number, 1.0))));
  for (const double step : {1.0, 2.0, 5.0})
    if (number <= step * power) return step * power;
  return 10 * power;
}

std::optional<Recognised> tiny_mini_batches(const Facts& facts) {
  if (!ended(facts) || facts.reused || !is_parallel(facts) || facts.took < worth_a_word || facts.mini_batches < 100 || facts.items < 1) return std::nullopt;
  const auto& config = facts.step.parallel()->config;
  if (!config.mini_batch_size.is_count || !config.partition_keys.empty() || facts.running <= Seconds::zero()) return std::nullopt;
  if (facts.handing < facts.running) return std::nullopt;
  const double each = facts.handing.count() / static_cast<double>(facts.mini_batches), item = facts.running.count() / static_cast<double>(facts.items);
  const auto better = static_cast<std::int64_t>(round_up(each / (overhead_wanted * item)));
  const auto most = static_cast<std::int64_t>(facts.items) / std::max(1, 4 * facts.workers);  // some for each worker
  const std::int64_t size = std::min(better, most);
  if (size <= config.mini_batch_size.value) return std::nullopt;
  return Recognised{fmt::format("run() took {} of its {} workers' time, the way to and from it {}: {} for each of {} mini-batches", format_seconds(facts.running), facts.workers,
                                format_seconds(facts.handing), format_seconds(Seconds(each)), facts.mini_batches),
                    fmt::format("mini_batch_size: {}", size)};
}

std::optional<Recognised> slow_start(const Facts& facts) {
  if (!ended(facts) || facts.reused || !is_parallel(facts) || facts.workers < 1 || facts.took < worth_a_word) return std::nullopt;
  const auto& config = facts.step.parallel()->config;
  if (config.model || !config.preload.empty() || facts.starting < facts.took * facts.workers / 2) return std::nullopt;
  return Recognised{fmt::format("imports and init() took {} of {} workers' {}", format_seconds(facts.starting), facts.workers, format_seconds(facts.took * facts.workers)),
                    "`preload: [torch]`, or whatever it imports, is loaded once for all workers; so does a smaller process_count_per_node for little data"};
}

}  // namespace

Entries speed_entries() {
  return {
      {"small-appends", "Epochs get slower: many small appends to a mounted output",
       "A mounted output of Azure is a file system over a blob store: each append uploads the whole file again. Here it costs nothing, so it is found by counting: the step's processes wrote at least 200 times, less than "
       "4 KB each, mostly not to their streams, and a script opens a file to append whose path is made of an argument that is an output.",
       "nothing; the training step slows down over the epochs.", "write to the working directory and copy once at the end; or `mode: upload`.", small_appends},
      {"oversubscribed-threads", "More threads than cores", "Each worker has more than one thread for its sums (OMP_NUM_THREADS, torch.set_num_threads), and together they have more than there are cores. Without such a setting mlpipe gives each worker one.",
       "", "one thread a worker, or fewer workers.", oversubscribed},
      {"tiny-mini-batches", "Tiny mini-batches", "Measured: mini-batches that were under way spent more time on the way to and from run() than in it; workers that had none do not count. The size that is proposed brings that below 5 %.", "hours for minutes of work.",
       "a larger `mini_batch_size`.", tiny_mini_batches},
      {"slow-start", "Workers take long to start", "Measured: imports and init() took more than half of the workers' time.", "ten minutes of waiting for one of work.", "`preload`, or fewer workers.", slow_start},
  };
}

}  // namespace mlpipe::diagnosis
