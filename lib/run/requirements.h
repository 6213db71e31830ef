// What the files of an environment ask for: a conda file, and pip's requirements.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/pipeline.h"
#include "run/python_environment.h"

namespace mlpipe {

struct Requirement {
  std::string name;       // normalised
  std::string specifier;  // "==1.2.2", ">=1,<2"; empty: any version
  std::string written;    // as pip takes it: "scikit-learn~=1.2.2"
  std::string marker{};   // which Pythons it is for: `python_version < "3.9"`; empty: all
};

struct Requirements {
  std::string python;                 // "3.10"; empty: any, or one of a range
  std::string python_range;           // ">=3.8,<3.11"; empty: no range
  std::vector<Requirement> packages;  // conda's among them, under the same name
  std::vector<std::string> options;   // lines for pip that are no package: "--extra-index-url ...", "-r /abs/more.txt"
  std::vector<std::string> left_out;  // of conda, no packages of Python: "cudatoolkit=11"
};

// Error (kind spec): a conda file that is no YAML, or has no list of dependencies.
Result<Requirements> read_requirements(const Environment& environment);

// "mlflow is not installed", "scikit-learn~=1.2.2 is 1.9.1", "Python 3.10 is 3.11".
std::vector<std::string> missing_from(const PythonEnvironment& python, const Requirements& wanted);

// For each environment of these steps that names files but no Python: that the active Python is used, and what that lacks.
struct UnmappedEnvironment {
  std::vector<std::string> steps;
  std::string name;  // conda file or requirements, as shown; of a conda file in place, the environment's name
  Path python;      // used in its place
  std::vector<std::string> missing;
};
std::vector<UnmappedEnvironment> unmapped_environments(const Pipeline& pipeline, const std::vector<const Step*>& steps);

// What an environment is known by that asks for packages: its file, as seen from `directory`, or its name. Empty: it asks for none.
std::string known_as(const Environment& environment, const Path& directory);
// Whether a Python of this version, "3.11", is what they ask for.
bool suits(const Requirements& wanted, const std::string& python_version);

}  // namespace mlpipe
