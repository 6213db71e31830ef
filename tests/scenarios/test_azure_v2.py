"""Azure ML's own v2 YAML, unchanged, through the real binary: what runs, what is refused, what a mapping file settles."""

import re
import shutil
import unittest

from support import ScenarioTest

PIPELINE = """
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: two models
inputs: {word: hello, data: {type: uri_folder, path: ./data}}
outputs: {best: {type: uri_file}}
settings: {default_compute: azureml:cpu-cluster}
jobs:
  train_a:
    type: pipeline
    component: ./parts/train.yml
    inputs: {data: "${{parent.inputs.data}}", word: "${{parent.inputs.word}}"}
  train_b:
    type: pipeline
    component: ./parts/train.yml
    inputs: {data: "${{parent.inputs.data}}", word: bye, note: twice}
  choose:
    command: echo choose >> "$TRACE"; cat ${{inputs.a}}/model ${{inputs.b}}/model > ${{outputs.best}}
    inputs: {a: "${{parent.jobs.train_a.outputs.model}}", b: "${{parent.jobs.train_b.outputs.model}}"}
    outputs: {best: "${{parent.outputs.best}}"}
"""
TRAIN = """
type: pipeline
inputs: {data: {type: uri_folder}, word: {type: string}, note: {type: string, optional: true}}
outputs: {model: {type: uri_folder}}
jobs:
  fit:
    component: ./fit/fit.yml
    inputs: {data: "${{parent.inputs.data}}", word: "${{parent.inputs.word}}", note: "${{parent.inputs.note}}"}
    outputs: {model: "${{parent.outputs.model}}"}
"""
FIT = """
type: command
inputs: {data: {type: uri_folder}, word: {type: string}, note: {type: string, optional: true}}
outputs: {model: {type: uri_folder}}
code: .
environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
command: sh fit.sh ${{inputs.data}}/seed ${{inputs.word}} ${{outputs.model}}/model $[[--note ${{inputs.note}}]]
"""


