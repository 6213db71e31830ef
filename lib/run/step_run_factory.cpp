#include <algorithm>
#include <cmath>

#include "run/command_run.h"
#include "run/parallel_run.h"
#include "run/step_run.h"
#include "system/host.h"

namespace mlpipe {

std::unique_ptr<StepRun> make_step_run(RunContext& context, const Step& step, StepDescription description, Slot slot, StepRunReason reason,
                                       StepRun::OnEnd on_end) {
  if (step.parallel())
    return std::make_unique<ParallelRun>(context, step, std::move(description), std::move(slot), std::move(reason), std::move(on_end));
  return std::make_unique<CommandRun>(context, step, std::move(description), std::move(slot), std::move(reason), std::move(on_end));
}

int cores_wanted(const Step& step, int cores) {
  const auto of_command = [&] { return std::max(static_cast<int>(std::ceil(step.resources.cpus)), static_cast<int>(step.distribution.processes())); };
  const int wanted = step.parallel() ? step.parallel()->config.workers_wanted(usable_cores()) : of_command();
  return std::clamp(wanted, 1, cores);
}

}  // namespace mlpipe
