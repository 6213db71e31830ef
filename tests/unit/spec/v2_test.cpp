#include <doctest/doctest.h>

#include <cstdlib>

#include "spec/spec.h"
#include "support/temp_folder.h"

using namespace mlpipe;

namespace {

struct Spec {
  test::TempFolder folder;
  Path file;

  explicit Spec(const std::string& text) : file(folder.write("pipeline.yml", text)) { ::setenv("XDG_CONFIG_HOME", (folder.path() / "config").c_str(), 1); }
  Spec& with(const std::string& name, const std::string& text) {
    folder.write(name, text);
    return *this;
  }
  spec::Loaded load(const spec::Overrides& overrides = {}) const { return spec::load(file, overrides); }
};

Pipeline good(const Spec& spec, const spec::Overrides& overrides = {}) {
  spec::Loaded loaded = spec.load(overrides);
  INFO(render_all(loaded, false));
  REQUIRE(loaded.pipeline);
  return std::move(*loaded.pipeline);
}

std::vector<std::string> messages(const spec::Loaded& loaded) {
  std::vector<std::string> found;
  for (const Diagnostic& d : loaded.diagnostics.all()) found.push_back(d.message);
  return found;
}

// "echo <x> > <y>/out": references in angle brackets.
std::string shown(const Template& text) {
  std::string all;
  for (const auto& part : text.parts) {
    const auto* reference = std::get_if<Reference>(&part);
    all += reference ? "<" + reference->name + ">" : std::get<std::string>(part);
  }
  return all;
}

std::string command_of(const Pipeline& pipeline, const std::string& step) {
  REQUIRE(pipeline.step(step));
  return shown(std::get<Command>(pipeline.step(step)->action).text);
}

std::vector<std::string> step_names(const Pipeline& pipeline) {
  std::vector<std::string> names;
  for (const Step& step : pipeline.steps) names.push_back(step.name);
  return names;
}

using Names = std::vector<std::string>;

const char* const train_component = R"(
type: command
inputs:
  data: {type: uri_folder}
  epochs: {type: integer, default: 3}
  fast: {type: boolean, default: false}
  note: {type: string, optional: true}
outputs:
  model: {type: uri_file}
code: ./src
environment: azureml:trainer:4
environment_variables: {A: component, B: component}
limits: {timeout: 60}
command: train ${{inputs.data}} ${{ inputs.epochs }} ${{inputs.fast}} $[[--note ${{inputs.note}}]] ${{outputs.model}}
)";

}  // namespace

TEST_CASE("v2: nodes become steps, bindings edges, values of the pipeline parameters") {
  const Spec spec(R"(
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: words
inputs: {word: hello, data: {type: uri_folder, path: ./data}, g: {x: 1, y: {type: uri_file, path: data/y}}}
jobs:
  say:
    command: echo ${{inputs.word}} ${{inputs.x}} ${{inputs.flag}} > ${{outputs.out}}/word
    inputs: {word: "${{parent.inputs.word}}", x: "${{ parent.inputs.g.x }}", flag: true}
    outputs: {out: }
    environment_variables: {WORD: "the ${{inputs.word}}"}
  read:
    type: command
    command: cat ${{inputs.out}} ${{inputs.data}} ${{inputs.y}} ${{inputs.own}} ${{inputs.left}}
    inputs:
      out: {type: uri_folder, path: "${{parent.jobs.say.outputs.out}}/word"}
      data: ${{parent.inputs.data}}
      y: ${{parent.inputs.g.y}}
      own: {type: uri_file, path: data/y, mode: download}
      left: ${{parent.jobs.say.outputs.artifacts}}
      same: ${{parent.jobs.say.inputs.word}}
)");
  spec.folder.write("data/y", "1");
  const Pipeline p = good(spec);
  CHECK(p.dialect == Dialect::v2);
  CHECK(p.name == "words");
  CHECK(step_names(p) == Names{"say", "read"});
  CHECK(command_of(p, "say") == "echo <word> <x> <flag> > <out>/word");
  CHECK(std::get<Command>(p.steps[0].action).plain_values);
  CHECK(p.steps[0].input("flag", false)->value == "True");
  CHECK(p.steps[0].input("word", false)->parameter == "word");
  CHECK(p.steps[0].input("x", false)->value == "1");
  CHECK(shown(p.steps[0].environment_variables.at("WORD")) == "the <word>");
  const StepInput& out = *p.steps[1].input("out", false);
  CHECK(out.from == StepInput::From::step_output);
  CHECK(out.step == "say");
  CHECK(out.source == "out");
  CHECK(out.below == "word");
  CHECK(p.steps[1].input("y", false)->source == "g.y");
  CHECK(p.input("read.own")->path == spec.folder.path() / "data/y");
  CHECK(p.input("read.own")->type == DataType::file);
  CHECK(p.steps[1].input("left", false)->source == "artifacts");
  CHECK(p.steps[0].output("artifacts")->left_in == "outputs");
  CHECK(p.steps[1].input("same", false)->value == "hello");
  REQUIRE(p.parameter("g.x"));
}

