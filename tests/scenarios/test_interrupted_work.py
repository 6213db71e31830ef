"""Signals that come while mlpipe itself works: it hashes, verifies, publishes. And inputs that lead elsewhere meanwhile."""

import os
import resource
import signal
import time
import unittest

from support import ScenarioTest, score_spec, write_files

HUGE = 60 << 30  # sparse: it takes no room, and seconds to read
SLOW = """
import os, time
def run(mini_batch):
    with open(os.environ["TRACE"], "a") as trace: print(os.path.basename(mini_batch[0]), file=trace)
    time.sleep(0.05)
    return [open(path).read().strip() for path in mini_batch]
"""


class Stopped(ScenarioTest):
    def stop(self, sent, code, after=0.5):
        process = self.project.start("run")
        time.sleep(after)
        process.send_signal(sent)
        result = self.project.finish(process)
        self.assertEqual(result.code, code, result)
        self.assert_nothing_left()
        return result

    def huge(self, name, size=HUGE):
        with open(self.project.path / name, "wb") as file:
            file.truncate(size)

    def test_while_an_input_is_hashed(self):
        self.huge("huge")
        self.project.spec("inputs: {huge: huge}\nsteps: {read: {command: 'true', inputs: {huge: '${{pipeline.inputs.huge}}'}, outputs: {o: }}}")
        for sent, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            self.assertIn("read  stopped", self.stop(sent, code).err)
            self.assertEqual(self.ok("runs", "--json").json()["runs"][0]["state"], "stopped")

    def test_while_a_result_is_verified_it_is_kept(self):
        self.project.spec("steps: {make: {command: 'echo made >> $TRACE; truncate -s 8M ${{outputs.o}}/huge', outputs: {o: }}}")
        self.ok("run")
        made = self.output("make.o") / "huge"
        self.huge(made)  # damaged, but nobody can know before it is read to the end
        self.stop(signal.SIGINT, 130)
        os.truncate(made, 8 << 20)
        result = self.ok("run")
        self.assertIn("make  reused", result.err)
        self.assertEqual(self.project.trace(), ["made"])

    def test_what_a_step_has_made_is_put_away_first(self):
        self.project.spec("steps: {make: {command: 'truncate -s 4G ${{outputs.o}}/huge; echo made >> $TRACE', outputs: {o: }}}")
        process = self.project.start("run")
        self.project.wait_for_trace("made")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.project.finish(process)
        self.project.trace()
        self.assertIn("make  reused", self.ok("run").err)
        self.assertEqual(self.project.trace(), [])


