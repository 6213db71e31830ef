"""Warnings about what is no mistake but defeats reuse, and Azure's words for running again."""

import unittest

from support import ScenarioTest

STEP = """
steps:
  only:
    source_directory: code
    command: echo only >> "$TRACE"; {command}
    outputs: {{o: }}
"""


class Advice(ScenarioTest):
    def spec_with(self, command="true"):
        self.project.spec(STEP.format(command=command))
        self.project.write("code/run.sh", "true\n")

    def test_more_code_than_azure_takes(self):
        self.spec_with()
        for number in range(2000):
            (self.project.path / f"code/{number}").touch()
        for command in ("plan", "run"):
            err = self.ok(command).err
            self.assertEqual(err.count("its source directory has 2001 files"), 1, err)
            self.assertIn(".amlignore", err)
        self.project.write("code/.amlignore", "1*\n")
        self.assertNotIn("source directory", self.ok("run").err)

    def test_a_huge_file_of_code(self):
        self.spec_with()
        with open(self.project.path / "code/weights", "wb") as file:
            file.truncate((300 << 20) + 1)
        self.assertIn("300.0 MB", self.ok("plan").err)

    def test_steps_of_one_large_folder_are_warned_about_once(self):
        self.project.spec("steps:\n  a: {source_directory: code, command: cat one}\n  b: {source_directory: code, command: cat one}\n")
        for number in range(2001):
            (self.project.path / f"code").mkdir(exist_ok=True)
            (self.project.path / f"code/{number}").touch()
        self.project.write("code/one", "")
        self.assertEqual(self.ok("run").err.count("its source directory has"), 1)

    def test_a_step_that_writes_into_its_source(self):
        self.spec_with("mkdir -p deep/er __pycache__; for i in 1 2 3 4 5; do echo x > deep/er/$i; done; echo >> run.sh; echo > __pycache__/x.pyc")
        err = self.ok("run").err
        self.assertIn("it wrote into its source directory (deep/er/1, deep/er/2, deep/er/3 and 3 more)", err)
        self.assertIn("write to an output", err)
        self.assertNotIn("wrote into", self.ok("run").err)
        self.assertEqual(self.project.read("code/run.sh"), "true\n")

    def test_reading_touching_and_ignored_droppings_are_no_writing(self):
        self.spec_with("cat run.sh; touch run.sh; chmod +x run.sh; mkdir .ipynb_checkpoints; echo > .ipynb_checkpoints/x")
        self.assertNotIn("wrote into", self.ok("run").err)

    def test_a_rewritten_file_of_the_same_size_is_noticed(self):
        self.spec_with("echo eurt > run.sh")
        self.assertIn("(run.sh)", self.ok("run").err)

    def test_warnings_of_the_spec_come_with_validate_plan_and_run(self):
        self.project.spec("parameters: {build_id: 7}\nsteps: {only: {command: \"echo ${{parameters.build_id}}\"}}\n")
        for command in ("validate", "plan", "run"):
            self.assertEqual(self.ok(command).err.count("looks like a build id"), 1)


class AzuresWords(ScenarioTest):
    def test_is_deterministic_false_runs_each_time(self):
        self.project.spec('steps: {a: {command: echo a >> "$TRACE", is_deterministic: false}, b: {command: echo b >> "$TRACE", is_deterministic: true}}')
        self.ok("run")
        self.project.trace()
        self.ok("run")
        self.assert_ran("a")

    def test_force_rerun_and_regenerate_outputs(self):
        spec = 'steps: {a: {command: echo a >> "$TRACE"}}\n'
        self.project.spec(spec)
        self.ok("run")
        self.ok("run", "--regenerate-outputs")
        self.assert_ran("a", "a")
        self.project.spec("settings: {force_rerun: true}\n" + spec)
        self.assertIn("forced", self.ok("plan").out)
        self.ok("run")
        self.assert_ran("a")
        self.project.spec("settings: {force_rerun: false}\n" + spec)
        self.ok("run")
        self.assert_ran()


class CodeThatCounts(ScenarioTest):
    """azure-ml.md, section 6: which files of a source directory count."""

    def setUp(self):
        super().setUp()
        self.project.spec(STEP.format(command="true") + "    hash_paths: [shared, one.cfg]\n")
        self.project.write("code/run.sh", "true\n")
        self.project.write("code/deep/file", "1\n")
        self.project.write("shared/lib/util", "1\n")
        self.project.write("one.cfg", "1\n")
        self.project.write("code/.gitignore", "*.log\n")
        self.ok("run")
        self.project.trace()

    def reruns(self):
        self.ok("run")
        return self.project.trace() == ["only"]

    def test_hash_paths_count_by_content_deeply_and_as_files(self):
        self.project.write("shared/lib/util", "2\n")
        self.assertTrue(self.reruns())
        self.project.write("one.cfg", "2\n")
        self.assertTrue(self.reruns())
        self.project.write("shared/new", "")
        self.assertTrue(self.reruns())
        self.assertFalse(self.reruns())

    def test_a_renamed_file_counts(self):
        (self.project.path / "code/deep/file").rename(self.project.path / "code/deep/other")
        self.assertTrue(self.reruns())

    def test_the_whole_folder_counts_not_only_the_script(self):
        self.project.write("code/deep/file", "2\n")
        self.assertTrue(self.reruns())

    def test_amlignore_beats_gitignore_and_only_those_at_the_root_count(self):
        self.project.write("code/x.log", "1\n")
        self.assertFalse(self.reruns())
        self.project.write("code/.amlignore", "*.tmp\n.amlignore\n")
        self.assertTrue(self.reruns())  # x.log counts now
        self.project.write("code/y.tmp", "1\n")
        self.assertFalse(self.reruns())
        self.project.write("code/deep/.amlignore", "*\n")
        self.assertFalse(self.reruns())  # ignored by name, and read by nobody
        self.project.write("code/deep/file", "3\n")
        self.assertTrue(self.reruns())

    def test_an_absolute_hash_path_counts_by_content_not_by_place(self):
        outside = self.project.base / "outside"
        outside.write_text("1\n")
        self.project.spec(STEP.format(command="true") + f"    hash_paths: [{outside}]\n")
        self.assertTrue(self.reruns())
        outside.write_text("2\n")
        self.assertTrue(self.reruns())


if __name__ == "__main__":
    unittest.main()
