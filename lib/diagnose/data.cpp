// Data that could not be read, written or handed on.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"
#include "diagnose/output_paths.h"
#include "diagnose/shell_command.h"

namespace mlpipe::diagnosis {
namespace {

constexpr const char* make_room = "`mlpipe gc` removes old results from the store; TMPDIR moves temporary files, --store the store";
constexpr const char* make_folder = "before it writes: os.makedirs(path, exist_ok=True)";

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }  // npos + 1: the whole

const Facts::Place* missing_output(const Facts& facts) {
  for (const Facts::Place& output : facts.outputs) {
    const StepOutput* declared = facts.step.output(output.name);
    if (declared && !declared->made && !output.exists) return &output;
  }
  return nullptr;
}

// A script of v1 that opens files in a folder which nothing has made: whatever else it did with the path, saving a model say, might make it.
std::optional<Recognised> never_makes_a_folder(const Facts& facts) {
  if (!std::holds_alternative<Script>(facts.step.action) || find_call(facts, {"makedirs", "mkdir", "system"})) return std::nullopt;
  for (const StepOutput& output : facts.step.outputs) {
    if (output.made || output.type == DataType::file) continue;
    if (const auto found = find_only_writes_below(facts, output.name))
      return Recognised{fmt::format("{}:{} writes a file into its output {}, and nothing in its code makes that folder: Azure ML v1 makes only the one above it", found->file, found->line, output.name), make_folder};
  }
  return std::nullopt;
}

// A folder further down, which is never made for a script.
std::optional<Recognised> folder_in_output(const Facts& facts) {
  const std::string folder = failed(facts) && facts.sought ? facts.sought->missing_folder : "";
  for (const Facts::Place& output : facts.outputs)
    if (output.exists && folder.starts_with(output.path + "/"))
      return Recognised{fmt::format("it looks for {} in its output {}, where nobody made the folder {}", file_name(facts.sought->path), output.name, folder.substr(output.path.size() + 1)),
                        "before it writes: os.makedirs(os.path.dirname(path), exist_ok=True)"};
  return std::nullopt;
}

std::optional<Recognised> output_folder(const Facts& facts) {
  if (before(facts)) return never_makes_a_folder(facts);
  const Facts::Place* output = failed(facts) ? missing_output(facts) : nullptr;
  if (!output) return folder_in_output(facts);
  const std::string line = last_line(facts);
  const bool missing = has(line, "No such file or directory") || has(line, "does not exist") || has(line, "non-existent directory");
  const bool named = missing && (has(line, output->path + "/") || has(line, output->path + "'") || line.ends_with(output->path));
  if (!named && !has(facts.error, "did not make its output folder " + output->name)) return std::nullopt;
  return Recognised{fmt::format("its script never made the folder of its output {}: in Azure ML v1 only the one above it is there", output->name), make_folder};
}

// "weights" of "../model/weights.txt".
std::string name_for(const std::string& path) {
  std::string name = file_name(path);
  name = name.substr(0, name.find('.'));
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0 ? "file" : name;
}

std::string declare_input(const Facts& facts, const std::string& path) {
  const char* const kind = is_parallel(facts) ? "side_inputs" : "inputs";
  const std::string what = is_parallel(facts) ? "a side input" : "an input";
  if (facts.pipeline.dialect != Dialect::native) return fmt::format("declare it as {} of the step, and give the script its path as an argument", what);
  const std::string name = name_for(path);
  return fmt::format("declare it as {}: `inputs: {{{}: {}}}` of the pipeline, `{}: {{{}: \"${{{{pipeline.inputs.{}}}}}\"}}` of the step, and ${{{{{}.{}}}}} among the script's arguments", what, name, path, kind, name, name, kind, name);
}

// A file of the project, sought from where the step does not run.
std::optional<Recognised> outside_source(const Facts& facts) {
  if (!failed(facts) || !facts.sought || facts.sought->in_project.empty() || was_writing(facts)) return std::nullopt;
  return Recognised{fmt::format("{} lies in the project, but a step runs in a place of its own, with a copy of its source directory alone: `{}` does not lead there", facts.sought->in_project, facts.sought->path),
                    declare_input(facts, facts.sought->in_project)};
}

std::optional<Recognised> relative_path(const Facts& facts) {
  if (auto outside = outside_source(facts)) return outside;
  if (!failed(facts) || !is_parallel(facts) || was_writing(facts)) return std::nullopt;
  std::string name = between(last_line(facts), "No such file or directory: '", "'").value_or("");
  while (name.starts_with("./")) name.erase(0, 2);
  if (name.empty() || name.starts_with('/')) return std::nullopt;
  for (const std::string& path : facts.paths)
    if (path == name || path == name + "/")
      return Recognised{fmt::format("{} lies in its source directory, but a worker of a parallel step runs in an empty folder of its own, as in Azure", name),
                        fmt::format("os.path.join(os.path.dirname(os.path.abspath(__file__)), \"{}\")", name)};
  return std::nullopt;
}

std::optional<Recognised> writes_into_input(const Facts& facts) {
  if (!failed(facts)) return std::nullopt;
  const bool changed = has(facts.error, "its input ") && has(facts.error, " changed while it ran");
  const bool back = has(facts.error, "a file of its input was written to and then back while it ran");
  if (!changed && !back) return std::nullopt;
  const std::string name = between(facts.error, "its input ", " changed while it ran").value_or("");
  return Recognised{fmt::format("its input{} is not what it was when the step began: the step itself, or something beside it, wrote there", name.empty() ? "" : " " + name),
                    "write to an output, ${{outputs.NAME}}; what has to be edited is copied there first. Azure mounts inputs read-only"};
}

// What another step was to fill.
std::optional<Recognised> empty_input(const Facts& facts) {
  if (!is_parallel(facts)) return std::nullopt;
  const std::string error = own_error(facts);
  const std::string name = error.starts_with("input `") ? between(error, "input `", "` has no files").value_or("") : "";
  for (const StepInput& input : facts.step.inputs)
    if (input.name == name && input.from == StepInput::From::step_output)
      return Recognised{fmt::format("step {} made its input {} and left it without files, though it ended well", input.step, name),
                        fmt::format("`mlpipe logs {}` shows what that step said; mend it, then `mlpipe run`", input.step)};
  return std::nullopt;
}

// "x y" of "...: cannot open 'x y'"; of what is not quoted the last word, where that is a path. Empty: none is named.
std::string path_at_end(std::string_view text) {
  for (const auto& [opening, closing] : {std::pair<std::string_view, std::string_view>{"'", "'"}, {"\u2018", "\u2019"}}) {
    if (!text.ends_with(closing)) continue;
    text.remove_suffix(closing.size());
    const auto open = text.rfind(opening);
    return open == text.npos ? "" : std::string(text.substr(open + opening.size()));
  }
  const std::string_view word = text.substr(text.rfind(' ') + 1);  // npos + 1: the whole
  return has(word, "/") ? std::string(word) : "";
}

// What Python names behind the reason, tools before it. Of two paths, as mv has them, it may be either: none.
std::string path_beside(const std::string& line, const std::string& reason) {
  if (has(line, "' -> '") || has(line, "' to '") || has(line, "\u2019 to \u2018")) return {};
  if (const auto python = between(line, reason + ": '", "'")) return *python;
  const auto end = line.find(": " + reason);
  return end == std::string::npos ? "" : path_at_end(std::string_view(line).substr(0, end));
}

// The line that refused something, by a Python exception of this beginning or by a tool.
std::string refusal(const Facts& facts, std::string_view exception, const std::string& reason) {
  if (const std::string line = last_exception(facts); line.starts_with(exception)) return line;
  const std::string line = last_complaint(facts);
  return line.ends_with(": " + reason) ? line : "";
}

// mlpipe's own writing failed: nothing that ran is quoted in such an error.
std::string own_refusal(const Facts& facts, const std::string& reason) {
  return failed(facts) && !is_parallel(facts) && facts.error.ends_with(": " + reason) ? facts.error : "";
}

// Nothing could be written there.
bool is_full(const Facts::Disk& disk) {
  constexpr std::uint64_t little = 1 << 20, parts = 1000;
  const bool bytes = disk.size > 0 && (disk.free < little || disk.free < disk.size / parts);
  return bytes || (disk.files > 0 && disk.free_files <= disk.files / parts);
}

// Where no path is named, as by a write to a file that is open, a disk has to be full still.
std::optional<Recognised> full_disk(const Facts& facts, const std::string& full) {
  const std::string line = refusal(facts, "OSError: [Errno 28] ", full);
  const auto disk = std::ranges::find_if(facts.disks, is_full);
  if (!line.ends_with(full) || disk == facts.disks.end()) return std::nullopt;
  const bool bytes = disk->free < disk->size / 100;
  return Recognised{fmt::format("a disk was full: the one of {} has {} free", disk->path, bytes ? format_bytes(disk->free) : fmt::format("{} of its {} files", disk->free_files, disk->files)), make_room};
}

// A file on a disk: the kernel says the same of shared memory, and of its tables without any path.
std::optional<Recognised> no_space(const Facts& facts) {
  const std::string full = "No space left on device", quota = "Disk quota exceeded";
  for (const std::string& line : {refusal(facts, "OSError: [Errno 28] ", full), refusal(facts, "OSError: [Errno 122] ", quota), own_refusal(facts, full), own_refusal(facts, quota)}) {
    const std::string path = path_beside(line, has(line, full) ? full : quota);
    if (path.empty() || path.starts_with("/dev/shm/")) continue;
    return Recognised{"a disk was full: " + shortened(line), make_room};
  }
  return full_disk(facts, full);
}

bool lies_in(const std::string& path, const std::string& folder) {
  return !folder.empty() && (path == folder || path.starts_with(folder.ends_with('/') ? folder : folder + "/"));
}

// The shell could not start a command that is one of its parts.
std::optional<Recognised> not_executable(const Facts& facts, const std::string& reason) {
  const auto* command = std::get_if<Command>(&facts.step.action);
  const auto parts = command ? command_parts(command->text.written) : std::nullopt;
  const std::string line = last_line(facts), path = path_beside(line, reason);
  if (!parts || !has(path, "/") || !is_shell(speaker(line)) || std::ranges::none_of(*parts, [&](const CommandPart& part) { return part.word == path; })) return std::nullopt;
  return Recognised{path + " is not executable", fmt::format("chmod +x {}, or name its interpreter before it", path)};
}

std::optional<Recognised> no_permission(const Facts& facts) {
  const std::string reason = "Permission denied";
  if (facts.exit_code == 126) return not_executable(facts, reason);
  const std::string path = path_beside(refusal(facts, "PermissionError: [Errno 13] ", reason), reason);
  if (!has(path, "/") || has(path, "://") || has(path, "@")) return std::nullopt;
  for (const Facts::Place& input : facts.inputs)
    if (lies_in(path, input.path)) return Recognised{fmt::format("it may not touch {}, which is its input {}", path, input.name), "write to an output, ${{outputs.NAME}}; or let its owner allow you to read it (chmod)"};
  return Recognised{fmt::format("this user may not do that to {}", path), "`ls -ld` on it and on the folders above tells who may; write to ${{outputs.NAME}} or to TMPDIR instead"};
}

}  // namespace

