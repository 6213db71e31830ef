"""`mlpipe metrics`: steps x metrics x runs, as a table, CSV and JSON."""

import csv
import io
import unittest

from support import ScenarioTest


class MetricsCommand(ScenarioTest):
    def run_with(self, *losses):
        self.project.spec("steps: {train: {source_directory: src, command: python3 train.py}}")
        self.project.write("src/train.py", "import mlflow\nfrom azureml.core import Run\n" + "".join(
            f"mlflow.log_metric('loss', {loss}, step={step})\n" for step, loss in enumerate(losses)) + "Run.get_context().log('rows', 12)\n")
        self.ok("run")

    def runs(self):
        return sorted(path.name for path in (self.project.path / ".mlpipe/runs").iterdir())

    def test_table(self):
        self.run_with(1, 0.5)
        self.run_with(1, 0.25)
        first, second = self.runs()
        self.assertEqual([line.split() for line in self.ok("metrics").out.splitlines()],
                         [["STEP", "METRIC", second], ["train", "loss", "0.25"], ["train", "rows", "12"]])
        both = [["STEP", "METRIC", first, second], ["train", "loss", "0.5", "0.25"], ["train", "rows", "12", "12"]]
        self.assertEqual([line.split() for line in self.ok("metrics", first, "latest").out.splitlines()], both)
        self.assertEqual([line.split() for line in self.ok("metrics", "-n", "2").out.splitlines()], both)

    def test_the_latest_runs_or_those_that_are_named(self):
        self.project.spec("steps: {one: {command: echo hello}}")
        self.ok("run")
        self.assertIn("-n and the names of runs exclude each other", self.fails(2, "metrics", "latest", "-n", "2").err)

    def test_csv_and_series(self):
        self.run_with(1, 0.5)
        run, = self.runs()
        self.assertEqual(self.ok("metrics", "--csv").out, f"run,step,metric,value\n{run},train,loss,0.5\n{run},train,rows,12\n")
        rows = list(csv.DictReader(io.StringIO(self.ok("metrics", "--series").out)))
        self.assertEqual([(row["metric"], row["at"], row["value"]) for row in rows], [("loss", "0", "1"), ("loss", "1", "0.5"), ("rows", "0", "12")])

    def test_json_of_a_reused_step_has_the_series_of_the_run_that_tracked_it(self):
        self.run_with(1, 0.5)
        self.ok("run")
        step, = self.ok("metrics", "--json").json()["runs"][0]["steps"]
        self.assertEqual((step["state"], step["metrics"]), ("reused", {"loss": 0.5, "rows": 12}))
        self.assertEqual([(point["at"], point["value"]) for point in step["series"]["loss"]], [(0, 1), (1, 0.5)])

    def test_nothing_to_tell(self):
        self.project.spec("steps: {plain: {command: echo hello}}")
        self.assertIn("no run", self.fails(2, "metrics").err)
        self.ok("run")
        empty = self.ok("metrics")
        self.assertEqual(empty.out, "")
        self.assertIn("nothing was tracked; scripts do it with mlflow.log_metric", empty.err)
        self.assertEqual(self.ok("metrics", "--csv").out, "run,step,metric,value\n")
        self.assertIn("has no step `plane`", self.fails(2, "metrics", "--step", "plane").err)
        self.fails(2, "metrics", "--csv", "--json")

    def test_every_log_method_of_run_leaves_something(self):
        self.project.spec("steps: {train: {source_directory: src, command: python3 train.py}}")
        self.project.write("src/train.py", """
            from azureml.core import Run
            run = Run.get_context()
            run.log("scalar", 1)
            run.log("word", "good")
            run.log_list("list", [1, 2])
            run.log_row("row", x=1, y=2)
            run.log_table("table", {"a": [3, 4], "b": 5})
            run.log_confusion_matrix("confusion", {"matrix": [[1, 0], [0, 1]]})
            """)
        self.ok("run")
        metrics = self.ok("metrics", "--json").json()["runs"][0]["steps"][0]["metrics"]
        self.assertEqual(metrics, {"scalar": 1, "list": 2, "row/x": 1, "row/y": 2, "table/a": 4, "table/b": 5})
        kept = {path.name: path.read_text() for path in self.project.path.glob(".mlpipe/runs/*/mlflow/*/*/*/*") if path.is_file()}
        self.assertEqual(kept["word"], "good")
        self.assertIn("matrix", kept["confusion.json"])

    def script(self, text, expect=""):
        self.project.spec("steps: {train: {source_directory: src, command: python3 train.py%s}}" % expect)
        self.project.write("src/train.py", "from azureml.core import Run\nimport mlflow, time\nr = Run.get_context()\n" + text)

    def tracked(self):
        return self.ok("metrics", "--json").json()["runs"][0]["steps"][0]["metrics"]

    def test_every_value_of_one_moment_counts(self):
        self.script("for i in range(500): r.log('x', i % 2); r.log('const', 1)\n")
        self.ok("run")
        step, = self.ok("metrics", "--json").json()["runs"][0]["steps"]
        self.assertEqual(step["metrics"], {"x": 1, "const": 1})
        self.assertEqual([point["value"] for point in step["series"]["x"]], [0, 1] * 250)
        self.assertEqual(len(step["series"]["const"]), 500)

    def test_what_diverged_is_told_and_json_stays_strict(self):
        self.script("r.log('loss', 0.5); time.sleep(0.01); r.log('loss', float('inf')); r.log('gain', float('-inf')); r.log('none', float('nan'))\n")
        self.ok("run")
        told = {line.split()[1]: line.split()[2] for line in self.ok("metrics").out.splitlines()}
        self.assertEqual({name: told[name] for name in ("loss", "gain", "none")}, {"loss": "inf", "gain": "-inf", "none": "nan"})
        self.assertIn("train,loss,inf\n", self.ok("metrics", "--csv").out)
        self.assertEqual(self.tracked(), {"loss": None, "gain": None, "none": None})
        self.ok("run")
        self.assertIn("metric loss: inf\n", self.ok("show").out)  # a record that was read again

    def test_names_that_are_no_files_are_kept(self):
        names = ["loss", "loss/train", "acc/train", "acc", "n" * 5000, "", "../../etc/x", "/rooted", "a//b", "nul\0", "\\ and\nlines"]
        self.script(f"names = {names!r}\nfor i, name in enumerate(names):\n    r.log(name, -1)\n    r.log(name, i)\n    r.tag(name, i)\n    mlflow.log_param(name, i)\n"
                    "found = mlflow.get_run(mlflow.active_run().info.run_id).data\n"
                    "assert found.params == {name: str(i) for i, name in enumerate(names)}, found.params\n"
                    "assert found.metrics == {name: i for i, name in enumerate(names)}, found.metrics\n"
                    "r.log('large', 10 ** 400)\nr.log_confusion_matrix('n' * 5000, {})\n")
        run = self.ok("run")
        self.assertEqual(self.tracked(), {name: number for number, name in enumerate(names)})
        self.assertEqual(run.err.count("cannot be tracked, and is left out"), 1, run.err)

    SECRETIVE = "import os\ns = os.environ['TOKEN']\nr.log('m_' + s, 1)\nr.log('../' + s, 2)\nr.tag('t', s)\nmlflow.log_param(s, s)\n"

    def assert_no_secret(self):
        below = [path for path in (self.project.path / ".mlpipe").rglob("*")]
        self.assertEqual([path for path in below if "hunter2secret" in path.name], [])
        self.assertEqual([path for path in below if path.is_file() and b"hunter2secret" in path.read_bytes()], [])

    def test_secrets_are_not_written_down(self):
        self.script(self.SECRETIVE, ", secrets: [TOKEN]")
        self.ok("run", env={"TOKEN": "hunter2secret"})
        self.assertEqual(self.tracked(), {"m_***": 1, "../***": 2})
        self.assert_no_secret()

    def test_also_not_by_mlflow_itself(self):
        self.script(self.SECRETIVE + "for path in ('metrics/by_' + s, 'tags/by_' + s):\n"
                    "    open(os.path.join(r._tracked.folder, path), 'w').write('1 3.0 0')\n", ", secrets: [TOKEN]")
        self.ok("run", env={"TOKEN": "hunter2secret"})
        self.assertEqual(self.tracked()["by_***"], 3)
        self.assert_no_secret()

    def test_nor_left_behind_by_a_step_that_was_killed(self):
        self.script(self.SECRETIVE + "open(os.environ['TRACE'], 'w').write('there')\ntime.sleep(60)\n", ", secrets: [TOKEN]")
        process = self.project.start("run", env={"TOKEN": "hunter2secret"})
        self.project.wait_for_trace("there")
        process.kill()
        self.project.finish(process)
        self.assert_no_secret()


if __name__ == "__main__":
    unittest.main()
