#include <doctest/doctest.h>

#include <cstdlib>

#include "spec/spec.h"
#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

struct Spec {
  test::TempFolder folder;
  Path file;
  explicit Spec(const std::string& text) : file(folder.write("pipeline.yaml", text)) {}
  spec::Loaded load(const spec::Overrides& overrides = {}) const { return spec::load(file, overrides); }
};

std::vector<std::string> messages(const spec::Loaded& loaded) {
  std::vector<std::string> found;
  for (const Diagnostic& d : loaded.diagnostics.all()) found.push_back(d.message);
  return found;
}

Pipeline good(const Spec& spec, const spec::Overrides& overrides = {}) {
  spec::Loaded loaded = spec.load(overrides);
  INFO(render_all(loaded, false));
  REQUIRE(loaded.pipeline);
  return std::move(*loaded.pipeline);
}

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("a whole pipeline is read into the model") {
  const Spec spec(R"(
name: digits
parameters:
  epochs: 20
  rate: {default: 1e-3, min: 0, max: 1}
  tag: "007"
  fast: no
inputs:
  scans: data/scans
  lists: {path: "lists/*.csv", type: table, delimiter: ";", header: false}
environment: {python: python3.11}
settings: {continue_on_step_failure: false}
steps:
  prepare:
    source_directory: prepare
    command: python prepare.py --scans ${{ inputs.scans }} --out ${{outputs.digits}}
    inputs: {scans: "${{pipeline.inputs.scans}}/train/", epochs: "${{parameters.epochs}}", word: literal}
    outputs: {digits: , report: {file: report.txt, publish: results/report}}
    timeout: 1.5
    retries: 2
    resources: {cpus: 0.5, memory: 2GB}
    environment_variables: {SEED: "s${{parameters.epochs}}"}
    secrets: [TOKEN]
    hash_paths: [lists]
  train:
    source_directory: prepare
    script_name: train.py
    arguments: [--data, "${{inputs.digits}}", 5, true]
    inputs: {digits: "${{steps.prepare.outputs.digits}}"}
    depends_on: [prepare]
    allow_reuse: false
)");
  spec.folder.write("prepare/train.py", "");
  spec.folder.write("data/scans/train/x", "");
  spec.folder.write("lists/a.csv", "");
  const Pipeline pipeline = good(spec);

  CHECK(pipeline.name == "digits");
  CHECK_FALSE(pipeline.continue_on_step_failure);
  CHECK(pipeline.parameter("epochs")->type == ParameterType::integer);
  CHECK(pipeline.parameter("rate")->value == "1e-3");
  CHECK(pipeline.parameter("tag")->type == ParameterType::string);
  CHECK(pipeline.parameter("fast")->type == ParameterType::string);
  CHECK(pipeline.input("scans")->path == spec.folder / "data/scans");
  CHECK(pipeline.input("lists")->path == spec.folder / "lists");
  CHECK(pipeline.input("lists")->pattern == "*.csv");
  CHECK(pipeline.input("lists")->table.header == false);

  const Step& prepare = *pipeline.step("prepare");
  CHECK(prepare.source_directory == spec.folder / "prepare");
  CHECK(prepare.input("scans", false)->below == "train");
  CHECK(prepare.input("epochs", false)->value == "20");
  CHECK(prepare.input("epochs", false)->parameter == "epochs");
  CHECK(prepare.input("word", false)->value == "literal");
  CHECK(prepare.output("digits")->type == DataType::folder);
  CHECK(prepare.output("report")->file == "report.txt");
  CHECK(prepare.output("report")->publish == spec.folder / "results/report");
  CHECK(prepare.timeout->count() == 1.5);
  CHECK(prepare.resources.memory == std::uint64_t{2} << 30);
  CHECK(prepare.environment->python == "python3.11");
  CHECK(prepare.secrets == std::vector<std::string>{"TOKEN"});
  const Template& command = std::get<Command>(prepare.action).text;
  REQUIRE(command.references().size() == 2);
  CHECK(command.references()[0]->kind == RefKind::input);
  CHECK(command.references()[1]->where.column == 66);

  const Step& train = *pipeline.step("train");
  CHECK_FALSE(train.allow_reuse);
  CHECK(train.input("digits", false)->from == StepInput::From::step_output);
  const Script& script = std::get<Script>(train.action);
  CHECK(script.name.value == "train.py");
  REQUIRE(script.arguments.size() == 4);
  CHECK(std::get<std::string>(script.arguments[2].parts[0]) == "5");
}

