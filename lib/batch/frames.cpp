#include "batch/frames.h"

#include "batch/driver_arguments.h"
#include "worker/protocol.h"

namespace mlpipe {

std::string init_frame(const ParallelJob& job, const std::string& name) {
  wire::Init init;
  init.fields = {{"name", name},
                 {"entry_script", job.config.entry_script.value},
                 {"source_directory", job.code.string()},
                 {"output", job.output.string()},
                 {"output_action", job.config.output_action == OutputAction::append_row ? "append_row" : "summary_only"},
                 {"logging_level", job.config.logging_level}};
  if (!job.config.model)
    for (const auto& word : driver_arguments(job)) init.fields.emplace_back("argument", word);
  return wire::encode(wire::ToWorker(std::move(init)));
}

std::string mini_batch_frame(const MiniBatchPlan& plan, std::uint64_t mini_batch, std::uint32_t attempt, Slice slice) {
  return wire::encode(wire::ToWorker(plan.message(mini_batch, attempt, slice)));
}

}  // namespace mlpipe
