// Where the steps of a run track metrics, parameters and models: one store of mlflow a run, in the layout of its file store, in
// which each step has an experiment and in that a run of its own. See docs/decisions.md for why files, whatever mlflow's version.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stream_editor.h"
#include "pipeline/pipeline.h"
#include "run/metric_files.h"
#include "store/run_record.h"
#include "system/clock.h"
#include "system/files.h"

namespace mlpipe {

class Tracking {
 public:
  // `folder` of the run; made when a step needs it.
  explicit Tracking(const Path& run_folder) : run_(run_folder), folder_(run_folder / "mlflow"), notes_(run_folder / "stand-ins") {}

  // What leads mlflow and our stand-ins there; where the step's environment names a tracking store of its own, only what lets stand-ins tell of themselves.
  Result<std::vector<std::string>> variables(const RunHeader& run, const Step& step, const std::vector<std::string>& environment) const;
  // The last value of every metric that a step has tracked.
  std::map<std::string, double> metrics(const Step& step) const;
  // All of them, in the order of their steps, then times. `step`: its name.
  MetricSeries series(const std::string& step) const;
  // Replaces secrets in what it has tracked so far.
  void edit_texts(const std::string& step, const std::vector<StreamEditor::Replacement>& replacements) const;
  // The stand-ins that steps have used so far: "mlflow"; "elsewhere", when one of them could not track where the environment says.
  std::vector<std::string> stand_ins() const;
  static constexpr std::string_view elsewhere = "elsewhere";

  // Of parallel steps: what the unfinished attempt that `state` (ParallelJob::state) is of has tracked, in another run of ours, comes along
  // with its rows; from then on `state` says that this run has it.
  Status go_on(const Path& state, const std::string& step) const;
  // What it has tracked counts no more once another try of that mini-batch did better.
  void try_failed(const std::string& step, std::uint64_t mini_batch, std::uint32_t attempt) const;

 private:
  Path experiment(const std::string& step) const;
  std::string own_run(const std::string& step) const;
  Status take_over(const Tracking& earlier, const std::string& step) const;
  Status make(const Path& experiment, const std::string& id, const RunHeader& run, const Step& step) const;

  Path run_, folder_, notes_;
};

}  // namespace mlpipe
