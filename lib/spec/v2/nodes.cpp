#include "spec/v2/nodes.h"

#include <fmt/format.h>

#include <algorithm>

#include "spec/v2/component.h"
#include "spec/v2/refusals.h"

namespace mlpipe::spec::v2 {
namespace {

constexpr std::size_t most_nodes = 10'000;  // components of components grow quickly
constexpr std::size_t deepest = 100;        // component in component

bool is_falsy(const Value& value) {
  return value.node->kind == Node::Kind::null || (value.node->kind == Node::Kind::scalar && (value.node->text.empty() || value.node->text == "0"));
}

// The keys of the node and those of its component that it leaves open. Of a parallel node 0 and "" count as left open, as with Azure.
Value merged(Context& context, const Job& job) {
  static const std::vector<std::string> of_itself = {"inputs", "outputs", "component", "type", "name", "version", "display_name", "description", "$schema",
                                                     "tags"};
  if (!job.component) return job.own;
  Node& node = context.documents.front()->add(Node::Kind::map);
  node.entries = job.own.node->entries;
  for (const Entry& entry : job.component->node->entries) {
    if (std::find(of_itself.begin(), of_itself.end(), entry.key) != of_itself.end()) continue;
    const auto own = std::find_if(node.entries.begin(), node.entries.end(), [&](const Entry& e) { return e.key == entry.key; });
    if (own == node.entries.end()) node.entries.push_back(entry);
    else if (own->value.node->kind == Node::Kind::null || (job.kind == Job::Kind::parallel && is_falsy(own->value))) *own = entry;
  }
  return {&node, job.own.where};
}

// Python's own words for what a name may be.
bool is_identifier(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void set_kind(Reading& reading, Job& job) {
  const Entry* entry = entry_of(job.own, "type");
  const std::string of_component = job.component ? text_of(*job.component, "type") : "";
  const bool holds_jobs = job.component && entry_of(*job.component, "jobs");
  const std::string type = holds_jobs ? "pipeline" : entry ? entry->value.node->text : of_component.empty() ? "command" : of_component;
  if (type == "parallel") job.kind = Job::Kind::parallel;
  else if (type == "pipeline") job.kind = Job::Kind::pipeline;
  else if (type != "command" && job.refusal.empty())
    reading.context.error(entry ? entry->value.where : job.where, fmt::format("{} has the unknown type `{}`", job.title(), type),
                          reading.context.hint(type, {"command", "parallel", "pipeline"}));
}

void register_step(Context& context, const Job& job) {
  context.steps.emplace(job.step, context.step_names.size());
  context.step_names.push_back(job.step);
}

void plant_inside(Reading& reading, Job& job, std::vector<Path> chain, const Path& file) {
  if (chain.size() > deepest) {
    reading.context.error(job.where, fmt::format("components are nested more than {} deep", deepest));
    job.kind = Job::Kind::stand_in;
    return;
  }
  if (!file.empty()) chain.push_back(file);
  plant(reading, job, chain);
}

std::unique_ptr<Job> read_node(Reading& reading, Job& owner, const Entry& entry, const std::vector<Path>& chain) {
  Context& context = reading.context;
  auto job = std::make_unique<Job>();
  job->name = entry.key;
  job->step = owner.scope ? owner.step + "." + entry.key : entry.key;
  job->scope = owner.body.get();
  job->where = entry.key_where;
  job->own = entry.value;
  check_name(context, entry.key_where, entry.key, "a node");
  if (!is_identifier(entry.key))
    context.azure_warning(entry.key_where, fmt::format("Azure refuses the name `{}` of a node", entry.key), "letters, digits and _, no digit first");
  if (entry.value.node->kind != Node::Kind::map) {
    context.error(entry.value.where, fmt::format("{} must be a map, got {}", job->title(), describe(entry.value)), "write `command: ...` or `component: FILE` below it");
    job->own = {&context.documents.front()->add(Node::Kind::map), entry.value.where};
    job->kind = Job::Kind::stand_in;
    job->open_outputs = true;
  }
  refuse_by_type(*job, text_of(job->own, "type"));
  const Path file = job->refusal.empty() ? read_component(reading, *job, chain) : Path();
  if (job->kind != Job::Kind::stand_in) set_kind(reading, *job);
  if (job->kind == Job::Kind::pipeline && !entry_of(job->own, "component") && job->refusal.empty())
    context.error(entry.key_where, fmt::format("{} is a pipeline, but names no component", job->title()), "write `component: FILE`");
  const bool unread = !job->component && (job->kind == Job::Kind::pipeline || entry_of(job->own, "component"));
  if (!job->refusal.empty() || unread) job->kind = Job::Kind::stand_in;
  job->settings = merged(context, *job);
  if (job->kind == Job::Kind::pipeline) plant_inside(reading, *job, chain, file);
  return job;
}

void refuse_empty(Context& context, const Job& owner, const Value& map) {
  const Entry* jobs = map.node->find("jobs");
  const Place& where = jobs ? jobs->key_where : owner.where.line > 0 ? owner.where : map.where;
  context.error(where, fmt::format("{} has no nodes", owner.title()), "write `jobs:`, and below it `NAME: {command: ...}`");
}

}  // namespace

void plant(Reading& reading, Job& owner, const std::vector<Path>& chain) {
  Context& context = reading.context;
  owner.body = std::make_unique<Body>();
  owner.body->owner = &owner;
  owner.body->map = owner.component.value_or(owner.own);
  const Entry* jobs = entry_of(owner.body->map, "jobs");
  if (jobs && jobs->value.node->kind != Node::Kind::map)
    return context.error(jobs->value.where, fmt::format("`jobs` of {} must be a map, got {}", owner.title(), describe(jobs->value)));
  if (!jobs || jobs->value.node->entries.empty()) return refuse_empty(context, owner, owner.body->map);
  for (const Entry& entry : jobs->value.node->entries) {
    if (++reading.jobs > most_nodes) {
      if (reading.jobs == most_nodes + 1)
        context.error(entry.key_where, fmt::format("the pipeline has more than {} nodes", most_nodes), "components of components make many");
      return;
    }
    owner.body->jobs.push_back(read_node(reading, owner, entry, chain));
    const Job& job = *owner.body->jobs.back();
    if (!job.body) register_step(context, job);
  }
}

}  // namespace mlpipe::spec::v2
