"""mlflow, mltable and azureml.core where they are not installed: stand-ins, the real ones before them, and the metrics of a run."""

import json
import signal
import unittest

from support import ScenarioTest, score_spec, wait_until

STEP = """
name: tracks
steps:
  train:
    source_directory: src
    command: python3 train.py ${{outputs.model}}
    outputs: {model: }
"""
TRAIN = """
import sys
import mlflow
from azureml.core import Run
mlflow.autolog()
mlflow.set_experiment("whatever")
with mlflow.start_run(run_name="named"):
    mlflow.log_params({"depth": 3})
    mlflow.log_metric("rmse", 0.5)
    mlflow.log_metric("rmse", VALUE, step=1)
    mlflow.log_text("hello", "notes/a.txt")
    mlflow.set_tag("kind", "small")
Run.get_context().log("accuracy", 0.75)
open(sys.argv[1] + "/model", "w").write("VALUE")
"""


class StandIns(ScenarioTest):
    def train(self, value="0.25"):
        self.project.spec(STEP)
        self.project.write("src/train.py", TRAIN.replace("VALUE", value))

    def steps(self):
        return {step["step"]: step for step in self.ok("show", "--json").json()["steps"]}

    def test_metrics_are_recorded_shown_compared_and_reused(self):
        self.train()
        run = self.ok("run")
        self.assertEqual(run.err.count("mlflow is not installed: its small stand-in is used"), 1)
        self.assertEqual(self.steps()["train"]["metrics"], {"rmse": 0.25, "accuracy": 0.75})
        self.assertIn("    metric rmse: 0.25\n", self.ok("show").out)
        self.assertIn("reused", self.ok("run").err)
        self.assertEqual(self.steps()["train"]["metrics"], {"rmse": 0.25, "accuracy": 0.75})
        self.train("0.125")
        self.ok("run")
        runs = sorted(path.name for path in (self.project.path / ".mlpipe/runs").iterdir())
        diff = self.ok("diff", runs[0], runs[-1])
        self.assertIn("rmse", diff.out)
        self.assertIn("0.125", diff.out)
        self.assertNotIn("metric tracked accuracy", diff.out)

    def test_what_is_tracked_lies_in_one_store_of_the_run(self):
        self.train()
        self.ok("run")
        run, = (self.project.path / ".mlpipe/runs").iterdir()
        kept = {str(path.relative_to(run / "mlflow").parts[2:]): path.read_text() for path in run.glob("mlflow/*/*/**/*") if path.is_file()}
        self.assertEqual(kept["('params', 'depth')"], "3")
        self.assertEqual(kept["('artifacts', 'notes', 'a.txt')"], "hello")
        self.assertEqual(kept["('tags', 'mlflow.runName')"], "named")

    def test_a_failed_step_has_its_metrics_too(self):
        self.train()
        self.project.write("src/train.py", "import mlflow\nmlflow.log_metric('loss', 2)\nraise SystemExit(3)\n")
        self.fails(1, "run")
        self.assertEqual(self.steps()["train"]["metrics"], {"loss": 2})

    def test_the_real_package_wins_wherever_it_lies(self):
        self.train()
        self.project.write("src/train.py", "import sys, mlflow, mltable, azureml.core as core\nopen(sys.argv[1] + '/who', 'w').write(mlflow.WHO + mltable.WHO + core.WHO)\n")
        self.project.write("src/mlflow/__init__.py", "WHO = 'beside '\n")
        self.project.write("site/mltable/__init__.py", "WHO = 'on the path '\n")
        self.project.write("site/azureml/core/__init__.py", "WHO = 'of a namespace'\n")
        run = self.ok("run", env={"PYTHONPATH": str(self.project.path / "site")})
        self.assertEqual((self.output("train.model") / "who").read_text(), "beside on the path of a namespace")
        self.assertNotIn("stand-in", run.err)

    def test_the_real_package_wins_from_a_folder_that_is_searched_later(self):
        self.train()
        self.project.write("src/train.py", "import sys\nsys.path.append(sys.argv[2])\nimport mlflow.sub\nopen(sys.argv[1] + '/who', 'w').write(mlflow.sub.WHO)\n")
        self.project.write("later/mlflow/__init__.py", "")
        self.project.write("later/mlflow/sub.py", "WHO = 'real'\n")
        self.project.spec(STEP.replace("train.py ", f"train.py ${{{{outputs.model}}}} {self.project.path}/later #"))
        self.ok("run")
        self.assertEqual((self.output("train.model") / "who").read_text(), "real")

    def test_a_tracking_server_of_ones_own_is_left_alone(self):
        self.train()
        self.project.write("src/train.py", "import os, sys\nopen(sys.argv[1] + '/uri', 'w').write(os.environ['MLFLOW_TRACKING_URI'] + os.environ.get('MLFLOW_RUN_ID', ''))\n")
        self.ok("run", env={"MLFLOW_TRACKING_URI": "http://tracking"})
        self.assertEqual((self.output("train.model") / "uri").read_text(), "http://tracking")

    def test_a_tracking_server_that_only_mlflow_could_reach_is_told_once(self):
        self.train()
        run = self.ok("run", env={"MLFLOW_TRACKING_URI": "http://user:secret@tracking"})
        self.assertEqual(run.err.count("what steps track without it is lost"), 1)
        self.assertNotIn("secret", run.err)
        self.assertNotIn("is lost", self.ok("run", "--force").err)

    def test_code_that_names_no_package_finds_no_stand_in(self):
        self.train()
        self.project.write("src/train.py", "import importlib.util, sys\nfound = [importlib.util.find_spec('ml' + name) for name in ('flow', 'table')]\n"
                                           "open(sys.argv[1] + '/found', 'w').write(str(found))\n")
        self.ok("run")
        self.assertEqual((self.output("train.model") / "found").read_text(), "[None, None]")

    def test_a_package_behind_a_finder_of_its_own_is_the_real_one(self):
        self.train()
        self.project.write("hidden/mlflow/__init__.py", "WHO = 'editable'\n")
        self.project.write("site/sitecustomize.py", """
            import importlib.util, sys
            class Editable:
                @staticmethod
                def find_spec(name, path=None, target=None):
                    if name == "mlflow":
                        return importlib.util.spec_from_file_location(name, %r, submodule_search_locations=[%r])
            sys.meta_path.append(Editable)
            """ % (str(self.project.path / "hidden/mlflow/__init__.py"), str(self.project.path / "hidden/mlflow")))
        self.project.write("src/train.py", "import sys, mlflow\nopen(sys.argv[1] + '/who', 'w').write(mlflow.WHO)\n")
        run = self.ok("run", env={"PYTHONPATH": str(self.project.path / "site")})
        self.assertEqual((self.output("train.model") / "who").read_text(), "editable")
        self.assertNotIn("stand-in", run.err)

    def test_runs_can_be_read_again(self):
        self.train()
        self.project.write("src/train.py", """
            import sys
            import mlflow
            with mlflow.start_run() as run:
                mlflow.log_metric("m", 1)
                mlflow.log_metric("m", 0.5)
                mlflow.log_param("p", 3)
            found = mlflow.get_run(run.info.run_id)
            experiment = mlflow.get_experiment_by_name("any")
            assert (found.data.metrics, found.data.params, found.info.status) == ({"m": 0.5}, {"p": "3"}, "FINISHED"), vars(found.data)
            assert experiment.experiment_id == run.info.experiment_id and experiment.lifecycle_stage == "active"
            assert int(mlflow.__version__.split(".")[0]) == 2
            try:
                mlflow.get_run("none")
            except Exception as problem:
                assert "none" in str(problem)
            else:
                raise AssertionError
            """)
        self.ok("run")

    def test_what_a_stand_in_lacks_is_told(self):
        self.train()
        self.project.write("src/train.py", "import mlflow\nmlflow.register_model('a', 'b')\n")
        self.assertIn("mlpipe's small stand-in for it has no `register_model`", self.fails(1, "run").err)

    def test_workers_track_into_the_run_of_their_step(self):
        self.project.spec(score_spec(["mini_batch_size: 1", "process_count_per_node: 2", "append_row_file_name: rows.txt"]))
        self.project.write("score/score.py", """
            import mlflow
            from azureml.core import Run

            def run(files):
                mlflow.log_metric("files", len(files))
                Run.get_context().log("seen", 1)
                return files
            """)
        for number in range(6):
            self.project.write(f"data/{number}", "")
        self.ok("run")
        self.assertEqual(self.steps()["score"]["metrics"], {"files": 1, "seen": 1})

    def interrupted(self, how, entry_script):
        """A run of 12 mini-batches that is ended when the sixth has tracked its value, and the one that goes on behind it: its metrics."""
        self.project.spec(score_spec(["mini_batch_size: 1", "process_count_per_node: 2", "append_row_file_name: rows.txt"])
                          .replace("    outputs:", "    expect: {rows: 12, metrics: {checked: '>= 0'}}\n    outputs:", 1))
        self.project.write("score/score.py", entry_script)
        for number in range(12):
            self.project.write(f"data/{number:02}", "")
        process = self.project.start("run")
        wait_until(lambda: self.project.trace_file.exists() and len(self.project.trace_file.read_text().split()) > 5, 30, "six mini-batches")
        process.send_signal(how)
        self.project.finish(process)
        self.ok("run")
        return self.ok("metrics", "--json").json()["runs"][0]["steps"][0]

    SLOW = """
        import os, time
        from azureml.core import Run

        def run(files):
            Run.get_context().log("checked", int(os.path.basename(files[0])))
            with open(os.environ["TRACE"], "a") as trace:
                trace.write("one\\n")
            time.sleep(0.1)
            return files
        """

    def test_metrics_of_kept_mini_batches_come_along_each_once(self):
        step = self.interrupted(signal.SIGINT, self.SLOW)
        self.assertEqual(sorted(point["value"] for point in step["series"]["checked"]), list(range(12)))

    def test_also_behind_a_run_that_was_killed(self):
        step = self.interrupted(signal.SIGKILL, self.SLOW)
        self.assertEqual(sorted(point["value"] for point in step["series"]["checked"]), list(range(12)))

    def test_a_try_that_failed_counts_only_where_none_did_better(self):
        self.project.spec(score_spec(["mini_batch_size: 1", "process_count_per_node: 1", "run_max_try: 2", "error_threshold: 1", "append_row_file_name: rows.txt"]))
        self.project.write("score/score.py", """
            import os
            from azureml.core import Run

            tried = set()

            def run(files):
                name = os.path.basename(files[0])
                Run.get_context().log("checked", int(name))
                if name == "2" or name == "1" and name not in tried:
                    tried.add(name)
                    raise ValueError("not yet")
                return files
            """)
        for number in range(3):
            self.project.write(f"data/{number}", "")
        self.ok("run")
        step, = self.ok("metrics", "--json").json()["runs"][0]["steps"]
        self.assertEqual(sorted(point["value"] for point in step["series"]["checked"]), [0, 1, 2])

    def test_lines_in_the_logs_are_strict_json(self):
        self.project.spec(score_spec(["mini_batch_size: 1", "append_row_file_name: rows.txt"]))
        self.project.write("score/score.py", """
            from azureml.core import Run

            def run(files):
                Run.get_context().log("loss", float("inf"))
                Run.get_context().log_list("list", [float("nan"), 1.5])
                Run.get_context().log("large", 10 ** 400)
                return files
            """)
        self.project.write("data/0", "")
        self.ok("run")
        log, = self.project.path.glob(".mlpipe/runs/*/steps/*/logs/user/metrics.jsonl")

        def refuse(word):
            raise AssertionError(word)

        values = {line["name"]: line["value"] for line in (json.loads(line, parse_constant=refuse) for line in log.read_text().splitlines())}
        self.assertEqual((values["loss"], values["list"], values["large"]), (None, [None, 1.5], 10 ** 400))

    def test_mltable_reads_in_a_command_step(self):
        self.train()
        self.project.write("src/train.py", """
            import sys, types
            pandas_missing = False
            try:
                import pandas, yaml
            except ImportError:
                pandas_missing = True
            import mltable
            text = "skipped"
            if not pandas_missing:
                open("a.csv", "w").write("n,v\\n1,x\\n2,y\\n")
                table = mltable.from_delimited_files([{"file": "a.csv"}]).keep_columns(["v"]).take(1)
                table.save("saved")
                text = mltable.load("saved").to_pandas_dataframe().to_csv(index=False)
            open(sys.argv[1] + "/out", "w").write(text)
            """)
        self.ok("run")
        self.assertIn((self.output("train.model") / "out").read_text(), ("v\nx\n", "skipped"))


if __name__ == "__main__":
    unittest.main()
