#include "spec/v2/outputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/reading/asset_name.h"
#include "spec/v2/binding.h"
#include "spec/v2/expression_forms.h"
#include "spec/v2/types.h"

namespace mlpipe::spec::v2 {
namespace {

using Kind = Expression::Kind;

const std::vector<std::string> output_keys = {"type", "mode", "path", "name", "version", "description", "optional", "early_available", "is_control", "tags"};

// What all that speaks of one output says of it; who comes first counts.
struct Said {
  std::optional<DataType> type;
  std::string mode;
  std::optional<Scalar> path;
};

const Entry* output_entry(const Value& map, std::string_view name) {
  const Entry* outputs = entry_of(map, "outputs");
  return outputs && outputs->value.node->kind == Node::Kind::map ? outputs->value.node->find(name) : nullptr;
}

class Reader {
 public:
  Reader(Reading& reading, const Job& job, Step& step) : reading_(reading), context_(reading.context), job_(job), step_(step) {}

  void read() {
    if (job_.component) add_all(*job_.component);
    add_all(job_.own);
  }

 private:
  void add_all(const Value& map) {
    const Entry* outputs = entry_of(map, "outputs");
    if (!outputs) return;
    if (outputs->value.node->kind != Node::Kind::map)
      return context_.error(outputs->value.where, fmt::format("`outputs` of {} must be a map, got {}", job_.title(), describe(outputs->value)));
    const bool own = map.node == job_.own.node;
    for (const Entry& entry : outputs->value.node->entries) {
      if (step_.output(entry.key)) continue;
      if (own && job_.component && !output_entry(*job_.component, entry.key)) unknown(entry);
      else step_.outputs.push_back(output(entry));
    }
  }

  void unknown(const Entry& entry) {
    std::vector<std::string> names;
    if (const Entry* outputs = entry_of(*job_.component, "outputs"))
      for (const Entry& known : outputs->value.node->entries) names.push_back(known.key);
    context_.warning(entry.key_where, fmt::format("the component of {} has no output `{}`: it has no effect", job_.title(), entry.key),
                     names.empty() ? "it has no outputs" : context_.hint(entry.key, names));
  }

  StepOutput output(const Entry& first) {
    const Entry* own = output_entry(job_.own, first.key);
    const Entry& entry = own ? *own : first;
    check_name(context_, entry.key_where, entry.key, "an output");
    Said said;
    hear_of(job_, entry.key, said);
    StepOutput output;
    output.name = entry.key;
    output.where = location(entry.key_where);
    output.type = said.type.value_or(DataType::folder);
    output.mode = said.mode;
    if (said.path) set_place(output, *said.path);
    if (output.type == DataType::file && output.file.empty()) output.file = output.name;
    return output;
  }

  // What the node says, then the output of the pipeline that it is bound to, then its component.
  void hear_of(const Job& job, const std::string& name, Said& said) {
    if (const Entry* own = output_entry(job.own, name)) {
      hear(job, own->value, said);
      const auto bound = parent_output_of(own->value);
      if (bound && job.scope && is_declared(*job.scope->owner, *bound, own->value)) hear_of(*job.scope->owner, *bound, said);
    }
    const Entry* declared = job.component ? output_entry(*job.component, name) : nullptr;
    if (declared) hear(job, declared->value, said);
  }

  bool is_declared(const Job& pipeline, const std::string& name, const Value& value) {
    if (output_entry(pipeline.body->map, name)) return true;
    std::vector<std::string> names;
    if (const Entry* outputs = entry_of(pipeline.body->map, "outputs"))
      for (const Entry& known : outputs->value.node->entries) names.push_back(known.key);
    const Entry* path = entry_of(value, "path");
    context_.error((path ? path->value : value).where, fmt::format("{} has no output `{}`", pipeline.title(), name),
                   names.empty() ? "it has no `outputs`" : context_.hint(name, names));
    return false;
  }

  void hear(const Job& job, const Value& value, Said& said) {
    if (value.node->kind == Node::Kind::null) return;
    if (value.node->kind == Node::Kind::scalar) return check_binding(scalar_of(value), job);
    const MapReader map(context_, value, fmt::format("an output of {}", job.title()), output_keys, values_in(reading_, job.scope));
    if (!map.valid()) return;
    const auto type = read_output_type(map);
    const std::string mode = read_output_mode(map);
    if (!said.type) said.type = type;
    if (said.mode.empty()) said.mode = mode;
    const Entry* path = entry_of(value, "path");
    if (path && path->value.node->kind == Node::Kind::scalar && !parent_output_of(value) && !said.path) said.path = scalar_of(path->value);
  }

  void check_binding(const Scalar& text, const Job& job) {
    const std::string what = fmt::format("`outputs` of {}", job.title());
    const auto pieces = split_expressions(context_, text);
    if (!pieces) return;
    if (pieces->size() != 1 || !pieces->front().is_expression)
      return context_.error(text.where, fmt::format("an output of {} must be a map, nothing or ${{{{parent.outputs.NAME}}}}, got `{}`", job.title(), text.text));
    if (job.scope) parse_expression(context_, pieces->front(), {Kind::parent_output}, what);
  }

