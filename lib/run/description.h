// A step with its inputs at hand, described: what its fingerprint is made of, and what its references stand for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "batch/plan/mltable_files.h"
#include "pipeline/pipeline.h"
#include "reuse/digest_index.h"
#include "reuse/scan.h"
#include "reuse/ingredients.h"
#include "reuse/tree.h"
#include "run/advice.h"
#include "run/bindings.h"
#include "run/python_environment.h"
#include "run/request.h"
#include "store/store.h"

namespace mlpipe {

// An output that later steps can read.
struct AvailableOutput {
  Path path;                         // the folder, or the file
  std::shared_ptr<const Tree> tree;  // its content, verified against the disk
};
using AvailableOutputs = std::map<std::string, AvailableOutput>;  // by output name

struct StepDescription {
  Digest fingerprint;
  Manifest manifest;
  std::optional<Tree> code;                           // of the source directory
  Bindings bindings;                                  // inputs, side inputs and parameters; outputs come with a workspace
  struct Input {
    Path path;                        // what the step reads
    std::shared_ptr<const Tree> tree;
    Path root;                        // what it is a part of: the pipeline's input, or a step's whole output
    std::string pattern;
    std::shared_ptr<const Tree> whole;
    std::shared_ptr<const MLTable> mltable{};  // of DataType::mltable; null also where nothing splits it and it cannot be read
    std::vector<DataBeyond> beyond{};
  };
  std::map<const StepInput*, Input> data;             // of inputs that are data
  struct Beside {
    Path path;
    std::string written;              // "hash path lib"
    Digest digest;
  };
  std::vector<Beside> beside;                         // what else it was made of that is not copied: hash paths, files of the environment
  std::shared_ptr<const PythonEnvironment> python;
  std::vector<Advice> advice;                         // once for each source directory
  std::map<std::string, std::string> unfingerprinted; // settings and packages that may change without a rerun
};

class Describer {
 public:
  Describer(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Clock& clock);

  // What a result offers, after checking that the disk still holds it. Error: damaged or missing, saying what.
  // `other`: the store that has it, when it is not ours.
  Result<AvailableOutputs> outputs_of(const Step& step, const StepResult& result, const Store* other = nullptr);
  // What `--use STEP=folder` offers: folder/NAME for each output; the folder itself when the step has one output.
  Result<AvailableOutputs> outputs_in(const Step& step, const Path& folder);

  // Every step that `step` reads from is in `available`. Error: something it needs is missing or unreadable.
  Result<StepDescription> describe(const Step& step, const std::map<std::string, AvailableOutputs>& available);

  // Scans the sources and inputs of these steps in one go, which is quicker than one after the other. What is described before
  // forget_ahead is of this look; later everything is looked at when it is asked for.
  void look_ahead(const std::vector<const Step*>& steps);
  void forget_ahead() { ahead_.clear(); }

  // With its index.
  ScanOptions scan_options(const IgnoreRules* ignore = nullptr, const std::string& pattern = {});

  // The first input whose data is no longer what was described (somebody, perhaps the step, wrote into it); null: none.
  // Costs a walk over their stat data.
  Result<const StepInput*> changed_input(const Step& step, const StepDescription& description);
  // The same of what else is not copied; how it is written.
  Result<std::optional<std::string>> changed_beside(const StepDescription& description);

 private:
  Result<Tree> scan_code(const Step& step);
  Result<Tree> look(const Path& root, const ScanOptions& options);
  Result<std::shared_ptr<const Tree>> scan(const Path& root, const std::string& pattern = {});
  Result<std::shared_ptr<const Tree>> scan_hash_path(const Path& path);
  Result<StepDescription::Input> input_of(const StepInput& input, const std::map<std::string, AvailableOutputs>& available);
  Status read_mltable_of(const Step& step, const StepInput& input, StepDescription::Input& data);
  Result<std::shared_ptr<const PythonEnvironment>> python_of(const Step& step);

  const Pipeline* pipeline_;
  const Store* store_;
  const RunRequest* request_;
  DigestIndex index_;
  int threads_;
  std::map<std::pair<Path, Digest>, Result<Tree>> ahead_;  // by root and filter
  std::set<std::filesystem::path> advised_;  // source directories
  std::map<std::string, std::shared_ptr<const Tree>> pipeline_inputs_;
  std::map<std::string, std::shared_ptr<const PythonEnvironment>> pythons_;  // by declared interpreter
};

}  // namespace mlpipe
