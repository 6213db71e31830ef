"""A world that does not behave: full disks, foreign owners, odd names, files that change under a run."""

import os
import shutil
import subprocess
import unittest

from support import MLPIPE, ScenarioTest, wait_until, write_chain

ROOT = os.geteuid() == 0


class Robust(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)

    def test_run_from_another_directory(self):
        self.ok("run", "project/pipeline.yaml", cwd=self.project.base)
        self.ok("run", "-f", str(self.project.path / "pipeline.yaml"), cwd="/")
        self.assert_ran("first", "second", "third", "alone")
        self.assertEqual(self.project.read("results/copy"), "seed\nmade\nhello\ndone\n")
        self.assertFalse((self.project.base / ".mlpipe").exists())

    def test_no_spec_here(self):
        result = self.project.run("run", cwd=self.project.base)
        self.assertIn(result.code, (2, 3), result)
        self.assertIn("pipeline.yaml", result.err)

    def test_spaces_and_quotes_in_paths(self):
        self.project = self.new_project("a b'c \"d\" $HOME `x` ;&")
        write_chain(self.project)
        (self.project.path / "second/change.sh").rename(self.project.path / "second/it's.sh")
        spec = self.project.read("pipeline.yaml").replace("sh change.sh", '"sh" "it\'s.sh"').replace("word: hello", "word: \"it's $x\"")
        self.project.spec(spec)
        self.ok("run")
        self.assertEqual(self.project.read("results/copy"), "seed\nmade\nit's $x\ndone\n")
        self.ok("run")
        self.assert_ran("first", "second", "third", "alone")

    def test_a_store_elsewhere(self):
        elsewhere = self.project.base / "else where"
        self.ok("run", "--store", str(elsewhere))
        self.assertFalse((self.project.path / ".mlpipe").exists())
        self.project.trace()
        self.ok("run", env={"MLPIPE_STORE": str(elsewhere)})
        self.assert_ran()

    def test_the_store_is_ignored_by_git(self):
        self.ok("run")
        subprocess.run(["git", "init", "-q"], cwd=self.project.path, check=True)
        status = subprocess.run(["git", "status", "--porcelain"], cwd=self.project.path, check=True, capture_output=True, text=True)
        self.assertNotIn(".mlpipe", status.stdout)

    def test_commands_that_look_write_nothing(self):
        for words in (["validate"], ["plan"], ["runs"]):
            self.ok(*words)
        for words in (["why", "first"], ["show"], ["output", "first.made"], ["logs", "first"]):
            result = self.project.run(*words)
            self.assertLess(result.code, 10, result)
        self.assertFalse((self.project.path / ".mlpipe").exists())

    def start_gated(self):
        """A run whose first step waits until the gate is unlinked."""
        gate = self.project.base / "gate"
        gate.touch()
        self.project.env["GATE"] = str(gate)
        self.project.write("first/make.sh", 'while [ -f "$GATE" ]; do sleep 0.05; done; cat "$1"\n')
        process = self.project.start("run")
        self.project.wait_for_trace("first")
        return gate, process

    def test_a_spec_that_changes_while_it_runs(self):
        gate, process = self.start_gated()
        self.project.spec("this: is no spec: any more\n")
        self.project.write("first/make.sh", "exit 1\n")
        gate.unlink()
        result = self.project.finish(process)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.project.read("results/copy"), "seed\nhello\ndone\n")

    def test_code_that_changes_while_it_waits_is_never_stored_under_its_old_fingerprint(self):
        gate = self.project.base / "gate"
        gate.touch()
        self.project.env["GATE"] = str(gate)
        self.project.write("first/make.sh", 'while [ -f "$GATE" ]; do sleep 0.05; done; cat "$1"\n')
        process = self.project.start("run", "-j", "1")
        self.project.wait_for_trace("first")
        old = self.project.read("second/change.sh")
        self.project.write("second/change.sh", "echo new\n")
        gate.unlink()
        self.project.finish(process)
        self.project.write("second/change.sh", old)
        self.ok("run")
        self.assertEqual(self.output("second.changed").read_text(), "seed\nhello\n")

    def test_two_runs_at_once_both_succeed(self):
        one, two = self.project.start("run"), self.project.start("run")
        results = self.project.finish(one), self.project.finish(two)
        self.assertEqual([result.code for result in results], [0, 0], "\n".join(map(str, results)))
        self.assertEqual(sorted(self.project.trace()), ["alone", "first", "second", "third"])

    def test_damaged_records_are_no_disaster(self):
        self.ok("run")
        store = self.project.path / ".mlpipe"
        for folder in ("results", "index", "last", "texts"):
            for path in (store / folder).rglob("*") if (store / folder).exists() else []:
                if path.is_file():
                    path.chmod(0o644)
                    path.write_bytes(b"\xff\x00 garbage {{{")
        for path in store.glob("runs/*/record.jsonl"):
            path.write_bytes(path.read_bytes()[:-7])
        self.ok("runs")
        self.project.trace()
        self.ok("run")
        self.assertEqual(self.project.read("results/copy"), "seed\nmade\nhello\ndone\n")
        self.project.trace()
        self.ok("run")
        self.assert_ran()

    def test_a_source_directory_that_vanishes(self):
        self.ok("run")
        shutil.rmtree(self.project.path / "second")
        self.fails(3, "run")

    def test_links_in_a_source_directory(self):
        self.project.write("elsewhere/words", "linked words\n")
        (self.project.path / "alone/words").unlink()
        (self.project.path / "alone/words").symlink_to(self.project.path / "elsewhere/words")
        self.ok("run")
        self.project.trace()
        self.project.write("elsewhere/words", "other words\n")
        self.ok("run")
        self.assert_ran("alone")
        self.assertEqual(self.output("alone.words").read_text(), "other words\n")

    def test_a_loop_of_links_is_an_answer(self):
        (self.project.path / "alone/loop").symlink_to(".")
        result = self.project.run("run", timeout=30)
        self.assertIn(result.code, (0, 1, 3), result)

    def test_a_fifo_among_the_inputs_does_not_hang(self):
        os.mkfifo(self.project.path / "alone/pipe")
        result = self.project.run("run", timeout=30)
        self.assertIn(result.code, (0, 1, 3), result)

    @unittest.skipUnless(ROOT and shutil.which("setpriv"), "needs root and setpriv")
    def test_a_store_that_cannot_be_written(self):
        self.ok("run")
        for path in [self.project.base, *self.project.base.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o022 | 0o444 | (0o111 if path.is_dir() else 0))
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        if subprocess.run([*nobody, MLPIPE, "--version"], capture_output=True).returncode != 0:
            self.skipTest("another user cannot reach the executable")

        def as_nobody(*words):
            return subprocess.run([*nobody, MLPIPE, *words], cwd=self.project.path, env=self.project.env, capture_output=True, text=True)

        result = as_nobody("run")
        self.assertEqual(result.returncode, 9, result.stderr)
        self.assertIn(".mlpipe", result.stderr)
        for words in (["plan"], ["why", "first"], ["runs"], ["output", "first.made"]):
            with self.subTest(words=words):
                result = as_nobody(*words)
                self.assertEqual(result.returncode, 0, result.stderr)

    def small_disk(self, kilobytes):
        disk = self.project.base / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("a small file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=False)
        return disk

    @unittest.skipUnless(ROOT, "needs root")
    def test_a_full_disk_is_said_and_survived(self):
        disk = self.small_disk(1024)
        store = str(disk / "store")
        self.project.spec("""
            steps:
              big:
                command: echo big >> "$TRACE"; head -c $(cat size) /dev/zero > ${{outputs.o}}
                source_directory: big
                outputs: {o: {type: file}}
            """)
        self.project.write("big/size", "4000000\n")
        result = self.project.run("run", "--store", store)
        self.assertIn(result.code, (1, 9), result)
        self.assertIn("space", result.err)
        self.project.write("big/size", "1000\n")
        for path in disk.rglob("*"):
            if path.is_file() and path.stat().st_size > 100_000:
                path.unlink()
        self.ok("run", "--store", store)
        self.project.trace()
        self.ok("run", "--store", store)
        self.assert_ran()

    @unittest.skipUnless(ROOT, "needs root")
    def test_a_disk_without_room_for_a_record(self):
        disk = self.small_disk(512)
        subprocess.run(["sh", "-c", "cat /dev/zero > filler"], cwd=disk, stderr=subprocess.DEVNULL)
        result = self.fails(9, "run", "--store", str(disk / "store"))
        self.assertIn("space", result.err)
        (disk / "filler").unlink()
        self.ok("run", "--store", str(disk / "store"))

    def test_a_run_that_dies_is_swept_by_the_next(self):
        self.project.spec('steps: {slow: {command: "echo on >> $TRACE; sleep 1000 & sleep 1000", outputs: {o: }}}')
        process = self.project.start("run")
        self.project.wait_for_trace("on")
        process.kill()
        process.communicate()
        self.project.spec("steps: {quick: {command: 'true', outputs: {o: }}}")
        self.ok("run")
        self.assert_nothing_left()

    def test_many_steps(self):
        self.project.spec("steps:\n" + "".join(f"  s{number}: {{command: 'true {number}'}}\n" for number in range(300)))
        self.ok("run")
        result = self.ok("run")
        self.assertLess(result.seconds, 10)

    def test_runs_shows_a_run_that_is_still_running(self):
        gate, process = self.start_gated()
        self.assertIn("running", self.ok("runs").out)
        gate.unlink()
        self.assertEqual(self.project.finish(process).code, 0)
        wait_until(lambda: "running" not in self.ok("runs").out, 5, "the run to be over")


if __name__ == "__main__":
    unittest.main()
