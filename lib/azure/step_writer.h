// One step as a node of a pipeline job, with its component.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "azure/names.h"
#include "azure/pipeline_job.h"
#include "azure/yaml_writer.h"

namespace mlpipe::azure {

// Where names of the whole pipeline come from, and where notes go.
struct Job {
  const Pipeline& pipeline;
  std::filesystem::path folder;  // absolute
  Names nodes{}, inputs{}, outputs{};         // of the whole pipeline
  std::map<std::string, Names> outputs_of{};  // of each step
  std::string compute{};                      // of the steps that name no other
  std::string first{};                        // the step of on_init
  PipelineJob result{};

  void note(const Step& step, std::string message) { result.notes.push_back({step.name, std::move(message)}); }
  // From a file in `folder` (or a folder below it, `up` levels deep).
  std::string relative(const std::filesystem::path& path, int up = 0) const;
};

// A compute as nodes name it.
std::string compute_name(const std::string& name);
// Why Azure cannot run it; empty: it can.
std::string why_not(const Step& step);
// Writes the node below `jobs:`, and its component into job.result.files.
void write_node(Job& job, const Step& step, YamlWriter& yaml);

}  // namespace mlpipe::azure
