"""What Azure's packages, arguments and environment give a script inside a parallel step."""

import json
import unittest

from entry_scripts import EntryScripts

REAL_CORE = {
    "azureml/core/__init__.py": "from .run import Run\nfrom .model import Model\nclass Workspace: real = True\n",
    "azureml/core/run.py": "class Run:\n    other = 'real'\n    @staticmethod\n    def get_context(): return 'offline'\n",
    "azureml/core/model.py": "class Model:\n    other = 'real'\n    @staticmethod\n    def get_model_path(name): return 'cloud'\n",
    "azureml/data/__init__.py": "VALUE = 3\n",
}


class EntryScriptHelper(EntryScripts):
    def test_attributes(self):
        rows = self.rows_of("""
from azureml_user.parallel_run import EntryScript
def run(mini_batch):
    it = EntryScript()
    assert it is EntryScript()
    assert it.output_dir == os.environ["AZUREML_BI_OUTPUT_PATH"]
    assert it.dir == os.path.dirname(os.path.abspath(__file__)) and it.working_dir == os.path.dirname(it.dir), it.dir
    return [it.agent_name, it.logging_level + " " + os.path.relpath(it.log_dir, os.path.dirname(it.log_dir))]
""", entry="src/entry.py")
        self.assertEqual(rows[:2], ["process000", "INFO local-0"])

    def test_its_logger_has_a_file_of_its_own_in_the_stated_form_and_no_secret(self):
        self.prepare("""
from azureml_user.parallel_run import EntryScript
def run(mini_batch):
    EntryScript().logger.info("a word about %s", os.environ["TOKEN"])
    EntryScript().logger.debug("not shown")
    return mini_batch
""")
        self.project.spec(self.project.read("pipeline.yaml") + "    secrets: [TOKEN]\n")
        self.ok("run", env={"TOKEN": "hunter2-hunter2"})
        lines = self.log("user/entry_script_log/local-0/process000.log.txt").splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\|EntryScript\|INFO\|\d+\|\d+\|run\(\)\|a word about \*\*\*$")
        self.assertNotIn("a word", self.log("user/stdout/local-0/process000.stdout.txt") if
                         (self.logs() / "user/stdout/local-0/process000.stdout.txt").exists() else "")

    def test_it_exists_inside_a_step_only(self):
        self.project.spec("steps:\n  train:\n    command: python3 -c 'import azureml_user'\n")
        self.fails(1, "run")


