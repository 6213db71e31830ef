#include "spec/v2/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/reading/asset_name.h"
#include "spec/v2/binding.h"

namespace mlpipe::spec::v2 {
namespace {

const std::vector<std::string> keys = {"default_datastore", "default_compute", "continue_on_step_failure", "force_rerun", "on_init", "on_finalize",
                                       "continue_run_on_failed_optional_input"};

std::optional<MapReader> settings_of(Reading& reading, const Job& pipeline) {
  const Entry* entry = entry_of(pipeline.body->map, "settings");
  if (const Entry* own = entry_of(pipeline.own, "settings")) entry = own;
  if (!entry) return std::nullopt;
  MapReader map(reading.context, entry->value, pipeline.title(), keys, values_in(reading, nullptr), "settings");
  return map.valid() ? std::optional(std::move(map)) : std::nullopt;
}

// The numbers of the steps that a node is: of a pipeline all those in it.
void steps_of(const Context& context, const Job& job, std::vector<std::size_t>& steps) {
  if (!job.body) return steps.push_back(context.steps.at(job.step));
  for (const auto& inner : job.body->jobs) steps_of(context, *inner, steps);
}

std::vector<std::size_t> steps_of(const Context& context, const Job* job) {
  std::vector<std::size_t> steps;
  if (job) steps_of(context, *job, steps);
  return steps;
}

bool contains(const std::vector<std::size_t>& steps, std::size_t step) { return std::find(steps.begin(), steps.end(), step) != steps.end(); }

class Order {
 public:
  Order(Reading& reading, const Job& whole, const MapReader& map) : context_(reading.context), body_(*whole.body), map_(map) {}

  void apply() {
    const Job* first = node("on_init");
    const Job* last = node("on_finalize");
    if (first && first == last)
      return context_.error(map_.scalar("on_finalize")->where, fmt::format("`{}` cannot be both on_init and on_finalize", first->name), "name two nodes");
    const std::size_t others = body_.jobs.size() - (first ? 1 : 0) - (last ? 1 : 0);
    if ((first || last) && others == 0)
      return context_.error(map_.where(), "the pipeline has no other nodes than those of on_init and on_finalize", "what runs before and after needs something between");
    const auto init = steps_of(context_, first), finalize = steps_of(context_, last);
    if (first) check_apart("on_init", init);
    if (last) check_apart("on_finalize", finalize);
    for (std::size_t i = 0; i < context_.pipeline.steps.size(); ++i) {
      Step& step = context_.pipeline.steps[i];
      step.finalizes = contains(finalize, i);
      if (contains(init, i) || step.finalizes) continue;
      for (const std::size_t before : init) step.depends_on.push_back(context_.pipeline.steps[before].name);
    }
  }

 private:
  const Job* node(const std::string& key) {
    const auto name = map_.text(key);
    if (!name) return nullptr;
    const Job* job = body_.job(name->text);
    if (!job) context_.error(name->where, fmt::format("{} names the unknown node `{}`", map_.named(key), name->text), context_.hint(name->text, body_.job_names()));
    return job;
  }

  // Neither does such a node read what others make, nor they what it makes.
  void check_apart(const std::string& key, const std::vector<std::size_t>& steps) {
    for (std::size_t i = 0; i < context_.pipeline.steps.size(); ++i)
      for (const StepInput& input : context_.pipeline.steps[i].inputs) {
        if (input.from != StepInput::From::step_output || !context_.steps.contains(input.step)) continue;
        if (contains(steps, i) != contains(steps, context_.steps.at(input.step)))
          context_.error_at(input.where, fmt::format("`{}` of {} exchanges data with `{}`", contains(steps, i) ? context_.pipeline.steps[i].name : input.step, key,
                                                     contains(steps, i) ? input.step : context_.pipeline.steps[i].name),
                            fmt::format("the node of {} stands by itself", key));
      }
  }

  Context& context_;
  const Body& body_;
  const MapReader& map_;
};

void refuse_order_within(Reading& reading, const Body& body) {
  for (const auto& job : body.jobs) {
    if (!job->body) continue;
    if (const Entry* settings = entry_of(job->body->map, "settings"))
      for (const std::string key : {"on_init", "on_finalize"})
        if (const Entry* entry = entry_of(settings->value, key))
          reading.context.error(entry->key_where, fmt::format("`{}` is not for pipeline components, here of {}", key, job->title()), "write it in the pipeline job");
    refuse_order_within(reading, *job->body);
  }
}

}  // namespace

void read_settings(Reading& reading, const Job& whole) {
  Pipeline& pipeline = reading.context.pipeline;
  const Entry* compute = entry_of(whole.own, "compute");
  reading.has_compute = compute != nullptr;
  if (compute) reading.compute = location(compute->key_where);
  if (compute && !has_expression(compute->value.node->text)) reading.default_compute = compute->value.node->text;
  const auto map = settings_of(reading, whole);
  if (!map) return;
  if (const auto go_on = map->boolean("continue_on_step_failure")) pipeline.continue_on_step_failure = *go_on;
  if (const auto force = map->boolean("force_rerun")) pipeline.force_rerun = *force;
  warn_unless_text(reading.context, map->given("default_compute"), map->named("default_compute"));
  if (const auto name = map->text("default_compute")) {
    reading.has_compute = true;
    reading.default_compute = name->text;
    reading.compute = location(map->where_of("default_compute"));
  }
  const auto datastore = map->text("default_datastore");
  if (!datastore) return;
  const auto asset = parse_asset_name(datastore->text);
  reading.default_datastore = asset ? asset->name : datastore->text;
}

void apply_order(Reading& reading, const Job& whole) {
  refuse_order_within(reading, *whole.body);
  const auto map = settings_of(reading, whole);
  const bool complete = reading.context.pipeline.steps.size() == reading.context.steps.size();
  if (map && complete) Order(reading, whole, *map).apply();
}

}  // namespace mlpipe::spec::v2
