// Warnings about what is no mistake, but defeats reuse.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "base/text.h"
#include "spec/reading/readers.h"
#include "system/files.h"

namespace mlpipe::spec {
namespace {

// Letters of `shape`: 0 is any digit, x any hexadecimal digit, all others stand for themselves.
bool has_shape(std::string_view text, std::string_view shape) {
  const auto fits = [](char c, char wanted) {
    const auto byte = static_cast<unsigned char>(c);
    if (wanted == '0') return std::isdigit(byte) != 0;
    return wanted == 'x' ? std::isxdigit(byte) != 0 : c == wanted;
  };
  return text.size() == shape.size() && std::equal(text.begin(), text.end(), shape.begin(), fits);
}

bool begins_as(std::string_view text, std::string_view shape) { return has_shape(text.substr(0, shape.size()), shape); }

bool is_git_sha(const std::string& value) {
  return has_shape(value, std::string(40, 'x')) && value.find_first_of("abcdef") != std::string::npos;
}

// "a time", ... where the value can be nothing else; empty: it may be anything.
std::string meaning_of_value(const std::string& value) {
  for (const std::string_view shape : {"0000-00-00T00:00", "0000-00-00 00:00", "00000000T000000"})
    if (begins_as(value, shape)) return "a time";
  for (const std::string_view shape : {"00000000-000000", "00000000_000000", "0000-00-00_00-00-00", "0000-00-00-00-00-00"})
    if (has_shape(value, shape)) return "a time";
  if (has_shape(lower(value), "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) return "a unique id";
  return is_git_sha(value) ? "the id of a commit" : "";
}

std::string meaning_of_name(const std::string& name) {
  std::string plain = lower(name);
  std::erase_if(plain, [](char c) { return c == '_' || c == '-'; });
  static const std::map<std::string, std::string, std::less<>> meanings = {
      {"timestamp", "a time"},      {"datetime", "a time"},       {"now", "a time"},
      {"date", "a date"},           {"today", "a date"},          {"rundate", "a date"},      {"builddate", "a date"},
      {"buildid", "a build id"},    {"buildnumber", "a build id"}, {"runid", "a run id"},     {"runnumber", "a run id"},
      {"jobid", "a job id"},        {"uuid", "a unique id"},      {"guid", "a unique id"},    {"gitsha", "the id of a commit"},
      {"commit", "the id of a commit"}, {"commitsha", "the id of a commit"}, {"commitid", "the id of a commit"},
      {"githash", "the id of a commit"}, {"gitcommit", "the id of a commit"}};
  const auto found = meanings.find(plain);
  return found == meanings.end() ? "" : found->second;
}

void check_parameter(Context& context, const Parameter& parameter) {
  std::string meaning = meaning_of_value(parameter.value);
  if (meaning.empty() && parameter.type != ParameterType::boolean) meaning = meaning_of_name(parameter.name);
  if (meaning.empty()) return;
  context.warning_at(parameter.where, fmt::format("parameter `{}` looks like {}: each new value runs the steps that use it again", parameter.name, meaning),
                     "a step that only wants a name for the run takes ${{run.id}}, which is no reason to run again");
}

// The file of its source directory that the step starts with; empty: not to be told.
std::string entry_of(const Step& step) {
  if (const auto* script = std::get_if<Script>(&step.action)) return script->name.value;
  if (const auto* parallel = step.parallel()) return parallel->config.entry_script.value;
  for (const std::string_view word : split(std::get<Command>(step.action).text.written, ' '))
    if (!word.empty() && is_file(step.source_directory / std::string(word))) return std::string(word);
  return {};
}

void check_shared_source(Context& context) {
  struct User {
    const Step* step;
    std::string entry;
  };
  std::map<Path, User> first_users;
  std::map<Path, bool> told;
  for (const Step& step : context.pipeline.steps) {
    const std::string entry = step.source_directory.empty() ? "" : entry_of(step);
    if (entry.empty()) continue;
    const auto [first, is_new] = first_users.emplace(step.source_place, User{&step, entry});
    if (is_new || first->second.entry == entry || std::exchange(told[step.source_place], true)) continue;
    context.warning_at(step.where, fmt::format("steps `{}` and `{}` run `{}` and `{}` of one source directory: a change of either file runs both again",
                                               first->second.step->name, step.name, first->second.entry, entry),
                       "give each step a folder of its own");
  }
}

}  // namespace

void advise(Context& context) {
  for (const Parameter& parameter : context.pipeline.parameters) check_parameter(context, parameter);
  check_shared_source(context);
}

}  // namespace mlpipe::spec