class AzureV2(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.project.env["XDG_CONFIG_HOME"] = str(self.project.base / "config")

    def write_two_models(self):
        self.project.write("pipeline.yml", PIPELINE)
        self.project.write("parts/train.yml", TRAIN)
        self.project.write("parts/fit/fit.yml", FIT)
        self.project.write("parts/fit/fit.sh", 'echo "fit-$2" >> "$TRACE"; echo "$(cat $1) $2 $4 $5" > $3')
        self.project.write("data/seed", "7\n")

    def test_pipelines_of_components_run_and_are_reused(self):
        self.write_two_models()
        self.ok("run")
        self.assert_ran("fit-hello", "fit-bye", "choose")
        self.assertEqual(self.output("choose.best").read_text(), "7 hello  \n7 bye --note twice\n")
        self.ok("run")
        self.assert_ran()
        self.ok("run", "-p", "word=again")
        self.assert_ran("fit-again", "choose")

    def test_a_changed_component_file_runs_what_is_made_of_it(self):
        self.write_two_models()
        self.ok("run")
        self.project.trace()
        self.project.write("parts/fit/fit.sh", 'echo "fit-$2" >> "$TRACE"; echo new > $3')
        self.ok("run")
        self.assert_ran("fit-hello", "fit-bye", "choose")

    def test_a_step_of_a_nested_pipeline_has_a_name_for_the_command_line(self):
        self.write_two_models()
        self.ok("run", "--until", "train_a.fit", "--set", "train_a.fit.inputs.word=set")
        self.assert_ran("fit-set")

    def test_a_run_is_repeated_though_the_components_are_gone(self):
        self.write_two_models()
        self.ok("run", "-p", "word=then")
        self.project.trace()
        shutil.rmtree(self.project.path / "parts")
        self.ok("rerun", "latest", "--force")
        self.assert_ran("fit-then", "fit-bye", "choose")

    def test_a_pipeline_component_runs_when_its_inputs_are_given(self):
        self.write_two_models()
        refused = self.fails(3, "run", "parts/train.yml")
        self.assertIn("the pipeline needs inputs that nobody gives: `data`, `word`", refused.err)
        self.assertIn("--input data=PATH -p word=VALUE", refused.err)
        self.ok("run", "parts/train.yml", "--input", "data=data", "-p", "word=alone")
        self.assert_ran("fit-alone")

    def test_a_schedule_runs_its_job_once_and_says_so(self):
        self.write_two_models()
        self.project.write("hourly.yml", """
            $schema: https://azuremlschemas.azureedge.net/latest/schedule.schema.json
            name: hourly
            trigger: {type: cron, expression: "0 * * * *"}
            create_job: {type: pipeline, job: ./pipeline.yml, inputs: {word: "${{name}}"}}
            """)
        result = self.ok("run", "hourly.yml")
        self.assertIn("a schedule is not kept here", result.err)
        self.assert_ran("fit-hourly", "fit-bye", "choose")

    def test_what_only_azure_can_do_is_refused_before_anything_starts(self):
        self.project.write("pipeline.yml", """
            type: pipeline
            jobs:
              first: {command: echo first >> "$TRACE"}
              learn: {type: automl, task: regression, outputs: {best_model: {type: mlflow_model}}}
              count: {type: spark, component: ./spark.yml}
              use:
                command: echo use >> "$TRACE"; cat ${{inputs.model}}/weights
                inputs: {model: "${{parent.jobs.learn.outputs.best_model}}"}
            """)
        refused = self.fails(3, "run")
        for reason in ("node `learn` cannot run here: it is an AutoML job", "node `count` cannot run here: it is a Spark job"):
            self.assertIn(reason, refused.err)
        self.assert_ran()
        self.project.write("stand-in/best_model/weights", "1 2 3\n")
        self.project.write("counted/x", "")
        result = self.ok("run", "--use", "learn=stand-in", "--use", "count=counted")
        self.assert_ran("first", "use")
        self.assertIn("1 2 3", result.err)

    def test_names_of_azures_need_a_mapping_and_the_message_is_one(self):
        self.project.write("pipeline.yml", """
            type: pipeline
            jobs:
              read: {component: "azureml:reader@latest", inputs: {iris: {type: uri_file, path: "azureml:iris:1"}, sales: {path: azureml://datastores/shop/paths/2024}}}
            """)
        self.project.write("reader.yml", """
            inputs: {iris: {type: uri_file}, sales: {type: uri_folder}}
            command: cat ${{inputs.iris}} ${{inputs.sales}}/jan
            """)
        self.project.write("iris.csv", "setosa\n")
        self.project.write("shop/2024/jan", "12\n")
        refused = self.fails(3, "run")
        for name in ("component `reader` (of node `read`)", "data `iris` (of node `read`)", "datastore `shop` (of node `read`)"):
            self.assertIn(name, refused.err)
        lines = re.search(r"hint: write into mlpipe.local.yaml:\n((?:    .*\n)+)", refused.err)[1]
        self.project.write("more.yaml", lines.replace("FILE.yml", "reader.yml").replace("FOLDER", "shop").replace("PATH", "iris.csv"))
        result = self.ok("run", "--config", "more.yaml")
        self.assertIn("setosa", result.err)
        self.assertIn("12", result.err)
        self.ok("rerun", "latest", "--force")

    def test_values_are_the_texts_that_azure_hands_over(self):
        self.project.spec("""
            type: pipeline
            inputs: {flag: yes, said: "yes", octal: 010, ratio: 0.10, power: 1e5, truth: true}
            jobs:
              say:
                command: echo ${{inputs.flag}} ${{inputs.said}} ${{inputs.octal}} ${{inputs.ratio}} ${{inputs.power}} ${{inputs.truth}} ${{inputs.own}} > ${{outputs.o}}
                inputs:
                  flag: ${{parent.inputs.flag}}
                  said: ${{parent.inputs.said}}
                  octal: ${{parent.inputs.octal}}
                  ratio: ${{parent.inputs.ratio}}
                  power: ${{parent.inputs.power}}
                  truth: ${{parent.inputs.truth}}
                  own: 1_000
                outputs: {o: {type: uri_file}}
        """)
        self.ok("run")
        self.assertEqual(self.output("say.o").read_text(), "True yes 8 0.1 1e5 True 1000\n")

    def test_the_web_is_asked_for(self):
        self.project.write("pipeline.yml", """
            type: pipeline
            jobs: {read: {command: "cat ${{inputs.page}}", inputs: {page: {type: uri_file, path: "https://127.0.0.1:9/page"}}}}
            """)
        refused = self.fails(3, "run")
        self.assertIn("input `read.page` is on the web", refused.err)
        self.project.write("page", "local copy\n")
        self.assertIn("local copy", self.ok("run", "--input", "read.page=page").err)
        self.ok("validate", "--allow-download")

    def test_validate_for_azure_says_what_azure_would_refuse(self):
        self.project.write("pipeline.yml", """
            type: pipeline
            jobs:
              my-node: {command: echo}
            """)
        self.assertNotIn("warning", self.ok("validate").err)
        warned = self.ok("validate", "--target", "azure").err
        for what in ("Azure refuses the name `my-node`", "has no compute", "has no environment"):
            self.assertIn(what, warned)
        self.fails(2, "validate", "--target", "aws")


if __name__ == "__main__":
    unittest.main()
