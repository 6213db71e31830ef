#include "batch/workers/frames.h"

#include "batch/workers/driver_arguments.h"
#include "worker/protocol.h"

namespace mlpipe {

namespace {

// Each text that no log may hold and what stands for it, both followed by a NUL: no environment value or path has one.
std::string packed(const std::vector<StreamEditor::Replacement>& replacements) {
  std::string text;
  for (const auto& [hidden, shown] : replacements) ((((text += hidden) += '\0') += shown) += '\0');
  return text;
}

// What only lib/worker/python/mlpipe_worker.py reads.
void add_python_fields(const ParallelJob& job, wire::Fields& fields) {
  const auto& flags = job.config.flags;
  const auto word = [](bool value) { return value ? "True" : "False"; };
  const wire::Fields more = {{"logs", job.logs.string()},
                             {"replacements", packed(job.replacements)},
                             {"stack_signal", std::to_string(stack_signal)},
                             {"dataframe_header", word(flags.dataframe_header)},
                             {"safe_output", word(flags.safe_output)},
                             {"profiling_module", flags.profiling_module},
                             {"nice", std::to_string(flags.nice)}};
  fields.insert(fields.end(), more.begin(), more.end());
  for (const auto& argument : driver_arguments(job)) fields.emplace_back("argument", argument);
}

}  // namespace

std::string init_frame(const ParallelJob& job, const std::string& name) {
  wire::Init init;
  init.fields = {{"name", name},
                 {"entry_script", job.config.entry_script.value},
                 {"source_directory", job.code.string()},
                 {"output_action", job.config.output_action == OutputAction::append_row ? "append_row" : "summary_only"},
                 {"logging_level", job.config.logging_level}};
  if (!job.config.model) add_python_fields(job, init.fields);
  return wire::encode(wire::ToWorker(std::move(init)));
}

std::string mini_batch_frame(const MiniBatchPlan& plan, std::uint64_t mini_batch, std::uint32_t attempt, Slice slice) {
  return wire::encode(wire::ToWorker(plan.message(mini_batch, attempt, slice)));
}

}  // namespace mlpipe
