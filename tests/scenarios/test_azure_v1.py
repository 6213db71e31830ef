"""Pipelines of Azure ML's SDK v1, run as they are."""

import unittest

from support import ScenarioTest

SPEC = """
pipeline:
    description: two steps of v1
    default_compute: cpu-cluster
    parameters:
        Rows: {type: int, default: 2}
        Where: {type: datapath, default: {datastore: workspaceblobstore, path_on_datastore: given}}
    data_references:
        Raw: {datastore: workspaceblobstore, path_on_datastore: raw/files}
    steps:
        Prepare:
            type: PythonScriptStep
            name: prepare
            source_directory: src
            script_name: prepare.py
            arguments: ["--in", input:RawData, "--out", output:Clean, "--rows", parameter:Count, input:nothing]
            parameters: {Count: {source: Rows}}
            inputs: {RawData: {source: Raw, bind_mode: download}}
            outputs: {Clean: {destination: CleanData, datastore: workspaceblobstore}}
        Score:
            type: ParallelRunStep
            name: score-step
            parallel_run_config: yaml/config.yml
            arguments: ["--model", side_input:Model]
            inputs: {Data: {source: CleanData}}
            side_inputs: {Model: {source: Where}}
            outputs: {Rows: {destination: Result}}
"""

CONFIG = """
parallel_run_config:
    mini_batch_size: 1
    error_threshold: 0
    output_action: append_row
    logging_level: INFO
    compute_target_name: cpu-cluster
    node_count: 1
    process_count_per_node: 1
    entry_script: score.py
    source_directory: %s
    description: scores
    run_invocation_timeout: 60
    run_max_try: 3
    append_row_file_name: rows.txt
    environment: {name: some-environment}
"""

PREPARE = """
import os, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print(sys.argv[1:])
%s
text = open(os.path.join(given["--in"], "f.txt")).read()
for number in range(int(given["--rows"])):
    open(os.path.join(given["--out"], f"{number}.txt"), "w").write(f"{text}{number}")
"""

SCORE = """
import argparse, os
def init():
    global model
    parser = argparse.ArgumentParser()
    parser.add_argument("--model")
    model = open(os.path.join(parser.parse_known_args()[0].model, "m.txt")).read()
def run(mini_batch):
    return [model + " " + open(path).read() for path in mini_batch]
"""


class AzureV1(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.project.spec(SPEC)
        self.project.write("yaml/config.yml", CONFIG % (self.project.path / "src"))
        self.project.write("src/prepare.py", PREPARE % 'os.makedirs(given["--out"])')
        self.project.write("src/score.py", SCORE)
        self.project.write(".mlpipe/datastores/workspaceblobstore/raw/files/f.txt", "row")
        self.project.write(".mlpipe/datastores/workspaceblobstore/given/m.txt", "model")

    def rows(self):
        return sorted((self.output("Score.Rows") / "rows.txt").read_text().splitlines())

    def test_it_runs_and_is_reused(self):
        err = self.ok("run").err
        self.assertIn("input:nothing", err, "what the step does not have stays as it is written")
        self.assertEqual(self.rows(), ["model row0", "model row1"])
        self.assertIn("2 reused", self.ok("run").err)
        self.ok("run", "-p", "Rows=3")
        self.assertEqual(len(self.rows()), 3)

    def test_a_flag_of_the_driver_may_be_a_parameter(self):
        text = SPEC.replace('arguments: ["--model", side_input:Model]', 'arguments: ["--model", side_input:Model, "--progress_update_timeout", parameter:Long]\n            parameters: {Long: {source: Rows}}')
        self.project.spec(text.replace("default: 2", "default: 600"))
        self.ok("validate")
        self.assertIn("progress_update_timeout", self.fails(3, "validate", "-p", "Rows=0").err)

    def test_the_script_makes_its_output_folder_and_the_hint_says_so(self):
        self.project.write("src/prepare.py", PREPARE % "")
        failed = self.fails(1, "run")
        self.assertIn("No such file or directory", failed.err)
        self.assertIn("os.makedirs", failed.err)

    def test_steps_that_need_the_cloud_are_refused_by_name(self):
        self.project.spec(SPEC + "        Lake: {type: AdlaStep, name: lake, script_name: x.usql}\n        Brick:\n            databricks_step: {notebook_path: /x}\n")
        failed = self.fails(3, "run")
        self.assertIn("step `Lake` cannot run here", failed.err)
        self.assertIn("step `Brick` cannot run here", failed.err)
        self.assertIn("--use Lake=DIR", failed.err)

    def test_who_reads_what_a_refused_step_makes_is_no_second_mistake(self):
        self.project.spec(SPEC.replace("type: PythonScriptStep", "type: DatabricksStep").replace("script_name: prepare.py", "notebook_path: /x"))
        failed = self.fails(3, "validate").err
        self.assertIn("1 error,", failed)
        self.assertNotIn("notebook_path", failed)

    def test_what_azure_asks_of_a_parallel_run_step_is_said_on_request(self):
        self.project.spec(SPEC.replace("name: score-step", "name: Score_Step").replace('["--model"', '["model"'))
        self.project.write("yaml/config.yml", (CONFIG % "../src").replace("    environment: {name: some-environment}\n", "").replace("    node_count: 1\n", ""))
        self.assertIn("without `-`", self.ok("validate").err)
        said = self.ok("validate", "--target", "azure").err
        self.assertRegex(said, r"pipeline.yaml:\d+:19: warning: Azure refuses the name `Score_Step`")
        self.assertRegex(said, r"yaml/config.yml:\d+:\d+: warning: Azure wants an environment")
        self.assertIn("Azure wants a `node_count`", said)

    def test_a_mapping_names_the_python_of_a_saved_environment(self):
        self.assertIn("is not built here", self.ok("validate").err)
        self.project.write("mlpipe.local.yaml", "environments: {some-environment: {python: python3}}\n")
        self.assertNotIn("is not built here", self.ok("validate").err)

    def test_a_misspelt_source_is_a_mistake_with_its_place(self):
        self.project.spec(SPEC.replace("{source: CleanData}", "{source: CleanDatta}"))
        failed = self.fails(3, "validate")
        self.assertIn("nothing makes `CleanDatta`", failed.err)
        self.assertIn("did you mean `CleanData`?", failed.err)
        self.assertRegex(failed.err, r"pipeline.yaml:24:\d+")

    def test_a_missing_datastore_prints_the_lines_to_add(self):
        self.project.spec(SPEC.replace("datastore: workspaceblobstore, path_on_datastore: raw", "datastore: lake, path_on_datastore: raw"))
        failed = self.fails(3, "validate")
        self.assertIn("datastores:", failed.err)
        self.assertIn('"lake": FOLDER', failed.err)
        self.ok("validate", "--input", f"Raw={self.project.path / 'src'}")


if __name__ == "__main__":
    unittest.main()
