#include "run/again.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/text.h"

namespace mlpipe {
namespace {

// A store that neither lies beside the spec nor is named by the variable must be named again.
std::string store_option(const Pipeline& pipeline, const Store& store) {
  const char* variable = std::getenv("MLPIPE_STORE");
  const Path usual = variable && *variable ? absolute_path(variable) : pipeline.directory / ".mlpipe";
  return store.root() == usual ? "" : " --store " + shell_quote(shown_path(store.root()));
}

}  // namespace

std::string again_command(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Step& step) {
  std::string line = "mlpipe run";
  const std::string spec = shown_path(pipeline.file);
  if (spec != "pipeline.yaml") line += " " + shell_quote(spec);
  line += " --step " + step.name;
  for (const std::string& override : pipeline.overrides) {
    const auto blank = override.find(' ');
    line += " " + override.substr(0, blank);
    if (blank != std::string::npos) line += " " + shell_quote(override.substr(blank + 1));
  }
  if (request.sample) line += fmt::format(" --sample {}", *request.sample);
  return line + store_option(pipeline, store);
}

}  // namespace mlpipe
