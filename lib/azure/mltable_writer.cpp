#include "azure/mltable_writer.h"

#include <fmt/format.h>

#include "azure/yaml_writer.h"

namespace mlpipe::azure {
namespace {

bool only_split(const Pipeline& pipeline, const std::string& name) {
  bool split = false;
  for (const Step& step : pipeline.steps)
    for (const StepInput& input : step.inputs) {
      if (input.from != StepInput::From::pipeline_input || input.source != name) continue;
      if (!step.parallel() || input.side || !input.below.empty()) return false;
      split = true;
    }
  return split;
}

std::string place_of(const PipelineInput& input, const std::filesystem::path& folder, const IsFolder& is_folder) {
  const std::string path = input.path.lexically_relative(folder).string();
  if (!input.pattern.empty()) return "pattern: " + yaml_scalar(path + "/" + input.pattern);
  return (is_folder(input.path) ? "folder: " : "file: ") + yaml_scalar(path);
}

}  // namespace

bool is_list_of_files(const Pipeline& pipeline, const PipelineInput& input) {
  const bool said = !input.pattern.empty() || !input.table.partition_format.empty();
  return said && input.type == DataType::folder && input.url.empty() && only_split(pipeline, input.name);
}

std::string mltable_text(const PipelineInput& input, const std::filesystem::path& folder, const IsFolder& is_folder) {
  std::string text = fmt::format("paths:\n  - {}\n", place_of(input, folder, is_folder));
  std::string transformations;
  if (input.type == DataType::table)
    transformations += fmt::format("  - read_delimited:\n      delimiter: {}\n      header: {}\n", yaml_scalar(input.table.delimiter.value_or(",")),
                                   input.table.header.value_or(true) ? "all_files_same_headers" : "no_header");
  if (!input.table.partition_format.empty())
    transformations += fmt::format("  - extract_columns_from_partition_format: {{partition_format: {}}}\n", yaml_scalar(input.table.partition_format));
  return transformations.empty() ? text : text + "transformations:\n" + transformations;
}

}  // namespace mlpipe::azure
