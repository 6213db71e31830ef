// The code of a step, and what it is called with.
#include <fmt/format.h>

#include "spec/reading/readers.h"
#include "system/files.h"

namespace mlpipe::spec {

void check_code_file(Context& context, const Step& step, const Scalar& name, const std::string& key) {
  if (step.source_directory.empty()) {
    return context.error(name.where, fmt::format("{} needs a `source_directory`", key),
                         "write `source_directory: FOLDER`, the folder that the script is in");
  }
  const Path below = Path(name.text).lexically_normal();
  if (below.is_absolute() || (!below.empty() && *below.begin() == ".."))
    return context.error(name.where, fmt::format("{}: `{}` is outside the source directory", key, name.text), "name a file below it");
  if (is_folder(step.source_directory)) check_file_below(context, step.source_directory, name, key);
}

std::vector<Template> read_arguments(MapReader& map, const Step& step) {
  std::vector<Template> arguments;
  for (const Scalar& argument : map.texts("arguments"))
    if (auto text = parse_template(map.context(), argument, "`arguments`", {Scope::Kind::step, &step}))
      arguments.push_back(std::move(*text));
  return arguments;
}

}  // namespace mlpipe::spec