class Core(EntryScripts):
    def test_without_a_real_package_run_and_model_are_there_and_other_names_have_a_remedy(self):
        for statement in ("from azureml.core import Dataset", "import azureml.core.dataset", "from azureml.core.dataset import Dataset"):
            with self.subTest(statement=statement):
                shown = self.failure_of(statement + "\ndef run(mini_batch): return mini_batch\n", code=1)
                self.assertIn("install azureml-core", shown)
        rows = self.rows_of("from azureml.core import Run, Model\nfrom azureml.core.run import Run as R\nfrom azureml.core.model import Model as M\n"
                            "import azureml.core\n"
                            "def run(mini_batch): return [R is Run and M is Model, azureml.core.Run is Run]\n")
        self.assertEqual(rows[:2], ["True", "True"])

    def write_real_core(self):
        for name, text in REAL_CORE.items():
            self.project.write("site/" + name, text)
        return {"PYTHONPATH": str(self.project.path / "site")}

    def test_a_real_package_stays_but_for_the_two(self):
        script = """
%s
from azureml.core import Workspace
from azureml.data import VALUE
def run(mini_batch):
    return [f"{Run.get_context().id.split('_')[-1]} {Run.other} {Workspace.real} {VALUE}", Model.get_model_path("model")]
"""
        for imports in ("from azureml.core import Run, Model", "from azureml.core.run import Run\nfrom azureml.core.model import Model"):
            with self.subTest(imports=imports):
                self.prepare(script % imports)
                self.ok("run", env=self.write_real_core())
                self.assertEqual(self.rows()[:2], ["score real True 3", str(self.project.path / "model.txt")])

    def test_what_scripts_ask_of_their_run(self):
        rows = self.rows_of("""
from azureml.core import Run
run_ = Run.get_context(allow_offline=False)
def run(mini_batch):
    assert run_ is Run.get_context() and run_.parent.id == os.environ["MLPIPE_RUN_ID"] and run_.id == os.environ["AZUREML_RUN_ID"]
    assert run_.experiment.name and run_.experiment.workspace.name == "local"
    assert open(run_.input_datasets["model"]).read() == "the model\\n"
    assert len(run_.input_datasets["data"].to_path()) == 4 and os.path.isdir(run_.output_datasets["extra"])
    details = run_.get_details()
    assert details["runId"] == run_.id and "--output" in details["runDefinition"]["arguments"]
    with open(os.path.join(run_.output_datasets["extra"], "own"), "w"): pass
    try:
        run_.experiment.workspace.datastores
    except AttributeError as error:
        return [str(error)] * 2
""")
        self.assertIn("no workspace", rows[0])
        self.assertTrue((self.output("score.extra") / "own").exists())

    def test_metrics_are_lines_in_the_logs(self):
        self.prepare("""
from azureml.core.run import Run
class Odd:
    def __str__(self): return "odd"
def run(mini_batch):
    run = Run.get_context()
    run.log("loss", 0.5, step=1)
    run.log_list("values", [1, Odd()])
    run.log_row("point", x=1, y=float("nan"))
    run.parent.log("of the parent", os.environ["TOKEN"])
    assert run.get_metrics()["loss"] in (0.5, [0.5, 0.5])
    return mini_batch
""", process_count_per_node=2)
        self.project.spec(self.project.read("pipeline.yaml") + "    secrets: [TOKEN]\n")
        self.ok("run", env={"TOKEN": "hunter2-hunter2"})
        text = self.log("user/metrics.jsonl")
        self.assertNotIn("hunter2", text)
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(len(lines), 8)
        self.assertEqual({line["name"]: line["value"] for line in lines[:4]}["loss"], 0.5)
        self.assertIn([1, "odd"], [line["value"] for line in lines])
        self.assertEqual({line["process"] for line in lines} <= {"process000", "process001"}, True)

    def test_models_are_found_in_azures_order_then_among_what_the_step_was_given(self):
        rows = self.rows_of("""
from azureml.core import Model
def put(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").close()
    return os.path.abspath(path)
def run(mini_batch):
    given = Model.get_model_path("model")
    second, tenth = put("azureml-models/net/2/net.pt"), put("azureml-models/net/10/net.pt")
    assert os.path.abspath(Model.get_model_path("net")) == tenth and os.path.abspath(Model.get_model_path("net", version=2)) == second
    put("azureml-models/pair/1/a"), put("azureml-models/pair/1/b")
    assert Model.get_model_path("pair").endswith("azureml-models/pair/1")
    file = put("./file.pt")
    assert os.path.abspath(Model.get_model_path("file.pt", _workspace=None)) == file
    return [open(given).read().strip()] * 2
""")
        self.assertEqual(rows[0], "the model")

    def test_a_model_that_is_nowhere_says_where_it_was_looked_for(self):
        shown = self.failure_of("from azureml.core.model import Model\ndef init(): Model.get_model_path('net', 3)\ndef run(b): return b\n", code=1)
        self.assertIn("model `net`, version 3, was not found", shown)
        self.assertIn("side_inputs: {net:", shown)


class Environment(EntryScripts):
    def test_variables(self):
        self.prepare("""
def run(mini_batch):
    e = os.environ
    assert e["AZUREML_BI_OUTPUT_PATH"] == sys.argv[sys.argv.index("--output") + 1] == e["AZURE_ML_OUTPUT_rows"]
    assert e["AZUREML_NODE_COUNT"] == "1" and e["AZ_BATCHAI_GPU_COUNT_FOUND"] == "2"
    assert e["AZURE_ML_INPUT_data"] == e["data"] == os.path.dirname(mini_batch[0])
    assert open(e["AZURE_ML_INPUT_model"]).read() == "the model\\n" and os.path.isdir(e["AZUREML_MODEL_DIR"])
    assert e["AZUREML_RUN_ID"] == e["MLPIPE_RUN_ID"] + "_score"
    assert os.getcwd() not in sys.path and not os.listdir(".")
    return [e["MLPIPE_WORKER"] + " " + e["CUDA_VISIBLE_DEVICES"]] * 2
""")
        self.ok("run", env={"CUDA_VISIBLE_DEVICES": "6,7"})
        self.assertEqual(set(self.rows()), {"process000 6"})


if __name__ == "__main__":
    unittest.main()
