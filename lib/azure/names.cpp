#include "azure/names.h"

#include <cctype>

#include "base/text.h"

namespace mlpipe::azure {

const std::string& Names::of(const std::string& written, const std::string& kind) {
  const std::string key = kind + " " + written;
  const auto known = names_.find(key);
  if (known != names_.end()) return known->second;
  std::string name;
  for (const char c : lower(written)) name += std::isalnum(static_cast<unsigned char>(c)) && static_cast<unsigned char>(c) < 0x80 ? c : '_';
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) name = "n" + name;
  while (!taken_.insert(name).second) name += "_";
  return names_.emplace(key, std::move(name)).first->second;
}

}  // namespace mlpipe::azure