TEST_CASE("v2: -p, --input and --set change what the file says") {
  const Spec spec(R"(
type: pipeline
inputs: {word: hello, count: {type: integer, default: 3}}
jobs:
  outer: {type: pipeline, component: inner.yml, inputs: {word: "${{parent.inputs.word}}"}}
  own: {command: "cat ${{inputs.f}} ${{inputs.n}}", inputs: {f: {type: uri_file, path: a}, n: "${{parent.inputs.count}}"}}
)");
  spec.folder.write("inner.yml", "inputs: {word: {type: string}}\njobs: {say: {command: 'echo ${{inputs.w}}', inputs: {w: '${{parent.inputs.word}}'}}}\n");
  spec.folder.write("a", "");
  spec.folder.write("b", "");
  spec::Overrides overrides{{"word=bye", "count=5"}, {"outer.say.limits.timeout=7", "own.inputs.n=9"}, {"own.f=" + (spec.folder.path() / "b").string()}, {}};
  const Pipeline p = good(spec, overrides);
  CHECK(p.step("outer.say")->input("w", false)->value == "bye");
  CHECK(p.step("outer.say")->timeout == Seconds(7));
  CHECK(p.step("own")->input("n", false)->value == "9");
  CHECK(p.input("own.f")->path == spec.folder.path() / "b");
  CHECK(p.parameter("count")->value == "5");
}

TEST_CASE("v2: a component's keys fill what the node leaves open, and its paths begin beside it") {
  Spec spec(R"(
type: pipeline
jobs:
  a: {component: "file:./parts/train.yml", inputs: {data: {path: ./data}}, environment_variables: {B: node}}
  b:
    component: ./parts/train.yml
    inputs: {data: {path: ./data}, epochs: "8", fast: "True", note: it is}
    limits: {timeout: 5}
    is_deterministic: false
    resources: {instance_count: 2}
    distribution: {type: pytorch, process_count_per_instance: 4}
)");
  spec.with("parts/train.yml", train_component).with("parts/src/train.py", "").with("data/x", "");
  const Pipeline p = good(spec);
  CHECK(command_of(p, "a") == "train <data> <epochs> <fast>  <model>");
  CHECK(command_of(p, "b") == "train <data> <epochs> <fast> --note <note> <model>");
  CHECK(p.step("a")->input("fast", false)->value == "False");
  CHECK(p.step("b")->input("epochs", false)->value == "8");
  CHECK(p.step("a")->source_directory == spec.folder.path() / "parts/src");
  CHECK(p.step("a")->environment->name == "trainer:4");
  CHECK(shown(p.step("a")->environment_variables.at("A")) == "component");
  CHECK(shown(p.step("a")->environment_variables.at("B")) == "node");
  CHECK(p.step("a")->timeout == Seconds(60));
  CHECK(p.step("b")->timeout == Seconds(5));
  CHECK(p.step("a")->allow_reuse);
  CHECK_FALSE(p.step("b")->allow_reuse);
  CHECK(p.step("b")->distribution.kind == Distribution::Kind::pytorch);
  CHECK(p.step("b")->distribution.instances == 2);
  CHECK(p.step("b")->distribution.processes_per_instance == 4);
  CHECK(p.step("a")->output("model")->type == DataType::file);
  CHECK(p.step("a")->output("model")->file == "model");
}

