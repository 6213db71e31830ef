"""Pipelines that are Python functions: their arguments, what the client writes, mistakes. A small client stands in for azure-ai-ml."""

import unittest

from terminal import TerminalTest

CLIENT = """
class Input:
    def __init__(self, type=None, path=None):
        self.type, self.path = type, path

class Value:
    def __init__(self, data):
        self._data = data

class Job:
    def __init__(self, **values):
        self.inputs, self.jobs = {name: Value(value) for name, value in values.items()}, {}

    def dump(self, place):
        import yaml
        written = {name: int(each._data) if isinstance(each._data, bool) else each._data for name, each in self.inputs.items()}
        command = "echo " + " ".join("${{inputs.%s}}" % name for name in written) + " >> $TRACE"
        node = {"command": command, "environment": "azureml:e@latest", "inputs": {name: "${{parent.inputs.%s}}" % name for name in written}}
        self.jobs = {"a": Job()}
        self.jobs["a"].inputs = dict.fromkeys(written, Value(None))
        with open(place, "w") as file:
            yaml.safe_dump({"type": "pipeline", "settings": {"default_compute": "azureml:c"}, "inputs": written, "jobs": {"a": node}}, file)
"""
PIPELINE = """
from typing import Optional
from azure.ai.ml import Job

def build(size, flag: bool = True, text: str = "a", share=2.0, count: Optional["int"] = 1):
    assert not isinstance(size, float), size
    return Job(flag=flag, text=text + "~" + str(size), share=share, count=count)

def broken():
    raise ValueError("the user's own mistake")
"""


def has_yaml():
    try:
        import yaml  # noqa: F401
    except ImportError:
        return False
    return True


@unittest.skipUnless(has_yaml(), "needs PyYAML")
class PythonPipelines(TerminalTest):
    def setUp(self):
        super().setUp()
        self.project.write("site/azure/ai/ml/__init__.py", CLIENT)
        self.project.write("pipeline.py", PIPELINE)
        self.project.write("mlpipe.local.yaml", "environments: {e: {}}\n")
        self.environment = {"PYTHONPATH": str(self.project.path / "site")}

    def test_watching_waits_for_the_python_file_not_for_what_it_writes(self):
        self.project.env |= self.environment
        terminal = self.terminal("run", "--watch", "pipeline.py:build", "-p", "size=3")
        self.assertIn("waiting for a change of pipeline.py", terminal.expect("(Ctrl-C ends)"))
        self.assertIn("a~3", self.project.trace())
        self.project.write("pipeline.py", PIPELINE.replace('text + "~"', 'text + "-"'))
        self.assertIn("changed: pipeline.py\n", terminal.expect("(Ctrl-C ends)"))
        self.assertIn("a-3", self.project.trace())
        terminal.ctrl_c()
        terminal.end()
        self.assertEqual(terminal.code, 0)

    def build(self, *arguments, code=0, function="build"):
        words = ("run", f"pipeline.py:{function}", *arguments)
        return self.ok(*words, env=self.environment) if code == 0 else self.fails(code, *words, env=self.environment)

    def test_truths_stay_truths(self):
        self.build("-p", "size=7")
        self.assertIn("flag: true", self.project.read(".pipeline.build.mlpipe.yml"))

    def test_arguments_have_the_type_of_their_parameter(self):
        self.build("-p", "size=1.10", "-p", "text=1.10", "-p", "share=3", "-p", "count=5", "-p", "flag=False")
        written = self.project.read(".pipeline.build.mlpipe.yml")
        for line in ("flag: false", "text: 1.10~1.10", "share: 3.0", "count: 5"):
            self.assertIn(line, written)

    def test_what_is_no_input_of_the_pipeline_is_given_to_the_function_alone(self):
        self.build("-p", "size=7")
        self.ok("rerun", "latest")

    def test_wrong_values_are_told(self):
        self.assertIn("-p count=many: count is a whole number", self.build("-p", "size=1", "-p", "count=many", code=3).err)
        self.assertIn("-p count: it is given as NAME=VALUE", self.build("-p", "count", code=2).err)

    def test_an_exception_shows_the_frames_of_the_user_alone_and_leaves_nothing(self):
        err = self.build(code=3, function="broken").err
        self.assertIn("pipeline.py\", line 9, in broken", err)
        self.assertIn("ValueError: the user's own mistake\n", err)
        self.assertNotIn("mlpipe_dump_pipeline", err)
        self.project.write("site/azure/ai/ml/__init__.py", CLIENT.replace("with open", "open(place, 'w').close(); 1 / 0\n        with open"))
        self.build("-p", "size=1", code=3)
        self.assertEqual([path.name for path in self.project.path.glob("**/*.dumped")], [])


if __name__ == "__main__":
    unittest.main()
