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

// What makes this command line mean the same pipeline, data and store.
std::string same_options(const Pipeline& pipeline, const Store& store, const RunRequest& request) {
  std::string line;
  for (const std::string& override : pipeline.overrides) {
    const auto blank = override.find(' ');
    line += " " + override.substr(0, blank);
    if (blank != std::string::npos) line += " " + shell_quote(override.substr(blank + 1));
  }
  if (request.sample) line += fmt::format(" --sample {}", *request.sample);
  return line + store_option(pipeline, store);
}

}  // namespace

std::string again_command(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Step& step) {
  const std::string spec = shown_path(pipeline.file);
  const bool usual = spec == "pipeline.yaml";
  if (!request.rerun_of.empty())
    return fmt::format("mlpipe rerun {}{} --step {}{}", request.rerun_of, usual ? "" : " -f " + shell_quote(spec), step.name,
                       same_options(pipeline, store, request));
  const std::string named = usual ? "" : " " + shell_quote(spec);
  return "mlpipe run" + named + " --step " + step.name + same_options(pipeline, store, request);
}

std::string replay_command(const Pipeline& pipeline, const Store& store, const RunRequest& request, const Step& step, std::uint64_t mini_batch) {
  const std::string spec = shown_path(pipeline.file);
  const std::string named = spec == "pipeline.yaml" ? "" : " -f " + shell_quote(spec);
  return fmt::format("mlpipe replay {} --mini-batch {}{}{}", step.name, mini_batch, named, same_options(pipeline, store, request));
}

}  // namespace mlpipe
