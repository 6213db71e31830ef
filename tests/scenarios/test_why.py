"""`why` names the root cause first, follows the chain upwards, and answers for past runs from the store alone."""

import os
import shutil
import unittest

from support import ScenarioTest, write_chain


class Why(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)
        self.runs = [self.run_id()]

    def run_id(self, *arguments):
        self.ok("run", *arguments)
        return self.ok("runs", "--json").json()["runs"][0]["id"]

    def first_line(self, *arguments):
        return self.ok("why", *arguments).out.splitlines()[0]

    def chain(self, *arguments, key="chain"):
        return [(link["step"], link["cause"]) for link in self.ok("why", *arguments, "--json").json()["steps"][-1][key]]

    def test_the_root_cause_comes_first_through_several_steps(self):
        self.project.write("first/make.sh", 'cat "$1"\necho made otherwise\n')
        line = self.first_line("third")
        self.assertRegex(line, r"^third would run now because second's output changed changed, because first's output made changed, "
                               r"because code file make.sh changed \(\w{12} -> \w{12}\)$")
        run = self.run_id()
        line = self.first_line("third", "--run", run)
        self.assertRegex(line, r"^third reran because second's output changed changed, because first's output made changed, "
                               r"because code file make.sh changed \(\w{12} -> \w{12}\)$")
        self.assertEqual([step for step, _ in self.chain("third", "--run", run)], ["third", "second", "first"])
        self.assertEqual(self.chain("third", key="chain_now"), [])

    def test_an_input_from_outside_is_named_by_its_file(self):
        self.project.write("seed.txt", "another seed\n")
        self.assertRegex(self.chain("third", key="chain_now")[-1][1], r"^input seed changed \(\w+ -> \w+\)$")

    def test_what_is_a_steps_own_comes_before_its_data(self):
        self.project.write("first/make.sh", 'cat "$1"\necho made otherwise\n')
        run = self.run_id("-p", "word=other")
        chain = self.chain("second", "--run", run)
        self.assertEqual([step for step, _ in chain], ["second"])
        self.assertIn("parameter word: hello -> other, and 1 more", chain[0][1])

    def test_a_forced_step_is_the_cause_of_what_follows(self):
        self.project.write("first/make.sh", "date +%N; cat \"$1\"\n")
        self.run_id()
        run = self.run_id("--force-step", "first")
        self.assertEqual(self.chain("second", "--run", run), [("second", "first's output made changed"), ("first", "it was forced")])

    def test_past_runs_need_neither_spec_nor_sources(self):
        self.project.write("second/change.sh", 'echo changed\n')
        self.runs.append(self.run_id())
        self.runs.append(self.run_id("-p", "word=other"))
        store = str(self.project.path / ".mlpipe")
        for name in ("first", "second", "alone"):
            shutil.rmtree(self.project.path / name)
        self.project.spec("steps: [this is no pipeline")
        elsewhere = self.project.base
        out = self.ok("why", "third", "--store", store, "--run", self.runs[1], cwd=elsewhere).out
        self.assertIn("because second's output changed changed, because code file change.sh changed", out.splitlines()[0])
        out = self.ok("why", "second", "--store", store, "--run", self.runs[2], "--against", self.runs[0], cwd=elsewhere).out
        self.assertIn("code file change.sh changed", out)
        self.assertIn("parameter word: hello -> other", out)
        self.assertEqual(len(self.ok("why", "--run", self.runs[2]).out.split("\n\n")), 4)

    def test_each_kind_of_change_is_told(self):
        self.project.write("alone/tool", "a tool\n")
        self.project.write("alone/old.py", "some code\n")
        self.run_id()
        os.chmod(self.project.path / "alone/tool", 0o755)
        os.rename(self.project.path / "alone/old.py", self.project.path / "alone/new.py")
        self.project.write("alone/added", "added\n")
        spec = self.project.read("pipeline.yaml")
        self.project.spec(spec.replace("    source_directory: alone\n", "    source_directory: alone\n    environment_variables: {SEED: 1}\n"))
        out = self.ok("why", "alone").out
        for text in ("code file tool became executable", "code: renamed old.py -> new.py", "code file added is new", "variable SEED is new (1)"):
            self.assertIn(text, out)
        run = self.run_id()
        changes = self.ok("why", "alone", "--run", run, "--json").json()["steps"][-1]["changes"]
        self.assertEqual({change["how"] for change in changes}, {"mode", "renamed", "content", "value"})

    def test_a_reused_step_says_who_made_it_and_who_reused_it(self):
        self.runs += [self.run_id(), self.run_id()]
        step = self.ok("why", "first", "--json").json()["steps"][-1]
        self.assertEqual(step["recorded"]["reused_from"], self.runs[0])
        self.assertEqual(step["reused_before"], self.runs[1])
        self.assertEqual(step["chain"], [])
        self.assertIn(f"reused from run {self.runs[0]}", self.ok("why", "first").out)
        self.assertIn(f"run {self.runs[1]} reused it, too", self.ok("why", "first").out)

    def test_a_skipped_step_leads_to_the_failure(self):
        self.project.write("first/make.sh", "exit 3\n")
        self.fails(1, "run")
        out = self.ok("why", "second", "--run", "latest").out
        self.assertIn("first failed", out)
        self.assertIn("code file make.sh changed", out)

    def test_a_plan_says_for_whom_a_step_waits(self):
        self.project.write("first/make.sh", "echo other\n")
        plan = {step["step"]: step for step in self.ok("plan", "--json").json()["steps"]}
        self.assertEqual(plan["second"]["waits_for"], "first")
        self.assertEqual(plan["first"]["changes"][0]["path"], "make.sh")
        text = self.ok("plan").out
        self.assertRegex(text, r"first +run +code file make.sh changed\n")
        self.assertRegex(text, r"second +depends +depends on first's output\n")
        self.assertRegex(text, r"alone +reuse +nothing it depends on changed")


if __name__ == "__main__":
    unittest.main()
