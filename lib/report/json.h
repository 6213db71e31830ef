// Machine-readable forms: NDJSON events of a run, and JSON of records and plans; report/json_document.h says what all have.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "azure/pipeline_job.h"
#include "base/diagnostic.h"
#include "reuse/why.h"
#include "run/events.h"
#include "run/planner.h"
#include "store/run_record.h"
#include "upkeep/exchange.h"
#include "upkeep/gc.h"
#include "upkeep/proof.h"
#include "upkeep/statistics.h"

namespace mlpipe {

// One JSON object a line, an event each: `write` gets whole lines.
std::unique_ptr<EventSink> make_json_lines(std::function<void(std::string_view line)> write);
std::string to_json(const Event& event);  // without the line end

std::string to_json(const RunInfo& run);
std::string to_json(const std::vector<RunInfo>& runs);
std::string to_json(const std::vector<StepPlan>& plan);
std::string to_json(const std::vector<Diagnostic>& diagnostics);

// One "because" of an answer: of `step`, which is the one asked about or one upstream of it.
struct WhyLink {
  std::string step, cause;
};

// A step's recorded decision, how its ingredients changed since the decision before it, and what would happen now.
struct StepWhy {
  std::string step;
  std::vector<std::string> needs;
  std::string run, against;           // run ids, or empty
  std::optional<StepRecord> recorded; // in `run`
  std::vector<Change> changes;        // from `against` to `run`
  std::optional<StepPlan> now;
  std::vector<WhyLink> chain, chain_now;  // from the step to the root cause; empty: it was (is) reused, or nothing is known
  std::string reused_before;          // of a reused step, the run before that reused the same result; or empty
};
std::string to_json(const std::vector<StepWhy>& steps);

// What is recognised about a step: of a run, and of its code and spec as they are now.
struct StepDiagnosis {
  std::string step;
  std::optional<StepRecord> recorded;
  Path log;                         // of a failed one
  std::vector<Finding> of_run, beforehand;
};
// `run`: its id, or empty.
std::string to_json(const std::string& run, const std::vector<StepDiagnosis>& steps);

// What the machine offers.
struct Fact {
  std::string name, value, hint;  // hint: how to get what is missing
  bool ok = true;
};
std::string to_json(const std::vector<Fact>& facts);

// An environment that steps declare by files.
struct EnvironmentListing {
  std::string name;  // path of its conda file or requirements, from the spec's folder
  std::vector<std::string> steps;
  std::string python;  // interpreter that they get
  bool mapped = false;
  std::vector<std::string> missing;  // what that is not as the files ask for
};
std::string to_json(const std::vector<EnvironmentListing>& environments);

std::string to_json(const GcPlan& plan, bool dry_run);
std::string to_json(const CacheStatistics& statistics);
std::string to_json(const Exchanged& exchanged);
std::string to_json(const StoreProof& proof);
std::string to_json(const azure::PipelineJob& job);

// Where an output of a recorded run lies.
struct OutputPlace {
  std::string run, step;
  StoredOutput output;
  Path path;
};
std::string to_json(const OutputPlace& place);

// What was written where the user said so.
struct Written {
  std::string run;           // that it is made of, or empty
  std::vector<Path> files;   // absolute
  std::string command;       // that runs it
};
std::string to_json(const Written& written);
// What worker/python/mlpipe_dump_pipeline.py is asked.
std::string python_pipeline_request(const Path& file, const std::string& function, const std::map<std::string, std::string>& values,
                                    const std::map<std::string, std::string>& data, const Path& to);

}  // namespace mlpipe
