"""Ctrl-C, termination and kill -9: nothing of the finished work is lost, nothing is left running, nothing is to be unlocked."""

import os
import random
import signal
import time
import unittest

from support import ScenarioTest, score_spec, wait_until, write_files

SLOW = """
steps:
  quick:
    command: echo quick >> "$TRACE"; echo q > ${{outputs.o}}
    outputs: {o: {type: file}}
  slow:
    command: echo slow >> "$TRACE"; while [ -f "$GATE" ]; do sleep 0.1; done; echo s > ${{outputs.o}}
    inputs: {q: "${{steps.quick.outputs.o}}"}
    outputs: {o: {type: file}}
"""
PARALLEL = score_spec(["mini_batch_size: 1", "process_count_per_node: 2", "append_row_file_name: rows.txt"])
ENTRY = """
import os, time

def run(mini_batch):
    with open(os.environ["TRACE"], "a") as trace:
        trace.write("".join(os.path.basename(path) + "\\n" for path in mini_batch))
    time.sleep(0.05)
    while os.path.basename(mini_batch[0]) > "item-010" and os.path.exists(os.environ["GATE"]):
        time.sleep(0.05)
    return [os.path.basename(path) for path in mini_batch]
"""


class Signals(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.gate = self.project.base / "gate"
        self.gate.touch()
        self.project.env["GATE"] = str(self.gate)

    def start_slow(self):
        self.project.spec(SLOW)
        process = self.project.start("run")
        self.project.wait_for_trace("quick", "slow")
        return process

    def start_parallel(self):
        self.project.spec(PARALLEL)
        self.project.write("score/score.py", ENTRY)
        write_files(self.project, "data", 20)
        process = self.project.start("run")
        self.project.wait_for_trace("item-009.txt")
        return process

    def rows(self):
        return (self.output("score.rows") / "rows.txt").read_text().split()

    def test_an_interrupt_keeps_what_is_finished(self):
        process = self.start_slow()
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.project.finish(process).code, 130)
        self.assert_nothing_left()
        self.project.trace()
        self.gate.unlink()
        self.ok("run")
        self.assert_ran("slow")

    def interrupt_twice(self, process):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        result = self.project.finish(process)
        self.assertEqual(result.code, 130, result)
        self.assertLess(result.seconds, 5)
        self.assert_nothing_left()

    def test_a_second_interrupt_kills(self):
        self.project.spec("""steps: {stubborn: {command: "trap '' INT TERM; echo on >> $TRACE; while :; do sleep 1; done", outputs: {o: }}}""")
        process = self.project.start("run")
        self.project.wait_for_trace("on")
        self.interrupt_twice(process)

    def test_an_interrupt_of_the_whole_group_as_the_terminal_sends_it(self):
        process = self.start_slow()
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(self.project.finish(process).code, 130)
        self.assert_nothing_left()

    def test_an_interrupted_parallel_step_keeps_its_mini_batches(self):
        process = self.start_parallel()
        process.send_signal(signal.SIGINT)
        self.gate.unlink()
        result = self.project.finish(process)
        self.assertEqual(result.code, 130, result)
        self.assert_nothing_left()
        before = self.project.trace()
        self.ok("run")
        self.assertEqual(self.rows(), [f"item-{number:03d}.txt" for number in range(20)])
        again = set(before) & set(self.project.trace())
        self.assertEqual(again, set(), "mini-batches that were finished ran again")

    def test_a_second_interrupt_kills_workers(self):
        process = self.start_parallel()
        self.interrupt_twice(process)

    def test_kill_9_takes_everything_along_and_the_next_run_goes_on(self):
        process = self.start_slow()
        process.kill()
        process.communicate()
        self.gate.unlink()
        self.project.trace()
        self.ok("run")
        self.assert_ran("slow")
        self.assert_nothing_left()
        self.assertIn("killed", self.ok("runs").out)

    def test_kill_9_leaves_the_journal_of_a_parallel_step(self):
        process = self.start_parallel()
        process.kill()
        process.communicate()
        before = self.project.trace()
        self.gate.unlink()
        self.ok("run")
        self.assertEqual(self.rows(), [f"item-{number:03d}.txt" for number in range(20)])
        again = self.project.trace()
        self.assertLess(len(again), 20, f"everything ran again after {before}")
        self.assert_nothing_left()

    def test_kill_9_at_random_moments(self):
        self.gate.unlink()
        self.project.spec(PARALLEL)
        self.project.write("score/score.py", ENTRY.replace("time.sleep(0.05)", "pass"))
        write_files(self.project, "data", 30)
        moments = random.Random(5)
        for number in range(12):
            process = self.project.start("run", "--force-step", "score")
            time.sleep(moments.uniform(0, 0.3))
            process.kill()
            process.communicate()
            self.ok("run")
            self.assertEqual(self.rows(), [f"item-{number:03d}.txt" for number in range(30)])
            self.assert_nothing_left()

    def test_a_closed_terminal_stops_the_run(self):
        process = self.start_slow()
        process.send_signal(signal.SIGHUP)
        result = self.project.finish(process)
        self.assertNotEqual(result.code, 0)
        self.assert_nothing_left()

    def test_a_closed_stderr_does_not_kill_the_run(self):
        self.project.spec('steps: {talk: {command: "for i in 1 2 3 4 5; do echo $i; sleep 0.1; done; echo x > ${{outputs.o}}", outputs: {o: {type: file}}}}')
        process = self.project.start("run")
        process.stderr.close()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=30), 0)

    def test_a_run_in_the_dark_waits_for_another_that_runs_the_same_step(self):
        first = self.start_slow()
        second = self.project.start("run")
        time.sleep(0.5)
        self.gate.unlink()
        one, two = self.project.finish(first), self.project.finish(second)
        self.assertEqual((one.code, two.code), (0, 0), f"{one}\n{two}")
        self.assertEqual(self.project.trace().count("slow"), 1, two)
        self.assertIn("wait", two.err)

    def test_a_waiting_run_goes_on_when_the_other_is_killed(self):
        first = self.start_slow()
        second = self.project.start("run")
        time.sleep(0.5)
        first.kill()
        first.communicate()
        wait_until(lambda: self.project.trace_file.read_text().split().count("slow") == 2, 30, "the second run to take over")
        self.gate.unlink()
        self.assertEqual(self.project.finish(second).code, 0)
        self.ok("run")
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
