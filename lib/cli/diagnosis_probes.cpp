#include "cli/diagnosis_probes.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>

#include "base/text.h"
#include "cli/probe.h"
#include "system/host.h"

namespace mlpipe::cli {
namespace {

constexpr Seconds patience{10};

// What a server says of a file.
struct RemoteFile {
  std::optional<long long> size;
  std::optional<std::time_t> changed;
};

RemoteFile read_headers(const std::string& text) {
  RemoteFile file;
  for (const std::string_view line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon == line.npos) {
      if (line.starts_with("HTTP/")) file = {};  // of a redirection: the last answer counts
      continue;
    }
    const std::string name = lower(line.substr(0, colon)), value(trim(line.substr(colon + 1)));
    if (name == "content-length") file.size = parse_integer(value);
    std::tm time{};
    if (name == "last-modified" && ::strptime(value.c_str(), "%a, %d %b %Y %H:%M:%S", &time)) file.changed = ::timegm(&time);
  }
  return file;
}

std::optional<std::string> how_changed(const PipelineInput& input) {
  struct stat copy {};
  if (::stat(input.path.c_str(), &copy) != 0) return std::nullopt;
  const auto text = output_of({"curl", "--silent", "--fail", "--head", "--location", "--max-time", "8", input.url}, patience);
  if (!text) return std::nullopt;
  const RemoteFile now = read_headers(*text);
  if (now.size && *now.size != copy.st_size) return fmt::format("it had {} bytes and has {} now", copy.st_size, *now.size);
  if (now.changed && *now.changed > copy.st_mtime) return "it was changed there after it was fetched";
  return std::nullopt;
}

// A file of the source directory, or a folder there that holds one: also where no import of the scripts was seen to lead.
bool is_own_module(const Facts& facts, const std::string& module) {
  return std::ranges::any_of(facts.paths, [&](const std::string& path) {
    const bool inside = path.ends_with(".py") && ("/" + path).find("/" + module + "/") != std::string::npos;
    return inside || path == module + ".py" || path.ends_with("/" + module + ".py");
  });
}

}  // namespace

void ask_for_imports(Facts& facts, const Path& python, const Path& source) {
  const auto script = find_module("python/mlpipe_used_packages.py");
  if (!script) return;
  std::vector<std::string> words = {python.string(), "-I", script->string(), source.string()};
  for (const Facts::Source& file : facts.sources) words.push_back(file.path);
  words.emplace_back("--");
  words.insert(words.end(), facts.named.begin(), facts.named.end());
  const auto text = output_of(words, patience);
  if (!text) return;
  for (const std::string_view line : split(*text, '\n')) {
    const auto parts = split(line, '\t');
    if (parts.size() != 4 || is_own_module(facts, std::string(parts[0]))) continue;
    facts.unnamed_imports.push_back({std::string(parts[0]), std::string(parts[1]), static_cast<int>(parse_integer(parts[2]).value_or(0)), std::string(parts[3])});
  }
}

void ask_for_changes(Facts& facts) {
  for (const StepInput& read : facts.step.inputs) {
    const PipelineInput* input = read.from == StepInput::From::pipeline_input ? facts.pipeline.input(read.source) : nullptr;
    if (!input || input->url.empty()) continue;
    if (auto how = how_changed(*input)) facts.changed_downloads.push_back({input->name, input->url, std::move(*how)});
  }
}

}  // namespace mlpipe::cli
