// What rehearsals of commands and of mini-batches share. Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "run/rehearsal.h"

namespace mlpipe {

// `run` names the step: what it reads from is taken as `run --step` takes it. `notices`: what of that is stale.
Result<StepDescription> describe_alone(const Pipeline& pipeline, const Store& store, const RunRequest& run, const Step& step,
                                       const Clock& clock, std::vector<Notice>& notices);
// The step described, its folders made; `command` has its environment and folder, but no words yet.
Result<Rehearsal> set_up(const Pipeline& pipeline, const Store& store, RunRequest run, const RehearsalRequest& request,
                         const Clock& clock);

// Python's own modules without source lines make debugpy warn that it may miss breakpoints. Older Pythons ignore the option.
inline constexpr const char* frozen_modules_off = "-Xfrozen_modules=off";

Result<std::string> gdb_program(const std::vector<std::string>& environment);
Status check_debugpy(const std::string& python, const std::vector<std::string>& environment);
std::vector<std::string> shell_words(const std::vector<std::string>& environment);
// Says what would run.
Notice shell_notice(const std::string& step, const std::vector<std::string>& words);

}  // namespace mlpipe