namespace {

const char* const score = R"(
parameters: {size: 7, file: rows.txt}
inputs: {images: images}
steps:
  score:
    source_directory: score
    parallel_run_config:
      entry_script: score.py
      mini_batch_size: ${{parameters.size}}
      append_row_file_name: "my-${{parameters.file}}"
      error_threshold: 5
      process_count_per_node: 2
      order: completion
      logging_level: debug
      environment_variables: {A: 1}
    inputs: {images: "${{pipeline.inputs.images}}"}
    side_inputs: {again: "${{pipeline.inputs.images}}"}
    arguments: [--again, "${{side_inputs.again}}"]
    outputs: {predictions: }
)";

struct ScoreSpec : Spec {
  explicit ScoreSpec(const std::string& text = score) : Spec(text) {
    folder.write("score/score.py", "");
    folder.write("images/1.png", "");
  }
};

}  // namespace

TEST_CASE("a parallel_run_config is read with its parameters put in") {
  const Pipeline pipeline = good(ScoreSpec());
  const ParallelRunConfig& config = pipeline.step("score")->parallel()->config;
  CHECK(config.entry_script.value == "score.py");
  CHECK(config.mini_batch_size.value == 7);
  CHECK(config.append_row_file_name == "my-rows.txt");
  CHECK(config.error_threshold == 5);
  CHECK(config.order == RowOrder::completion);
  CHECK(config.logging_level == "DEBUG");
  CHECK(config.environment_variables.at("A") == "1");
  CHECK(config.run_max_try == 3);
  CHECK(config.isolate_failures);
}

TEST_CASE("a saved configuration of Azure is read from its own file, with paths beside it") {
  Spec spec("inputs: {images: images}\nsteps:\n  score:\n    parallel_run_config: azure/config.yml\n"
            "    inputs: {images: \"${{pipeline.inputs.images}}\"}\n    outputs: {p: }\n");
  spec.folder.write("images/1.png", "");
  spec.folder.write("azure/code/score.py", "");
  spec.folder.write("azure/config.yml",
                    "parallel_run_config:\n  compute_target_name: cpu-cluster\n  description: null\n  entry_script: score.py\n"
                    "  source_directory: code\n"
                    "  error_threshold: 10\n  mini_batch_size: '5'\n  node_count: 2\n"
                    "  output_action: append_row\n  process_count_per_node: null\n"
                    "  environment: {name: AzureML-sklearn, version: '2'}\n");
  const spec::Loaded loaded = spec.load();
  REQUIRE(loaded.pipeline);
  REQUIRE(loaded.diagnostics.all().size() == 1);
  CHECK(loaded.diagnostics.all()[0].severity == Severity::warning);
  const Step& step = loaded.pipeline->steps[0];
  CHECK(step.source_directory == spec.folder / "azure/code");
  CHECK(step.compute == "cpu-cluster");
  CHECK(step.parallel()->config.mini_batch_size.value == 5);
  CHECK_FALSE(step.parallel()->config.process_count_per_node);
}

TEST_CASE("a model beside the spec becomes a side input, so that its content counts") {
  Spec spec("inputs: {images: images}\nsteps:\n  score:\n    parallel_run_config: {model: models/m.pt, "
            "scoring: {image: {resize: 28, mode: l}}}\n"
            "    inputs: {images: \"${{pipeline.inputs.images}}\"}\n    outputs: {p: }\n");
  spec.folder.write("images/1.png", "");
  spec.folder.write("models/m.pt", "");
  const Pipeline pipeline = good(spec);
  const Step& step = pipeline.steps[0];
  const auto references = step.parallel()->config.model->references();
  REQUIRE(references.size() == 1);
  const StepInput* input = step.input(references[0]->name, true);
  REQUIRE(input);
  CHECK(pipeline.input(input->source)->path == spec.folder / "models/m.pt");
  CHECK(step.parallel()->config.scoring.image.mode == "L");
}

