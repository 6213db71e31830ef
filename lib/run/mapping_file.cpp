#include "run/mapping_file.h"

#include <fmt/format.h>

#include "base/text.h"
#include "spec/yaml/yaml.h"

namespace mlpipe {
namespace {

using spec::Entry;
using spec::Node;

Error unreadable(const std::string& shown, const Diagnostic& mistake) {
  return {ErrorKind::spec, fmt::format("{}:{}:{}: {}", shown, mistake.where.line, mistake.where.column, mistake.message), mistake.hint};
}

Status parse(spec::Document& document, std::string_view text, const std::string& shown) {
  document.file = shown;
  document.text = text;
  Diagnostics mistakes;
  spec::parse_yaml(document, mistakes);
  if (mistakes.has_errors()) return unreadable(shown, mistakes.all().front());
  return {};
}

// A text in YAML that is read back as it is.
std::string written(const std::string& text) {
  const bool plain = text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+@") == std::string::npos;
  if (plain && !text.empty() && text.find_first_not_of("0123456789.-+eE") != std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

const Entry* entry(const spec::Document& document, std::string_view key) {
  const Node* root = document.root.node;
  return root && root->kind == Node::Kind::map ? root->find(key) : nullptr;
}

const Entry* python_of(const Entry& environment) {
  return environment.value.node->kind == Node::Kind::map ? environment.value.node->find("python") : nullptr;
}

// Behind the line that a place is in.
std::size_t behind_line(const spec::Document& document, const spec::Place& place) {
  const auto end = document.text.find('\n', document.offset(place));
  return end == std::string::npos ? document.text.size() : end + 1;
}

std::string insert(std::string text, std::size_t at, std::string more) {
  if (at > 0 && text[at - 1] != '\n') more.insert(0, "\n");
  return text.insert(at, more);
}

}  // namespace

Result<std::map<std::string, std::string>> mapped_pythons(const Path& mapping) {
  std::map<std::string, std::string> pythons;
  if (!path_exists(mapping)) return pythons;
  MLPIPE_TRY(const std::string text, read_file(mapping));
  spec::Document document;
  MLPIPE_TRY_VOID(parse(document, text, shown_path(mapping)));
  const Entry* environments = entry(document, "environments");
  if (!environments) return pythons;
  for (const Entry& one : environments->value.node->entries) {
    if (const Entry* python = python_of(one)) pythons.emplace(one.key, python->value.node->text);
    else if (one.value.node->kind == Node::Kind::scalar) pythons.emplace(one.key, one.value.node->text);
  }
  return pythons;
}

Result<std::string> with_python(std::string_view text, const std::string& name, const std::string& python, const std::string& shown) {
  spec::Document document;
  MLPIPE_TRY_VOID(parse(document, text, shown));
  const std::string line = fmt::format("{}: {{python: {}}}\n", written(name), written(python));
  const Entry* environments = entry(document, "environments");
  if (!environments) return insert(document.text, document.text.size(), "environments:\n  " + line);
  const Node& map = *environments->value.node;
  if (const Entry* known = map.find(name)) {
    const Entry* value = python_of(*known);
    const spec::Value& old = value ? value->value : known->value;
    if (old.node->kind == Node::Kind::scalar && !old.node->text.empty())
      return std::string(document.text).replace(document.offset(old.where), static_cast<std::size_t>(old.where.length), written(python));
  } else if (map.entries.empty() && map.kind == Node::Kind::null) {
    return insert(document.text, behind_line(document, environments->key_where), "  " + line);
  } else if (map.kind == Node::Kind::map && !map.entries.empty() && map.entries.front().key_where.line > environments->key_where.line) {
    const std::string indent(static_cast<std::size_t>(map.entries.front().key_where.column - 1), ' ');
    return insert(document.text, behind_line(document, environments->key_where), indent + line);
  }
  return Error{ErrorKind::spec, fmt::format("{}:{}:{}: `environments` is written so that nothing can be added", shown, environments->key_where.line,
                                            environments->key_where.column),
               fmt::format("write one environment a line below it, such as {}", trim(line))};
}

}  // namespace mlpipe
