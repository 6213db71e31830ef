"""A run keeps what it ran: it is run again, or becomes a draft, whatever has become of the files since."""

import shutil
import unittest

from support import ScenarioTest, write_chain

ALL = ("first", "second", "third", "alone")


class KeptRuns(ScenarioTest):
    def setUp(self):
        super().setUp()
        write_chain(self.project)
        self.first_run = self.run_id("-p", "word=bye")
        self.assert_ran(*ALL)

    def run_id(self, *arguments):
        self.ok("run", *arguments)
        return self.ok("runs", "--json").json()["runs"][0]["id"]

    def lose_the_sources(self):
        for name in ("first", "second", "alone"):
            shutil.rmtree(self.project.path / name)
        self.project.spec("steps: {other: {command: echo other >> \"$TRACE\"}}")

    def test_a_rerun_reuses_everything_though_spec_and_code_are_gone(self):
        self.lose_the_sources()
        self.ok("rerun", self.first_run)
        self.assert_ran()
        shown = self.ok("show", "--json").json()
        self.assertEqual(shown["rerun_of"], self.first_run)
        self.assertEqual(shown["parameters"], {"word": "bye"})

    def test_a_forced_rerun_runs_the_code_of_then(self):
        before = self.output("third.copy").joinpath("copy").read_text()
        self.lose_the_sources()
        self.ok("rerun", self.first_run, "--force")
        self.assert_ran(*ALL)
        self.assertEqual(self.output("third.copy").joinpath("copy").read_text(), before)

    def test_a_rerun_takes_other_values_and_steps(self):
        self.lose_the_sources()
        self.ok("rerun", self.first_run[:-1], "-p", "word=again", "--until", "second")
        self.assert_ran("second")
        self.assertIn("again", self.output("second.changed").read_text())
        self.ok("rerun", "latest", "--force")
        self.assert_ran("first", "second")

    def test_inputs_are_taken_as_they_lie_now(self):
        self.project.write("seed.txt", "another seed\n")
        self.ok("rerun", self.first_run)
        self.assert_ran("first", "second", "third")

    def test_a_moved_project_reruns_with_what_lies_there_now(self):
        self.project.path = self.project.path.rename(self.project.base / "moved")
        self.ok("rerun", self.first_run)
        self.assert_ran()
        self.project.write("seed.txt", "another seed\n")
        self.ok("rerun", self.first_run)
        self.assert_ran("first", "second", "third")

    def test_code_that_was_tampered_with_in_the_store_is_not_run(self):
        self.ok("rerun", self.first_run)
        for script in self.project.path.glob(".mlpipe/code/checkouts/*/*.sh"):
            script.write_text("echo tampered\n")
        self.ok("rerun", self.first_run, "--force")
        self.assertNotIn("tampered", self.output("third.copy").joinpath("copy").read_text())

    def test_damaged_or_missing_code_is_a_clear_error(self):
        for pack in self.project.path.glob(".mlpipe/code/trees/*"):
            pack.write_bytes(pack.read_bytes()[:-1] + b"?")
        self.assertIn("damaged", self.fails(9, "rerun", self.first_run).err)
        shutil.rmtree(self.project.path / ".mlpipe/code")
        self.assertIn("is not kept", self.fails(9, "rerun", self.first_run).err)
        shutil.rmtree(self.project.path / f".mlpipe/runs/{self.first_run}/spec")
        self.assertIn("kept no spec", self.fails(9, "clone", self.first_run, "draft").err)
        self.assertFalse((self.project.path / "draft").exists())

    def test_a_failed_rerun_names_the_line_that_runs_it_again(self):
        failed = self.fails(1, "rerun", self.first_run, "--set", "second.command=false", "--force")
        self.assertIn(f"again: mlpipe rerun {self.first_run} --step second", failed.err)

    def test_a_parallel_run_config_in_a_file_is_kept_with_its_code(self):
        self.project.spec("steps:\n  score:\n    parallel_run_config: configs/score.yaml\n    inputs: {d: \"${{pipeline.inputs.d}}\"}\n"
                          "    outputs: {rows: }\ninputs: {d: seed.txt}\n")
        self.project.write("configs/score.yaml", "parallel_run_config: {source_directory: ../code, entry_script: score.py, node_count: 1}\n")
        self.project.write("code/score.py", "def run(batch):\n    return ['kept'] * len(batch)\n")
        run = self.run_id()
        shutil.rmtree(self.project.path / "configs")
        shutil.rmtree(self.project.path / "code")
        self.ok("rerun", run, "--force")
        self.assertEqual(self.output("score.rows").joinpath("parallel_run_step.txt").read_text(), "kept\n")
        self.ok("clone", run, "../draft")
        self.ok("run", cwd=self.project.base / "draft")

    def test_a_clone_is_a_draft_that_runs(self):
        self.lose_the_sources()
        said = self.ok("clone", self.first_run, "../draft").out
        draft = self.project.base / "draft"
        self.assertIn("mlpipe run -p word=bye", said)
        self.assertIn(f"seed.txt -> {self.project.path / 'seed.txt'}", said)
        (draft / "second/change.sh").write_text("echo edited $2\n")
        self.ok("run", "-p", "word=bye", cwd=draft)
        self.assert_ran(*ALL)
        self.assertEqual((draft / "results/copy").read_text(), "edited bye\ndone\n")
        self.ok("run", "--store", str(self.project.path / ".mlpipe"), "-p", "word=bye", cwd=draft)
        self.assert_ran("second", "third")

    def test_a_clone_keeps_what_lies_beside_the_specs_folder_in_its_relative_place(self):
        self.project.write("pipes/one/pipeline.yaml", """
            inputs: {data: ../../data}
            steps:
              only:
                source_directory: ../../code
                command: sh x.sh ${{inputs.data}} > ${{outputs.o}}
                inputs: {data: "${{pipeline.inputs.data}}"}
                outputs: {o: {type: file}}
            """)
        self.project.write("code/x.sh", "cat $1/*\n")
        self.project.write("data/x", "data\n")
        self.ok("run", "pipes/one")
        self.ok("clone", "-f", "pipes/one", "latest", "draft")
        self.ok("run", cwd=self.project.path / "draft/pipes/one")

    def test_a_folder_with_something_in_it_is_not_cloned_into(self):
        self.assertIn("not an empty folder", self.fails(2, "clone", self.first_run, "first").err)
        (self.project.path / "empty").mkdir()
        self.ok("clone", self.first_run, "empty")


if __name__ == "__main__":
    unittest.main()
