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

Status tell_written(std::vector<Path> files, const std::string& command, bool json) {
  return json ? print(to_json(Written{"", std::move(files), command}) + "\n") : Status();
}

Result<int> write_pipeline(const Place& place, bool json) {
  const Path file = place.file ? Path(*place.file) : Path("pipeline.yaml");
  if (path_exists(file)) return Error{ErrorKind::usage, fmt::format("{} is there already", file.string()), "-f names another file"};
  MLPIPE_TRY_VOID(write_file(file, smallest_pipeline));
  tell(fmt::format("wrote {}: `mlpipe run` runs it", file.string()));
  MLPIPE_TRY_VOID(tell_written({absolute_path(file)}, "mlpipe run", json));
  return 0;
}

struct Editing {
  std::vector<AttachTarget> targets;
  std::string spec;  // as a task has to name it; empty: it need not
};

// Without a pipeline there is still the port to attach to.
Result<Editing> what_to_debug(const Place& place) {
  MLPIPE_TRY(const auto spec, place.spec_if_any());
  if (!spec) return Editing{{{"attach", absolute_path("."), absolute_path(".")}}, ""};
  MLPIPE_TRY(const Pipeline pipeline, load_pipeline(*spec, {}));
  return Editing{attach_targets(pipeline), place.file ? shown_path(*spec) : ""};
}

// A link stays one: the file that it leads to is replaced.
Path real_place(const Path& file) {
  std::error_code failed;
  const Path real = std::filesystem::weakly_canonical(file, failed);
  return failed ? file : real;
}

// What a file of VS Code's becomes: a function of what it has.
using Edit = std::function<Result<EditorFile>(const std::string& existing)>;

Result<int> leave_alone(const Path& file, const Edit& edit) {
  tell(fmt::format("mlpipe: error: {} stays as it is: it has comments, or is not what VS Code writes", shown_path(file)));
  tell("hint: add these to its list");
  MLPIPE_TRY(const EditorFile alone, edit(""));
  MLPIPE_TRY_VOID(print(alone.text));
  return exit_code(ErrorKind::usage);
}

Result<int> write_edited(const std::string& name, const Edit& edit, std::vector<Path>& written) {
  const Path file = real_place(absolute_path(".vscode") / name);
  const auto existing = path_exists(file) ? read_file(file) : Result<std::string>(std::string());
  if (!existing) return existing.error();
  const auto edited = edit(*existing);
  if (!edited) return leave_alone(file, edit);
  if (edited->added.empty()) {
    tell(fmt::format("{} has all of them already", shown_path(file)));
    return 0;
  }
  MLPIPE_TRY_VOID(make_dirs(file.parent_path()));
  MLPIPE_TRY_VOID(write_file(file, edited->text));
  tell(fmt::format("wrote {}: {}", shown_path(file), join(edited->added, ", ")));
  written.push_back(absolute_path(file));
  return 0;
}

Result<int> write_for_vscode(const Place& place, bool json) {
  MLPIPE_TRY(const Editing editing, what_to_debug(place));
  if (editing.targets.empty()) return Error{ErrorKind::usage, "no step of this pipeline runs a Python script of its own", ""};
  const Path workspace = absolute_path(".");
  std::vector<Path> written;
  MLPIPE_TRY(const int launch, write_edited("launch.json", [&](const std::string& existing) { return with_configurations(existing, editing.targets, workspace); }, written));
  MLPIPE_TRY(const int tasks, write_edited("tasks.json", [&](const std::string& existing) { return with_tasks(existing, editing.targets, editing.spec); }, written));
  tell(fmt::format("`start` configurations start a step and attach; the others attach to `mlpipe debug STEP --debugpy {}`", usual_debug_port));
  MLPIPE_TRY_VOID(tell_written(written, "", json));
  return launch != 0 ? launch : tasks;
}

}  // namespace

Command init_command() {
  return {"init", "write a first pipeline, or what an editor needs", [](Options& options) {
            auto arguments = std::make_shared<Arguments>();
            options.flag("--vscode", arguments->vscode, "write .vscode/launch.json and tasks.json: debug each step that runs Python");
            options.flag("--json", arguments->json, "what was written as JSON on stdout");
            arguments->place.declare(options);
            return [arguments] {
              return arguments->vscode ? write_for_vscode(arguments->place, arguments->json) : write_pipeline(arguments->place, arguments->json);
            };
          }};
}

}  // namespace mlpipe::cli
