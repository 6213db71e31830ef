"""Disks that are full or read-only, and bits that flip in the store: clear words, never a crash, never a wrong result."""

import os
import random
import shutil
import subprocess
import unittest

from support import ScenarioTest, write_chain

RIGHT = "seed\nmade\nhello\ndone\n"


class SmallDisk(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)
        self.disk = self.project.base / "disk"
        self.disk.mkdir()
        self.store = self.disk / "store"
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", self.disk], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("mounting needs root")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)
        self.project.env["MLPIPE_STORE"] = str(self.store)

    def fill(self):
        with open(self.disk / "filler", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def test_a_full_disk_is_said_before_anything_runs(self):
        self.ok("run")
        self.project.trace()
        self.fill()
        self.project.write("first/make.sh", "echo other\n")
        result = self.fails(9, "run")
        self.assertIn("disk/store has only", result.err)
        self.assertIn("mlpipe gc", result.err)
        self.assert_ran()
        for words in (["plan"], ["why", "first"], ["show"], ["runs"], ["cache", "stats"], ["doctor", "--store"]):
            self.ok(*words)
        self.fails(9, "cache", "import", "-", stderr=subprocess.PIPE)
        self.ok("gc", "--keep-runs", "0")

    def test_a_disk_that_fills_in_the_middle_loses_nothing_that_was_done(self):
        self.project.spec("""
            steps:
              small: {command: 'echo small >> "$TRACE"; echo x > ${{outputs.o}}/x', outputs: {o: }}
              large: {command: 'echo large >> "$TRACE"; head -c 20000000 /dev/zero > ${{outputs.o}}/x', outputs: {o: }, depends_on: [small]}
            """)
        result = self.project.run("run")
        self.assertNotEqual(result.code, 0, result)
        self.assertEqual(self.project.trace(), ["small", "large"])
        for path in (self.store / "runs").glob("*/steps/large/failed-outputs"):
            shutil.rmtree(path)
        self.project.spec(self.project.read("pipeline.yaml").replace("20000000", "20"))
        self.ok("run")
        self.assert_ran("large")
        self.assertIn("the store is whole", self.ok("doctor", "--store").out)

    def test_a_failure_for_lack_of_room_names_the_disk_and_gc(self):
        self.project.spec("""
            steps:
              large: {command: 'head -c 20000000 /dev/zero > ${{outputs.o}}/x; sleep 0.1; exit 1', outputs: {o: }}
            """)
        result = self.fails(1, "run")
        self.assertIn("disk/store has only", result.err)
        self.assertIn("mlpipe gc", result.err)

    def test_a_read_only_store_can_be_looked_at(self):
        self.ok("run")
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        for words in (["plan"], ["why", "first"], ["show"], ["runs"], ["output", "first.made"], ["cache", "stats"], ["gc", "--dry-run"],
                      ["doctor", "--store"], ["debug", "third"]):
            with self.subTest(words=words):
                self.ok(*words)
        result = self.fails(9, "run")
        self.assertIn("read-only", result.err)
        self.fails(9, "gc")
        other = self.new_project("elsewhere")
        write_chain(other)
        result = other.run("run", "--cache-from", str(self.store))
        self.assertEqual((result.code, other.trace()), (0, []), result)
        subprocess.run(["mount", "-o", "remount,rw", self.disk], check=True)


class FlippedBits(ScenarioTest):
    def test_in_every_file_of_a_store(self):
        write_chain(self.project)
        self.ok("run")
        self.ok("run", "-p", "word=bye")
        store, pristine = self.project.path / ".mlpipe", self.project.base / "pristine"
        shutil.copytree(store, pristine)
        choice = random.Random(1)
        files = sorted(path.relative_to(pristine) for path in pristine.rglob("*") if path.is_file() and path.stat().st_size)
        self.assertGreater(len(files), 20)
        for name in files:
            data = (pristine / name).read_bytes()
            at, bit = choice.randrange(len(data)), choice.randrange(8)
            shutil.rmtree(store)
            shutil.copytree(pristine, store)
            (store / name).write_bytes(data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1:])
            with self.subTest(file=str(name), at=at, bit=bit):
                self.look_and_run(name)

    def look_and_run(self, name):
        for words in (["plan"], ["why", "second"], ["show"], ["cache", "stats"], ["doctor", "--store"], ["gc", "--dry-run"]):
            result = self.project.run(*words)
            self.assertIn(result.code, (0, 2, 9), result)
        shutil.rmtree(self.project.path / "results", ignore_errors=True)
        result = self.project.run("run")
        if str(name) == "format":
            self.assertEqual(result.code, 9, result)
            return
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.project.read("results/copy"), RIGHT)
        self.assertEqual(self.output("second.changed").read_text(), "seed\nmade\nhello\n")


if __name__ == "__main__":
    unittest.main()