Entries data_entries() {
  return {
      {"output-folder", "An output folder that nobody made",
       "In Azure ML v1 a script gets the path of its output, but only the folder above it exists. mlpipe keeps that in the v1 dialect. Recognised by a failure whose exception names "
       "that path while it is missing, and before a run where a script opens files in that folder to write them, uses its path for nothing else, and makes no folder. "
       "In every dialect: a FileNotFoundError that names a file in a folder below an output, which nobody made.",
       "`FileNotFoundError: [Errno 2] No such file or directory`, or that data cannot be passed to the PipelineData directory.",
       "`os.makedirs(args.output, exist_ok=True)` before writing. In our own dialect and in v2 the folder is there, and what lies below it is the script's to make: `os.makedirs(os.path.dirname(path), exist_ok=True)`.", output_folder},
      {"relative-path", "A file sought where the step does not run",
       "Steps run a copy of their source directory, and the workers of a parallel step in empty folders of their own, in Azure too: `../model/weights.txt` is not there, nor what lies beside the spec. Recognised by a "
       "FileNotFoundError of something read whose path exists in the source directory (parallel steps), or in the project when it is sought from the source directory or the spec's folder.",
       "`FileNotFoundError` in logs/user/error.txt.", "what belongs to the code lies in the source directory and is found from `__file__`; all else is an input, or a side input of a parallel step.", relative_path},
      {"empty-input", "An input that the step before left empty", "A parallel step has nothing to do where its input has no files. Where another step made that input, it ended well without writing any.",
       "a job that is Completed with no results, or a vague error.", "`mlpipe logs` of the step that made it. A folder that may well be empty is no input for a parallel step.", empty_input},
      {"input-written", "A step wrote into its input",
       "Inputs are looked at again when a step ends: had one changed, nobody could say what the result was made of. So the step fails and its result is not kept.",
       "`Read-only file system`, as inputs are mounted read-only.", "write to an output. What has to be edited in place is copied to an output first.", writes_into_input},
      {"no-space", "A disk is full", "The step ended, or mlpipe itself stopped, because no room was left for a file that was named, or a quota was used up. Where no file was named, as when writing to one that is open, "
       "a disk that the step writes to (its outputs, its folder, TMPDIR) has to be full still: less than 1 MB or 0.1 % free.",
       "`OSError: [Errno 28] No space left on device`, or `Disk full while running job`.",
       "`mlpipe gc --dry-run` shows what can go from the store. Large temporary files go where TMPDIR says. `mlpipe cache stats` says what the store holds.", no_space},
      {"no-permission", "A file that this user may not touch", "The step ended with the system's \"permission denied\", of a path that was named.", "`PermissionError: [Errno 13] Permission denied`.",
       "`ls -ld PATH` tells who may. Steps write to their outputs and to TMPDIR.", no_permission},
  };
}

}  // namespace mlpipe::diagnosis
