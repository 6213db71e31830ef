// Packages of AOTInductor lie unpacked in the store: LibTorch's own loader would unpack them for every worker, and leave that behind
// when a worker is killed.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "scoring/package/package_inputs.h"
#include "system/files.h"

namespace mlpipe {

// Puts what the package holds into `folder`, without the archive's own first folder. Error: damaged, or a name that leads out of the
// folder.
Status unpack_package(const Path& package, const Path& folder);

// What the package says of itself: "AOTI_DEVICE_KEY" -> "cpu", "AOTI_CPU_ISA" -> "AVX512".
struct PackageFacts {
  std::string device;
  std::string instruction_set;       // as Inductor names it; empty: unknown
  std::vector<PackageInput> inputs;  // empty: unknown
};
Result<PackageFacts> package_facts(const Path& folder);

// An error when this machine cannot run it: another device than the one that is asked for, or instructions that this processor lacks.
Status check_package(const PackageFacts& facts, const std::string& device);

// Whether a package's rows were compared on this machine (scoring/torch/self_check.h). Noted in the folder, where that is ours: one that
// unpack_package has made.
bool was_compared(const Path& folder);
void note_compared(const Path& folder);

}  // namespace mlpipe
