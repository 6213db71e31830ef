// One step that has to run: workspace, tries, outputs, publication. Its fingerprint is known and claimed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/stream_editor.h"
#include "diagnose/facts.h"
#include "run/description.h"
#include "run/events.h"
#include "run/input_ways.h"
#include "run/oom_count.h"
#include "run/request.h"
#include "run/source_copy.h"
#include "run/step_telemetry.h"
#include "run/tracking.h"
#include "run/workspace.h"
#include "store/run_record.h"
#include "system/event_loop.h"

namespace mlpipe {

// What all steps of a run share. Outlives them.
struct RunContext {
  EventLoop& loop;
  const Clock& clock;
  const Pipeline& pipeline;
  const Store& store;
  const RunRequest& request;
  RunRecorder& recorder;
  EventSink& events;
  Describer& describer;
  int cores = 1;  // of the whole run (-j)
  SpareWorkspaces spares{};
  std::set<std::string> stand_ins_told{};
  OomCount oom_count{};
  InsightsOfRun insights{loop};
};

struct StepRunEnd {
  StepEnded event;              // with its record; `again` is the dispatcher's to fill
  std::optional<ErrorKind> failure;
  AvailableOutputs outputs;     // after success
};

// Why a step runs.
struct StepRunReason {
  std::string text;
  bool forced = false;
  MissCause cause = MissCause::unknown;
};

class StepRun {
 public:
  using OnEnd = std::function<void(StepRunEnd end)>;  // once, from the loop, never from inside a call of ours

  StepRun(RunContext& context, const Step& step, StepDescription description, Slot slot, StepRunReason reason, OnEnd on_end);
  virtual ~StepRun();

  // False: the source changed while it was copied; nothing was started, on_end will not come, describe it again.
  Result<bool> start();
  // For explanations: what the fingerprint was made of.
  Status keep_manifest() const;
  virtual void stop(ErrorKind kind) = 0;  // politely
  virtual void kill(ErrorKind kind) = 0;
  // Those that work for it now, without their descendants.
  virtual std::vector<pid_t> processes() const = 0;

 protected:
  virtual Status start_work() = 0;
  // Where outputs are built, on the store's file system; what a failed or killed attempt left there is its business.
  virtual Result<Path> outputs_folder() = 0;
  // After a failure: where what was written can be looked at; empty: nothing was.
  virtual Path kept_outputs() = 0;

  Result<bool> make_workspace();
  void emit_text(StreamEditor& editor, const std::string& worker, bool is_stderr, std::string_view text);
  std::vector<StreamEditor::Replacement> replacements() const;
  void succeed(const ScoreCounts& counts);
  void fail(ErrorKind kind, std::string error, StepEnded event);
  void notice(const std::string& message, const std::string& hint = {}) const;

  RunContext& context_;
  const Step& step_;
  StepDescription description_;
  Slot slot_;
  std::string reason_;
  bool fresh_;  // forced, or asked for: what an unfinished attempt left is not continued
  OnEnd on_end_;
  std::optional<SourceCopy> copy_;
  std::optional<Workspace> workspace_;
  std::vector<std::string> environment_;
  std::unique_ptr<StepTelemetry> telemetry_;  // of this try
  InputWays ways_;  // when it began
  StepRecord record_;
  SteadyTime begun_;
  bool stopping_ = false;
  bool incomplete_ = false;  // it ended well, but a declared output is missing
  Facts facts_;              // what the kinds of steps know of their end; succeed() and fail() add the rest
  bool published_ = false;   // its result is in the store, whether or not it passes the step's gates
  Tracking tracking() const { return Tracking(context_.recorder.folder()); }

 private:
  void lead_telemetry();
  Status link_driver_log() const;
  Status check_undisturbed();
  std::vector<TreeChange> written_source() const;
  Result<StepResult> publish(const ScoreCounts& counts, AvailableOutputs& outputs);
  void take_metrics();
  std::vector<std::string> secrets() const;  // names of variables
  void add_places();  // and the machine
  void recognise(Facts::Moment moment);
  void post_end(StepRunEnd end);
};

// For explanations: what the fingerprint was made of.
Status put_manifest(const Store& store, const StepDescription& description);

std::unique_ptr<StepRun> make_step_run(RunContext& context, const Step& step, StepDescription description, Slot slot, StepRunReason reason,
                                       StepRun::OnEnd on_end);

// StepRecord::reads of a step.
std::map<std::string, std::string> reads_of(const Step& step);

// How many of the run's cores it takes.
int cores_wanted(const Step& step, int cores);

}  // namespace mlpipe
