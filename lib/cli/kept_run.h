// A recorded run as something to be run again or edited: its spec and code, out of the store.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/spec_arguments.h"
#include "store/kept_spec.h"
#include "store/run_record.h"

namespace mlpipe::cli {

struct KeptRun {
  KeptSpec spec;
  std::map<std::string, Digest> code;  // the tree of the source directory, by step
  std::vector<std::string> unseen;     // steps whose code the run never looked at: not selected, skipped, or stood in for
};
// Kind store: the run kept no spec (an older mlpipe made it), or the code of a step is gone.
Result<KeptRun> kept_run(const Store& store, const RunInfo& run);

// The tree of a step's source directory when it had this fingerprint; nothing: it had none. Error: that is no longer known.
Result<std::optional<Digest>> code_of(const Store& store, const Digest& fingerprint);

// The pipeline as its spec said it then. Nothing: the run kept none, or it does not have all the steps that the run recorded.
std::optional<Pipeline> kept_pipeline(const Store& store, const RunInfo& run);

// What stands in for the disk when its spec is read again: its texts, and its code where that was kept.
Result<spec::Snapshot> snapshot_of(const Store& store, const KeptRun& kept);

// How many items of each parallel step the run took; nothing: all.
std::optional<long long> sample_of(const RunInfo& run);

// What the run's command line changed, and after it what this one's does.
Changes changes_of(const KeptRun& kept, const Changes& more = {});

}  // namespace mlpipe::cli
