#include "spec/native/schema.h"

#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace mlpipe::spec {
namespace {

using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

// An expression may stand for a whole value in a parallel_run_config.
constexpr const char* expression = R"(\$\{\{)";
constexpr const char* variable_name = "^[A-Za-z_][A-Za-z0-9_]*$";

Json with(Json schema, const char* key, Json value) {
  schema[key] = std::move(value);
  return schema;
}
Json about(const char* text, Json schema) { return with(std::move(schema), "description", text); }

// --- values

// Whatever its looks: a text may look like a number.
Json scalar() { return {{"type", {"string", "number", "boolean"}}}; }
Json text() { return with(scalar(), "pattern", R"(\S)"); }
Json fixed_text() { return with(text(), "not", {{"type", "string"}, {"pattern", expression}}); }
// A text that no number is.
Json word(const char* pattern) { return {{"type", "string"}, {"pattern", pattern}}; }
Json boolean() { return {{"type", "boolean"}}; }
Json integer(long long least, long long most) { return {{"type", "integer"}, {"minimum", least}, {"maximum", most}}; }
Json number(double least, double most) { return {{"type", "number"}, {"minimum", least}, {"maximum", most}}; }
Json positive(double most) { return {{"type", "number"}, {"exclusiveMinimum", 0}, {"maximum", most}}; }
Json list(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }
Json any_of(std::vector<Json> schemas) { return {{"anyOf", std::move(schemas)}}; }
Json null() { return {{"type", "null"}}; }

std::string in_any_case(const std::string& word) {
  std::string pattern;
  for (const char c : word) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalpha(letter)) (((pattern += '[') += static_cast<char>(std::toupper(letter))) += static_cast<char>(std::tolower(letter))) += ']';
    else pattern += c;
  }
  return pattern;
}

// Editors offer the first form, the parser takes every case.
Json choice(const Words& words) {
  std::string pattern;
  for (const std::string& word : words) pattern += (pattern.empty() ? "^(" : "|") + in_any_case(word);
  return any_of({{{"enum", words}}, {{"type", "string"}, {"pattern", pattern + ")$"}}});
}

Json or_expression(Json schema) { return any_of({std::move(schema), {{"type", "string"}, {"pattern", expression}}}); }

// --- maps

// No other keys.
Json closed(Json properties) { return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}}; }
Json named(Json value) { return {{"type", "object"}, {"propertyNames", {{"pattern", "^[A-Za-z0-9_-]{1,100}$"}}}, {"additionalProperties", std::move(value)}}; }
Json variables() { return {{"type", "object"}, {"propertyNames", {{"pattern", variable_name}}}, {"additionalProperties", scalar()}}; }
Json required(const Words& keys) { return {{"required", keys}}; }
Json not_both(const Words& keys) { return {{"not", required(keys)}}; }
Json one_of_keys(const Words& keys) {
  Json choices = Json::array();
  for (const std::string& key : keys) choices.push_back(required({key}));
  return choices;
}

// --- parts of a file

Json data_type() { return about("folder: the default; file: one file; table: CSV, TSV, JSON lines or Parquet; mltable: a folder with a file MLTable", choice({"folder", "file", "table", "mltable"})); }