TEST_CASE("-p changes parameters, typed and within their limits") {
  const ScoreSpec spec;
  const Pipeline pipeline = good(spec, {.parameters = {"size=3", "file=a=b.txt"}});
  CHECK(pipeline.step("score")->parallel()->config.mini_batch_size.value == 3);
  CHECK(pipeline.parameter("file")->value == "a=b.txt");
  CHECK(pipeline.parameter("file")->overridden);
  CHECK(pipeline.overrides == std::vector<std::string>{"-p size=3", "-p file=a=b.txt"});
  const auto loaded = spec.load({.parameters = {"size=x"}});
  REQUIRE_FALSE(loaded.pipeline);
  CHECK(loaded.diagnostics.all()[0].where.file == "-p size=x");
  CHECK(loaded.diagnostics.all()[0].where.line == 0);
}

TEST_CASE("--set changes a key of the step or of its parallel_run_config") {
  const ScoreSpec spec;
  const Pipeline pipeline = good(spec, {.sets = {"score.mini_batch_size=9", "score.timeout=4", "score.arguments=[--x, '1, 2']",
                                                 "score.resources.cpus=2",
                                                 "score.parallel_run_config.run_max_try=1", "score.description=a: b # c"}});
  const Step& step = *pipeline.step("score");
  CHECK(step.parallel()->config.mini_batch_size.value == 9);
  CHECK(step.parallel()->config.run_max_try == 1);
  CHECK(step.timeout->count() == 4);
  CHECK(step.resources.cpus == 2);
  CHECK(step.description == "a: b # c");
  CHECK(std::get<std::string>(step.parallel()->arguments[1].parts[0]) == "1, 2");
  CHECK(messages(spec.load({.sets = {"score.timeout.x=1", "score.timeout=4"}})) == Messages{});
  CHECK(messages(spec.load({.sets = {"score.timeout=4", "score.timeout.x=1"}})) == Messages{"`timeout` is the integer 4, it has no keys"});
}

TEST_CASE("--input takes a path relative to the working directory, and spares the declared one") {
  const Spec spec("inputs: {scans: nowhere}\nsteps: {ls: {command: \"ls ${{inputs.s}}\", inputs: {s: \"${{pipeline.inputs.scans}}\"}}}\n");
  CHECK(messages(spec.load()) == Messages{"input `scans`: `nowhere` does not exist"});
  const Path file = spec.folder.write("one.txt", "");
  const Pipeline pipeline = good(spec, {.inputs = {"scans=" + file.string()}});
  CHECK(pipeline.input("scans")->path == file);
  CHECK(pipeline.input("scans")->type == DataType::file);
  CHECK(pipeline.input("scans")->overridden);
}

TEST_CASE("--use spares the step's code, command, model and inputs") {
  const Spec spec("inputs: {scans: nowhere}\nsteps:\n  made:\n    source_directory: gone\n    script_name: gone.py\n"
                  "    inputs: {s: \"${{pipeline.inputs.scans}}\"}\n    outputs: {x: }\n");
  CHECK(spec.load().diagnostics.all().size() == 2);
  good(spec, {.uses = {"made=" + spec.folder.path().string()}});
}

TEST_CASE("a literal that names a path beside the spec is warned about") {
  const Spec spec("steps: {a: {command: \"ls ${{inputs.d}}\", inputs: {d: data}}}\n");
  CHECK(messages(spec.load()).empty());
  spec.folder.write("data/x", "");
  const auto loaded = spec.load();
  CHECK(loaded.pipeline);
  CHECK(messages(loaded) == Messages{"input `d` is the text `data`, not the data at that path"});
}