  // ${{name}} stays: each run and step has its own.
  std::optional<std::string> settled(const StepOutput& output, const Scalar& path) {
    const auto pieces = split_expressions(context_, path);
    if (!pieces) return std::nullopt;
    std::string text;
    for (const Piece& piece : *pieces) {
      if (!piece.is_expression) {
        text += piece.text;
        continue;
      }
      const auto expression = parse_expression(context_, piece, {Kind::name, Kind::output_name, Kind::default_datastore, Kind::parent_input}, "the path of an output");
      if (!expression) return std::nullopt;
      if (expression->kind == Kind::name) text += "${{name}}";
      if (expression->kind == Kind::output_name) text += output.name;
      if (expression->kind == Kind::default_datastore) text += reading_.default_datastore;
      if (expression->kind != Kind::parent_input) continue;
      const auto value = values_in(reading_, job_.scope)({fmt::format("${{{{{}}}}}", piece.text), true, piece.where}, "the path of an output");
      if (!value) return std::nullopt;
      text += value->text;
    }
    return text;
  }

  void set_place(StepOutput& output, const Scalar& path) {
    const auto text = settled(output, path);
    if (!text) return;
    const auto place = folder_for(*text, path);
    if (!place) return;
    const std::string plain = place->string();
    output.publish = plain.size() > 1 && plain.ends_with('/') ? Path(plain.substr(0, plain.size() - 1)) : *place;
    output.publish_written = path.text;
    context_.published[step_.name + "." + output.name] = location(path.where);
    const std::string file = output.publish.filename().string();
    if (output.type == DataType::file && file.find("${{") == std::string::npos) output.file = file;
  }

  std::optional<Path> folder_for(const std::string& text, const Scalar& path) {
    if (!is_asset_name(text)) {
      if (text.find("://") == std::string::npos) return context_.path_beside(path.where, text);
      context_.error(path.where, fmt::format("`{}` is no place of this machine", text), "azureml://datastores/NAME/paths/PATH, or a local path");
      return std::nullopt;
    }
    const auto asset = parse_asset_name(text);
    if (!asset || asset->kind != "datastores") {
      context_.error(path.where, fmt::format("`{}` is no place to write to", text), "azureml://datastores/NAME/paths/PATH");
      return std::nullopt;
    }
    const Path below = Path(asset->path).lexically_normal();
    const auto folder = folder_of_datastore(context_, asset->name);
    if (!folder) context_.unmapped.push_back({"datastores", asset->name, job_.title(), location(path.where)});
    if (!below.empty() && (*below.begin() == ".." || below.is_absolute()))
      context_.error(path.where, fmt::format("`{}` leaves the datastore", text));
    return folder ? std::optional(absolute_path(*folder / below)) : std::nullopt;
  }

  Reading& reading_;
  Context& context_;
  const Job& job_;
  Step& step_;
};

// Azure keeps what a command leaves in ./outputs as its output `artifacts`, also where nobody declares it.
void add_artifacts(const Job& job, Step& step) {
  if (job.kind != Job::Kind::command) return;
  for (StepOutput& output : step.outputs)
    if (output.name == "artifacts") {
      if (output.type == DataType::folder) output.left_in = "outputs";
      return;
    }
  StepOutput artifacts;
  artifacts.name = "artifacts";
  artifacts.left_in = "outputs";
  artifacts.where = step.where;
  step.outputs.push_back(std::move(artifacts));
}

Step* step_named(Context& context, const std::string& name) {
  const auto found = context.steps.find(name);
  return found == context.steps.end() ? nullptr : &context.pipeline.steps[found->second];
}

void add_open(Context& context, const std::string& step_name, const std::string& output, std::optional<DataType> type, const Location& where) {
  Step* step = step_named(context, step_name);
  if (!step || step->output(output)) return;
  StepOutput added;
  added.name = output;
  added.type = type.value_or(DataType::folder);
  if (added.type == DataType::file) added.file = output;
  added.where = where;
  step->outputs.push_back(std::move(added));
}

void collect_open(const Body& body, std::vector<std::string>& steps) {
  for (const auto& job : body.jobs) {
    if (job->body) collect_open(*job->body, steps);
    else if (job->open_outputs || job->kind == Job::Kind::stand_in) steps.push_back(job->step);
  }
}

}  // namespace

void read_outputs(Reading& reading, const Job& job, Step& step) {
  Reader(reading, job, step).read();
  add_artifacts(job, step);
}

void read_pipeline_outputs(Reading& reading, const Job& whole) {
  const Entry* outputs = entry_of(whole.body->map, "outputs");
  if (!outputs || outputs->value.node->kind != Node::Kind::map) return;
  for (const Entry& entry : outputs->value.node->entries) {
    if (!is_written(whole, entry.key)) {
      reading.context.warning(entry.key_where, fmt::format("no node of the pipeline writes its output `{}`", entry.key),
                              fmt::format("one of them needs `outputs: {{NAME: \"${{{{parent.outputs.{}}}}}\"}}`", entry.key));
      continue;
    }
    const auto source = source_of(reading, whole, entry.key, entry.key_where);
    if (source) reading.context.pipeline.outputs.push_back({entry.key, source->step, source->output, location(entry.key_where)});
  }
}

void add_open_outputs(Reading& reading, const Body& body) {
  Context& context = reading.context;
  std::vector<std::string> open;
  collect_open(body, open);
  const auto is_open = [&](const std::string& step) { return std::find(open.begin(), open.end(), step) != open.end(); };
  for (std::size_t i = 0; i < context.pipeline.steps.size(); ++i) {
    const auto inputs = context.pipeline.steps[i].inputs;
    for (const StepInput& input : inputs)
      if (input.from == StepInput::From::step_output && is_open(input.step)) add_open(context, input.step, input.source, input.type, input.where);
  }
  for (const PipelineOutput& output : context.pipeline.outputs)
    if (is_open(output.step)) add_open(context, output.step, output.output, std::nullopt, output.where);
}

}  // namespace mlpipe::spec::v2
