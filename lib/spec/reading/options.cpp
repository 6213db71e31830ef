// --set STEP.KEY=VALUE and --use STEP=DIR.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/reading/readers.h"
#include "spec/yaml/yaml.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

bool known_step(Context& context, const Place& where, const std::string& name) {
  if (context.steps.contains(name)) return true;
  context.error(where, fmt::format("the pipeline has no step `{}`", name), context.hint(name, context.step_names));
  return false;
}

// The places of what an option holds: the option as a whole.
void forget_lines(Document& document, Value& value) {
  const Place whole{&document};
  value.where = whole;
  for (Node& node : document.nodes) {
    for (Value& item : node.items) item.where = whole;
    for (Entry& entry : node.entries) entry.key_where = entry.value.where = whole;
  }
}

// A list, a map or a quoted text is read as YAML, anything else is taken as it stands: `--set a.command=echo a: b`.
// Nothing: not YAML, which is reported.
Value parse_setting(Context& context, Document& document, const std::string& text) {
  if (text.starts_with('[') || text.starts_with('{') || (text.size() > 1 && (text[0] == '"' || text[0] == '\'') &&
                                                         text.back() == text[0])) {
    Document& source = context.open_option(document.file);
    source.text = text;
    Diagnostics mistakes;
    parse_yaml(source, mistakes);
    if (source.root.node) forget_lines(source, source.root);
    if (source.root.node) return source.root;
    for (const Diagnostic& mistake : mistakes.all()) context.error({&document}, mistake.message, mistake.hint);
    return {};
  }
  Node& node = document.add(Node::Kind::scalar);
  node.text = text;
  return {&node, {&document}};
}

// How many of the words are the step's name: steps of nested pipelines have dots in theirs, and the longest counts.
std::size_t words_of_step(const Context& context, const std::vector<std::string>& names) {
  for (std::size_t words = names.size() - 1; words > 1; --words)
    if (context.steps.contains(join({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(words)}, "."))) return words;
  return 1;
}

void read_set(Context& context, const std::string& written) {
  Document& document = context.open_option("--set " + written);
  context.pipeline.overrides.push_back("--set " + written);
  const auto equals = written.find('=');
  std::vector<std::string> names;
  for (const std::string_view name : split(std::string_view(written).substr(0, equals), '.')) names.emplace_back(name);
  if (equals == std::string::npos || names.size() < 2) return context.error({&document}, "a setting is given as STEP.KEY=VALUE");
  const std::size_t words = words_of_step(context, names);
  const std::string step = join({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(words)}, ".");
  if (!known_step(context, {&document}, step)) return;
  const Value value = parse_setting(context, document, written.substr(equals + 1));
  if (value.node) context.settings[step].push_back({{names.begin() + static_cast<std::ptrdiff_t>(words), names.end()}, value});
}

void read_use(Context& context, const std::string& written) {
  const Place where{&context.open_option("--use " + written)};
  context.pipeline.overrides.push_back("--use " + written);
  const auto equals = written.find('=');
  if (equals == std::string::npos) return context.error(where, "a stand-in is given as STEP=FOLDER");
  const std::string name = written.substr(0, equals), folder = written.substr(equals + 1);
  if (!known_step(context, where, name)) return;
  context.used_steps.insert(name);
  if (!is_folder(absolute_path(folder)))
    context.error(where, fmt::format("`{}` is not a folder", folder), fmt::format("give the folder that holds the outputs of `{}`", name));
}

Value with_entry(Context& context, const Value& map, const std::string& key, const Value& value) {
  Document& document = *context.documents.front();
  Node& copy = document.add(Node::Kind::map);
  copy.entries = map.node->entries;
  const auto found = std::find_if(copy.entries.begin(), copy.entries.end(), [&](const Entry& entry) { return entry.key == key; });
  if (found == copy.entries.end()) copy.entries.push_back({key, value.where, value});
  else found->value = value;
  return {&copy, map.where};
}

Value lay(Context& context, const Value& map, const Setting& setting, std::size_t depth) {
  if (map.node->kind != Node::Kind::map) {
    context.error(setting.value.where, fmt::format("`{}` is {}, it has no keys", setting.keys[depth - 1], describe(map)));
    return map;
  }
  const std::string& key = setting.keys[depth];
  if (depth + 1 == setting.keys.size()) return with_entry(context, map, key, setting.value);
  const Entry* below = map.node->find(key);
  Value inner = below ? below->value : Value{};
  if (!below || inner.node->kind == Node::Kind::null) inner = {&context.documents.front()->add(Node::Kind::map), setting.value.where};
  return with_entry(context, map, key, lay(context, inner, setting, depth + 1));
}

}  // namespace

std::optional<GivenByName> read_given_by_name(Context& context, const std::string& option, const std::string& written) {
  const Place where{&context.open_option(option + " " + written)};
  context.pipeline.overrides.push_back(option + " " + written);
  const auto equals = written.find('=');
  if (equals == std::string::npos || equals == 0) {
    context.error(where, option == "-p" ? "a parameter is given as NAME=VALUE" : "an input is given as NAME=PATH");
    return std::nullopt;
  }
  return GivenByName{written.substr(0, equals), {written.substr(equals + 1), false, where}};
}

void read_options(Context& context) {
  for (const std::string& written : context.overrides.sets) read_set(context, written);
  for (const std::string& written : context.overrides.uses) read_use(context, written);
}

Value overlay(Context& context, const Value& map, const std::vector<Setting>& settings) {
  Value result = map;
  for (const Setting& setting : settings) result = lay(context, result, setting, 0);
  return result;
}

}  // namespace mlpipe::spec
