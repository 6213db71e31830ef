#include "pipeline/job_name.h"

namespace mlpipe {

std::string with_job_name(std::string place, std::string_view name) {
  constexpr std::string_view written = "${{name}}";
  for (auto at = place.find(written); at != std::string::npos; at = place.find(written, at + name.size())) place.replace(at, written.size(), name);
  return place;
}

}  // namespace mlpipe
