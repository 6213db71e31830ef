"""A project with one parallel step and a Python entry script, for the tests of what such a script may rely on."""

import subprocess
import unittest

from support import VENV_PYTHON, ScenarioTest, write_files

SPEC = """
inputs: {data: data, model: model.txt}
steps:
  score:
    source_directory: score
    parallel_run_config:
      entry_script: %s
      append_row_file_name: rows.txt
      %s
    inputs: {data: "${{pipeline.inputs.data}}"}
    side_inputs: {model: "${{pipeline.inputs.model}}"}
    outputs: {rows: , extra: }
    arguments: [%s]
"""


def has_module(python, name):
    return subprocess.run([python, "-c", "import " + name], capture_output=True).returncode == 0


needs_pandas = unittest.skipUnless(VENV_PYTHON.exists() and has_module(VENV_PYTHON, "pandas"), "pandas is not installed in .venv")


class EntryScripts(ScenarioTest):
    items = 4

    def prepare(self, script, arguments="", entry="score.py", venv=False, **settings):
        values = {"mini_batch_size": 2, "process_count_per_node": 1, "run_max_try": 1} | settings
        spec = SPEC % (entry, "\n      ".join(f"{name}: {value}" for name, value in values.items()), arguments)
        self.project.spec((f"environment: {{python: {VENV_PYTHON}}}\n" if venv else "") + spec)
        self.project.write("score/" + entry, "import os, sys, time\n" + script.lstrip("\n"))
        self.project.write("model.txt", "the model\n")
        write_files(self.project, "data", self.items)

    def rows_file(self):
        return self.output("score.rows") / "rows.txt"

    def rows(self):
        return self.rows_file().read_text().splitlines()

    def rows_of(self, script, *more, **options):
        self.prepare(script, *more, **options)
        self.ok("run")
        return self.rows()

    def failure_of(self, script, *more, code=5, **options):
        """What the terminal shows of a step whose mini-batches all fail."""
        self.prepare(script, *more, **options)
        return self.fails(code, "run").err

    def logs(self):
        runs = sorted((self.project.path / ".mlpipe/runs").iterdir(), key=lambda path: path.stat().st_mtime)
        return runs[-1] / "steps/score/logs"

    def log(self, name):
        return (self.logs() / name).read_text(errors="replace")
