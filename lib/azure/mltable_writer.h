// MLTable files for what the pipeline says of its inputs and Azure says in such a file: how a table is read, which files of a folder are meant.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "pipeline/pipeline.h"

namespace mlpipe::azure {

// A folder of which parallel steps alone split some files, or the parts of whose paths are columns: a table of files.
bool is_list_of_files(const Pipeline& pipeline, const PipelineInput& input);

using IsFolder = std::function<bool(const std::filesystem::path&)>;

// The MLTable file of an input, to lie in `folder`, which is absolute.
std::string mltable_text(const PipelineInput& input, const std::filesystem::path& folder, const IsFolder& is_folder);

}  // namespace mlpipe::azure
