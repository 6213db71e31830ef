#include "run/workspace.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/text.h"
#include "run/ingredients_of.h"
#include "run/stand_ins.h"
#include "system/event_loop.h"
#include "system/host.h"
#include "system/process.h"

namespace mlpipe {
namespace {

// The folder to put first on PATH, so that `python` and `python3` are the chosen interpreter; empty: they are already.
Result<Path> python_folder(const PythonEnvironment& python, bool chosen, const Path& shims) {
  if (python.interpreter.empty()) return Path();
  const Path bin = python.interpreter.parent_path();
  const bool both = is_file(bin / "python") && is_file(bin / "python3");
  if (!python.root.empty() && both) return bin;
  const char* path = std::getenv("PATH");
  if (!chosen && find_program("python", path ? path : "")) return Path();
  MLPIPE_TRY_VOID(make_dirs(shims));
  for (const char* name : {"python", "python3"}) MLPIPE_TRY_VOID(write_program(shims / name, {python.interpreter.string()}));
  return shims;
}

// At the end, behind whatever the step itself looks for there.
void add_stand_ins(const std::vector<Path>& folders, std::vector<std::string>& environment) {
  if (folders.empty()) return;
  std::string path = environment_value(environment, "PYTHONPATH").value_or("");
  for (const Path& folder : folders) path += (path.empty() ? "" : ":") + folder.string();
  std::erase_if(environment, [](const std::string& entry) { return entry.starts_with("PYTHONPATH="); });
  environment.push_back("PYTHONPATH=" + path);
}

bool is_open_folder(const Path& path) {
  struct stat st;
  return ::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & S_IRWXU) == S_IRWXU;
}

bool is_bare(const Path& folder) {
  const auto names = list_folder(folder);
  return names && is_open_folder(folder) && std::all_of(names->begin(), names->end(), [&](const std::string& name) {
    const auto inside = list_folder(folder / name);
    return (name == "code" || name == "outputs") && is_open_folder(folder / name) && inside && inside->empty();
  }) && is_folder(folder / "code");
}

}  // namespace

Status write_program(const Path& file, const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(shell_quote(word));
  MLPIPE_TRY_VOID(write_file(file, fmt::format("#!/bin/sh\nexec {} \"$@\"\n", join(quoted, " "))));
  if (::chmod(file.c_str(), 0755) != 0) return errno_error("make executable", file);
  return {};
}

bool SpareWorkspaces::take(const Path& folder) {
  if (std::erase(spare_, folder) > 0 || spare_.empty()) return false;
  const Path spare = std::move(spare_.back());
  spare_.pop_back();
  if (::rename(spare.c_str(), folder.c_str()) == 0) return is_bare(folder);
  (void)remove_tree(spare);
  return false;
}

void SpareWorkspaces::give(const Path& folder) {
  std::erase(spare_, folder);
  // What escaped from a step may have its working directory in there.
  if (is_bare(folder) && !has_orphans()) spare_.push_back(folder);
  else (void)remove_tree(folder);
}

bool holds_a_file(const Path& folder) {
  std::error_code failed;
  for (std::filesystem::recursive_directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed))
    if (!at->is_directory(failed)) return true;
  return false;
}

Result<Workspace> Workspace::make(const Step& step, const Path& folder, const Path& outputs, const std::optional<Path>& code,
                                  SpareWorkspaces& spares) {
  const Workspace workspace(folder, outputs, code.value_or(folder / "code"));
  if (!spares.take(folder)) {
    MLPIPE_TRY_VOID(remove_tree(folder));
    MLPIPE_TRY_VOID(make_dirs(folder / "code"));
  }
  for (const StepOutput& output : step.outputs) {
    const Path place = workspace.output_place(output);
    MLPIPE_TRY_VOID(make_dirs(output.type == DataType::file || !output.made ? place.parent_path() : place));
  }
  return workspace;
}

Path Workspace::output_place(const StepOutput& output) const {
  const Path folder = outputs_ / output.name;
  return output.type == DataType::file ? folder / output.file : folder;
}

Status Workspace::check_outputs(const Step& step, std::vector<std::string>& empty) const {
  for (const StepOutput& output : step.outputs) {
    const Path place = output_place(output);
    if (output.type == DataType::file && !is_file(place))
      return Error{ErrorKind::step_failed, fmt::format("it ended well but did not write its output {} (the file {})", output.name, output.file),
                   fmt::format("write to ${{{{outputs.{}}}}}, or remove the output from the step", output.name)};
    if (output.type != DataType::file && !is_folder(place))
      return Error{ErrorKind::step_failed, fmt::format("{} {}", output.made ? "it removed its output folder" : "it ended well but did not make its output folder", output.name),
                   output.made ? "leave the folder where it is and write into it" : ""};
    if (output.type != DataType::file && output.left_in.empty() && !holds_a_file(place)) empty.push_back(output.name);
  }
  return {};
}

Path Workspace::keep_outputs(const Step& step, const Path& kept) const {
  (void)collect(step);
  const bool moved = wrote_something() && make_dirs(kept.parent_path()) && remove_tree(kept) && rename_path(outputs_, kept);
  return moved ? kept : Path();
}

Status Workspace::prepare(const Step& step) const {
  for (const StepOutput& output : step.outputs)
    if (!output.left_in.empty() && !path_exists(code_ / output.left_in)) MLPIPE_TRY_VOID(make_dirs(code_ / output.left_in));
  return {};
}

Status Workspace::collect(const Step& step) const {
  for (const StepOutput& output : step.outputs) {
    if (output.left_in.empty() || !is_folder(code_ / output.left_in)) continue;
    MLPIPE_TRY_VOID(copy_tree(code_ / output.left_in, output_place(output) / output.left_in));
  }
  return {};
}

bool Workspace::wrote_something() const { return holds_a_file(outputs_); }

Status check_secrets(const Step& step) {
  for (const std::string& secret : step.secrets)
    if (!std::getenv(secret.c_str()))
      return Error{ErrorKind::step_failed, fmt::format("the secret {} is not set in the environment", secret), fmt::format("export {}=...", secret)};
  return {};
}

Result<std::vector<std::string>> step_environment(const Step& step, const StepDescription& description, const Bindings& bindings, const Path& shims,
                                                  const std::string& run_id, const std::string& run_token) {
  std::vector<std::string> changes = {fmt::format("{}={}", run_token_variable, run_token), fmt::format("MLPIPE_RUN_ID={}", run_id),
                                      fmt::format("MLPIPE_STEP={}", step.name), "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1"};
  const bool chosen = step.environment && !step.environment->python.empty();
  MLPIPE_TRY(const Path folder, python_folder(*description.python, chosen, shims));
  if (!folder.empty()) {
    const char* path = std::getenv("PATH");
    changes.push_back(fmt::format("PATH={}:{}", folder.string(), path ? path : "/usr/local/bin:/usr/bin:/bin"));
  }
  if (chosen && !description.python->root.empty()) changes.push_back(fmt::format("VIRTUAL_ENV={}", description.python->root.string()));
  for (const auto& [name, value] : step.environment_variables) changes.push_back(fmt::format("{}={}", name, resolve(value, bindings, Quoting::none)));
  std::vector<std::string> environment = environment_with(changes);
  if (depends_on_python(step)) add_stand_ins(stand_in_folders(step, description), environment);
  return environment;
}

}  // namespace mlpipe
