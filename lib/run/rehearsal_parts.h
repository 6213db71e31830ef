// What rehearsals of commands and of mini-batches share. Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "run/rehearsal.h"

namespace mlpipe {

// The inputs of a step without a run around it: as `run --step` takes them, or those of an earlier run. `notices`: what of them is
// stale, and what is no longer as it was then. Kind usage, store: something is not there.
Result<StepDescription> describe_alone(const Pipeline& pipeline, const Store& store, const RunRequest& run, const Step& step,
                                       const std::optional<RunInfo>& then, const Clock& clock, std::vector<Notice>& notices);
// The step described, its folders made; `command` has its environment and folder, but no words yet.
Result<Rehearsal> set_up(const Pipeline& pipeline, const Store& store, RunRequest run, const RehearsalRequest& request,
                         const Clock& clock);

// Python's own modules without source lines make debugpy warn that it may miss breakpoints. Older Pythons ignore the option.
inline constexpr const char* frozen_modules_off = "-Xfrozen_modules=off";

Result<std::string> gdb_program(const std::vector<std::string>& environment);
// What comes before the words of the program. gdb ends as that did.
std::vector<std::string> gdb_words(const std::string& gdb);
Status check_debugpy(const std::string& python, const std::vector<std::string>& environment);
// The words of `python` that put a command's Python programs under pdb or debugpy (worker/python/mlpipe_debug.py).
Result<std::vector<std::string>> debugged_python(const std::string& python, const RehearsalRequest& request, const std::vector<std::string>& environment);
std::vector<std::string> shell_words(const std::vector<std::string>& environment);
// Says what would run.
Notice shell_notice(const std::string& step, const std::vector<std::string>& words);

}  // namespace mlpipe