TEST_CASE("v2: pipelines within pipelines become steps of one, their inputs and outputs followed through") {
  Spec spec(R"(
type: pipeline
inputs: {rate: 0.5, data: {type: uri_folder, path: .}}
outputs: {best: {type: uri_file, path: "azureml://datastores/workspaceblobstore/paths/runs/${{name}}/best.pt", mode: upload}}
jobs:
  outer:
    type: pipeline
    component: outer.yml
    inputs: {rate: "${{parent.inputs.rate}}", data: "${{parent.inputs.data}}"}
    outputs: {best: "${{parent.outputs.best}}"}
  use:
    command: cat ${{inputs.best}} ${{inputs.log}}
    inputs: {best: "${{parent.jobs.outer.outputs.best}}", log: "${{parent.jobs.outer.outputs.log}}"}
)");
  spec.with("outer.yml", R"(
type: pipeline
inputs: {rate: {type: number}, data: {type: uri_folder}, extra: {type: uri_folder, optional: true}}
outputs: {best: {type: uri_folder}, log: {type: uri_folder}}
jobs:
  inner:
    type: pipeline
    component: deep/inner.yml
    inputs: {r: "${{parent.inputs.rate}}", d: "${{parent.inputs.data}}", x: "${{parent.inputs.extra}}"}
    outputs: {model: "${{parent.outputs.best}}", log: {path: "${{parent.outputs.log}}"}}
)");
  spec.with("deep/inner.yml", R"(
inputs: {r: {type: number}, d: {type: uri_folder}, x: {type: uri_folder, optional: true}, c: {type: string, default: big}}
outputs: {model: {type: uri_folder}, log: {type: uri_folder}}
jobs:
  train:
    component: {command: "t ${{inputs.d}} ${{inputs.r}} $[[${{inputs.x}}]] ${{outputs.m}} ${{outputs.l}}", inputs: {d: {type: uri_folder}, r: {type: number}, x: {type: uri_folder, optional: true}}, outputs: {m: , l: }}
    inputs: {d: "${{parent.inputs.d}}", r: "${{parent.inputs.r}}", x: "${{parent.inputs.x}}"}
    outputs: {m: "${{parent.outputs.model}}", l: "${{parent.outputs.log}}"}
    compute: ${{parent.inputs.c}}
)");
  const Pipeline p = good(spec);
  CHECK(step_names(p) == Names{"outer.inner.train", "use"});
  const Step& train = p.steps[0];
  CHECK(train.input("r", false)->parameter == "rate");
  CHECK(train.input("d", false)->source == "data");
  CHECK(train.input("x", false) == nullptr);
  CHECK(train.compute == "big");
  CHECK(p.steps[1].input("best", false)->step == "outer.inner.train");
  CHECK(p.steps[1].input("best", false)->source == "m");
  CHECK(p.steps[1].input("log", false)->source == "l");
  REQUIRE(p.outputs.size() == 1);
  CHECK(p.outputs[0].step == "outer.inner.train");
  CHECK(p.outputs[0].output == "m");
  const StepOutput& model = *train.output("m");
  CHECK(model.type == DataType::file);
  CHECK(model.file == "best.pt");
  CHECK(model.mode == "upload");
  CHECK(model.publish == spec.folder.path() / ".mlpipe/datastores/workspaceblobstore/runs/${{name}}/best.pt");
}

