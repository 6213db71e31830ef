// What most commands share: which spec, what the command line changes in it, which store and run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "pipeline/pipeline.h"
#include "spec/spec.h"
#include "store/store.h"

namespace mlpipe::cli {

struct Changes;

// Where the spec and the store are. The spec need not be valid, nor exist where a store alone will do.
struct Place {
  std::optional<std::string> positional, file, store_option;

  void declare_positional(Options& options);  // SPEC
  void declare(Options& options);             // -f, --store
  void declare_file(Options& options);        // -f

  // As the user would type it. Kind usage: there is none here, or two were named. Of a pipeline that is a Python function, its YAML: with
  // `changes` it is written anew and those that it holds then are taken out, else it is the latest.
  Result<Path> spec(Changes* changes = nullptr) const;
  // The file that people edit: of a pipeline that is a Python function, the one that has it.
  Result<Path> source() const;
  // The spec's absolute path when there is one.
  Result<std::optional<Path>> spec_if_any() const;
  // --store, MLPIPE_STORE, else .mlpipe beside the spec.
  Result<Path> store_root() const;
  Result<Store> open_store(Store::Access access) const;
};

// -p, --set, --input, --use, --config, --allow-download.
struct Changes {
  std::vector<std::string> parameters, sets, inputs, uses;
  std::optional<std::string> config;
  bool allow_download = false;

  void declare(Options& options);
  // One as a run records it: "-p epochs=3", "--allow-download".
  void add(const std::string& recorded);
  spec::Overrides overrides() const;
};

// The pipeline; all mistakes and warnings have been told on stderr. An error has no message: it has been told, too.
Result<Pipeline> load_pipeline(const Path& file, const spec::Overrides& overrides);
// All mistakes and warnings on stderr, each at its line; in a job of GitHub's as annotations, too.
void tell_mistakes(const spec::Loaded& loaded);
// "pipeline.yaml: 2 errors, 1 warning"; "pipeline.yaml: 5 steps, no mistakes".
std::string verdict(const Path& file, const spec::Loaded& loaded);

}  // namespace mlpipe::cli
