"""What a failing step shows, leaves and does not disturb."""

import re
import shlex
import unittest
from pathlib import Path

from support import ScenarioTest, wait_until, write_chain


class Failures(ScenarioTest):
    def test_the_terminal_shows_all_that_is_needed(self):
        self.project.spec("""
            steps:
              good: {command: "true", outputs: {o: }}
              bad:
                source_directory: code
                command: sh fail.sh
                outputs: {o: }
            """)
        self.project.write("code/fail.sh", "echo on stdout\necho first line >&2\necho the reason >&2\nexit 9\n")
        shown = self.fails(1, "run").err
        self.assertIn("bad", shown)
        self.assertRegex(shown, r"exit(ed with)?( code)? 9|exit code 9|exited with 9")
        self.assertIn("the reason", shown)
        self.assertIn("mlpipe run", shown)
        self.assertIn("--step bad", shown)
        log = re.search(r"(\S+/logs/\S+)", shown)
        self.assertIsNotNone(log, shown)
        path = Path(log[1].rstrip(".,:)"))
        path = path if path.is_absolute() else self.project.path / path
        self.assertIn("first line", path.read_text())
        self.assertIn("the reason", self.ok("logs", "bad").out)

    def test_the_command_to_run_it_again_works(self):
        self.project.spec("""
            inputs: {switch: switch}
            steps:
              before: {command: echo before >> "$TRACE", outputs: {o: }}
              bad:
                command: echo bad >> "$TRACE"; grep -q on ${{inputs.switch}}
                inputs: {switch: "${{pipeline.inputs.switch}}", o: "${{steps.before.outputs.o}}"}
                outputs: {o: }
            """)
        self.project.write("switch", "off\n")
        shown = self.fails(1, "run").err
        self.project.trace()
        self.project.write("switch", "on\n")
        again = next(line for line in shown.splitlines() if "--step bad" in line)
        words = again[again.index("mlpipe run"):].strip("`'\"() ").split()[1:]
        self.ok(*words)
        self.assert_ran("bad")

    def test_the_command_to_run_it_again_says_all_that_was_said(self):
        write_chain(self.project)
        self.project.write("second/change.sh", "exit 1\n")
        self.project.write("a folder/text", "mine\n")
        store = str(self.project.base / "a store")
        shown = self.fails(1, "run", "--store", store, "--use", "first=a folder", "-p", "word=it's").err
        line = next(line for line in shown.splitlines() if "again:" in line)
        words = shlex.split(line.split("again:")[1])
        self.assertEqual(words[:4], ["mlpipe", "run", "--step", "second"])
        self.assertEqual(sum(word == "--use" for word in words), 1, line)
        self.project.write("second/change.sh", 'cat "$1"\necho "$2"\n')
        self.ok(*words[1:])
        self.assertEqual(Path(self.ok("output", "second.changed", "--store", store).out.strip()).read_text(), "mine\nit's\n")

    def test_steps_below_are_skipped_and_others_go_on(self):
        write_chain(self.project)
        self.project.write("first/make.sh", "exit 3\n")
        shown = self.fails(1, "run").err
        self.assert_ran("first", "alone")
        self.assertIn("skipped", shown)

    def test_continue_on_step_failure_false_starts_nothing_more(self):
        self.project.spec("""
            settings: {continue_on_step_failure: false}
            steps:
              bad: {command: echo bad >> "$TRACE"; exit 1, outputs: {o: }}
              next: {command: echo next >> "$TRACE", depends_on: [other], outputs: {o: }}
              other: {command: echo other >> "$TRACE"; sleep 1, outputs: {o: }}
            """)
        self.fails(1, "run", "-j", "2")
        self.assertNotIn("next", self.project.trace())

    def test_a_failed_rerun_keeps_the_last_good_output(self):
        write_chain(self.project)
        self.ok("run")
        good = self.output("second.changed").read_bytes()
        self.project.write("second/change.sh", "echo half of it\nexit 1\n")
        self.fails(1, "run")
        self.assertEqual(self.output("second.changed").read_bytes(), good)
        self.assertEqual(self.project.read("results/copy"), "seed\nmade\nhello\ndone\n")

    def test_what_a_failed_attempt_wrote_is_kept(self):
        self.project.spec('steps: {bad: {command: "echo half > ${{outputs.o}}/half; exit 1", outputs: {o: }}}')
        shown = self.fails(1, "run").err
        kept = [path for path in (self.project.path / ".mlpipe/runs").rglob("half")]
        self.assertEqual(len(kept), 1, shown)
        self.assertEqual(kept[0].read_text(), "half\n")

    def test_a_declared_file_that_is_missing_fails_the_step(self):
        self.project.spec("steps: {lazy: {command: 'true', outputs: {o: {type: file, file: result.txt}}}}")
        self.assertIn("result.txt", self.fails(1, "run").err)

    def test_an_empty_output_folder_warns(self):
        self.project.spec("steps: {lazy: {command: 'true', outputs: {nothing: }}}")
        self.assertIn("empty", self.ok("run").err)

    def test_retries(self):
        self.project.spec("""
            steps:
              flaky:
                command: echo try >> "$TRACE"; [ $(wc -l < "$TRACE") = 3 ] && echo done > ${{outputs.o}}
                outputs: {o: {type: file}}
                retries: 2
            """)
        self.ok("run")
        self.assert_ran("try", "try", "try")

    def test_an_attempt_does_not_see_what_the_one_before_wrote(self):
        self.project.spec("""
            steps:
              flaky:
                command: ls ${{outputs.o}} >> "$TRACE"; touch ${{outputs.o}}/dropping; exit 1
                outputs: {o: }
                retries: 1
            """)
        self.fails(1, "run")
        self.assertEqual(self.project.trace(), [])

    def test_a_step_that_runs_out_of_time_takes_its_children_along(self):
        self.project.spec("""
            steps:
              slow: {command: "sleep 100 & setsid sleep 100 & trap '' TERM; sleep 100; sleep 100", timeout: 1, outputs: {o: }}
            """)
        result = self.fails(7, "run")
        self.assertLess(result.seconds, 40)
        self.assert_nothing_left()

    def test_a_step_that_leaves_a_child_behind_ends_all_the_same(self):
        self.project.spec('steps: {parent: {command: "sleep 100 & echo x > ${{outputs.o}}/x", outputs: {o: }}}')
        result = self.ok("run", timeout=60)
        self.assertLess(result.seconds, 30)
        self.assert_nothing_left()

    def test_a_step_inherits_no_descriptor(self):
        self.project.spec('steps: {look: {command: "ls -l /proc/self/fd > ${{outputs.o}}/fds", outputs: {o: }}}')
        self.ok("run")
        fds = (self.output("look.o") / "fds").read_text()
        self.assertNotIn(".mlpipe/locks", fds)
        self.assertNotIn("record.jsonl", fds)
        self.assertNotIn("socket:", fds)

    def test_a_step_cannot_dirty_its_source(self):
        write_chain(self.project)
        self.project.write("first/make.sh", 'echo dirt > dirt; echo "# dirt" >> make.sh; cat "$1"\n')
        self.ok("run")
        self.assertFalse((self.project.path / "first/dirt").exists())
        self.project.trace()
        self.ok("run")
        self.assert_ran()

    def test_secrets_are_masked(self):
        self.project.spec('steps: {tell: {command: "echo it is $TOKEN | tee ${{outputs.o}}", secrets: [TOKEN], outputs: {o: {type: file}}}}')
        result = self.project.run("run", env={"TOKEN": "s3cr3t-value"})
        if result.code == 3:
            self.assertIn("not yet", result.err)
            return
        self.assertEqual(result.code, 0, result)
        self.assertNotIn("s3cr3t-value", result.err)
        logs = "".join(path.read_text(errors="replace") for path in (self.project.path / ".mlpipe/runs").rglob("*") if path.is_file())
        self.assertNotIn("s3cr3t-value", logs)

    def test_output_of_a_step_comes_while_it_runs(self):
        self.project.spec('steps: {talk: {command: "echo started; sleep 30", outputs: {o: }}}')
        process = self.project.start("run")
        logs = self.project.path / ".mlpipe/runs"
        wait_until(lambda: any("started" in path.read_text(errors="replace") for path in logs.rglob("*.txt")), 20, "the log")
        process.terminate()
        self.assertEqual(self.project.finish(process).code, 143)


class Unended(ScenarioTest):
    def test_a_step_that_was_killed_is_not_denied(self):
        self.project.spec("steps: {slow: {command: 'echo on >> $TRACE; sleep 60', outputs: {o: }}}")
        process = self.project.start("run")
        self.project.wait_for_trace("on")
        self.assertIn("step slow has no mini-batches", self.fails(2, "logs", "slow", "--mini-batch", "0").err)
        process.kill()
        process.communicate()
        self.ok("logs", "slow")
        self.assertIn("it was killed", self.fails(2, "output", "slow.o", "--run", self.project.run("runs", "--json").json()["runs"][0]["id"]).err)


if __name__ == "__main__":
    unittest.main()
