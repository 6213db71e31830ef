"""Conda files and requirements: what the active Python lacks is told, `env create` makes environments, `env list` shows them."""

import unittest

from support import ScenarioTest

SPEC = """
steps:
  hello:
    environment: {conda_file: envs/conda.yaml}
    command: python3 -c "import sys; print(sys.prefix)" > ${{outputs.o}}/prefix
    outputs: {o: }
  again:
    environment: {conda_file: envs/conda.yaml}
    command: echo again
"""
CONDA = """
dependencies:
  - python=2.7
  - pip
  - no-such-package-anywhere~=1.0
"""


class Environments(ScenarioTest):
    def write(self, conda=CONDA, spec=SPEC):
        self.project.spec(spec)
        self.project.write("envs/conda.yaml", conda)

    def test_what_the_active_python_lacks_is_told_once_before_the_run(self):
        self.write()
        err = self.ok("run").err
        self.assertEqual(err.count("envs/conda.yaml of hello, again is not set up"), 1)
        self.assertIn("Python 2.7 is 3.", err)
        self.assertIn("no-such-package-anywhere~=1.0 is not installed", err)
        self.assertIn("mlpipe env create pipeline.yaml", err)
        self.assertLess(err.index("not set up"), err.index("  runs:"))

    def test_an_environment_is_made_recorded_and_made_once(self):
        self.write("dependencies: [pip]\n")
        (self.project.path / "b").mkdir()
        self.project.write("mlpipe.local.yaml", "# mine\ndatastores: {a: b}\n")
        made = self.ok("env", "create")
        self.assertIn("envs/conda.yaml (of hello, again)", made.err)
        self.assertIn("made: .mlpipe/environments/", made.err)
        mapping = self.project.read("mlpipe.local.yaml")
        self.assertTrue(mapping.startswith("# mine\ndatastores: {a: b}\nenvironments:\n  envs/conda.yaml: {python: .mlpipe/environments/"), mapping)
        python = self.project.path / mapping.split("python: ")[1].split("}")[0] / "bin/python"
        self.assertTrue(python.exists())
        self.assertIn("is there already", self.ok("env", "create").err)
        self.assertEqual(self.project.read("mlpipe.local.yaml"), mapping)
        listed, = self.ok("env", "list", "--json").json()["environments"]
        self.assertEqual((listed["name"], listed["steps"], listed["mapped"], listed["missing"]), ("envs/conda.yaml", ["hello", "again"], True, []))

    def test_one_that_cannot_be_made_does_not_keep_others_from_being_made(self):
        self.project.spec(SPEC.replace("  again:\n    environment: {conda_file: envs/conda.yaml}", "  again:\n    environment: {conda_file: envs/z.yaml}"))
        self.project.write("envs/conda.yaml", "dependencies: nothing\n")
        self.project.write("envs/z.yaml", "dependencies: [pip]\n")
        made = self.fails(3, "env", "create")
        self.assertIn("  not made: envs/conda.yaml: it has no list of dependencies", made.err)
        self.assertIn("envs/z.yaml (of again)\n  made: ", made.err)

    def test_a_conda_file_in_place_is_as_good_as_a_file(self):
        pipeline = """
            type: pipeline
            settings: {default_compute: azureml:c}
            jobs:
              a:
                command: echo 1 >> $TRACE
                environment: {image: i, conda_file: {name: e, channels: [x], dependencies: [python>=3.6, "no-such-package-anywhere~=1.0"]}}
              b:
                command: echo 2
                environment: {image: i, conda_file: {name: e, channels: [x], dependencies: [python>=3.6, no-such-package-anywhere~=1.0]}}
            """
        self.project.spec(pipeline)
        err = self.ok("run").err
        self.assert_ran("1")
        self.assertRegex(err, "conda-[0-9a-f]{8} of a, b is not set up")
        self.assertIn("no-such-package-anywhere~=1.0 is not installed", err)
        listed, = self.ok("env", "list", "--json").json()["environments"]
        self.assertEqual((listed["steps"], listed["mapped"]), (["a", "b"], False))
        self.ok("export", "azure", "--to", "there")
        self.assertIn("no-such-package", self.project.read("there/environments/" + listed["name"] + ".yml"))
        self.project.spec(pipeline.replace("image: i,", "image: other,"))
        self.ok("run")
        self.assert_ran()
        changed = pipeline.replace('python>=3.6, "no-such-package-anywhere~=1.0"', "pip").replace("python>=3.6, no-such-package-anywhere~=1.0", "pip")
        self.project.spec(changed)
        self.ok("run")
        self.assert_ran("1")
        self.assertIn("made: ", self.ok("env", "create").err)
        self.assertTrue(self.ok("env", "list", "--json").json()["environments"][0]["mapped"])
        self.assertNotIn("not set up", self.ok("run").err)

    def test_one_that_the_user_mapped_is_left_as_it_is(self):
        self.write()
        self.project.write("mlpipe.local.yaml", "environments:\n  envs/conda.yaml: {python: /usr/bin/python3}\n")
        self.assertIn("is mapped to /usr/bin/python3 already: left as it is", self.ok("env", "create").err)

    def test_the_list_tells_what_is_lacking(self):
        self.write()
        listed = self.ok("env", "list").out
        self.assertIn("envs/conda.yaml", listed)
        self.assertIn("(not set up)", listed)
        self.assertIn("no-such-package-anywhere~=1.0 is not installed", listed)

    def test_mistakes_are_told(self):
        self.write("dependencies: nothing\n")
        self.assertIn("envs/conda.yaml: it has no list of dependencies", self.fails(3, "env", "create").err)
        self.fails(2, "env", "make")
        self.fails(2, "env", "create", "--json")
        self.project.spec("steps: {a: {command: 'true'}}")
        self.assertIn("no step names a conda file", self.ok("env", "create").err)


if __name__ == "__main__":
    unittest.main()
