// Steps of a v1 pipeline: PythonScriptStep and ParallelRunStep run here, the others ask for services of Azure.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/reading/readers.h"
#include "spec/v1/reading.h"

namespace mlpipe::spec::v1 {
namespace {

// The section that a step had before there was a `type`, the type, and why it cannot run here: empty for those that can.
struct Kind {
  std::string_view section, type, refusal;
};
constexpr Kind kinds[] = {
    {"python_script_step", "PythonScriptStep", ""},
    {"parallel_run_step", "ParallelRunStep", ""},
    {"adla_step", "AdlaStep", "it runs on Azure Data Lake Analytics, a service that is no more"},
    {"azurebatch_step", "AzureBatchStep", "it runs on Azure Batch"},
    {"databricks_step", "DatabricksStep", "it runs on Databricks"},
    {"data_transfer_step", "DataTransferStep", "it copies between storage accounts of Azure"},
    {"module", "ModuleStep", "its module lies in a workspace of Azure"},
};

const std::vector<std::string> keys = {
    "type", "name", "compute", "runconfig", "runconfig_parameters", "parameters", "inputs", "side_inputs", "outputs", "arguments", "source_directory",
    "script_name", "allow_reuse", "hash_paths", "version", "parallel_run_config", "models_id"};

class Reader {
 public:
  Reader(Reading& reading, const Entry& entry) : reading_(reading), context_(reading.context), entry_(entry) {
    step_.name = entry.key;
    step_.where = location(entry.key_where);
  }

  void read() {
    check_name(context_, entry_.key_where, entry_.key, "a step");
    const auto [kind, body] = kind_and_body();
    const bool runs = kind && kind->refusal.empty() && !context_.is_used(step_.name);
    read_body(kind, body, runs);
    if (step_.compute.empty()) step_.compute = reading_.default_compute;
    context_.pipeline.steps.push_back(std::move(step_));
  }

 private:
  std::pair<const Kind*, const Value*> kind_and_body() {
    const Value& value = entry_.value;
    if (value.node->kind != Node::Kind::map) {
      context_.error(value.where, fmt::format("step `{}` must be a map, got {}", step_.name, describe(value)), "write `type: PythonScriptStep` and its keys below it");
      return {nullptr, &value};
    }
    const Entry* type = value.node->find("type");
    for (const Kind& kind : kinds) {
      const Entry* section = value.node->find(kind.section);
      const bool old_style = !type && section && section->value.node->kind == Node::Kind::map;
      if (!old_style && !(type && type->value.node->text == kind.type)) continue;
      if (old_style) context_.warning(section->key_where, fmt::format("`{}` is the old way to write this step", kind.section), fmt::format("write `type: {}`, and its keys beside it", kind.type));
      if (!kind.refusal.empty() && !context_.is_used(step_.name))
        context_.error(old_style ? section->key_where : type->value.where, fmt::format("step `{}` cannot run here: {}", step_.name, kind.refusal),
                       fmt::format("--use {}=DIR takes its outputs from a folder, and the rest runs", step_.name));
      return {&kind, old_style ? &section->value : &value};
    }
    unknown_type(type);
    return {nullptr, &value};
  }

  void unknown_type(const Entry* type) {
    std::vector<std::string> names;
    for (const Kind& kind : kinds) names.emplace_back(kind.type);
    if (!type) return context_.error(entry_.key_where, fmt::format("step `{}` has no type", step_.name), fmt::format("one of: {}", join(names, ", ")));
    context_.error(type->value.where, fmt::format("`{}` is no type of a step in this YAML", type->value.node->text), context_.hint(type->value.node->text, names));
  }

  // What does not run still makes outputs that others read; its other keys are nobody's business.
  void read_body(const Kind* kind, const Value* body, bool runs) {
    if (body->node->kind != Node::Kind::map) return;
    std::vector<std::string> known = keys;
    for (const Entry& entry : body->node->entries)
      if (!runs) known.push_back(entry.key);
    MapReader map(context_, *body, fmt::format("step `{}`", step_.name), known, as_written());
    if (!map.valid()) return;
    read_inputs(map, "inputs", false);
    read_inputs(map, "side_inputs", true);
    read_outputs(map);
    if (!runs) return;
    read_parameters_of(map);
    read_settings(map);
    read_source(map);
    if (kind->type == std::string_view("ParallelRunStep")) read_parallel_step(map, *body);
    else read_script(map);
  }

  // {source, bind_mode, ...}
  void read_inputs(const MapReader& map, const std::string& key, bool side) {
    const Value* value = map.map(key);
    if (!value) return;
    if (value->node->kind != Node::Kind::map) return map.wrong_type(key, "a map", *value);
    for (const Entry& entry : value->node->entries) {
      const std::string owner = fmt::format("{} `{}` of step `{}`", side ? "side input" : "input", entry.key, step_.name);
      const MapReader input(context_, entry.value, owner, {"source", "bind_mode", "type", "path_on_compute", "overwrite"}, as_written());
      if (!input.valid()) continue;
      for (const char* mode : {"bind_mode", "type"})
        if (input.has(mode)) input.choice<int>(mode, {{"mount", 0}, {"download", 1}, {"direct", 2}});
      const auto source = input.text("source");
      if (source) step_.inputs.push_back(bound(entry, *source, side));
      else context_.error(input.where(), fmt::format("{} has no `source`", owner), "a data reference, a parameter for a path, or the `destination` of another step's output");
    }
  }

