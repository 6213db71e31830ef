#include "spec/v2/v2.h"

#include <fmt/format.h>

#include <algorithm>

#include "spec/reading/readers.h"
#include "spec/v2/binding.h"
#include "spec/v2/component.h"
#include "spec/v2/inputs.h"
#include "spec/v2/nodes.h"
#include "spec/v2/outputs.h"
#include "spec/v2/refusals.h"
#include "spec/v2/schedule.h"
#include "spec/v2/settings.h"
#include "spec/v2/steps.h"

namespace mlpipe::spec {
namespace {

using namespace v2;

const std::vector<std::string> top_keys = {"$schema", "type", "name", "version", "display_name", "experiment_name", "description", "tags", "properties",
                                           "settings", "compute", "inputs", "outputs", "identity", "component", "jobs", "job", "is_deterministic",
                                           "services", "queue_settings", "comment"};

bool is_text(const Entry* entry, std::string_view part) { return entry && entry->value.node->text.find(part) != std::string::npos; }

// What kind of Azure's files it is, when it is none that runs.
bool refuse_other_kinds(Context& context, const Value& root) {
  const Entry* type = root.node->find("type");
  if (type ? type->value.node->text == "pipeline" : root.node->find("jobs") || root.node->find("component")) return false;
  const Entry* shown = type ? type : root.node->find("$schema");
  context.error(shown ? shown->value.where : root.where, "this is a file of Azure's, but no pipeline",
                "a pipeline has `type: pipeline` and `jobs`; a component is run by a node of one");
  return true;
}

void read_head(Context& context, const Value& root) {
  const MapReader top(context, root, "the pipeline", top_keys, [](const Scalar& scalar, std::string_view) { return std::optional(scalar); });
  Pipeline& pipeline = context.pipeline;
  for (const std::string key : {"name", "display_name"})
    if (const auto name = top.scalar(key); name && !name->text.empty()) pipeline.name = name->text;
  for (const std::string key : {"name", "display_name", "description", "experiment_name"}) warn_unless_text(context, entry_of(root, key), top.named(key));
  (void)top.given("settings");  // Azure takes no empty ones: `given` says so
  if (!root.node->find("type")) context.azure_warning(root.where, "Azure takes a file without a `type` for a command job", "write `type: pipeline`");
  if (pipeline.name.empty()) pipeline.name = pipeline.directory.filename().string();
  if (const auto description = top.scalar("description")) pipeline.description = description->text;
}

void read_whole_component(Reading& reading, Job& whole) {
  if (!entry_of(whole.own, "component")) return;
  read_component(reading, whole, {reading.context.pipeline.file});
  if (!whole.refusal.empty()) reading.context.error(whole.where, fmt::format("{} cannot run here: {}", whole.title(), whole.refusal), whole.remedy);
}

void read_nodes(Reading& reading, Job& whole) {
  read_options(reading.context);
  settle_nodes(reading, *whole.body);
  read_inputs_of(reading, whole, whole.where);
  read_steps(reading, *whole.body);
  read_pipeline_outputs(reading, whole);
  add_open_outputs(reading, *whole.body);
  apply_order(reading, whole);
}

// No pipeline of Azure's is without one: a single notice is enough.
void tell_of_compute(const Reading& reading) {
  if (reading.compute.line > 0) reading.context.warning_at(reading.compute, "`compute` has no effect: all nodes run on this machine");
}

void read_job(Reading& reading, const Value& root) {
  Context& context = reading.context;
  Job whole;
  whole.kind = Job::Kind::pipeline;
  whole.own = root;
  whole.where = {root.where.document};
  read_head(context, root);
  read_given(reading);
  read_whole_component(reading, whole);
  const bool unread = entry_of(root, "component") && !whole.component;
  if (unread) return report_unmapped(context);
  plant(reading, whole, {context.pipeline.file});
  read_settings(reading, whole);
  read_nodes(reading, whole);
  check_given(reading);
  report_unmapped(context);
  tell_of_compute(reading);
  check_pipeline(context);
}

}  // namespace

bool is_v2(const Node& root) {
  const Entry* type = root.find("type");
  return root.kind == Node::Kind::map && !root.find("pipeline") && !root.find("steps") &&
         (is_text(type, "pipeline") || root.find("jobs") || is_text(root.find("$schema"), "azuremlschemas") || is_schedule(root));
}

void read_v2(Context& context, const Value& root) {
  context.pipeline.dialect = Dialect::v2;
  read_mapping(context);
  if (context.overrides.allow_download) context.pipeline.overrides.push_back("--allow-download");
  Reading reading{context};
  std::optional<Value> job = root;
  if (is_schedule(*root.node)) job = job_of_schedule(reading, root);
  if (job && !refuse_other_kinds(context, *job)) read_job(reading, *job);
}

}  // namespace mlpipe::spec
