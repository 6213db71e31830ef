// What the references in a step's texts stand for, once its inputs are there.
#pragma once

#include <map>
#include <set>
#include <string>

#include "pipeline/expression.h"

namespace mlpipe {

struct Bindings {
  std::map<std::string, std::string> inputs, side_inputs;  // local paths, or values
  std::map<std::string, std::string> outputs;              // paths to write to
  std::map<std::string, std::string> parameters;
  std::set<std::string> values;                            // inputs and side inputs that are values, not paths
  std::string run_id;
};

enum class Quoting {
  none,
  shell,  // every value is one word
  azure,  // paths are a word or a part of one, as the text around them asks; values go in as they are
};

// The text with every reference replaced. References were checked when the spec was read: each has a binding.
std::string resolve(const Template& text, const Bindings& bindings, Quoting quoting);

// The text as it enters a fingerprint: no path and no value, only what is referred to, in one spelling.
std::string symbolic(const Template& text);

}  // namespace mlpipe