TEST_CASE("v2: parallel nodes have Azure's v2 defaults, and all but one input go to every worker") {
  Spec spec(R"(
type: pipeline
jobs:
  score:
    type: parallel
    inputs: {data: {type: uri_folder, path: .}, model: {type: uri_folder, path: .}, top: 3}
    outputs: {log: , rows: {type: uri_file, path: "azureml://datastores/${{default_datastore}}/paths/${{name}}/${{output_name}}.csv"}}
    input_data: ${{inputs.data}}
    task:
      type: run_function
      code: src
      entry_script: pack.score
      environment: {name: scorer, version: 2, image: python, conda_file: env.yml}
      program_arguments: >-
        --model ${{inputs.model}}/m.pt --data ${{inputs.data}} --top=${{inputs.top}} --text "two words" 'it''s'
        --error_threshold 5 --resource_monitor_interva 20
      append_row_to: ${{outputs.rows}}
)");
  spec.with("src/pack/score.py", "").with("env.yml", "");
  const Pipeline p = good(spec);
  const Step& step = p.steps[0];
  const Parallel& parallel = *step.parallel();
  CHECK(parallel.config.entry_script.value == "pack/score.py");
  CHECK(parallel.config.mini_batch_size.value == 1);
  CHECK_FALSE(parallel.config.mini_batch_size_given);
  CHECK(parallel.config.error_threshold == 5);  // the flag
  CHECK(parallel.config.allowed_failed_count == -1);
  CHECK(parallel.config.run_max_try == 3);
  CHECK(parallel.config.run_invocation_timeout == Seconds(60));
  CHECK(parallel.config.output_action == OutputAction::append_row);
  CHECK_FALSE(parallel.config.isolate_failures);
  CHECK(step.input("data", false));
  CHECK(step.input("model", true));
  CHECK(step.input("top", true));
  CHECK(step.outputs[0].name == "rows");
  CHECK(step.outputs[0].file == "rows.csv");
  CHECK(step.outputs[0].publish == spec.folder.path() / ".mlpipe/datastores/workspaceblobstore/${{name}}/rows.csv");
  CHECK(step.environment->name == "scorer:2");
  Names arguments;
  for (const Template& argument : parallel.arguments) arguments.push_back(shown(argument));
  CHECK(arguments == Names{"--model", "<model>/m.pt", "--data", "<data>", "--top=<top>", "--text", "two words", "its", "--error_threshold", "5",
                           "--resource_monitor_interva", "20"});
}

TEST_CASE("v2: 0 and nothing in a parallel node leave the value to its component") {
  Spec spec(R"(
type: pipeline
jobs:
  score:
    type: parallel
    component: score.yml
    inputs: {data: {type: mltable, path: table}}
    mini_batch_error_threshold: 0
    mini_batch_size: ""
    error_threshold: 7
    retry_settings: {max_retries: 0, timeout: 5}
    resources: {instance_count: 3}
)");
  spec.with("score.yml", R"(
type: parallel
inputs: {data: {type: mltable}}
input_data: ${{inputs.data}}
mini_batch_error_threshold: 4
mini_batch_size: "20kb"
max_concurrency_per_instance: 2
task: {type: run_function, code: src, entry_script: score.py, environment: azureml:e@latest}
)");
  spec.with("src/score.py", "").with("table/MLTable", "paths: [{file: ./a.csv}]\n").with("table/a.csv", "x\n1\n");
  const Pipeline p = good(spec);
  const ParallelRunConfig& config = p.steps[0].parallel()->config;
  CHECK(config.allowed_failed_count == 4);
  CHECK(config.mini_batch_size.value == 20480);
  CHECK(config.error_threshold == 7);
  CHECK(config.run_max_try == 1);
  CHECK(config.node_count == 3);
  CHECK(config.process_count_per_node == 2);
  CHECK(config.output_action == OutputAction::summary_only);
  CHECK(p.input("score.data")->type == DataType::mltable);
}

