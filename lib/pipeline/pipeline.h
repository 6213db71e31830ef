// A pipeline as pure data: what the dialects are read into and everything above works on. No I/O.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "base/units.h"
#include "pipeline/expression.h"
#include "pipeline/parallel_run_config.h"

namespace mlpipe {

enum class ParameterType { string, integer, number, boolean };

struct Parameter {
  std::string name;
  ParameterType type = ParameterType::string;
  std::string value;     // the default, or what -p said; booleans are "true" and "false"
  bool overridden = false;
  Location where;
};

enum class DataType { folder, file, table };

// How a table is read; of other data only the partition_format means anything.
struct TableFormat {
  std::optional<std::string> delimiter;
  std::optional<bool> header;
  std::string partition_format;  // pipeline/partition_format.h; empty: paths say nothing
};

// Data from outside the pipeline.
struct PipelineInput {
  std::string name;
  DataType type = DataType::folder;
  std::filesystem::path path;  // absolute; of a pattern, the part before its first wildcard is a folder that exists
  std::string pattern;         // below path, "*.csv"; empty: the path itself
  std::string written;         // as the user wrote it
  TableFormat table;
  bool overridden = false;
  Location where;
};

// What a step reads.
struct StepInput {
  enum class From { pipeline_input, step_output, value };

  std::string name;
  From from = From::value;
  std::string step;    // of a step output
  std::string source;  // name of the pipeline input or of the step's output
  std::string below;   // "test" of ${{steps.prepare.outputs.digits}}/test; never "..", never absolute
  std::string value;   // of From::value, resolved
  std::string parameter;  // the parameter that value came from, or empty
  bool side = false;   // given to every worker, never split
  Location where;
};

// What a step writes.
struct StepOutput {
  std::string name;
  DataType type = DataType::folder;
  std::string file;      // its name, for DataType::file; default: the output's name
  std::string mode;      // "mount" or "upload", kept for export
  TableFormat table;     // for parallel steps that split it
  std::filesystem::path publish;  // absolute; empty: nowhere. Copied there after success
  std::string publish_written;
  Location where;
};

struct Environment {
  std::string python;  // interpreter or virtual environment, absolute when it has a slash; empty: the calling shell's
  std::filesystem::path conda_file;    // absolute; empty: none
  std::filesystem::path requirements;  // absolute; empty: none
  std::string image;                   // kept for export
  Location where;
};

struct Resources {
  double cpus = 1;
  std::uint64_t memory = 0;  // bytes; 0: not said
  int gpus = 0;
};

struct Command {
  Template text;  // through sh -c
};
struct Script {
  Located<std::string> name;  // run by the step's python, below source_directory
  std::vector<Template> arguments;
};
struct Parallel {
  ParallelRunConfig config;
  std::vector<Template> arguments;
};

struct Step {
  std::string name;
  Location where;
  std::filesystem::path source_directory;  // absolute; empty: the step runs in an empty folder
  std::filesystem::path source_place;      // where the spec says that it is; elsewhere only in a rerun of kept code
  std::variant<Command, Script, Parallel> action;
  std::vector<StepInput> inputs;    // in file order; side inputs among them
  std::vector<StepOutput> outputs;  // in file order
  bool allow_reuse = true;
  struct HashPath {
    std::filesystem::path path;  // absolute
    std::string written;
  };
  std::vector<HashPath> hash_paths;
  std::optional<Environment> environment;         // the pipeline's, when the step has none of its own
  std::map<std::string, Template> environment_variables;
  std::vector<std::string> secrets;
  std::optional<Seconds> timeout;
  int retries = 0;  // extra tries
  Resources resources;
  std::vector<std::string> depends_on;  // an order without data
  std::string compute;
  std::string description;

  const StepInput* input(std::string_view name, bool side) const;
  const StepOutput* output(std::string_view name) const;
  const Parallel* parallel() const { return std::get_if<Parallel>(&action); }
};

struct Pipeline {
  std::string name;
  std::string description;
  std::filesystem::path file;       // absolute path of the spec
  std::filesystem::path directory;  // where it lies
  std::vector<Parameter> parameters;
  std::vector<PipelineInput> inputs;
  bool continue_on_step_failure = true;
  bool force_rerun = false;  // as if every run had --force
  std::vector<Step> steps;  // in file order; names are unique; the graph has no cycle
  struct SpecFile {
    std::filesystem::path path;  // absolute
    std::string text;
  };
  std::vector<SpecFile> files;  // the spec and the files that it names as configuration, as they were read
  std::vector<std::string> overrides;  // "-p epochs=3", "--set score.mini_batch_size=5": recorded with the run

  const Step* step(std::string_view name) const;
  const Parameter* parameter(std::string_view name) const;
  const PipelineInput* input(std::string_view name) const;
};

}  // namespace mlpipe