TEST_CASE("v2 spellings mean the same in step inputs") {
  const Spec spec("inputs: {i: .}\nsteps:\n  a: {command: ls, outputs: {o: }}\n  b:\n    command: ls\n"
                  "    inputs: {x: \"${{ parent.jobs.a.outputs.o }}/p\", y: \"${{parent.inputs.i}}\"}\n");
  const Pipeline pipeline = good(spec);
  CHECK(pipeline.steps[1].inputs[0].step == "a");
  CHECK(pipeline.steps[1].inputs[0].below == "p");
  CHECK(pipeline.steps[1].inputs[1].source == "i");
}

TEST_CASE("an expression is found at its own place in every kind of text") {
  const Spec spec("steps:\n  a:\n    command: >\n      one\n\n      two ${{inputs.x}}\n"
                  "  b:\n    command: \"it\\\"s ${{run.id}} ${{inputs.y}}\"\n");
  const auto loaded = spec.load();
  REQUIRE(loaded.diagnostics.all().size() == 2);
  CHECK(loaded.diagnostics.all()[0].where.line == 6);
  CHECK(loaded.diagnostics.all()[0].where.column == 11);
  CHECK(loaded.diagnostics.all()[1].where.line == 8);
  CHECK(loaded.diagnostics.all()[1].where.column == 33);
}

TEST_CASE("isolate_failures is true or false") {
  const std::string text = score;
  const auto with = [&](const std::string& line) { return ScoreSpec(text + "").load({.sets = {"score." + line}}); };
  CHECK(with("isolate_failures=false").pipeline);
  CHECK(with("isolate_failures=true").pipeline);
  CHECK_FALSE(with("isolate_failures=2").pipeline);
  CHECK(with("order=mini_batch").pipeline);
}

TEST_CASE("a file that cannot be a spec is one mistake") {
  const test::TempFolder folder;
  CHECK(messages(spec::load(folder / "none.yaml")) == Messages{"no such file"});
  CHECK(messages(spec::load(folder.path())) == Messages{"this is a folder, not a pipeline file"});
  CHECK(messages(spec::load("/dev/null")) == Messages{"this is not a regular file"});
  CHECK(messages(spec::load(folder.write("big.yaml", std::string((16 << 20) + 1, '#')))) == Messages{"this file is larger than 16 MB"});
  CHECK(spec::load(folder / std::string(5000, 'x')).diagnostics.has_errors());
}

TEST_CASE("texts of every file are there to draw the mistakes in them") {
  const Spec spec("steps: {a: {comand: ls}}\n");
  const auto drawn = render_all(spec.load(), false);
  CHECK(drawn.find("unknown key `comand`") != std::string::npos);
  CHECK(drawn.find("             ^~~~~~\n") != std::string::npos);
  CHECK(drawn.find("hint: did you mean `command`?") != std::string::npos);
}

TEST_CASE("the mistakes of a hopeless file are counted, not all drawn") {
  std::string text = "steps: {a: {command: ls}}\n";
  for (int i = 0; i < 3000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  const auto loaded = Spec(text).load();
  CHECK(loaded.diagnostics.all().size() == 1000);
  CHECK(render_all(loaded, false).ends_with("... and 950 more\n"));
}

TEST_CASE("an environment may be a name, or a conda file, that a mapping file has") {
  const Spec spec(R"(
steps:
  a: {command: echo, environment: sklearn}
  b: {command: echo, environment: {conda_file: env.yml}}
  c: {command: echo, environment: {conda_file: env.yml, python: python3.9}}
)");
  spec.folder.write("env.yml", "");
  CHECK(messages(spec.load()) == Messages{"no mapping file has the environment `sklearn`"});
  spec.folder.write("mlpipe.local.yaml", "environments: {sklearn: {python: python3.11}, env.yml: {python: python3.12}}\n");
  const Pipeline pipeline = good(spec);
  CHECK(pipeline.step("a")->environment->python == "python3.11");
  CHECK(pipeline.step("b")->environment->python == "python3.12");
  CHECK(pipeline.step("c")->environment->python == "python3.9");
}