TEST_CASE("v2: settings may be values of inputs, of the pipeline's and of the component's") {
  Spec spec(R"(
type: pipeline
inputs: {nodes: 2, machine: big}
jobs:
  score:
    type: parallel
    component: score.yml
    compute: azureml:${{parent.inputs.machine}}
    inputs: {data: {path: .}, size: 7}
    resources: {instance_count: "${{parent.inputs.nodes}}"}
)");
  spec.with("score.yml", R"(
type: parallel
inputs: {data: {type: uri_folder}, size: {type: integer}, tries: {type: integer, default: 4}}
input_data: ${{inputs.data}}
mini_batch_size: ${{inputs.size}}
retry_settings: {max_retries: "${{inputs.tries}}"}
task: {type: run_function, code: src, entry_script: score.py, environment: azureml:e@latest}
)");
  spec.with("src/score.py", "");
  const Pipeline p = good(spec);
  const ParallelRunConfig& config = p.steps[0].parallel()->config;
  CHECK(config.node_count == 2);
  CHECK(config.mini_batch_size.value == 7);
  CHECK(config.run_max_try == 5);
  CHECK(p.steps[0].compute == "azureml:big");
}

TEST_CASE("v2: what would go on for ever, or too deep, is stopped") {
  std::string chain = "type: pipeline\njobs:\n";
  for (int i = 0; i < 3000; ++i)
    chain += "  n" + std::to_string(i) + ": {command: echo, inputs: {x: \"${{parent.jobs.n" + std::to_string(i + 1) + ".inputs.x}}\"}}\n";
  const Spec row(chain + "  n3000: {command: echo, inputs: {x: 1}}\n");
  const auto told = messages(row.load());
  REQUIRE_FALSE(told.empty());
  CHECK(told.front() == "more than 500 inputs stand for each other in a row");

  Spec deep("type: pipeline\njobs: {a: {type: pipeline, component: c0.yml}}\n");
  for (int i = 0; i < 300; ++i)
    deep.with("c" + std::to_string(i) + ".yml", "jobs: {a: {type: pipeline, component: c" + std::to_string(i + 1) + ".yml}}\n");
  deep.with("c300.yml", "jobs: {a: {command: echo}}\n");
  CHECK(messages(deep.load()) == Names{"components are nested more than 100 deep"});
}

TEST_CASE("v2: settings order the steps") {
  const Spec spec(R"(
type: pipeline
settings: {on_init: first, on_finalize: last, continue_on_step_failure: false, force_rerun: true}
jobs:
  last: {command: echo}
  middle: {command: echo}
  first: {command: echo}
)");
  const Pipeline p = good(spec);
  CHECK_FALSE(p.continue_on_step_failure);
  CHECK(p.force_rerun);
  CHECK(p.step("middle")->depends_on == Names{"first"});
  CHECK(p.step("first")->depends_on.empty());
  CHECK(p.step("last")->finalizes);
  CHECK(p.step("last")->depends_on.empty());
  CHECK_FALSE(p.step("middle")->finalizes);
}