class Claims(ScenarioTest):
    def test_more_ready_steps_than_open_files(self):
        self.project.spec("steps:\n" + "".join(f"  s{number}: {{command: 'true {number}'}}\n" for number in range(300)))
        self.ok("run", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128)))

    def test_a_limit_of_file_sizes_is_said(self):
        self.project.spec("steps: {talk: {command: 'for i in 1 2 3; do echo $i; done', outputs: {o: }}}")
        result = self.project.run("run", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
        self.assertEqual(result.code, 9, result)
        self.assertIn("file too large", result.err)
        self.assertIn("ulimit -f", result.err)
        self.ok("run")

    def test_a_step_that_left_a_process_does_not_write_into_the_next(self):
        stray = "(setsid sh -c 'while :; do echo stray > here; mkdir -p ../outputs/o; echo stray > ../outputs/o/here; sleep 0.01; done' >/dev/null 2>&1 &)"
        self.project.spec(f"""
            steps:
              leaves: {{command: "{stray}; true"}}
              clean: {{command: "sleep 1; ls > ${{{{outputs.o}}}}/seen", outputs: {{o: }}, depends_on: [leaves]}}
            """)
        self.ok("run", "-j1")
        self.assertEqual([path.name for path in self.output("clean.o").iterdir()], ["seen"])
        self.assertEqual((self.output("clean.o") / "seen").read_text(), "")
        self.assert_nothing_left()


class Elsewhere(ScenarioTest):
    def setUp(self):
        super().setUp()
        for version in ("one", "two"):
            for number in range(40):
                self.project.write(f"{version}/item-{number:03d}.txt", f"{version} {number}\n")
        self.project.write("score/score.py", SLOW)
        self.project.spec(score_spec(["mini_batch_size: 1", "process_count_per_node: 2", "append_row_file_name: rows.txt"], data="now"))
        os.symlink("one", self.project.path / "now")

    def point(self, to):
        os.symlink(to, self.project.path / "new")
        os.rename(self.project.path / "new", self.project.path / "now")

    def start(self):
        process = self.project.start("run")
        self.project.wait_for_trace("item-009.txt")
        return process

    def assert_exact(self):
        rows = (self.output("score.rows") / "rows.txt").read_text().split("\n")[:-1]
        self.assertEqual(rows, [f"one {number}" for number in range(40)])

    def test_a_link_that_leads_elsewhere_and_back_before_a_kill(self):
        process = self.start()
        self.point("two")
        self.project.wait_for_trace("item-019.txt")
        process.kill()
        process.communicate()
        self.point("one")
        self.assertIn("starts over", self.ok("run").err)
        self.assert_exact()

    def test_the_same_within_one_run(self):
        process = self.start()
        self.point("two")
        self.project.wait_for_trace("item-019.txt")
        self.point("one")
        result = self.project.finish(process)
        self.assertEqual(result.code, 1, result)
        self.assertIn("was exchanged while it ran", result.err)
        self.ok("run")
        self.assert_exact()

    def test_a_folder_that_is_away_for_a_while(self):
        self.project.spec(self.project.read("pipeline.yaml").replace("data: now", "data: one"))
        one, two, aside = (self.project.path / name for name in ("one", "two", "aside"))
        process = self.start()
        os.rename(one, aside)
        os.rename(two, one)
        self.project.wait_for_trace("item-019.txt")
        os.rename(one, two)
        os.rename(aside, one)
        self.assertEqual(self.project.finish(process).code, 1)
        self.ok("run")
        self.assert_exact()

    def test_a_folder_in_which_something_comes_and_goes_is_no_other(self):
        process = self.start()
        self.project.write("one/lock", "")
        (self.project.path / "one/lock").unlink()
        self.assertEqual(self.project.finish(process).code, 0)
        self.assert_exact()

    def test_a_folder_that_gets_another_mode_is_no_other(self):
        process = self.start()
        (self.project.path / "one").chmod(0o700)
        self.assertEqual(self.project.finish(process).code, 0)
        self.assert_exact()

    def test_rows_that_change_on_disk_are_not_published(self):
        process = self.start()
        rows, = (self.project.path / ".mlpipe/partial").glob("*/rows")
        with open(rows, "r+b") as file:
            file.seek(3)
            file.write(b"ZZZZ")
        result = self.project.finish(process)
        self.assertEqual(result.code, 9, result)
        self.assertIn("are no longer what was recorded", result.err)
        self.ok("run")
        self.assert_exact()

    def test_what_is_known_of_the_inputs_is_lost(self):
        process = self.start()
        process.kill()
        process.communicate()
        known, = (self.project.path / ".mlpipe/partial").glob("*/inputs")
        known.write_text("")
        self.assertIn("starts over", self.ok("run").err)
        self.assert_exact()


class Published(ScenarioTest):
    def test_what_else_lies_in_the_target_does_not_matter(self):
        self.project.spec("steps: {make: {command: 'cp $PWD/f ${{outputs.o}}/f', source_directory: src, outputs: {o: {publish: out}}}}")
        self.project.write("src/f", "one\n")
        self.ok("run")
        os.symlink("nowhere", self.project.path / "out/dangling")
        os.mkfifo(self.project.path / "out/pipe")
        self.project.write("out/f", "mine\n")
        self.project.write("src/f", "two\n")
        result = self.ok("run")
        self.assertEqual(self.project.read("out/f"), "two\n")
        kept, = (self.project.path / ".mlpipe/runs").glob("*/replaced/make/o/f")
        self.assertEqual(kept.read_text(), "mine\n")
        self.assertIn("that mlpipe had not put there", result.err)


if __name__ == "__main__":
    unittest.main()
