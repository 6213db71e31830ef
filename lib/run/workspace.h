// Where one try of a step works: a private copy of its source, folders for its outputs, a shim folder for its Python.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline.h"
#include "run/description.h"
#include "system/files.h"

namespace mlpipe {

// Folders of ended steps that left nothing in them, to be had by the next ones: file systems may need longer to make and remove
// folders than a short step runs. (ext4 without a journal looks at every inode freed within a minute before it takes one.)
class SpareWorkspaces {
 public:
  // Whether `folder` is now an empty one.
  bool take(const Path& folder);
  // Keeps it, or removes it.
  void give(const Path& folder);

 private:
  std::vector<Path> spare_;
};

class Workspace {
 public:
  // Makes `folder` anew. The step works in `code`, or, without, in an empty folder of its own. `outputs` is where outputs are built: what it holds already stays
  // (a parallel step that goes on finds what its finished mini-batches wrote). Outputs of type folder exist afterwards; of a
  // file only what is above it.
  static Result<Workspace> make(const Step& step, const Path& folder, const Path& outputs, const std::optional<Path>& code,
                                SpareWorkspaces& spares);

  const Path& outputs() const { return outputs_; }
  const Path& code() const { return code_; }            // the step's working directory
  Path scratch() const { return folder_ / "scratch"; }  // of parallel workers; made when asked for
  // Once the source is there: folders in the working directory that a step may count on.
  Status prepare(const Step& step) const;
  // What ${{outputs.NAME}} stands for, and what is published: the folder, or the file.
  Path output_place(const StepOutput& output) const;

  // After success: copies what the step left in its working directory where an output says so.
  Status collect(const Step& step) const;
  // After success: every declared file is there. The names of folders that stayed empty go to `empty`.
  Status check_outputs(const Step& step, std::vector<std::string>& empty) const;
  // After a failure: moves what was written to `kept` (nothing written: an empty path).
  Path keep_outputs(const Step& step, const Path& kept) const;
  bool wrote_something() const;
  void remove(SpareWorkspaces& spares) const { spares.give(folder_); }

 private:
  Workspace(Path folder, Path outputs, Path code) : folder_(std::move(folder)), outputs_(std::move(outputs)), code_(std::move(code)) {}
  Path folder_, outputs_, code_;
};

// A program that is these words and what it is given behind them.
Status write_program(const Path& file, const std::vector<std::string>& words);

// Every secret of the step is set in our environment.
Status check_secrets(const Step& step);

// The whole environment of a step's processes: ours, the chosen Python first on PATH, what the step declares, the run's token.
// Shim scripts for an interpreter that is not called python3 (or has no `python` beside it) are written below `shims`.
Result<std::vector<std::string>> step_environment(const Step& step, const StepDescription& description, const Bindings& bindings, const Path& shims,
                                                  const std::string& run_id, const std::string& run_token);

// At any depth; a link counts as one. False also for a folder that cannot be read.
bool holds_a_file(const Path& folder);

}  // namespace mlpipe
