// A pipeline of any dialect as a pipeline job of Azure ML v2: a job file, a component a step, and what Azure cannot do as mlpipe does.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "azure/mltable_writer.h"
#include "pipeline/pipeline.h"

namespace mlpipe::azure {

struct Note {
  std::string step;     // empty: of the pipeline
  std::string message;  // "Azure has no tries for a command: `retries` is left out"
};

struct PipelineJob {
  std::map<std::filesystem::path, std::string> files;  // by path below the folder that they are written to; "pipeline.yml" is the job
  std::vector<Note> notes;
  std::vector<std::string> left_out;  // steps that Azure cannot run, and those that need them
};

// `folder`: absolute, where the files will lie: code and data are named relative to them. Reads nothing and writes nothing; `is_folder` is
// asked of the places of tables.
PipelineJob to_pipeline_job(const Pipeline& pipeline, const std::filesystem::path& folder, const IsFolder& is_folder);

}  // namespace mlpipe::azure