  StepInput bound(const Entry& entry, const Scalar& source, bool side) {
    StepInput input;
    input.name = entry.key;
    input.side = side;
    input.where = location(source.where);
    input.source = source.text;
    const auto made = reading_.destinations.find(source.text);
    if (context_.inputs.contains(source.text)) {
      input.from = StepInput::From::pipeline_input;
    } else if (made != reading_.destinations.end()) {
      input.from = StepInput::From::step_output;
      input.step = made->second.first;
      input.source = made->second.second;
    } else {
      context_.error(source.where, fmt::format("nothing makes `{}`: it is no data reference and no step's output has it as its destination", source.text),
                     context_.hint(source.text, reading_.sources));
    }
    return input;
  }

  void read_outputs(const MapReader& map) {
    const Value* value = map.map("outputs");
    if (!value) return;
    if (value->node->kind != Node::Kind::map) return map.wrong_type("outputs", "a map", *value);
    for (const Entry& entry : value->node->entries) {
      const MapReader output(context_, entry.value, fmt::format("output `{}` of step `{}`", entry.key, step_.name),
                             {"destination", "datastore", "bind_mode", "path_on_compute", "overwrite", "as_dataset"}, as_written());
      if (!output.valid()) continue;
      if (output.has("bind_mode")) output.choice<int>("bind_mode", {{"mount", 0}, {"upload", 1}});
      if (!output.text("destination")) context_.error(output.where(), fmt::format("{} has no `destination`", output.title()), "a name by which other steps read it");
      StepOutput made;
      made.name = entry.key;
      made.made = map.has("parallel_run_config");  // Azure's driver makes its own
      made.where = location(entry.key_where);
      step_.outputs.push_back(std::move(made));
    }
  }

  // Values for `parameter:NAME` among the arguments, and in the step's environment.
  void read_parameters_of(const MapReader& map) {
    const Value* value = map.map("parameters");
    if (!value) return;
    if (value->node->kind != Node::Kind::map) return map.wrong_type("parameters", "a map", *value);
    for (const Entry& entry : value->node->entries)
      if (auto text = parameter_text(entry)) {
        step_.environment_variables.emplace("AML_PARAMETER_" + entry.key, *text);
        values_.emplace(entry.key, std::move(*text));
      }
  }

  std::optional<Template> parameter_text(const Entry& entry) {
    const Value& value = entry.value;
    if (value.node->kind == Node::Kind::scalar) return Template{{value.node->text}, value.node->text, location(value.where)};
    const MapReader map(context_, value, fmt::format("parameter `{}` of step `{}`", entry.key, step_.name), {"source"}, as_written());
    const auto source = map.valid() ? map.text("source") : std::nullopt;
    if (!source) return std::nullopt;
    if (!context_.parameters.contains(source->text)) {
      context_.error(source->where, fmt::format("the pipeline has no parameter `{}`", source->text), context_.hint(source->text, context_.parameter_names));
      return std::nullopt;
    }
    return Template{{Reference{RefKind::parameter, source->text, "", location(source->where)}}, source->text, location(source->where)};
  }

  void read_settings(const MapReader& map) {
    if (const auto allow = map.boolean("allow_reuse")) step_.allow_reuse = *allow;
    for (const Scalar& path : map.texts("hash_paths")) {
      const Path base = map.has("source_directory") ? Path(map.text("source_directory")->text) : Path();
      const Path place = context_.path(path.text, context_.pipeline.directory / base);
      if (!path_exists(place)) context_.error(path.where, fmt::format("{}: `{}` does not exist", map.named("hash_paths"), path.text), "paths are relative to the source directory");
      step_.hash_paths.push_back({place, path.text});
    }
    if (const auto runconfig = map.text("runconfig"))
      context_.warning(runconfig->where, fmt::format("{} is not read: the active Python runs the step", map.named("runconfig")), "mlpipe.local.yaml names environments");
    if (const auto compute = map.text("compute")) step_.compute = compute->text;
  }

  void read_source(const MapReader& map) {
    const auto written = map.text("source_directory");
    if (!written && map.has("parallel_run_config")) return;
    const std::string folder = written ? written->text : ".";
    context_.place_source(step_, context_.path(folder));
    if (written && !is_folder(step_.source_directory))
      context_.error(written->where, fmt::format("{}: `{}` {}", map.named("source_directory"), written->text, path_exists(step_.source_directory) ? "is not a folder" : "does not exist"),
                     "paths are relative to the pipeline file");
  }

