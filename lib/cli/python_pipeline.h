// Pipelines that are Python functions: "pipeline.py:build" on the command line.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "cli/spec_arguments.h"

namespace mlpipe::cli {

// File and function, when the word names them.
std::optional<std::pair<Path, std::string>> python_pipeline(const std::string& word);

// Where its YAML lies: .FILE.FUNCTION.mlpipe.yml beside the file, so that paths, store and mapping are found as for any other.
Path dumped_place(const Path& file, const std::string& function);

// Writes it there with the azure-ai-ml of the calling shell's Python, and returns the place. -p and --input are the function's arguments:
// the YAML holds them, so they are taken out of `changes` (not every argument is an input of the pipeline). Kind usage: one is no NAME=VALUE;
// kind spec: there is no azure-ai-ml, or the function failed; Python has said how.
Result<Path> dump_python_pipeline(const Path& file, const std::string& function, Changes& changes);

}  // namespace mlpipe::cli
