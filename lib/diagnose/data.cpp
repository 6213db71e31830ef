// Data that could not be read, written or handed on.
#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"
#include "diagnose/output_paths.h"

namespace mlpipe::diagnosis {
namespace {

constexpr const char* make_folder = "before it writes: os.makedirs(path, exist_ok=True)";

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

std::optional<Recognised> output_folder(const Facts& facts) {
  if (before(facts)) return never_makes_a_folder(facts);
  const Facts::Place* output = failed(facts) ? missing_output(facts) : nullptr;
  if (!output) return std::nullopt;
  const std::string line = last_line(facts);
  const bool named = has(line, output->path + "/") || has(line, output->path + "'") || line.ends_with(output->path);
  if (!named && !has(facts.error, "did not make its output folder " + output->name)) return std::nullopt;
  return Recognised{fmt::format("its script never made the folder of its output {}: in Azure ML v1 only the one above it is there", output->name), make_folder};
}

std::optional<Recognised> relative_path(const Facts& facts) {
  if (!failed(facts) || !is_parallel(facts)) return std::nullopt;
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

// A file on a disk: the kernel says the same of shared memory, and of its tables without any path.
std::optional<Recognised> no_space(const Facts& facts) {
  const std::string full = "No space left on device", quota = "Disk quota exceeded";
  for (const std::string& line : {refusal(facts, "OSError: [Errno 28] ", full), refusal(facts, "OSError: [Errno 122] ", quota), own_refusal(facts, full), own_refusal(facts, quota)}) {
    const std::string path = path_beside(line, has(line, full) ? full : quota);
    if (path.empty() || path.starts_with("/dev/shm/")) continue;
    return Recognised{"a disk was full: " + shortened(line), "`mlpipe gc` removes old results from the store; TMPDIR moves temporary files, --store the store"};
  }
  return std::nullopt;
}

bool lies_in(const std::string& path, const std::string& folder) {
  return !folder.empty() && (path == folder || path.starts_with(folder.ends_with('/') ? folder : folder + "/"));
}

std::optional<Recognised> no_permission(const Facts& facts) {
  const std::string reason = "Permission denied", line = facts.exit_code == 126 ? last_line(facts) : refusal(facts, "PermissionError: [Errno 13] ", reason);
  const std::string path = path_beside(line, reason);
  if (!has(path, "/") || has(path, "://") || has(path, "@")) return std::nullopt;
  if (facts.exit_code == 126) return Recognised{path + " is not executable", fmt::format("chmod +x {}, or name its interpreter before it", path)};
  for (const Facts::Place& input : facts.inputs)
    if (lies_in(path, input.path)) return Recognised{fmt::format("it may not touch {}, which is its input {}", path, input.name), "write to an output, ${{outputs.NAME}}; or let its owner allow you to read it (chmod)"};
  return Recognised{fmt::format("this user may not do that to {}", path), "`ls -ld` on it and on the folders above tells who may; write to ${{outputs.NAME}} or to TMPDIR instead"};
}

}  // namespace

Entries data_entries() {
  return {
      {"output-folder", "An output folder that nobody made",
       "In Azure ML v1 a script gets the path of its output, but only the folder above it exists. mlpipe keeps that in the v1 dialect. Recognised by a failure whose exception names "
       "that path while it is missing, and before a run where a script opens files in that folder to write them, uses its path for nothing else, and makes no folder.",
       "`FileNotFoundError: [Errno 2] No such file or directory`, or that data cannot be passed to the PipelineData directory.",
       "`os.makedirs(args.output, exist_ok=True)` before writing. In our own dialect and in v2 the folder is there.", output_folder},
      {"relative-path", "A file sought relative to a parallel worker's folder",
       "The workers of a parallel step run in empty folders of their own, in Azure too. A relative path that works in a command step is not there. Recognised by a "
       "FileNotFoundError whose path exists in the source directory.",
       "`FileNotFoundError` in logs/user/error.txt.", "build the path from `__file__`, or hand the file over as a side input.", relative_path},
      {"input-written", "A step wrote into its input",
       "Inputs are looked at again when a step ends: had one changed, nobody could say what the result was made of. So the step fails and its result is not kept.",
       "`Read-only file system`, as inputs are mounted read-only.", "write to an output. What has to be edited in place is copied to an output first.", writes_into_input},
      {"no-space", "A disk is full", "The step ended, or mlpipe itself stopped, because no room was left for a file that was named, or a quota was used up.",
       "`OSError: [Errno 28] No space left on device`, or `Disk full while running job`.",
       "`mlpipe gc --dry-run` shows what can go from the store. Large temporary files go where TMPDIR says. `mlpipe cache stats` says what the store holds.", no_space},
      {"no-permission", "A file that this user may not touch", "The step ended with the system's \"permission denied\", of a path that was named.", "`PermissionError: [Errno 13] Permission denied`.",
       "`ls -ld PATH` tells who may. Steps write to their outputs and to TMPDIR.", no_permission},
  };
}

}  // namespace mlpipe::diagnosis
