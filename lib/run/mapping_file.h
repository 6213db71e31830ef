// mlpipe.local.yaml beside a spec, as far as mlpipe writes it: which Python an environment has. Whatever else it holds stays, byte
// for byte.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "system/files.h"

namespace mlpipe {

// The `python` of each entry of its `environments`, as written. No such file: none. Error (kind spec): it is no YAML.
Result<std::map<std::string, std::string>> mapped_pythons(const Path& mapping);

// The text with `environments.NAME.python` set. Error (kind spec): its `environments` is written in a way that cannot be added to.
Result<std::string> with_python(std::string_view text, const std::string& name, const std::string& python, const std::string& shown);

}  // namespace mlpipe
