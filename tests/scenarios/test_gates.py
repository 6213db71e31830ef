"""Gates: `expect` of a step, held against what it made, and again whenever that is about to be reused."""

import json
import unittest

from support import ScenarioTest, write_files

TRAIN = """
    steps:
      train:
        source_directory: train
        script_name: train.py
        outputs: {model: {type: file, file: model.txt}}
        expect: EXPECT
      score:
        command: echo score >> "$TRACE"; cat ${{inputs.model}} > ${{outputs.rows}}/rows
        inputs: {model: "${{steps.train.outputs.model}}"}
        outputs: {rows: }
      alone:
        command: echo alone >> "$TRACE"
    """
SCRIPT = """
import os, pathlib, mlflow
mlflow.log_metric("accuracy", 0.952)
mlflow.log_metric("loss", 0.1)
pathlib.Path("model.txt")
open(os.environ["TRACE"], "a").write("train\\n")
open(os.environ["MODEL"], "w").write("a model\\n")
"""


class Metrics(ScenarioTest):
    def expect(self, text):
        self.project.spec(TRAIN.replace("expect: EXPECT", f"expect: {text}\n        environment_variables: {{MODEL: \"${{{{outputs.model}}}}\"}}"))
        self.project.write("train/train.py", SCRIPT)

    def test_one_that_is_met(self):
        self.expect('{metrics: {accuracy: ">= 0.95", loss: "< 0.2"}}')
        self.ok("run")
        self.assert_ran("train", "score", "alone")

    def test_one_that_is_missed_stops_what_comes_behind_and_says_by_how_much(self):
        self.expect('{metrics: {accuracy: ">= 0.97", loss: "<= 0.05"}}')
        failed = self.fails(1, "run")
        self.assertIn("it does not meet `expect`: accuracy 0.952, expected >= 0.97 (0.018 too low); loss 0.1, expected <= 0.05 (0.05 too high)", failed.err)
        self.assertIn("--force-step train makes a new one", failed.err)
        self.assert_ran("train", "alone")
        record = {step["step"]: step for step in self.ok("show", "--json").json()["steps"]}
        self.assertEqual((record["train"]["state"], record["train"]["exit_code"], record["score"]["state"]), ("failed", 1, "skipped"))
        self.assertEqual(record["train"]["metrics"], {"accuracy": 0.952, "loss": 0.1})

    def test_the_work_is_not_lost(self):
        self.expect('{metrics: {accuracy: ">= 0.97"}}')
        self.fails(1, "run")
        self.project.trace()
        self.assertIn("accuracy 0.952, expected >= 0.97 (0.018 too low)", self.fails(1, "run").err)
        self.assert_ran()  # the same would come out
        self.expect('{metrics: {accuracy: ">= 0.95"}}')
        self.ok("run")
        self.assert_ran("score")
        self.expect('{metrics: {accuracy: ">= 0.96"}}')
        self.fails(1, "run", "--until", "train")
        self.assert_ran()
        self.fails(1, "run", "--until", "train", "--force-step", "train")
        self.assert_ran("train")

    def test_plan_and_why_know_it(self):
        self.expect('{metrics: {accuracy: ">= 0.97"}}')
        self.fails(1, "run")
        plan = {step["step"]: step for step in self.ok("plan", "--json").json()["steps"]}
        self.assertEqual([plan[step]["verdict"] for step in ("train", "score", "alone")], ["fail", "skip", "reuse"])
        self.assertIn("accuracy 0.952, expected >= 0.97", plan["train"]["reason"])
        self.assertEqual(plan["score"]["reason"], "train fails")
        self.fails(4, "plan", "--exit-code")
        self.assertIn("now: fail: it does not meet `expect`: accuracy 0.952", self.ok("why", "train").out)
        self.fails(1, "run")
        self.assertRegex(self.ok("why", "train").out, r"failed from run \S+: nothing it depends on changed\n    it does not meet `expect`")

    def test_adding_one_reruns_nothing(self):
        self.expect("{}")
        self.ok("run")
        self.project.trace()
        self.expect('{metrics: {accuracy: 0.952}}')
        self.assertIn("3 reused", self.ok("run").err)
        self.assert_ran()

    def test_a_metric_that_nothing_tracks(self):
        self.expect('{metrics: {acuracy: ">= 0.9"}}')
        failed = self.fails(1, "run")
        self.assertIn("acuracy was never tracked, expected >= 0.9", failed.err)
        self.assertIn("it tracked accuracy, loss", failed.err)

    def test_an_infinite_one_is_beyond_every_limit_also_when_it_is_reused(self):
        self.expect('{metrics: {loss: "<= 1", gain: ">= 1"}}')
        self.project.write("train/train.py", SCRIPT + "import time\ntime.sleep(0.01)\nfor name in ('loss', 'gain'): mlflow.log_metric(name, float('inf'))\n")
        self.assertIn("does not meet `expect`: loss inf, expected <= 1\n", self.fails(1, "run").err)
        self.assertIn("does not meet `expect`: loss inf, expected <= 1\n", self.fails(1, "run").err)
        self.assertEqual(self.project.trace().count("train"), 1)

    def test_a_limit_may_be_a_parameter(self):
        self.expect('{metrics: {accuracy: ">= ${{parameters.least}}"}}')
        self.project.spec("parameters: {least: 0.97}\n" + self.project.read("pipeline.yaml"))
        self.assertIn("expected >= 0.97", self.fails(1, "run").err)
        self.ok("run", "-p", "least=0.5")
        self.ok("run", "-p", "least=0.9")
        self.assertEqual(self.project.trace().count("train"), 1)

    def test_what_is_read_alone_is_the_last_good_one(self):
        self.expect("{}")
        self.ok("run")
        self.expect('{metrics: {accuracy: "> 1"}}')
        self.assertIn("stale: it does not meet `expect`", self.ok("run", "--step", "score").err)

    def test_azure_is_said_to_know_none(self):
        self.expect('{metrics: {accuracy: ">= 0.97"}}')
        self.assertIn("Azure has no gates", self.ok("validate", "--target", "azure").err)
        self.assertNotIn("Azure", self.ok("validate").err)
        exported = self.ok("export", "azure", "--to", "exported")
        self.assertIn("Azure holds no result against `expect`", exported.out + exported.err)


