// A value as a YAML text of its own: what is written in place where others name a file.
#pragma once

#include <string>

#include "spec/yaml/document.h"

namespace mlpipe::spec {

// In block style, an item or a key a line, scalars in double quotes. Ends with a line break. The same for the same content,
// however it was written.
std::string yaml_text(const Value& value);

}  // namespace mlpipe::spec
