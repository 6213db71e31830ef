// The record of one run: runs/<id>/record.jsonl, one JSON object a line, only ever appended. A torn last line (kill -9,
// full disk) is ignored by readers. First line: the header; then one line a finished step; last: the end.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/finding.h"
#include "base/result.h"
#include "store/store.h"
#include "system/clock.h"
#include "system/fd.h"
#include "system/locks.h"

namespace mlpipe {

struct RunHeader {
  std::string id;            // "20261123-001530-123": UTC start in milliseconds, unique in the store, sorts by time
  std::string pipeline;      // its name
  Path spec;                 // absolute; as it is read: where it lies now, when it was moved together with the store
  WallTime started;
  std::vector<std::string> command_line;
  std::vector<std::string> overrides;
  std::vector<std::string> selection;  // "--step score"; empty: all steps
  std::string mlpipe_version;
  std::string host;
  std::string user;
  int pid = 0;
  std::string mark;      // of the process: what it writes aside has it in its name
  std::map<std::string, std::string> parameters;  // all of them, by name, with the values they had
  std::map<std::string, std::string> inputs;      // where they lay, by name: absolute, a pattern behind its folder
  std::string rerun_of;  // the run that `rerun` ran again, or empty
  std::map<std::string, std::string> outputs;  // of the pipeline, by name: "train.model"
  std::string beside_store;  // the spec's place, seen from the folder that the store lies in
  std::vector<StoredOutput> given;  // what it reads that steps made which are not part of it
};

enum class StepState { ran, reused, used, failed, skipped, stopped };  // used: outputs taken from --use DIR
std::string_view name_of(StepState state);

// Why there was nothing to reuse, by class: what differs from the step's last time, or what else was in the way.
enum class MissCause {
  unknown,  // reused, skipped, or recorded by an earlier mlpipe
  first_time,
  code,
  parameter,
  argument,
  input,
  environment,
  setting,
  failed_before,  // nothing changed since a try that failed or was stopped
  collected,      // there was a result once
  damaged,
  threshold,      // the earlier result has more failed items than are allowed now
  not_reusable,
  forced,
};
std::string_view name_of(MissCause cause);  // "first time"

struct StepRecord {
  std::string step;
  StepState state = StepState::ran;
  std::string reason;              // why it ran, was reused or was skipped; one line
  MissCause cause = MissCause::unknown;
  std::optional<Digest> fingerprint;
  std::string reused_from;         // run id
  WallTime started;
  Seconds took{};
  int exit_code = 0;               // of the step: 42 when a threshold was exceeded, as Azure's driver
  int signal = 0;
  int tries = 1;
  std::string error;               // of a failed step, first line
  std::vector<StoredOutput> outputs;
  ScoreCounts counts;
  std::string kept;                // path of what a failed attempt wrote
  std::map<std::string, double> metrics;     // that it tracked, the last value of each; of a reused step those of its result
  std::map<std::string, std::string> reads;  // inputs that are outputs of other steps: "model" -> "train.model"
  std::vector<Finding> findings;   // what was recognised about its end (lib/diagnose)
};

enum class RunState { running, succeeded, failed, stopped, killed };  // killed: it never wrote its end and its lock is free
std::string_view name_of(RunState state);

struct RunInfo {
  RunHeader header;
  std::vector<StepRecord> steps;   // in the order they ended
  RunState state = RunState::running;
  int exit_code = 0;
  Seconds took{};

  const StepRecord* step(std::string_view name) const;
};

// The folder of a step's files. Steps of a pipeline inside another have a dot in their names, which no folder above data may have:
// the partition formats of MLTable match such folders too.
std::string folder_of_step(std::string step);

// Writes one run. Its lock says that it lives; its active/ marker makes a later run sweep it if it dies.
class RunRecorder {
 public:
  // Chooses header.id (and fills started from `clock`, pid), locks it, marks it active, makes runs/<id>/, writes the header.
  static Result<RunRecorder> begin(const Store& store, RunHeader header, const Clock& clock);

  const RunHeader& header() const { return header_; }
  // Value of MLPIPE_RUN_TOKEN for every process of this run. Not the id alone: runs of two stores may begin in one
  // millisecond, and sweeping one must not kill the other.
  const std::string& token() const { return token_; }
  Path folder() const { return folder_; }
  Path step_folder(const std::string& step) const { return folder_ / "steps" / folder_of_step(step); }
  Path logs_folder(const std::string& step) const { return step_folder(step) / "logs"; }
  Path work_folder() const { return folder_ / "work"; }
  Path work_folder(const std::string& step) const { return work_folder() / folder_of_step(step); }

  // Appended at once. A power cut may forget it, and the step's result, until sync() or end().
  Status step(const StepRecord& record);
  Status sync();  // the store's results among it
  // Writes the end, syncs, removes work/ and the active marker.
  Status end(RunState state, int exit_code, Seconds took);

 private:
  RunRecorder(const Store& store, RunHeader header, Lock lock);
  Status append(std::string line);

  RunHeader header_;
  const Store* store_;  // outlives this
  Path folder_, marker_;
  std::string token_;
  Fd file_;
  Lock lock_;
  bool torn_ = false;           // the last append may have left half a line
  bool folders_synced_ = false;
  bool published_ = false;      // a result, since the last sync
};

// Newest first.
Result<std::vector<std::string>> list_runs(const Store& store);
// "latest", an id or a prefix of exactly one id. Kind usage: none or several match (the hint lists some).
Result<std::string> resolve_run(const Store& store, std::string_view wanted);
Result<RunInfo> read_run(const Store& store, const std::string& id);

// The latest recorded decision of a step of this spec (any run), or nothing. Written by RunRecorder::step for all
// states but skipped, where the step had a fingerprint.
struct LastStep {
  std::string run_id;
  Digest fingerprint;
  StepState state = StepState::ran;
};
// A damaged or missing note is nothing.
std::optional<LastStep> last_step(const Store& store, const Path& spec, const std::string& step);

// Ends what dead runs left: their processes (by their token), work folders, markers. Returns the ids swept. What cannot be
// removed keeps its marker and is tried again by the next sweep. Costs one directory listing when nothing died.
Result<std::vector<std::string>> sweep_dead_runs(const Store& store);

}  // namespace mlpipe
