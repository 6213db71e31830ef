"""--json of every command, against docs/output.schema.json."""

import re
import unittest

from output_schema import OutputSchema
from support import ScenarioTest, write_chain, write_files

PARALLEL = """
name: both
inputs: {data: data}
steps:
  score:
    source_directory: score
    parallel_run_config: {entry_script: score.py, mini_batch_size: 2, error_threshold: 1, run_max_try: 1, process_count_per_node: 1}
    inputs: {data: "${{pipeline.inputs.data}}"}
    outputs: {rows: }
  fails:
    command: echo half; echo wrong >&2; exit 3
    retries: 1
  below:
    command: "true"
    depends_on: [fails]
"""
SCORE = """
    def run(batch):
        if any(name.endswith("item-003.txt") for name in batch):
            raise ValueError("bad item")
        return batch
"""
# Commands whose option is looked at elsewhere, and where.
ELSEWHERE = {"logs": "test_logs_command", "bench-model": "test_scoring_packages", "rerun": "as run", "export": "as convert"}


class Json(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.schema = OutputSchema()
        self.seen = set()

    def check(self, *documents):
        for document in documents:
            self.assertEqual(self.schema.mistakes(document), [])
            self.seen.add(self.schema.name_of(document))

    def test_every_event_of_a_run(self):
        self.project.spec(PARALLEL)
        self.project.write("score/score.py", SCORE)
        write_files(self.project, "data", 8)
        self.check(*self.fails(1, "run", "--json").events())
        self.assertEqual(self.seen, {"event run_started", "event step_started", "event step_output", "event worker_ended", "event step_progress", "event step_retried",
                                     "event step_ended", "event run_ended"} | (self.seen & {"event notice"}))

    def test_every_command_that_has_it(self):
        write_chain(self.project)
        self.project.write("v1.yaml", "pipeline:\n  name: old\n  steps:\n    a: {type: PythonScriptStep, script_name: a.py, source_directory: alone}\n")
        self.project.write("alone/a.py", "")
        self.project.write("new/.keep", "")
        self.check(self.fails(3, "validate", "--json", "-f", str(self.project.write("bad.yaml", "stepz: 1\n"))).json())
        self.check(*self.ok("run", "--json").events())
        self.project.write("seed.txt", "another\n")
        self.check(*self.ok("run", "--json").events())
        self.ok("cache", "export", "results.tar.zst")
        commands = {
            "run": None, "plan": ["plan"], "why": ["why"], "validate": ["validate"], "runs": ["runs"], "show": ["show"], "metrics": ["metrics"],
            "output": ["output", "second.changed"], "diff": ["diff", "latest"], "clone": ["clone", "latest", "draft"],
            "convert": ["convert", "v1.yaml", "--to", "converted"], "cache": ["cache", "import", "results.tar.zst"],
            "gc": ["gc", "--dry-run"], "diagnose": ["diagnose"], "graph": ["graph"], "env": ["env", "list"], "init": ["init", "-f", "new/pipeline.yaml"], "doctor": ["doctor"],
        }
        for name, words in commands.items():
            with self.subTest(command=name):
                if words:
                    self.check(self.ok(*words, "--json").json())
        self.check(self.ok("cache", "stats", "--json").json(), self.ok("doctor", "--store", "--json").json())
        self.assertEqual(self.with_json() - set(commands) - set(ELSEWHERE), set(), "commands with --json that no test looks at")

    def with_json(self):
        overview = self.ok("help").out
        names = re.findall(r"^  ([a-z-]+)  ", overview, re.MULTILINE)
        return {name for name in names if "--json" in self.ok(name, "--help").out}

    def test_a_name_that_is_no_utf8_is_still_json(self):
        self.project.spec("steps:\n  a:\n    command: printf 'a\\377b'\n")
        self.check(*self.ok("run", "--json").events())


if __name__ == "__main__":
    unittest.main()
