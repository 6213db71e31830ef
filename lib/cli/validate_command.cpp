#include <fmt/format.h>

#include "cli/command.h"
#include "cli/spec_arguments.h"
#include "cli/streams.h"
#include "report/json.h"

namespace mlpipe::cli {
namespace {

struct Arguments {
  Place place;
  Changes changes;
  std::optional<std::string> target;
  bool json = false;
};

Result<int> validate(Arguments& arguments) {
  MLPIPE_TRY(const Path spec, arguments.place.spec(&arguments.changes));
  if (arguments.target && *arguments.target != "azure")
    return Error{ErrorKind::usage, fmt::format("unknown target `{}`", *arguments.target), "write --target azure"};
  spec::Overrides overrides = arguments.changes.overrides();
  overrides.for_azure = arguments.target.has_value();
  const spec::Loaded loaded = spec::load(spec, overrides);
  if (arguments.json) {
    MLPIPE_TRY_VOID(print(to_json(loaded.diagnostics.all()) + "\n"));
  } else {
    tell_mistakes(loaded);
    tell(verdict(spec, loaded));
  }
  return loaded.pipeline ? 0 : exit_code(ErrorKind::spec);
}

}  // namespace

Command validate_command() {
  return {"validate", "check a pipeline's file without running anything", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            arguments->place.declare_positional(options);
            arguments->place.declare(options);
            arguments->changes.declare(options);
            options.value("--target", arguments->target, "azure", "warn about what Azure would refuse, though it runs here");
            options.flag("--json", arguments->json, "the mistakes as JSON on stdout");
            return [arguments] { return validate(*arguments); };
          }};
}

}  // namespace mlpipe::cli
