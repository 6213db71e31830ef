#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/spec_arguments.h"
#include "cli/streams.h"
#include "report/json.h"
#include "report/vscode.h"

namespace mlpipe::cli {
namespace {

constexpr const char* smallest_pipeline = R"(# mlpipe run
steps:
  hello:
    command: echo hello > ${{outputs.text}}
    outputs: {text: {type: file, publish: hello.txt}}
)";

struct Arguments {
  Place place;
  bool vscode = false, json = false;
};

Status tell_written(const Path& file, const std::string& command, bool json) {
  return json ? print(to_json(Written{"", {absolute_path(file)}, command}) + "\n") : Status();
}

Result<int> write_pipeline(const Place& place, bool json) {
  const Path file = place.file ? Path(*place.file) : Path("pipeline.yaml");
  if (path_exists(file)) return Error{ErrorKind::usage, fmt::format("{} is there already", file.string()), "-f names another file"};
  MLPIPE_TRY_VOID(write_file(file, smallest_pipeline));
  tell(fmt::format("wrote {}: `mlpipe run` runs it", file.string()));
  MLPIPE_TRY_VOID(tell_written(file, "mlpipe run", json));
  return 0;
}

// Without a pipeline there is still the port to attach to.
Result<std::vector<AttachTarget>> targets_of(const Place& place) {
  MLPIPE_TRY(const auto spec, place.spec_if_any());
  if (!spec) return std::vector<AttachTarget>{{"attach", absolute_path("."), absolute_path(".")}};
  MLPIPE_TRY(const Pipeline pipeline, load_pipeline(*spec, {}));
  return attach_targets(pipeline);
}

// A link stays one: the file that it leads to is replaced.
Path real_place(const Path& file) {
  std::error_code failed;
  const Path real = std::filesystem::weakly_canonical(file, failed);
  return failed ? file : real;
}

Result<int> leave_alone(const Path& file, const std::vector<AttachTarget>& targets, const Path& workspace) {
  tell(fmt::format("mlpipe: error: {} stays as it is: it has comments, or is not what VS Code writes", shown_path(file)));
  tell("hint: add these to its list of configurations");
  MLPIPE_TRY(const LaunchFile alone, with_configurations({}, targets, workspace));
  MLPIPE_TRY_VOID(print(alone.text));
  return exit_code(ErrorKind::usage);
}

Result<int> write_launch(const Place& place, bool json) {
  MLPIPE_TRY(const auto targets, targets_of(place));
  if (targets.empty()) return Error{ErrorKind::usage, "no step of this pipeline runs a Python script of its own", ""};
  const Path workspace = absolute_path("."), file = real_place(workspace / ".vscode/launch.json");
  const bool there = path_exists(file);
  const auto existing = there ? read_file(file) : Result<std::string>(std::string());
  if (!existing) return existing.error();
  const auto launch = with_configurations(*existing, targets, workspace);
  if (!launch) return leave_alone(file, targets, workspace);
  if (launch->added.empty()) {
    tell(fmt::format("{} has all of them already", shown_path(file)));
    return 0;
  }
  MLPIPE_TRY_VOID(make_dirs(file.parent_path()));
  MLPIPE_TRY_VOID(write_file(file, launch->text));
  tell(fmt::format("wrote {}: {}", shown_path(file), join(launch->added, ", ")));
  tell(fmt::format("mlpipe replay STEP --mini-batch N --debugpy {} waits for them", usual_debug_port));
  MLPIPE_TRY_VOID(tell_written(file, "", json));
  return 0;
}

}  // namespace

Command init_command() {
  return {"init", "write a first pipeline, or what an editor needs", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.flag("--vscode", arguments->vscode, "write .vscode/launch.json: attach to each step that runs Python");
            options.flag("--json", arguments->json, "what was written as JSON on stdout");
            arguments->place.declare(options);
            return [arguments] {
              return arguments->vscode ? write_launch(arguments->place, arguments->json) : write_pipeline(arguments->place, arguments->json);
            };
          }};
}

}  // namespace mlpipe::cli
