// A pipeline as pure data: what the dialects are read into and everything above works on. No I/O.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "base/units.h"
#include "pipeline/expectation.h"
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

enum class Dialect { native, v1, v2 };  // of the YAML: Azure ML's pipelines of its SDK v1, its pipeline jobs (v2), or our own

enum class DataType { folder, file, table, mltable };  // mltable: a folder with an MLTable file, which says what the table is

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
  std::string url;             // https: fetched into the store before a step reads it; path is then empty
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
  std::optional<DataType> type;  // what the step declares that it reads; nothing: whatever the source is
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
  bool made = true;      // a folder exists before the step runs; false, in v1: only its parent does
  std::string left_in;   // "outputs": no place to write to, but what the step leaves in that folder of its working directory
  std::filesystem::path publish;  // absolute; empty: nowhere. Copied there after success. "${{name}}" in it: the run and step
  std::string publish_written;
  Location where;
};

struct Environment {
  std::string name;    // what Azure calls it, "sklearn-1.5:3"; empty: it has no name
  std::string python;  // interpreter or virtual environment, absolute when it has a slash; empty: the calling shell's
  std::filesystem::path conda_file;    // absolute; empty: none
  std::string conda_text;              // a conda file that stands in place, as YAML; empty: none. `name` is then not empty
  std::filesystem::path conda_folder;  // that its paths count from
  std::filesystem::path requirements;  // absolute; empty: none
  std::string image;                   // kept for export; nothing here uses it, so it is no ingredient
  Location where;
};

struct Resources {
  double cpus = 1;
  std::uint64_t memory = 0;  // bytes; 0: not said
  int gpus = 0;
};

// The processes of one step that work together, each with variables that tell it who it is (RANK, TF_CONFIG, ...).
struct Distribution {
  enum class Kind { none, pytorch, tensorflow, mpi, ray };
  Kind kind = Kind::none;
  int instances = 1;              // of resources.instance_count
  int processes_per_instance = 1; // pytorch, mpi
  int workers = 0;                // tensorflow; 0: the instances
  int parameter_servers = 0;      // tensorflow

  int tensorflow_workers() const { return workers > 0 ? workers : instances; }
  std::size_t processes() const;  // at least one
};

struct Command {
  Template text;  // through a shell
  // As in Azure v2: values go in as they are, for the shell to split and expand; only paths are quoted, as the text around them asks.
  bool plain_values = false;
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
  std::vector<Expectation> expect;  // of its result
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
  Distribution distribution;
  std::vector<std::string> depends_on;  // an order without data
  bool finalizes = false;               // v2's on_finalize: runs when all other steps have ended, however that was
  std::string compute;
  std::string description;

  const StepInput* input(std::string_view name, bool side) const;
  const StepOutput* output(std::string_view name) const;
  const Parallel* parallel() const { return std::get_if<Parallel>(&action); }
};

// What a pipeline gives to whoever runs it.
struct PipelineOutput {
  std::string name;
  std::string step, output;
  Location where;
};

// What mapping files have for names of Azure's, for those that are met when data is there: by "NAME" or "NAME:VERSION"; absolute.
struct NamedPlaces {
  std::map<std::string, std::filesystem::path> datastores, data, models;
};

struct Pipeline {
  Dialect dialect = Dialect::native;
  std::string name;
  std::string description;
  std::filesystem::path file;       // absolute path of the spec
  std::filesystem::path directory;  // where it lies
  std::vector<Parameter> parameters;
  std::vector<PipelineInput> inputs;
  std::vector<PipelineOutput> outputs;  // of v2; in file order
  bool continue_on_step_failure = true;
  bool force_rerun = false;  // as if every run had --force
  std::vector<Step> steps;  // in file order; names are unique; the graph has no cycle
  struct SpecFile {
    std::filesystem::path path;  // absolute
    std::string text;
  };
  NamedPlaces places;
  std::vector<SpecFile> files;  // the spec and the files that it names as configuration, as they were read
  std::set<std::filesystem::path> written_absolutely;  // paths that the spec or the command line names so
  std::vector<std::string> overrides;  // "-p epochs=3", "--set score.mini_batch_size=5": recorded with the run

  const Step* step(std::string_view name) const;
  const Parameter* parameter(std::string_view name) const;
  const PipelineInput* input(std::string_view name) const;
};

}  // namespace mlpipe
