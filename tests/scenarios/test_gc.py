"""gc removes what no kept run needs, and nothing that anybody uses; cache stats and doctor --store tell of the rest."""

import os
import re
import signal
import unittest

from support import ScenarioTest, wait_until, write_chain

GATE = """
steps:
  quick:
    command: echo quick >> "$TRACE"; echo made > ${{outputs.made}}/text
    outputs: {made: }
  slow:
    command: echo slow >> "$TRACE"; while [ ! -e "$GATE" ]; do sleep 0.02; done; cat ${{inputs.made}}/text > ${{outputs.copy}}/text
    inputs: {made: "${{steps.quick.outputs.made}}"}
    outputs: {copy: }
"""


class Gc(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)
        self.store = self.project.path / ".mlpipe"

    def count(self, folder):
        return len(list((self.store / folder).iterdir()))

    def whole(self):
        self.assertIn("the store is whole", self.ok("doctor", "--store").out)

    def test_what_older_runs_made_goes_and_the_kept_run_is_reused(self):
        for word in "abc":
            self.ok("run", "-p", f"word={word}")
        self.project.trace()
        before = sorted(path.name for path in self.store.rglob("*"))
        dry = self.ok("gc", "--keep-runs", "1", "--dry-run").out
        self.assertEqual(sorted(path.name for path in self.store.rglob("*")), before, "a dry run changes nothing")
        done = self.ok("gc", "--keep-runs", "1").out
        self.assertEqual(re.sub("  +", "  ", dry.replace("would remove", "removed").replace("would stay", "stays").replace("would become", "->")),
                         re.sub("  +", "  ", done))
        self.assertEqual((self.count("results"), self.count("objects"), self.count("runs")), (4, 4, 1))
        self.ok("run", "-p", "word=c")
        self.assert_ran()
        self.whole()
        self.ok("run", "-p", "word=a")
        self.assert_ran("second", "third")
        self.assertIn("nothing to remove", self.ok("gc").out)

    def test_the_least_recently_used_go_first(self):
        for word in "abc":
            self.ok("run", "-p", f"word={word}")
        for result in (self.store / "results").iterdir():
            os.utime(result, (1, 1))
        self.ok("run", "-p", "word=a")  # marks its results as used
        size = self.ok("gc", "--keep-runs", "0", "--max-size", "1GB", "--dry-run", "--json").json()
        self.assertEqual(size["removed"], [])
        self.assertFalse(size["too_large"])
        runs = sorted(path.name for path in (self.store / "runs").iterdir())
        limit = size["bytes_before"] - 4096
        gone = self.ok("gc", "--keep-runs", "0", "--max-size", str(limit), "--json").json()
        self.assertLessEqual(gone["bytes_after"], limit)
        self.assertEqual(sorted(path.name for path in (self.store / "runs").iterdir()), runs, "younger than the results")
        self.project.trace()
        self.ok("run", "-p", "word=a")
        self.assert_ran()

    def test_kept_things_may_be_larger_than_asked_for(self):
        self.ok("run")
        result = self.ok("gc", "--max-size", "1KB")
        self.assertIn("what is kept is larger than 1.0 KB", result.err)
        self.project.trace()
        self.ok("run")
        self.assert_ran()

    def test_what_a_living_run_reused_stays(self):
        self.project.spec(GATE)
        gate = self.project.base / "gate"
        environment = {"GATE": str(gate)}
        self.ok("run", "--until", "quick")
        self.project.trace()
        run = self.project.start("run", env=environment)
        self.project.wait_for_trace("slow")
        told = self.ok("gc", "--keep-runs", "0").out
        self.assertIn("1 that still runs", told)
        gate.touch()
        self.assertEqual(self.project.finish(run).code, 0)
        self.assertEqual(self.project.trace(), ["slow"])
        self.assertEqual((self.output("slow.copy") / "text").read_text(), "made\n")
        self.whole()

    def test_what_a_debugged_step_reads_stays(self):
        self.project.spec(GATE)
        gate = self.project.base / "gate"
        self.ok("run", "--until", "quick")
        self.project.trace()
        debug = self.project.start("debug", "slow", env={"GATE": str(gate)})
        self.project.wait_for_trace("slow")
        refused = self.fails(9, "gc", "--keep-runs", "0")
        self.assertIn("is in use by", refused.err)
        self.assertIn(f"debug slow (process {debug.pid})", refused.err)
        gate.touch()
        self.assertEqual(self.project.finish(debug).code, 0)
        self.ok("gc", "--keep-runs", "0")
        self.assertEqual(self.count("objects"), 0)

    def test_a_killed_gc_leaves_a_whole_store(self):
        for word in "abcd":
            self.ok("run", "-p", f"word={word}")
        for delay in (0.001, 0.003, 0.005, 0.008, 0.012):
            process = self.project.start("gc", "--keep-runs", "1")
            try:
                process.wait(delay)
            except Exception:
                process.send_signal(signal.SIGKILL)
            process.communicate()
            self.ok("run", "-p", "word=d")  # sweeps
            self.whole()
        self.assertEqual(list((self.store / "aside").iterdir()) if (self.store / "aside").exists() else [], [])

    def test_an_unfinished_step_stays_as_long_as_its_run(self):
        partial = self.store / "partial" / ("0" * 64)
        self.ok("run")
        partial.mkdir()
        (partial / "journal").write_text("x")
        self.ok("gc")
        self.assertFalse(partial.exists(), "of no run")

    def test_wrong_words(self):
        for words in (["--max-size", "much"], ["--max-age", "old"], ["--max-age", "3"], ["--keep-runs", "-1"]):
            self.fails(2, "gc", *words)
        self.assertIn("nothing to remove", self.ok("gc").out)
        self.assertFalse(self.store.exists(), "there was no store, and there is none")

    def test_a_large_store_says_so_and_nothing_is_removed(self):
        run = self.ok("run", env={"MLPIPE_STORE_LIMIT": "4KB"})
        self.assertIn("more than 4.0 KB", run.err)
        self.assertIn("mlpipe gc --max-size 4KB", run.err)
        self.assertNotIn("more than", self.ok("run", env={"MLPIPE_STORE_LIMIT": "0"}).err)
        self.assertNotIn("more than", self.ok("run").err)
        self.assertEqual(self.count("results"), 4)

    def test_statistics_count_hits_and_the_reasons_of_misses(self):
        self.ok("run")
        self.ok("run")
        self.project.write("second/change.sh", 'echo "$2"\n')
        self.ok("run")
        self.ok("run", "--force-step", "alone")
        stats = self.ok("cache", "stats", "--json").json()
        self.assertEqual((stats["runs"], stats["hits"], stats["misses"]), (4, 9, 7))
        self.assertEqual(stats["causes"], {"first time": 4, "code": 1, "input": 1, "forced": 1})
        self.assertEqual({step["step"]: step["results"] for step in stats["steps"]}, {"first": 1, "second": 2, "third": 2, "alone": 1})
        self.assertIn("for first time", self.ok("cache", "stats").out)

    def test_doctor_finds_what_is_damaged_and_a_run_repairs_it(self):
        self.ok("run")
        path = self.output("second.changed")
        path.write_text("somebody else's\n")
        next(path for path in (self.store / "results").iterdir() if '"step":"alone"' in path.read_text()).write_text("{")
        found = self.fails(9, "doctor", "--store")
        self.assertIn("(second): output changed is damaged", found.out)
        self.assertIn("cannot be read", found.out)
        self.assertEqual(len(self.fails(9, "doctor", "--store", "--json").json()["damages"]), 2)
        self.project.trace()
        self.ok("run")
        self.assert_ran("second", "alone")
        self.whole()
        self.fails(9, "doctor", "--store", str(self.project.base / "none"))


if __name__ == "__main__":
    unittest.main()
