// What differs between two recorded runs, as data.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reuse/text_diff.h"
#include "reuse/why.h"
#include "store/run_record.h"

namespace mlpipe {

// A value with a name; nothing: it is not there.
struct ValueDiff {
  std::string name;
  std::optional<std::string> before, after;
};

// A file of the spec or of a step's code.
struct FileDiff {
  std::string path;                            // relative to the spec's folder, of the newer run where it is in both
  std::string what;                            // "changed", "new", "gone", "renamed from a.py", "became executable", ...
  std::optional<std::uint64_t> before, after;  // bytes; nothing: it is not there, or not known
  TextDiff diff;                               // empty: nothing to be shown line by line
  std::string note;                            // why that is so: "binary", "too large", "not kept"
};

struct OutputFileDiff {
  std::string path;                            // empty: the output is the file
  std::optional<std::uint64_t> before, after;  // bytes
};

struct OutputDiff {
  std::string name;
  std::optional<StoredOutput> before, after;
  bool files_known = false;  // else only the sums are
  std::vector<OutputFileDiff> files;
};

struct MetricDiff {
  std::string file, name;  // "model/metrics.json", "test.accuracy"
  std::optional<double> before, after;
};

struct StepDiff {
  std::string step;
  std::optional<StepRecord> before, after;
  bool same_fingerprint = false;
  std::vector<Change> changes;
  std::vector<FileDiff> code;
  std::string code_as_of;  // another step, whose code changed in the same way: `code` is empty
  std::vector<OutputDiff> outputs;
  std::vector<MetricDiff> metrics;

  // Nothing to tell but how long it took.
  bool is_same() const;
};

struct RunDiff {
  RunInfo before, after;
  std::vector<FileDiff> spec;
  std::string spec_note;  // why the specs cannot be compared; or empty
  std::vector<ValueDiff> parameters, inputs;
  std::vector<StepDiff> steps;
};

std::string to_json(const RunDiff& diff);

// The numbers of a metrics file, nested names joined by dots ("test.accuracy", "layers.0.size"). Whatever else it holds is left out;
// nothing at all of what is no JSON.
std::map<std::string, double> metrics_in(std::string_view json);

}  // namespace mlpipe
