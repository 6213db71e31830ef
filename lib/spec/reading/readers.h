// What the dialects read alike: parts of a step, the settings of the command line, and the checks of a whole pipeline.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "pipeline/pipeline.h"
#include "spec/reading/context.h"
#include "spec/reading/map_reader.h"

namespace mlpipe::spec {

// delimiter, header and partition_format of data that is a `type`.
void read_table_format(const MapReader& map, DataType type, TableFormat& table);
// {python, conda_file, requirements, image}, relative to `directory`. `must_exist`: its files are looked at.
std::optional<Environment> read_environment(Context& context, const Value& value, const std::string& owner, const Path& directory,
                                            bool must_exist);
// What -p NAME=VALUE or --input NAME=PATH gives.
struct GivenByName {
  std::string name;
  Scalar value;  // not text by its looks alone: nothing was quoted; its place is the option
};
// `option`: "-p" or "--input". Records it as an override of the pipeline. Nothing: it has no name, which is reported.
std::optional<GivenByName> read_given_by_name(Context& context, const std::string& option, const std::string& written);
// --set and --use, sorted to the steps that they name.
void read_options(Context& context);

// `arguments` of a step.
std::vector<Template> read_arguments(MapReader& map, const Step& step);

// A map with the settings of --set laid over it.
Value overlay(Context& context, const Value& map, const std::vector<Setting>& settings);

// `parallel_run_config` of a step: inline, or the path of a file.
void read_parallel(MapReader& step_map, Step& step, const std::vector<Setting>& settings);
// The flags of Azure's driver among the arguments, as far as they are settled by now, over the configuration.
void read_driver_flags(Context& context, Parallel& parallel);
// Azure's ParallelRunStep takes named arguments only.
void check_first_argument(Context& context, const Parallel& parallel);
void check_parallel_step(Context& context, const MapReader& step_map, const Step& step);
// A file that a key of a map names, given whole to the step as the side input `input`.
using SideFile = std::function<std::optional<Template>(const MapReader& map, std::string_view key, const std::string& input)>;
void read_scoring(const MapReader& config, const Value& value, Step& step, Scoring& scoring, const SideFile& side_file);

// What only the whole pipeline shows: unknown steps, cycles, inputs that do not exist, places written twice.
void check_pipeline(Context& context);
void check_published(Context& context);
// Warnings about what defeats reuse.
void advise(Context& context);
// How parallel steps split their inputs: files or rows, by number, size or keys. Settles mini_batch_size.
void check_splits(Context& context);

// Keys that a parallel_run_config may have.
const std::vector<std::string>& parallel_keys();

// A path below `directory` that exists as a file; reports `key` otherwise.
void check_file_below(Context& context, const Path& directory, const Scalar& name, const std::string& key);
// A script_name or entry_script: below the step's source directory, and there.
void check_code_file(Context& context, const Step& step, const Scalar& name, const std::string& key);

}  // namespace mlpipe::spec
