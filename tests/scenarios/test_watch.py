"""run --watch: a run after each save of something that it depends on."""

import os
import signal
import threading
import time
import unittest

from support import wait_until, write_chain
from terminal import TerminalTest

WAITING = "(Ctrl-C ends)"


class Watch(TerminalTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)

    def watch(self, *options):
        return self.terminal("run", "--watch", *options)

    def end(self, terminal, code):
        terminal.ctrl_c()
        shown = terminal.end()
        self.assertEqual(terminal.code, code, shown)
        self.assert_nothing_left()
        return shown

    def test_only_what_a_saved_file_touches_runs_again(self):
        terminal = self.watch()
        self.assertIn("waiting for a change of pipeline.yaml, ", terminal.expect(WAITING))
        self.assert_ran("first", "second", "third", "alone")
        self.project.write("second/change.sh", 'cat "$1"\necho "other $2"\n')
        self.assertIn("changed: second/change.sh\n", terminal.expect(WAITING))
        self.assert_ran("second", "third")
        self.project.write("seed.txt", "another seed\n")
        self.assertIn("changed: seed.txt\n", terminal.expect(WAITING))
        self.assert_ran("first", "second", "third")
        self.project.write("alone/new/file", "1\n")
        self.assertIn("changed: alone/new", terminal.expect(WAITING))
        self.assert_ran("alone")
        self.assertIn("no longer waiting; the last run went well", self.end(terminal, 0))

    def test_editors_that_save_by_renaming(self):
        terminal = self.watch()
        terminal.expect(WAITING)
        self.project.trace()
        self.project.write("alone/words~", "new words\n")
        os.rename(self.project.path / "alone/words~", self.project.path / "alone/words")
        self.assertIn("alone/words", terminal.expect(WAITING))
        self.assert_ran("alone")
        self.project.spec(self.project.read("pipeline.yaml").replace("{word: hello}", "{word: bye}"))
        os.rename(self.project.path / "pipeline.yaml", self.project.path / "aside")
        os.rename(self.project.path / "aside", self.project.path / "pipeline.yaml")
        self.assertIn("changed: pipeline.yaml", terminal.expect(WAITING))
        self.assert_ran("second", "third")
        self.end(terminal, 0)

    def test_what_is_ignored_does_not_wake_it(self):
        self.project.write("alone/.amlignore", "*.log\n")
        terminal = self.watch()
        terminal.expect(WAITING)
        for name in ("alone/x.log", "alone/__pycache__/x.pyc", "alone/.words.swp", "other.yaml", ".mlpipe/x"):
            self.project.write(name, "1\n")
        self.project.write("alone/words", "new words\n")
        self.assertIn("changed: alone/words\n", terminal.expect(WAITING))
        self.end(terminal, 0)

    def test_what_is_saved_while_it_runs_begins_the_next_round(self):
        self.project.write("alone/go", "")
        self.project.spec(self.project.read("pipeline.yaml").replace("cat words > ", 'while [ ! -e "$GO" ]; do sleep 0.05; done; cat words > '))
        self.project.env["GO"] = str(self.project.base / "go")
        terminal = self.watch()
        self.project.wait_for_trace("alone", "third")
        self.project.write("second/change.sh", 'cat "$1"\necho "other $2"\n')
        self.project.trace()
        (self.project.base / "go").touch()
        self.assertIn("changed: second/change.sh\n", terminal.expect("changed: second/change.sh\n"))
        terminal.expect(WAITING)
        self.assert_ran("second", "third")
        self.end(terminal, 0)

    def test_a_mistake_in_the_spec_is_shown_and_waited_on(self):
        good = self.project.read("pipeline.yaml")
        terminal = self.watch()
        terminal.expect(WAITING)
        self.project.trace()
        self.project.spec(good.replace("command: echo alone", "comand: echo alone"))
        shown = terminal.expect(WAITING)
        self.assertIn("pipeline.yaml:21:5: error: unknown key `comand`", shown)
        self.assertIn("did you mean `command`?", shown)
        self.assert_ran()
        self.project.spec(good.replace("{word: hello}", "{word: bye}"))
        terminal.expect(WAITING)
        self.assert_ran("second", "third")
        (self.project.path / "pipeline.yaml").unlink()
        self.assertIn("error", terminal.expect(WAITING))
        self.end(terminal, 2)  # there is no pipeline.yaml

    def test_it_ends_with_the_last_state(self):
        self.project.write("second/change.sh", "exit 1\n")
        terminal = self.watch()
        terminal.expect(WAITING)
        self.assertIn("the last run ended with exit code 1", self.end(terminal, 1))

    def test_ctrl_c_during_a_run_ends_both(self):
        self.project.write("second/change.sh", "sleep 60\n")
        terminal = self.watch()
        self.project.wait_for_trace("second")
        self.assertNotIn("waiting for a change", self.end(terminal, 130))

    def test_sigterm_ends_it(self):
        terminal = self.watch()
        terminal.expect(WAITING)
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.end()
        self.assertEqual(terminal.code, 143)

    def test_what_it_writes_itself_does_not_wake_it(self):
        self.project.spec(self.project.read("pipeline.yaml").replace("inputs: {seed: seed.txt}", "inputs: {seed: seed.txt, data: data}"))
        self.project.write("data/given", "1\n")
        terminal = self.watch("--junit", "data/report.xml")
        terminal.expect(WAITING)
        self.project.write("seed.txt", "another seed\n")
        self.assertIn("changed: seed.txt\n", terminal.expect(WAITING))
        time.sleep(0.5)
        self.assertNotIn("changed", self.end(terminal, 0))
        self.assertTrue((self.project.path / "data/report.xml").exists())

    def test_saving_that_does_not_end_is_not_waited_for(self):
        terminal = self.watch()
        terminal.expect(WAITING)
        over = threading.Event()
        saving = threading.Thread(target=self.save_without_end, args=(over,))
        saving.start()
        try:
            self.assertIn("changed: seed.txt\n", terminal.expect("changed: seed.txt\n"))
        finally:
            over.set()
            saving.join()
        terminal.expect(WAITING)

    def save_without_end(self, over):
        while not over.wait(0.02):
            self.project.write("seed.txt", f"{time.monotonic()}\n")

    def test_a_step_that_writes_into_its_source_begins_no_endless_rounds(self):
        self.project.write("writes/words", "")
        self.project.spec("steps:\n  writes: {source_directory: writes, command: date +%N > " + str(self.project.path / "writes/words") + "}\n")
        terminal = self.watch()
        shown = terminal.expect("does a step write there?")
        self.assertIn("writes/words changed while the pipeline ran", shown)
        self.project.write("writes/other", "1\n")
        shown = terminal.expect("changed: writes/other")
        self.assertLess(shown.count("changed: "), 3)

    def test_what_is_forced_is_forced_once(self):
        terminal = self.watch("--force")
        terminal.expect(WAITING)
        self.project.trace()
        self.project.write("alone/words", "new words\n")
        terminal.expect(WAITING)
        self.assert_ran("alone")
        self.end(terminal, 0)


if __name__ == "__main__":
    unittest.main()
