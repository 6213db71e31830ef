"""The live table of a run, as a terminal shows it: rendered from what mlpipe writes to it."""

import os
import signal
import unittest

from screen import Screen
from support import MLPIPE, ScenarioTest, wait_until

# Runs until the file `go` is there.
WAITS = """
    steps:
      waits: {command: "echo begun; while [ ! -e GO ]; do sleep 0.05; done; echo over"}
"""
SCORE = """
    import os, time

    def run(batch):
        while not os.path.exists("GO") and batch[0].endswith("item-006.txt"):
            time.sleep(0.05)
        return batch
"""


class LiveView(ScenarioTest):
    def start(self, *words, arguments=None, **options):
        screen = Screen(self.project, arguments or [MLPIPE, *words], **options)
        self.addCleanup(screen.close)
        return screen

    def waiting(self, **options):
        self.project.spec(WAITS.replace("GO", str(self.project.path / "go")))
        return self.start("run", **options)

    def go(self):
        self.project.write("go", "")

    def test_time_goes_on_while_nothing_happens(self):
        screen = self.waiting()
        first = screen.wait_for(r"^waits  runs  .* s")
        wait_until(lambda: screen.read(0.1) and screen.wait_for(r"^waits  runs  ") != first, 10, "another time")
        screen.wait_for(r"^waits  runs .* [KMG]B$")
        screen.wait_for(r"^0 of 1 steps ended, 1 running")
        self.go()
        self.assertEqual(screen.end(), 0)
        self.assertNotIn("running", screen.text())
        self.assertIn("1 step: 1 ran", screen.text())

    def test_a_parallel_step_shows_how_far_it_is(self):
        self.project.spec("""
            inputs: {data: data}
            steps:
              score:
                source_directory: score
                parallel_run_config: {entry_script: score.py, mini_batch_size: 2, process_count_per_node: 1}
                inputs: {data: "${{pipeline.inputs.data}}"}
                outputs: {rows: }
            """)
        self.project.write("score/score.py", SCORE.replace("GO", str(self.project.path / "go")))
        for number in range(10):
            self.project.write(f"data/item-{number:03d}.txt", "")
        screen = self.start("run", columns=140)
        screen.wait_for(r"^score  runs  .* s  6/10 items .* 1 worker .* [0-9.]+ MB  3/5 mini-batches$")
        self.go()
        self.assertEqual(screen.end(), 0)

    def test_it_writes_little(self):
        screen = self.waiting()
        screen.wait_for(r"^waits  runs ")
        before = screen.written
        screen.watch(3)
        self.assertLess(screen.written - before, 3 * 10 * 200)  # ten frames a second at most
        self.go()
        self.assertEqual(screen.end(), 0)

    def test_forty_columns(self):
        screen = self.waiting(columns=40, rows=10)
        screen.wait_for(r"^waits  runs ")
        screen.watch(1)
        self.assertEqual(sum("running" in line for line in screen.lines()), 1, screen.text())
        self.go()
        self.assertEqual(screen.end(), 0)
        self.assertIn("1 step: 1 ran", screen.text())

    def test_another_size(self):
        screen = self.waiting(columns=100, rows=30)
        screen.wait_for(r"^waits  runs ")
        for columns, rows in ((120, 30), (120, 12), (60, 12), (200, 50)):
            screen.resize(columns, rows)
            screen.watch(0.7)
            self.assertEqual(sum("of 1 steps ended" in line for line in screen.lines()), 1, screen.text())
        self.go()
        self.assertEqual(screen.end(), 0)
        self.assertNotIn("running", screen.text())

    def test_ctrl_z_and_fg(self):
        self.project.spec(WAITS.replace("GO", str(self.project.path / "go")))
        screen = self.start(arguments=["bash", "--norc", "-i"], env={"PS1": "prompt> ", "HISTFILE": "/dev/null"})
        screen.wait_for(r"^prompt>")
        screen.type(f"{MLPIPE} run\n")
        screen.wait_for(r"^waits  runs ")
        screen.type("\x1a")
        screen.wait_for(r"Stopped")
        screen.type("echo typed\n")
        screen.wait_for(r"^typed$")
        screen.type("fg\n")
        screen.wait_for(r"^prompt> fg")
        screen.watch(1)
        shown = screen.text()
        self.assertIn("\ntyped\n", shown)
        after = shown.split("prompt> fg")[1]
        self.assertEqual(after.count("of 1 steps ended"), 1, shown)
        self.go()
        screen.wait_for(r"^1 step: 1 ran")
        screen.type("exit\n")
        screen.end()
        self.assertIn("\ntyped\n", screen.text())

    def test_after_a_failure_the_last_screen_says_what_to_type(self):
        self.project.spec("""
            steps:
              fails: {command: exit 3}
              talks: {command: sleep 0.3; seq 1 100, depends_on: []}
            """)
        screen = self.start("run")
        self.assertEqual(screen.end(), 1)
        self.assertRegex(screen.text(), r"fails failed after .*: exit code 3\n  next: mlpipe run --step fails\n2 steps: 1 ran, 1 failed")

    def test_killed_it_leaves_the_terminal_fit(self):
        screen = self.waiting()
        screen.wait_for(r"^waits  runs ")
        os.kill(screen.pid, signal.SIGKILL)
        screen.end()
        self.assertFalse(screen.screen.cursor.hidden)


if __name__ == "__main__":
    unittest.main()
