// Data that could not be read, written or handed on.
#include <fmt/format.h>

#include "base/text.h"
#include "diagnose/entries.h"
#include "diagnose/evidence.h"

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

// A script of v1 in whose code nothing makes a folder.
std::optional<Recognised> never_makes_a_folder(const Facts& facts) {
  if (!std::holds_alternative<Script>(facts.step.action) || facts.sources.empty()) return std::nullopt;
  for (const StepOutput& output : facts.step.outputs) {
    if (output.made || output.type == DataType::file) continue;
    if (find_code(facts, {"makedirs(", "mkdir(", "copytree(", "save_pretrained(", "save_model(", "subprocess", "system("})) return std::nullopt;
    return Recognised{fmt::format("nothing in its code makes the folder of its output {}, and Azure ML v1 makes only the one above it", output.name), make_folder};
  }
  return std::nullopt;
}

std::optional<Recognised> output_folder(const Facts& facts) {
  if (before(facts)) return never_makes_a_folder(facts);
  const Facts::Place* output = failed(facts) ? missing_output(facts) : nullptr;
  if (!output) return std::nullopt;
  if (!has(words_of(facts), output->path) && !has(facts.error, "did not make its output folder " + output->name)) return std::nullopt;
  return Recognised{fmt::format("its script never made the folder of its output {}: in Azure ML v1 only the one above it is there", output->name), make_folder};
}

// 'model.txt' of "No such file or directory: 'model.txt'".
std::string missing_file(const Facts& facts) {
  for (const std::string& text : {facts.traceback, facts.output, facts.error})
    if (auto name = between(text, "No such file or directory: '", "'")) return *name;
  return {};
}

std::optional<Recognised> relative_path(const Facts& facts) {
  if (!failed(facts) || !is_parallel(facts)) return std::nullopt;
  std::string name = missing_file(facts);
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

std::optional<Recognised> no_space(const Facts& facts) {
  if (!failed(facts)) return std::nullopt;
  const std::string words = words_of(facts);
  for (const char* text : {"No space left on device", "no space left on device", "Disk quota exceeded", "disk quota exceeded"})
    if (has(words, text))
      return Recognised{"a disk was full: " + line_with(words, text), "`mlpipe gc` removes old results from the store; TMPDIR moves temporary files, --store the store"};
  return std::nullopt;
}

// "'/data/x'" of Python's message, "/data/x" of a shell's.
std::string denied_path(const std::string& words) {
  if (const auto python = between(words, "Permission denied: '", "'")) return *python;
  const std::string line = line_with(words, ": Permission denied");
  const auto end = line.find(": Permission denied");
  if (end == std::string::npos) return {};
  const auto start = line.rfind(' ', end);
  std::string path = line.substr(start + 1, end - start - 1);  // npos + 1: the whole
  for (const std::string_view quote : {"'", "`", "\u2018", "\u2019"})
    for (auto at = path.find(quote); at != std::string::npos; at = path.find(quote)) path.erase(at, quote.size());
  return path;
}

std::optional<Recognised> no_permission(const Facts& facts) {
  if (!failed(facts)) return std::nullopt;
  const std::string path = denied_path(words_of(facts));
  if (path.find('/') == std::string::npos || has(path, "://") || has(path, "@")) return std::nullopt;
  if (facts.exit_code == 126) return Recognised{path + " is not executable", fmt::format("chmod +x {}, or name its interpreter before it", path)};
  for (const Facts::Place& input : facts.inputs)
    if (path.starts_with(input.path)) return Recognised{fmt::format("it may not touch {}, which is its input {}", path, input.name), "write to an output, ${{outputs.NAME}}; or let its owner allow you to read it (chmod)"};
  return Recognised{fmt::format("this user may not do that to {}", path), "`ls -ld` on it and on the folders above tells who may; write to ${{outputs.NAME}} or to TMPDIR instead"};
}

}  // namespace

Entries data_entries() {
  return {
      {"output-folder", "An output folder that nobody made",
       "In Azure ML v1 a script gets the path of its output, but only the folder above it exists. mlpipe keeps that in the v1 dialect. Recognised by a failure that speaks of "
       "that path while it is missing, and before a run where no code of the step makes any folder.",
       "`FileNotFoundError: [Errno 2] No such file or directory`, or that data cannot be passed to the PipelineData directory.",
       "`os.makedirs(args.output, exist_ok=True)` before writing. In our own dialect and in v2 the folder is there.", output_folder},
      {"relative-path", "A file sought relative to a parallel worker's folder",
       "The workers of a parallel step run in empty folders of their own, in Azure too. A relative path that works in a command step is not there. Recognised by a "
       "FileNotFoundError whose path exists in the source directory.",
       "`FileNotFoundError` in logs/user/error.txt.", "build the path from `__file__`, or hand the file over as a side input.", relative_path},
      {"input-written", "A step wrote into its input",
       "Inputs are looked at again when a step ends: had one changed, nobody could say what the result was made of. So the step fails and its result is not kept.",
       "`Read-only file system`, as inputs are mounted read-only.", "write to an output. What has to be edited in place is copied to an output first.", writes_into_input},
      {"no-space", "A disk is full", "The step, or mlpipe itself, was told that no room is left on a device, or that a quota is used up.",
       "`OSError: [Errno 28] No space left on device`, or `Disk full while running job`.",
       "`mlpipe gc --dry-run` shows what can go from the store. Large temporary files go where TMPDIR says. `mlpipe cache` says what the store holds.", no_space},
      {"no-permission", "A file that this user may not touch", "The system said \"permission denied\" and named a path.", "`PermissionError: [Errno 13] Permission denied`.",
       "`ls -ld PATH` tells who may. Steps write to their outputs and to TMPDIR.", no_permission},
  };
}

}  // namespace mlpipe::diagnosis
