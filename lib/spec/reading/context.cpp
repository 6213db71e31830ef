#include "spec/reading/context.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/yaml/yaml.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

constexpr std::size_t most_mistakes = 1000;
constexpr std::size_t most_candidates = 1000;  // of a hint
constexpr std::uintmax_t largest_file = 16 << 20;
constexpr std::size_t longest_name = 100;

// Why `file` cannot be a spec, or empty.
std::string refusal(const Path& file) {
  std::error_code problem;
  if (is_folder(file)) return "this is a folder, not a pipeline file";
  if (!path_exists(file)) return "no such file";
  if (!is_file(file)) return "this is not a regular file";
  if (std::filesystem::file_size(file, problem) > largest_file && !problem) return "this file is larger than 16 MB";
  return {};
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

const Document* Context::open_file(const Path& file) {
  const auto [known, is_new] = opened_.emplace(file.string(), nullptr);
  if (is_new) known->second = read_document(file);
  return known->second;
}

const Document* Context::read_document(const Path& file) {
  Document& document = open_option(shown_path(file));
  document.directory = file.parent_path().string();
  auto text = text_of(file, document);
  if (!text) return nullptr;
  document.text = *text;
  pipeline.files.push_back({file, std::move(*text)});
  parse_yaml(document, diagnostics);
  return document.root.node ? &document : nullptr;
}

// Nothing: it cannot be read, which is reported.
std::optional<std::string> Context::text_of(const Path& file, Document& document) {
  const auto kept = overrides.snapshot.texts.find(file.string());
  if (kept != overrides.snapshot.texts.end()) return kept->second;
  if (const std::string reason = refusal(file); !reason.empty()) {
    error({&document}, reason);
    return std::nullopt;
  }
  Result<std::string> text = read_file(file);
  if (text) return text.take();
  error({&document}, text.error().message, text.error().hint);
  return std::nullopt;
}

Document& Context::open_option(std::string option) {
  documents.push_back(std::make_unique<Document>());
  documents.back()->file = std::move(option);
  return *documents.back();
}

bool Context::full() { return diagnostics.all().size() >= most_mistakes; }

void Context::error_at(const Location& where, std::string message, std::string hint) {
  if (!full()) diagnostics.error(where, std::move(message), std::move(hint));
}

void Context::warning_at(const Location& where, std::string message, std::string hint) {
  if (!full()) diagnostics.warning(where, std::move(message), std::move(hint));
}

void Context::error(const Place& where, std::string message, std::string hint) {
  error_at(location(where), std::move(message), std::move(hint));
}

void Context::warning(const Place& where, std::string message, std::string hint) {
  warning_at(location(where), std::move(message), std::move(hint));
}

void Context::azure_warning(const Place& where, std::string message, std::string hint) {
  if (overrides.for_azure) warning(where, std::move(message), std::move(hint));
}

std::string Context::hint(std::string_view word, const std::vector<std::string>& candidates) const {
  if (candidates.size() > most_candidates || diagnostics.all().size() > most_mistakes / 5) return {};
  return suggestion(word, candidates);
}

const Parameter* Context::parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? nullptr : &pipeline.parameters[found->second];
}

void Context::place_source(Step& step, Path written_place) const {
  const auto kept = overrides.snapshot.sources.find(step.name);
  step.source_directory = kept == overrides.snapshot.sources.end() ? written_place : kept->second;
  step.source_place = std::move(written_place);
}

Path Context::path(const std::string& written, const Path& base) {
  const Path path = absolute_path(base / written);
  if (Path(written).is_absolute()) pipeline.written_absolutely.insert(path);
  return path;
}

Path Context::path(const std::string& written) { return path(written, pipeline.directory); }

Path Context::path_beside(const Place& where, const std::string& written) {
  const bool in_file = where.document && !where.document->directory.empty();
  return path(written, in_file ? Path(where.document->directory) : pipeline.directory);
}

bool check_name(Context& context, const Place& where, const std::string& name, std::string_view what) {
  if (name.size() > longest_name) {
    context.error(where, fmt::format("the name of {} has {} characters", what, name.size()), fmt::format("at most {}", longest_name));
    return false;
  }
  if (!name.empty() && std::all_of(name.begin(), name.end(), is_name_character)) return true;
  context.error(where, fmt::format("`{}` cannot be the name of {}", name, what), "names have letters, digits, - and _ only");
  return false;
}

}  // namespace mlpipe::spec