void add_table_keys(Json& properties) {
  properties["delimiter"] = about("what separates the columns of a table: one character, or \\t", any_of({word(R"(^([^"\r\n]|\\t)$)"), integer(0, 9)}));
  properties["header"] = about("whether a table's first line names its columns; true is the default", boolean());
  properties["partition_format"] = about("what the end of each file's path means: \"{user}/{season}.csv\"", word(R"(\{)"));
  properties["description"] = about("for people", text());
}

Json parameter() {
  const Json value = about("its value without -p NAME=VALUE", scalar());
  Json properties{{"type", about("of its values; without it, that of the default", choice({"string", "integer", "number", "boolean"}))},
                  {"default", value},
                  {"min", about("the smallest value allowed", number(-1e308, 1e308))},
                  {"max", about("the largest value allowed", number(-1e308, 1e308))},
                  {"description", about("for people", text())}};
  return any_of({scalar(), null(), with(closed(std::move(properties)), "anyOf", one_of_keys({"type", "default"}))});
}

Json pipeline_input() {
  const Json path = about("a folder, a file or a pattern such as data/*.csv, relative to this file",
                          with(text(), "not", {{"type", "string"}, {"pattern", R"(://|^azureml:|\$\{\{)"}}));
  Json properties{{"path", path}, {"type", data_type()}};
  add_table_keys(properties);
  return any_of({path, with(closed(std::move(properties)), "required", {"path"})});
}

Json environment() {
  return any_of({about("a name that a mapping file has", scalar()),
                 closed({{"python", about("an interpreter, or the folder of a virtual environment", text())},
                         {"conda_file", about("what the step needs, as conda says it", text())},
                         {"requirements", about("what the step needs, as pip says it", text())},
                         {"image", about("kept for export", text())}})});
}

Json output() {
  Json properties{{"type", data_type()},
                  {"file", about("the name of the file that the step writes", with(text(), "pattern", R"(^(?=.*\S)[^/]{1,200}$)"))},
                  {"mode", about("kept for export", choice({"mount", "upload"}))},
                  {"publish", about("where it is copied after success, relative to this file", fixed_text())}};
  add_table_keys(properties);
  return any_of({about("a folder, made before the step runs", null()), closed(std::move(properties))});
}

Json step_data(Json value) { return with(named(std::move(value)), "maxProperties", 1000); }

Json resources() {
  return closed({{"cpus", about("cores that the step takes", positive(4096))},
                 {"memory", about("such as 4GB", any_of({word("^[0-9]+([kKmMgG][bB])?$"), integer(1, 1LL << 62)}))},
                 {"gpus", about("not yet scheduled", integer(0, 64))}});
}

Json image() {
  const Json side = or_expression(integer(1, 16384));
  const Json size = any_of({side, with(with(list(side), "minItems", 1), "maxItems", 2)});
  const auto channels = [](const Json& one) { return any_of({or_expression(one), list(or_expression(one))}); };
  return closed({{"resize", about("pixels: of the shorter side, or [height, width]", size)},
                 {"crop", about("pixels, from the middle", size)},
                 {"mode", about("RGB: the default; L: grey", or_expression(choice({"RGB", "L"})))},
                 {"mean", about("subtracted from each channel, of values from 0 to 1", channels(number(-1e6, 1e6)))},
                 {"std", about("each channel is divided by it", channels(positive(1e6)))},
                 {"layout", about("chw: the default", or_expression(choice({"chw", "hwc"})))},
                 {"exif", about("whether the camera's orientation is followed", or_expression(boolean()))}});
}

Json rows() {
  const Json columns = with({{"type", "object"}, {"additionalProperties", text()}}, "minProperties", 1);
  return any_of({about("the row of one item: {name} {argmax} {max:.4f}", text()),
                 with(closed({{"format", or_expression(choice({"csv", "jsonl", "npy", "parquet"}))}, {"columns", about("NAME: \"{argmax}\"", columns)}}), "required", {"format"})});
}

Json model_columns() {
  const Json names = list(scalar());
  const Json input = any_of({with(names, "minItems", 1), closed({{"columns", names}, {"type", or_expression(choice({"float32", "int64"}))}})});
  return any_of({names, {{"type", "object"}, {"additionalProperties", input}}});
}

Json scoring() {
  return closed({{"input", about("what an item is: image is the default", or_expression(choice({"image", "table", "array"})))},
                 {"image", about("how an image becomes numbers", image())},
                 {"columns", about("the columns that the model takes, in its order; or a map, of several inputs", model_columns())},
                 {"missing", about("of an empty value: fail (the default), nan, or a number", any_of({word(R"(^([Ff][Aa][Ii][Ll]|[Nn][Aa][Nn]|[-+.0-9eE]+)$|\$\{\{)"), {{"type", "number"}}}))},
                 {"output", about("what is written of an item", rows())},
                 {"labels", about("a file with a name a line", scalar())},
                 {"batch_size", about("rows a pass; chosen when it is left out", or_expression(integer(1, 65536)))},
                 {"numerics", about("strict: the default; fast", or_expression(choice({"strict", "fast"})))},
                 {"device", about("cpu, cuda or cuda:N", word(R"(^([Cc][Pp][Uu]|[Cc][Uu][Dd][Aa](:[0-9]{1,2})?)$|\$\{\{)"))}});
}

Json parallel_properties() {
  const Json seconds = or_expression(positive(259200)), threshold = or_expression(integer(-1, 1'000'000'000));
  return {{"entry_script", about("Python with run(mini_batch)", text())},
          {"model", about("a TorchScript file or a package of AOTInductor, instead of a script", scalar())},
          {"scoring", about("what the model is fed, and the row that it gives", scoring())},
          {"mini_batch_size", about("files; of tables a size such as 10KB",
                                    any_of({integer(1, 1'000'000'000), {{"type", "string"}, {"pattern", R"(^[0-9]+([kKmMgG][bB])?$|\$\{\{)"}}}))},
          {"partition_keys", about("a mini-batch for each combination of their values", with(with(list(scalar()), "minItems", 1), "uniqueItems", true))},
          {"error_threshold", about("failed items allowed; -1: any number", threshold)},
          {"allowed_failed_count", about("failed mini-batches allowed; -1: any number", threshold)},
          {"allowed_failed_percent", about("of the mini-batches", or_expression(number(0, 100)))},
          {"isolate_failures", about("whether the bad items of a failed mini-batch are found", or_expression(boolean()))},
          {"output_action", or_expression(choice({"append_row", "summary_only"}))},
          {"append_row_file_name", about("parallel_run_step.txt is the default", with(text(), "pattern", R"(^(?=.*\S)[^~"#%&*:<>?/\\{|}]{1,200}$|\$\{\{)"))},
          {"order", about("of the rows", or_expression(choice({"mini_batch", "completion"})))},
          {"node_count", or_expression(integer(1, 1000))},
          {"process_count_per_node", about("workers; one a core is the default", or_expression(integer(1, 1000)))},
          {"run_invocation_timeout", about("seconds for one try of a mini-batch", seconds)},
          {"task_overhead_timeout", about("seconds more before its worker is killed", or_expression(number(0, 259200)))},
          {"run_max_try", about("tries of a mini-batch, the first included", or_expression(integer(1, 1000)))},
          {"logging_level", or_expression(choice({"DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "NOTSET"}))},
          {"environment_variables", {{"type", "object"}, {"additionalProperties", scalar()}}},
          {"preload", about("modules that are imported once, before workers are forked", list(scalar()))},
          {"source_directory", about("relative to the file that this stands in", text())},
          {"environment", environment()},
          {"compute_target_name", about("kept for export", text())},
          {"description", about("for people", text())},
          {"environment_dir_path", {{"not", null()}}},
          {"environment_name", {{"not", null()}}}};
}

Json parallel_run_config() {
  Json inlined = closed(parallel_properties());
  inlined["oneOf"] = one_of_keys({"entry_script", "model"});
  inlined["dependencies"] = {{"scoring", {"model"}}, {"preload", {"entry_script"}}};
  inlined["allOf"] = {not_both({"partition_keys", "mini_batch_size"})};
  return any_of({about("a file with parallel_run_config:, as Azure's save_to_yaml writes it", scalar()), std::move(inlined)});
}

// Numbers, and comparisons with them (pipeline/expectation.h).
Json gates() {
  const Json count = or_expression(any_of({integer(0, 9'000'000'000'000'000), word(R"(^\s*([<>]=?|[!=]=|=)?\s*\+?[0-9])")}));
  const Json limit = or_expression(any_of({number(-1e308, 1e308), word(R"(^\s*([<>]=?|[!=]=|=)?\s*[-+.0-9])")}));
  return closed({{"rows", about("of a parallel step: 360, or \">= 100\"", count)},
                 {"failed_items", about("of a parallel step: 0, or \"<= 5\"", count)},
                 {"metrics", about("NAME: \">= 0.97\", of what the script tracks", Json{{"type", "object"}, {"additionalProperties", limit}})}});
}

Json step_properties() {
  return {{"description", about("for people", text())},
          {"source_directory", about("the step's code; it runs in a private copy of it", fixed_text())},
          {"command", about("a shell command; ${{inputs.X}}, ${{outputs.O}} and ${{parameters.P}} stand for paths and values", text())},
          {"script_name", about("a Python script below source_directory", text())},
          {"arguments", about("of the script", list(scalar()))},
          {"parallel_run_config", about("scores an input in mini-batches", parallel_run_config())},
          {"inputs", about("NAME: \"${{pipeline.inputs.X}}\" or \"${{steps.STEP.outputs.O}}\", or a value", step_data(scalar()))},
          {"side_inputs", about("as inputs; a parallel step gives them whole to every worker", step_data(scalar()))},
          {"outputs", about("NAME: for a folder, NAME: {type: file} for a file", step_data(output()))},
          {"allow_reuse", about("true, the default: a result for the same code, inputs and settings is taken", boolean())},
          {"is_deterministic", about("Azure's other word for allow_reuse", boolean())},
          {"hash_paths", about("more files or folders that count as its code", list(scalar()))},
          {"environment", environment()},
          {"environment_variables", variables()},
          {"secrets", about("names of variables that are handed on and never written down", list(any_of({word(variable_name), boolean()})))},
          {"timeout", about("seconds for one try", positive(1e9))},
          {"retries", about("extra tries", integer(0, 100))},
          {"resources", resources()},
          {"expect", about("what its result must be; else the step fails, and says by how much", gates())},
          {"depends_on", about("steps that come first, without data", list(scalar()))},
          {"compute", about("kept for export", text())}};
}

Json step() {
  Json schema = closed(step_properties());
  schema["oneOf"] = one_of_keys({"command", "script_name", "parallel_run_config"});
  schema["dependencies"] = {{"script_name", {"source_directory"}}};
  schema["allOf"] = {not_both({"command", "arguments"})};
  return schema;
}

}  // namespace

std::string native_schema() {
  Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "a pipeline of mlpipe"}};
  Json steps = with(named({{"$ref", "#/definitions/step"}}), "minProperties", 1);
  Json settings = closed({{"continue_on_step_failure", about("whether independent branches go on; true is the default", boolean())},
                          {"force_rerun", about("nothing is reused", boolean())}});
  schema.update(closed({{"name", about("for people", text())},
                        {"description", about("for people", text())},
                        {"parameters", about("NAME: default; mlpipe run -p NAME=VALUE", named(parameter()))},
                        {"inputs", about("NAME: path; mlpipe run --input NAME=PATH", named(pipeline_input()))},
                        {"environment", environment()},
                        {"settings", std::move(settings)},
                        {"steps", about("NAME: and what it runs", std::move(steps))}}));
  schema["required"] = {"steps"};
  schema["definitions"] = {{"step", step()}};
  return schema.dump(2) + "\n";
}

}  // namespace mlpipe::spec
