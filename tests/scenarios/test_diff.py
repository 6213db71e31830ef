"""`diff` of two runs: spec, parameters, code, outputs and metrics, from the store alone."""

import shutil
import unittest

from support import ScenarioTest

SPEC = """
parameters: {rate: 1}
inputs: {data: data}
steps:
  train:
    source_directory: train
    command: sh train.sh ${{parameters.rate}} ${{outputs.model}}; cat ${{inputs.data}}/* > ${{outputs.model}}/data
    inputs: {data: "${{pipeline.inputs.data}}"}
    outputs: {model: }
  score:
    command: cat ${{inputs.model}}/metrics.json > ${{outputs.rows}}
    inputs: {model: "${{steps.train.outputs.model}}"}
    outputs: {rows: {type: file}}
  other:
    command: echo same
"""


class Diff(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.project.spec(SPEC)
        self.project.write("data/a", "a\n")
        self.project.write("train/train.sh", 'set -e\necho one\necho "{\\"accuracy\\": $1, \\"test\\": {\\"loss\\": 2}}" > $2/metrics.json\n')
        self.first = self.run_id()

    def run_id(self, *arguments):
        self.ok("run", *arguments)
        return self.ok("runs", "--json").json()["runs"][0]["id"]

    def change_everything(self):
        self.project.spec(SPEC.replace("rate: 1", "rate: 1.5"))
        self.project.write("train/train.sh", self.project.read("train/train.sh").replace("one", "two"))
        self.project.write("data/b", "bb\n")
        (self.project.path / "train/weights").write_bytes(bytes(range(256)))
        return self.run_id()

    def step(self, diff, name):
        return next(step for step in diff["steps"] if step["step"] == name)

    def test_all_that_changed_is_told(self):
        second = self.change_everything()
        for name in ("train", "data"):
            shutil.rmtree(self.project.path / name)
        self.project.spec("steps: [")
        out = self.ok("diff", self.first).out
        for text in (f"run {self.first} (succeeded", f"-> run {second} (succeeded", "--- a/pipeline.yaml", "-parameters: {rate: 1}\n+parameters: {rate: 1.5}",
                     "parameters\n  rate: 1 -> 1.5\n", "train: ran, ", "parameter rate: 1 -> 1.5", "input data: file b is new",
                     "--- a/train/train.sh\n+++ b/train/train.sh\n", "-echo one\n+echo two\n", "train/weights: new, binary",
                     "metric model/metrics.json accuracy: 1 -> 1.5 (+0.5)", "output model: data: 2 B -> 5 B", "the same: other\n"):
            self.assertIn(text, out)
        self.assertNotIn("test.loss", out)
        self.assertNotIn("\x1b", out)

    def test_the_lines_can_be_patched_back(self):
        self.change_everything()
        train = self.project.read("train/train.sh")
        out = self.ok("diff", self.first).out
        hunk = out[out.index("--- a/train/train.sh"):out.index("  train/weights")]
        self.assertIn("@@ -1,3 +1,3 @@", hunk)
        self.assertIn(train.splitlines()[1], hunk)

    def test_stat_and_json(self):
        second = self.change_everything()
        stat = self.ok("diff", self.first, second, "--stat").out
        self.assertIn("train/train.sh: changed, +1 -1", stat)
        self.assertNotIn("+echo two", stat)
        diff = self.ok("diff", second, self.first, "--json").json()
        self.assertEqual(diff["parameters"], [{"name": "rate", "before": "1.5", "after": "1"}])
        train = self.step(diff, "train")
        self.assertEqual([metric["difference"] for metric in train["metrics"]], [-0.5])
        self.assertEqual([file["path"] for file in train["outputs"][0]["files"]], ["data", "metrics.json"])
        self.assertTrue(self.step(diff, "other")["same"])

    def test_the_latest_alone_is_compared_with_the_one_before(self):
        self.assertIn("there is no run before", self.fails(2, "diff", "latest").err)
        self.change_everything()
        self.assertEqual(self.ok("diff", "latest").out, self.ok("diff", self.first).out)

    def test_a_run_and_itself_have_no_difference(self):
        line, = self.ok("diff", "latest", "latest").out.splitlines()[1:]
        self.assertIn(line, ("the same: other, train, score", "the same: train, other, score"))  # as they ended

    def test_steps_that_share_code_tell_it_once(self):
        spec = SPEC + "  again: {source_directory: train, command: cat train.sh}\n"
        self.project.spec(spec)
        first = self.run_id()
        self.project.write("train/train.sh", self.project.read("train/train.sh").replace("one", "two"))
        self.run_id()
        out = self.ok("diff", first).out
        self.assertEqual(out.count("+echo two"), 1)
        self.assertIn("its code changed as that of", out)

    def test_a_parameter_on_the_command_line_and_another_place_of_an_input(self):
        shutil.copytree(self.project.path / "data", self.project.path / "copy")
        self.run_id("-p", "rate=2", "--input", "data=copy")
        out = self.ok("diff", self.first).out
        self.assertIn("rate: 1 -> 2", out)
        self.assertIn(f"data: {self.project.path}/data -> {self.project.path}/copy", out)
        self.assertNotIn("input data", out)

    def test_what_is_no_longer_in_the_store_is_said(self):
        self.change_everything()
        shutil.rmtree(self.project.path / ".mlpipe/code")
        shutil.rmtree(self.project.path / f".mlpipe/runs/{self.first}/spec")
        out = self.ok("diff", self.first).out
        self.assertIn("kept no spec", out)
        self.assertIn("train/train.sh: changed, not kept", out)
        shutil.rmtree(self.project.path / ".mlpipe/texts")
        self.assertIn("train: ran", self.ok("diff", self.first).out)

    def test_colour_only_on_a_terminal(self):
        self.change_everything()
        self.assertIn("\x1b[32m+echo two", self.project.run_in_terminal("diff", self.first).out)
        self.assertNotIn("\x1b[32m", self.project.run_in_terminal("diff", self.first, env={"NO_COLOR": "1"}).out)

    def test_unknown_runs(self):
        self.fails(2, "diff", "zzz")
        self.fails(2, "diff", "latest", "zzz")
        self.fails(2, "diff")


if __name__ == "__main__":
    unittest.main()
