// Takes a run from its first step to its last: asks the schedule what may start, decides about reuse, starts steps, writes
// records, and listens to signals. Single-threaded: everything happens in the event loop's callbacks.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/graph.h"
#include "run/publication.h"
#include "run/pulse.h"
#include "run/schedule.h"
#include "run/selection.h"
#include "run/step_run.h"
#include "run/verdict.h"
#include "upkeep/other_stores.h"

namespace mlpipe {

class RunDispatcher {
 public:
  // `available`: outputs of steps that are not part of the run but that its steps read.
  RunDispatcher(RunContext& context, const StepGraph& graph, Selection selection, std::map<std::string, AvailableOutputs> available);

  ~RunDispatcher();
  RunDispatcher(const RunDispatcher&) = delete;

  // Runs the loop until every step has ended.
  RunInfo run();

 private:
  // A step that must run and waits for its turn.
  struct Decided {
    StepDescription description;
    Slot slot;
    std::string reason;
    MissCause cause = MissCause::unknown;
  };

  void look_ahead();
  void pump();
  void consider(std::size_t step);
  void consider_run(std::size_t step);
  void take_folder(std::size_t step);
  std::optional<Path> take_from_others(const Step& step, const StepDescription& description, Slot& slot);
  void reuse(std::size_t step, StepDescription& description, Verdict verdict, const std::optional<Path>& from);
  void miss(std::size_t step, const StepDescription& description, const Verdict& verdict);
  void wait_for_other(std::size_t step, const Digest& fingerprint);
  void poll_waiting();
  void retry_waiting();
  bool start_decided();
  void start(std::size_t step);
  void ended(std::size_t step, StepRunEnd end);
  void fail_before_start(std::size_t step, const Error& error, std::optional<Digest> fingerprint = {}, const std::string& reason = {});
  void finish(std::size_t step, StepEnded event, std::optional<ErrorKind> failure, AvailableOutputs outputs);
  void sync_soon();
  void cannot_record(const Error& error);
  Pulse::Processes processes() const;
  void look_at_room();
  void publish(const Step& step, const AvailableOutputs& outputs, StepEnded& event);
  PublicationFolders publication_folders(const std::string& step, const std::string& output) const;
  void report_skipped();
  void on_signal(int signal);
  void stop_all(ErrorKind kind);
  void end_stopped(std::size_t step);
  StepEnded new_event(std::size_t step, StepState state, std::string reason) const;

  RunContext& context_;
  Selection selection_;
  Schedule schedule_;
  std::map<std::string, AvailableOutputs> available_;
  std::map<std::size_t, Decided> decided_;
  std::map<std::size_t, std::unique_ptr<StepRun>> running_;
  std::map<std::size_t, Digest> waiting_;  // for the claim of another process, or of a twin in this run
  std::vector<bool> announced_;       // that it waits
  EventLoop::TimerId poll_ = 0, sync_ = 0;
  Pulse pulse_;
  RunInfo info_;
  std::optional<ErrorKind> failure_;  // the first one
  std::optional<ErrorKind> stopping_;  // by a signal
  std::optional<ErrorKind> unheard_stop_;  // long work ended early for a signal that the loop may not come to deliver
  std::optional<ErrorKind> stopped_;   // by a signal or a failure: nothing is started any more
  std::map<std::size_t, int> changes_seen_;
  DigestIndex publication_index_;
  OtherStores others_;
  bool said_no_room_ = false;
};

}  // namespace mlpipe