  void read_script(const MapReader& map) {
    const auto name = map.text("script_name");
    if (!name) return context_.error(map.where(), fmt::format("step `{}` has no `script_name`", step_.name), "write the Python file to run, below source_directory");
    check_code_file(context_, step_, *name, map.named("script_name"));
    step_.action = Script{{name->text, location(name->where)}, arguments_of(map)};
  }

  void read_parallel_step(const MapReader& map, const Value& body) {
    if (!map.has("parallel_run_config"))
      return context_.error(map.where(), fmt::format("step `{}` has no `parallel_run_config`", step_.name), "write the path of a YAML file as ParallelRunConfig.save_to_yaml writes it");
    if (step_.outputs.size() > 1)
      context_.warning(map.where_of("outputs"), fmt::format("step `{}` has {} outputs: Azure uses the first of them alone", step_.name, step_.outputs.size()));
    // Its arguments are ours to read: only then do they say which flags of the driver are among them.
    Node others = *body.node;
    std::erase_if(others.entries, [](const Entry& entry) { return entry.key == "arguments" || std::find(keys.begin(), keys.end(), entry.key) == keys.end(); });
    MapReader rest(context_, {&others, body.where}, map.owner(), keys, as_written());
    read_parallel(rest, step_, {});
    auto* parallel = std::get_if<Parallel>(&step_.action);
    if (!parallel) return;
    parallel->arguments = arguments_of(map);
    check_first_argument(context_, *parallel);
    read_driver_flags(context_, *parallel);
    warn_about_name(map);
  }

  // Azure asks this of ParallelRunSteps alone.
  void warn_about_name(const MapReader& map) {
    const auto written = map.text("name");
    const std::string name = written ? written->text : step_.name;
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    const bool good = name.size() >= 3 && name.size() <= 32 && std::all_of(name.begin(), name.end(), fits) && name.front() >= 'a' && name.back() != '-';
    if (!good)
      context_.azure_warning(written ? written->where : entry_.key_where, fmt::format("Azure refuses the name `{}` of a ParallelRunStep", name),
                             "3 to 32 small letters, digits and -; a letter first, no - last");
  }

  // input:NAME, output:NAME, side_input:NAME and parameter:NAME stand for what the step has by that name; all else stands for itself.
  std::vector<Template> arguments_of(const MapReader& map) {
    std::vector<Template> arguments;
    const auto* list = map.list("arguments");
    for (const Value& value : list ? *list : std::vector<Value>{}) {
      if (value.node->kind != Node::Kind::scalar) {
        context_.error(value.where, fmt::format("an argument must be text, got {}", describe(value)));
        continue;
      }
      arguments.push_back(argument(value));
    }
    return arguments;
  }

  Template argument(const Value& value) {
    const std::string& text = value.node->text;
    const auto colon = text.find(':');
    const std::string kind = colon == std::string::npos ? "" : text.substr(0, colon), name = colon == std::string::npos ? "" : text.substr(colon + 1);
    const Location where = location(value.where);
    if (const auto given = values_.find(name); kind == "parameter" && given != values_.end()) return given->second;
    if (kind == "parameter") warn_unbound(value, kind, name);
    for (const auto& [word, reference] : {std::pair("input", RefKind::input), {"side_input", RefKind::side_input}, {"output", RefKind::output}}) {
      if (kind != word) continue;
      const bool found = reference == RefKind::output ? step_.output(name) != nullptr : step_.input(name, reference == RefKind::side_input) != nullptr;
      if (found) return {{Reference{reference, name, "", where}}, text, where};
      warn_unbound(value, kind, name);
    }
    return {{text}, text, where};
  }

  void warn_unbound(const Value& value, const std::string& kind, const std::string& name) {
    context_.warning(value.where, fmt::format("step `{}` has no {} `{}`: the argument stays as it is written", step_.name, kind, name));
  }

  Reading& reading_;
  Context& context_;
  const Entry& entry_;
  Step step_;
  std::map<std::string, Template> values_;
};

}  // namespace

void note_destinations(Reading& reading, const Value& steps) {
  for (const Entry& step : steps.node->entries) {
    const Value* body = &step.value;
    for (const Kind& kind : kinds)
      if (const Entry* section = body->node->find(kind.section); section && !body->node->find("type")) body = &section->value;
    const Entry* outputs = body->node->kind == Node::Kind::map ? body->node->find("outputs") : nullptr;
    for (const Entry& output : outputs ? outputs->value.node->entries : std::vector<Entry>{}) {
      const Entry* destination = output.value.node->find("destination");
      if (!destination || destination->value.node->kind != Node::Kind::scalar) continue;
      const std::string& name = destination->value.node->text;
      const auto [known, fresh] = reading.destinations.emplace(name, std::pair(step.key, output.key));
      if (!fresh)
        reading.context.error(destination->value.where, fmt::format("`{}` is the destination of two outputs, also of {} of step `{}`", name, known->second.second, known->second.first),
                              "give each a name of its own");
      reading.sources.push_back(name);
    }
  }
}

void read_step(Reading& reading, const Entry& entry) { Reader(reading, entry).read(); }

}  // namespace mlpipe::spec::v1
