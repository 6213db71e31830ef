// Names as Azure takes them: lower letters, digits and underscores, no digit first.
#pragma once

#include <map>
#include <set>
#include <string>

namespace mlpipe::azure {

class Names {
 public:
  // The same name for the same `written` of one kind each time, another for every other.
  const std::string& of(const std::string& written, const std::string& kind = {});

 private:
  std::map<std::string, std::string> names_;
  std::set<std::string> taken_;
};

}  // namespace mlpipe::azure
