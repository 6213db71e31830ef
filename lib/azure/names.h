// Names as Azure takes them: letters, digits and underscores, no digit first.
#pragma once

#include <map>
#include <set>
#include <string>

namespace mlpipe::azure {

class Names {
 public:
  // The same name for the same `written` each time, another for every other.
  const std::string& of(const std::string& written);

 private:
  std::map<std::string, std::string> names_;
  std::set<std::string> taken_;
};

}  // namespace mlpipe::azure
