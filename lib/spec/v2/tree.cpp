#include "spec/v2/tree.h"

#include <fmt/format.h>

#include <algorithm>

namespace mlpipe::spec::v2 {

const Bound* Job::input(std::string_view wanted) const {
  const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const auto& input) { return input.first == wanted; });
  return found == inputs.end() ? nullptr : &found->second;
}

std::string Job::title() const { return scope ? fmt::format("node `{}`", step) : "the pipeline"; }

Job* Body::job(std::string_view wanted) const {
  const auto found = std::find_if(jobs.begin(), jobs.end(), [&](const auto& job) { return job->name == wanted; });
  return found == jobs.end() ? nullptr : found->get();
}

std::vector<std::string> Body::job_names() const {
  std::vector<std::string> names;
  for (const auto& job : jobs) names.push_back(job->name);
  return names;
}

const Entry* entry_of(const Value& map, std::string_view key) {
  const Entry* entry = map.node && map.node->kind == Node::Kind::map ? map.node->find(key) : nullptr;
  return entry && entry->value.node->kind != Node::Kind::null ? entry : nullptr;
}

std::string text_of(const Value& map, std::string_view key) {
  const Entry* entry = entry_of(map, key);
  return entry ? entry->value.node->text : "";
}

Scalar scalar_of(const Value& value) { return {value.node->text, value.node->is_text, value.where}; }

void warn_unless_text(Context& context, const Entry* entry, std::string_view named) {
  if (!entry || entry->value.node->kind != Node::Kind::scalar) return;
  const Scalar scalar = scalar_of(entry->value);
  if (type_of(scalar) == ParameterType::string) return;
  context.azure_warning(scalar.where, fmt::format("{} must be text for Azure", named), fmt::format("write \"{}\"", scalar.text));
}

}  // namespace mlpipe::spec::v2