PARALLEL = """
    inputs: {data: data}
    steps:
      score:
        source_directory: score
        parallel_run_config: {entry_script: score.py, mini_batch_size: 2, process_count_per_node: 1, run_max_try: 1, error_threshold: 5}
        inputs: {data: "${{pipeline.inputs.data}}"}
        outputs: {rows: }
        expect: EXPECT
      after:
        command: echo after >> "$TRACE"
        inputs: {rows: "${{steps.score.outputs.rows}}"}
    """
ENTRY = """
import os
def init(): open(os.environ["TRACE"], "a").write("init\\n")
def run(batch):
    if any(path.endswith("item-003.txt") for path in batch): raise ValueError("no good")
    return batch
"""


class Counts(ScenarioTest):
    def expect(self, text):
        self.project.spec(PARALLEL.replace("EXPECT", text))
        self.project.write("score/score.py", ENTRY)
        write_files(self.project, "data", 8)

    def test_rows_and_failed_items(self):
        self.expect("{rows: 8, failed_items: 0}")
        failed = self.fails(1, "run")
        self.assertIn("7 rows, expected 8 (1 too few); 1 failed item, expected 0 (1 too many)", failed.err)
        self.assertNotIn("after", self.project.trace())
        self.expect('{rows: ">= 7", failed_items: "<= 1"}')
        self.ok("run")
        self.assert_ran("after")  # nothing is scored again
        self.assertEqual(self.project.temporary_files(), [])

    def test_a_sample_is_held_against_nothing(self):
        self.expect("{rows: 7}")
        self.assertIn("no `expect` is looked at", self.ok("run", "--sample", "2").err)
        self.ok("run")
        self.assertIn("7 rows, expected 9 (2 too few)", self.fails(1, "run", "--set", "score.expect.rows=9").err)

    def test_events_say_it(self):
        self.expect("{rows: 8}")
        ended = [event for event in self.fails(1, "run", "--json").events() if event["event"] == "step_ended"]
        self.assertIn("7 rows, expected 8 (1 too few)", json.dumps(ended))


if __name__ == "__main__":
    unittest.main()
