// What the references in a step's texts stand for, once its inputs are there.
#pragma once

#include <map>
#include <string>

#include "pipeline/expression.h"

namespace mlpipe {

struct Bindings {
  std::map<std::string, std::string> inputs, side_inputs;  // local paths, or values
  std::map<std::string, std::string> outputs;              // paths to write to
  std::map<std::string, std::string> parameters;
  std::string run_id;
};

enum class Quoting { none, shell };

// The text with every reference replaced. References were checked when the spec was read: each has a binding.
std::string resolve(const Template& text, const Bindings& bindings, Quoting quoting);

// The text as it enters a fingerprint: no path and no value, only what is referred to, in one spelling.
std::string symbolic(const Template& text);

}  // namespace mlpipe
