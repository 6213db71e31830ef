"""Every exit code of the documentation is provoked here."""

import os
import signal
import subprocess
import unittest

from support import MLPIPE, ScenarioTest, write_chain, write_files

ENTRY = """
def run(mini_batch):
    return mini_batch[1:]
"""
PARALLEL = """
steps:
  score:
    source_directory: score
    parallel_run_config: {entry_script: score.py, mini_batch_size: 2, process_count_per_node: 1, run_max_try: 1%s}
    inputs: {data: "${{pipeline.inputs.data}}"}
    outputs: {rows: }
inputs: {data: data}
"""


class ExitCodes(ScenarioTest):
    def test_0_when_all_is_well(self):
        write_chain(self.project)
        self.ok("run")
        self.ok("validate")
        self.ok("--version")
        self.ok("--help")

    def test_1_when_a_step_fails(self):
        self.project.spec("steps: {bad: {command: exit 9, outputs: {o: }}}")
        self.fails(1, "run")

    def test_1_when_a_step_dies_of_a_signal(self):
        self.project.spec("steps: {bad: {command: kill -SEGV $$, outputs: {o: }}}")
        self.assertIn("SIGSEGV", self.fails(1, "run").err)

    def test_2_on_wrong_usage(self):
        write_chain(self.project)
        for words in (["rnu"], ["run", "--no-such-option"], ["run", "--step"], [], ["run", "--step", "first", "--from", "first"],
                      ["run", "--step", "frist"], ["run", "-j", "0"], ["run", "--use", "first"], ["output", "first"]):
            with self.subTest(words=words):
                self.assertTrue(self.fails(2, *words).err.strip())

    def test_3_on_an_invalid_spec(self):
        self.project.spec("steps: {first: {comand: true}}")
        for command in ("run", "validate", "plan"):
            with self.subTest(command=command):
                result = self.fails(3, command)
                self.assertRegex(result.err, r"pipeline\.yaml:1:\d+: error: ")
                self.assertIn("`command`", result.err)

    def test_3_when_an_override_does_not_fit(self):
        write_chain(self.project)
        self.fails(3, "run", "-p", "wrod=x")
        self.fails(3, "run", "--set", "first.no_such_key=1")

    def test_4_when_plan_has_work(self):
        write_chain(self.project)
        self.fails(4, "plan", "--exit-code")
        self.ok("plan")
        self.ok("run")
        self.ok("plan", "--exit-code")

    def test_5_when_an_error_threshold_is_exceeded(self):
        self.project.spec(PARALLEL % ", error_threshold: 1")
        self.project.write("score/score.py", ENTRY)
        write_files(self.project, "data", 4)
        result = self.fails(5, "run")
        self.assertIn("error_threshold", result.err)
        self.assertIn("42", self.project.run("show").out, "the step's own record says 42, as Azure's driver exits")

    def test_7_when_a_step_runs_out_of_time(self):
        self.project.spec("steps: {slow: {command: sleep 60, timeout: 1, outputs: {o: }}}")
        result = self.fails(7, "run")
        self.assertLess(result.seconds, 30)
        self.assert_nothing_left()

    def test_9_when_the_store_cannot_be_used(self):
        write_chain(self.project)
        file = self.project.write("a-file", "")
        self.fails(9, "run", "--store", str(file))

    def test_9_when_what_was_asked_for_cannot_be_printed(self):
        write_chain(self.project)
        for words in (["run", "--json"], ["show"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([MLPIPE, *words], cwd=self.project.path, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 9, done.stderr)
            self.assertIn("cannot write standard output: no space left on device", done.stderr)

    def test_9_when_the_store_is_newer(self):
        write_chain(self.project)
        self.ok("run")
        (self.project.path / ".mlpipe/format").write_text("mlpipe store 999\n")
        self.assertIn("999", self.fails(9, "run").err)

    def stopped_by(self, number, code):
        self.project.spec('steps: {slow: {command: echo on >> "$TRACE"; sleep 60, outputs: {o: }}}')
        process = self.project.start("run")
        self.project.wait_for_trace("on")
        os.kill(process.pid, number)
        result = self.project.finish(process)
        self.assertEqual(result.code, code, result)
        self.assertLess(result.seconds, 30)
        self.assert_nothing_left()

    def test_130_after_an_interrupt(self):
        self.stopped_by(signal.SIGINT, 130)

    def test_143_after_a_termination(self):
        self.stopped_by(signal.SIGTERM, 143)


if __name__ == "__main__":
    unittest.main()
