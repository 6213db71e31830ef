#include "run/again.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mlpipe {

std::string again_command(const Pipeline& pipeline, const RunRequest& request, const Step& step) {
  std::string line = "mlpipe run";
  const std::string spec = shown_path(pipeline.file);
  if (spec != "pipeline.yaml") line += " " + shell_quote(spec);
  line += " --step " + step.name;
  for (const std::string& override : pipeline.overrides) {
    const auto blank = override.find(' ');
    line += " " + override.substr(0, blank);
    if (blank != std::string::npos) line += " " + shell_quote(override.substr(blank + 1));
  }
  for (const auto& [name, folder] : request.use) line += " --use " + shell_quote(fmt::format("{}={}", name, shown_path(folder)));
  if (request.sample) line += fmt::format(" --sample {}", *request.sample);
  return line;
}

}  // namespace mlpipe