TEST_CASE("v2: mapping files give places to Azure's names, later ones before earlier ones") {
  Spec spec(R"(
type: pipeline
jobs:
  a:
    component: azureml:my_train@latest
    inputs:
      data: {path: azureml:iris:3}
      model: {type: mlflow_model, path: azureml://registries/azureml/models/bert/versions/2}
      sales: {type: uri_file, path: azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/sales/paths/2024/a.csv}
      page: {type: uri_file, path: https://example.org/page.html}
    environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
  b: {command: echo, environment: {image: python, conda_file: env/conda.yml}}
)");
  spec.with("config/mlpipe/local.yaml", "data: {iris: nowhere-yet}\nenvironments: {sklearn-1.5: {python: python3.11}}\n").with("config/mlpipe/nowhere-yet", "");
  spec.with("mlpipe.local.yaml", "data: {\"iris:3\": iris, iris: other, \"https://example.org/page.html\": a}\ncomponents: {my_train: c/train.yml}\n"
                                 "environments: {env/conda.yml: {python: ./venv}}\n");
  spec.with("more.yaml", "datastores: {sales: shop}\nmodels: {bert: bert}\n");
  spec.with("c/train.yml", "inputs: {data: , model: , sales: , page: }\ncommand: x ${{inputs.data}} ${{inputs.model}}\n");
  for (const char* name : {"iris", "other", "a", "bert/MLmodel", "shop/2024/a.csv", "env/conda.yml", "venv/bin/python"}) spec.with(name, "");
  spec::Overrides overrides;
  overrides.config = (spec.folder.path() / "more.yaml").string();
  const Pipeline p = good(spec, overrides);
  CHECK(p.input("a.data")->path == spec.folder.path() / "iris");
  CHECK(p.input("a.model")->path == spec.folder.path() / "bert");
  CHECK(p.input("a.sales")->path == spec.folder.path() / "shop/2024/a.csv");
  CHECK(p.input("a.page")->path == spec.folder.path() / "a");
  CHECK(p.step("a")->environment->python == "python3.11");
  CHECK(p.step("b")->environment->python == (spec.folder.path() / "venv").string());
  CHECK(p.overrides == Names{"--config " + *overrides.config});
}

TEST_CASE("v2: the web is read only when that is allowed") {
  const Spec spec(R"(
type: pipeline
jobs:
  a: {command: "cat ${{inputs.x}}", inputs: {x: {type: uri_file, path: "wasbs://box@account.blob.core.windows.net/iris.csv"}}}
)");
  CHECK_FALSE(spec.load().pipeline);
  spec::Overrides overrides;
  overrides.allow_download = true;
  const Pipeline p = good(spec, overrides);
  CHECK(p.input("a.x")->url == "https://account.blob.core.windows.net/box/iris.csv");
  CHECK(p.input("a.x")->path.empty());
  CHECK(p.overrides == Names{"--allow-download"});
}

TEST_CASE("v2: --use stands in for a node that cannot run here, whatever outputs it has") {
  const Spec spec(R"(
type: pipeline
jobs:
  learn: {type: automl, task: regression, training_data: "${{parent.inputs.nothing}}"}
  far: {component: azureml://registries/r/components/far/versions/1, inputs: {x: "${{parent.inputs.nothing}}"}}
  use:
    command: cat ${{inputs.a}} ${{inputs.b}}
    inputs: {a: "${{parent.jobs.learn.outputs.best_model}}", b: {type: uri_file, path: "${{parent.jobs.far.outputs.report}}"}}
)");
  const std::string folder = spec.folder.path().string();
  const Pipeline p = good(spec, {{}, {}, {}, {"learn=" + folder, "far=" + folder}});
  CHECK(p.step("learn")->output("best_model")->type == DataType::folder);
  CHECK(p.step("far")->output("report")->type == DataType::file);
  const spec::Loaded refused = spec.load({{}, {}, {}, {"learn=" + folder}});
  CHECK_FALSE(refused.pipeline);
  CHECK(messages(refused) == Names{"node `far` cannot run here: its component `far` lies in the registry `r`"});
}

TEST_CASE("v2: pipeline components and schedules run by themselves") {
  Spec component(R"(
$schema: https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json
type: pipeline
inputs: {data: {type: uri_folder}, epochs: {type: integer}, note: {type: string, optional: true}, rate: {type: number, default: 0.5}}
outputs: {model: {type: uri_folder}}
jobs:
  train:
    command: t ${{inputs.d}} ${{inputs.e}} ${{inputs.r}} > ${{outputs.m}}/x
    inputs: {d: "${{parent.inputs.data}}", e: "${{parent.inputs.epochs}}", r: "${{parent.inputs.rate}}"}
    outputs: {m: "${{parent.outputs.model}}"}
)");
  const std::string here = component.folder.path().string();
  const Pipeline p = good(component, {{"epochs=4"}, {}, {"data=" + here}, {}});
  CHECK(p.step("train")->input("e", false)->value == "4");
  CHECK(p.input("data")->path == component.folder.path());
  CHECK(p.parameter("rate")->value == "0.5");
  const spec::Loaded without = component.load();
  CHECK(messages(without) == Names{"the pipeline needs inputs that nobody gives: `data`, `epochs`"});

  component.with("job.yml", "type: pipeline\ncomponent: ./pipeline.yml\ninputs: {epochs: 2, data: {path: .}}\nsettings: {force_rerun: true}\n");
  const auto job = spec::load(component.folder.path() / "job.yml", {{"epochs=6"}, {}, {}, {}});
  INFO(render_all(job, false));
  REQUIRE(job.pipeline);
  CHECK(step_names(*job.pipeline) == Names{"train"});
  CHECK(job.pipeline->step("train")->input("e", false)->value == "6");
  CHECK(job.pipeline->force_rerun);

  component.with("schedule.yml", "$schema: https://azuremlschemas.azureedge.net/latest/schedule.schema.json\nname: hourly\n"
                                 "trigger: {type: cron, expression: '0 * * * *'}\n"
                                 "create_job: {type: pipeline, job: ./job.yml, inputs: {epochs: 9}, settings: {continue_on_step_failure: false}}\n");
  const auto schedule = spec::load(component.folder.path() / "schedule.yml");
  INFO(render_all(schedule, false));
  REQUIRE(schedule.pipeline);
  CHECK(schedule.pipeline->step("train")->input("e", false)->value == "9");
  CHECK(schedule.pipeline->force_rerun);
  CHECK_FALSE(schedule.pipeline->continue_on_step_failure);
}

TEST_CASE("v2: what has no effect is only warned about") {
  Spec spec(R"(
type: pipeline
settings: {default_datestore: azureml:x, default_compute: azureml:c}
outputs: {unwritten: }
jobs:
  a: {component: c.yml, inputs: {lvel: high, level: middling}, serivces: {}}
)");
  spec.with("c.yml", "command: echo ${{inputs.level}}\ninputs: {level: {type: string, enum: [low, high]}}\nversoin: 3\n");
  const spec::Loaded loaded = spec.load();
  CHECK(loaded.pipeline);
  CHECK(messages(loaded) == Names{"unknown key `versoin` in node `a`: it has no effect", "unknown key `default_datestore` in `settings` of the pipeline: it has no effect",
                                  "`compute` has no effect: all nodes run on this machine", "no node of the pipeline writes its output `unwritten`",
                                  "the component of node `a` has no input `lvel`: it has no effect",
                                  "input `level` of node `a` should be one of low, high, got text `middling`", "unknown key `serivces` in node `a`: it has no effect"});
}

TEST_CASE("v2: expressions of other tools and a shell's own brackets stay as they are") {
  const Spec spec(R"yaml(
type: pipeline
jobs:
  a:
    command: "[[ -n ${HOME} ]] && echo '${data.text}' $[[ ${{inputs.x}} ]] ]] $(date)"
    inputs: {x: "${data.text}"}
)yaml");
  const Pipeline p = good(spec);
  CHECK(command_of(p, "a") == "[[ -n ${HOME} ]] && echo '${data.text}'  <x>  ]] $(date)");
  CHECK(p.steps[0].input("x", false)->value == "${data.text}");
}

TEST_CASE("v2: components that multiply are stopped") {
  Spec spec("type: pipeline\njobs: {a: {type: pipeline, component: c0.yml}}\n");
  for (int level = 0; level < 8; ++level) {
    std::string text = "jobs:\n";
    for (int i = 0; i < 10; ++i) text += "  j" + std::to_string(i) + ": {type: pipeline, component: c" + std::to_string(level + 1) + ".yml}\n";
    spec.with("c" + std::to_string(level) + ".yml", text);
  }
  spec.with("c8.yml", "jobs: {x: {command: echo}}\n");
  const spec::Loaded loaded = spec.load();
  CHECK_FALSE(loaded.pipeline);
  CHECK(messages(loaded).front() == "the pipeline has more than 10000 nodes");
}
