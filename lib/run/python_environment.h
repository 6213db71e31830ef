// A Python environment, read from its files: nothing is executed to learn what it is.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline.h"
#include "system/files.h"

namespace mlpipe {

struct PythonEnvironment {
  Path interpreter;                              // absolute; empty: there is none
  Path root;                                     // of a virtual environment; else empty
  std::string version;                           // "3.11"; empty: not to be told from the files
  std::map<std::string, std::string> installed;  // normalised name -> version
};

// The environment that a declaration means; without one (or without its `python`) that of the calling shell's PATH.
// Error: it is declared but is not there.
Result<PythonEnvironment> inspect_python(const std::optional<Environment>& declared);

// The files that an environment is declared in, by what they are called: "conda_file", "requirements", and the requirement
// and constraint files that those name (-r, -c), as written.
std::vector<std::pair<std::string, Path>> environment_files(const Environment& declared);

// Normalised names that these files ask for.
std::vector<std::string> declared_packages(const Environment& declared);

// PyPI's rule: lower case, runs of '-', '_' and '.' become one '-'.
std::string normalised_package(std::string_view name);

}  // namespace mlpipe
