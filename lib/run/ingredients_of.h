// The one walk over what a step's result depends on. Whatever is not named here does not make a step run again.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "batch/plan/mltable_files.h"
#include "pipeline/pipeline.h"
#include "reuse/ingredients.h"
#include "run/python_environment.h"

namespace mlpipe {

// What a step takes an input for.
struct SplitData {
  DataType type = DataType::folder;
  TableFormat table;
  std::string file;   // the name of data that is one file: entry scripts are given it, and its ending says how a table is read
  std::string above;  // the end of the data's own path, as far as the partition format reaches beyond what lies in it
};
SplitData split_data(const Pipeline& pipeline, const StepInput& input);
// The same with what only the data at hand tells: `file` and `above`.
SplitData split_data_at(const Pipeline& pipeline, const StepInput& input, const std::filesystem::path& path, const Tree& tree, const MLTable* table);

// Everything that the walk needs and that had to be read from the disk.
struct StepFacts {
  const Tree* code = nullptr;                                     // nothing: the step has no source directory
  std::vector<std::pair<std::string, std::shared_ptr<const Tree>>> hash_paths;  // as written
  std::map<const StepInput*, std::shared_ptr<const Tree>> data;  // of inputs that are data
  std::map<const StepInput*, std::vector<DataBeyond>> beyond;    // of those that are MLTables: data outside of their folder
  std::map<const StepInput*, SplitData> splits;                  // of those that a parallel step splits
  std::map<const StepInput*, std::string> file_names;            // of the others that are one file: a script may look at its name
  std::vector<std::pair<std::string, std::shared_ptr<const Tree>>> environment_files;  // "requirements"
  std::map<std::string, std::string> parameters;                 // name -> value
  const PythonEnvironment* python = nullptr;
  std::optional<std::uint64_t> sample;
};

void walk_ingredients(const Step& step, const StepFacts& facts, IngredientSink& sink);

// Settings of a parallel step that cannot change rows: recorded, compared, never a reason to run.
std::map<std::string, std::string> unfingerprinted_settings(const Step& step);

// Python counts for a step that declares an environment, runs a script, or names python in its command.
bool depends_on_python(const Step& step);
bool is_scored_by_model(const Step& step);

}  // namespace mlpipe
