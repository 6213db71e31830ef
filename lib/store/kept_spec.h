// The spec of a run as it was loaded, in runs/<id>/spec/: kept.json, and beside it a copy of each file that was read, "0-pipeline.yaml"
// the first.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace mlpipe {

struct KeptSpec {
  Path spec;                                      // absolute, where it lay then
  std::vector<std::pair<Path, std::string>> files;  // absolute path and text; the spec is the first
  std::vector<std::string> overrides;             // "-p epochs=3", "--input scans=/data/scans": paths are absolute
  std::map<std::string, Path> sources;            // where the source directory of each step lay that has one, absolute
  std::vector<Path> beside;                       // what else it refers to: data, hash paths, files of environments; absolute
  std::set<Path> absolute;                        // those of all these that are written absolutely: they do not move with the spec
};

Status keep_spec(const Store& store, const std::string& run_id, const KeptSpec& kept);
// Kind store: the run kept none (an older mlpipe made it), or it is damaged. All paths are where the spec lies now, when the project was
// moved together with the store.
Result<KeptSpec> kept_spec(const Store& store, const std::string& run_id);

}  // namespace mlpipe
