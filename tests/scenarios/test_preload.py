"""`preload`: workers out of a server that has imported the modules once, and what happens where that may not fork."""

import unittest

from entry_scripts import EntryScripts, needs_pandas

SCRIPT = """
import own_module
def run(mini_batch): return [f"{own_module.imported_by} {os.getppid()} {os.getpid()} {os.environ['MLPIPE_WORKER']}"] * len(mini_batch)
"""
# No worker begins before there are two.
MEETING = """
def init():
    place = os.environ["TRACE"] + "-met"
    os.makedirs(place, exist_ok=True)
    open(os.path.join(place, str(os.getpid())), "w").close()
    while len(os.listdir(place)) < 2: time.sleep(0.01)
"""
MODULE = "import os\nimported_by = os.getpid()\nopen(os.environ['TRACE'], 'a').write('imported ')\n"


class RealPackages(EntryScripts):
    @needs_pandas
    def test_pandas_whose_allocator_has_a_thread_can_be_used_in_forked_workers(self):
        self.prepare("import pandas, pyarrow\ndef run(mini_batch):\n"
                     "    frame = pandas.DataFrame({'name': ['%d' % os.getppid()] * 2, 'value': [1.5, 2.5]})\n"
                     "    return pyarrow.Table.from_pandas(frame).to_pandas()\n", preload="[pandas]", venv=True, process_count_per_node=2)
        result = self.ok("run")
        self.assertNotIn("imports by itself", result.err)
        self.assertEqual([row.split()[1] for row in self.rows()], ["1.5", "2.5"] * 2)


class Preload(EntryScripts):
    items = 8

    def run_with(self, module, script=SCRIPT, **settings):
        self.prepare(script, preload="[own_module, json]", **({"process_count_per_node": 2} | settings))
        self.project.write("site/own_module.py", module)
        return self.project.run("run", "--force", env={"PYTHONPATH": str(self.project.path / "site"), "CUDA_VISIBLE_DEVICES": "4,5"})

    def test_workers_share_one_import(self):
        result = self.run_with(MODULE, script=SCRIPT + MEETING)
        self.assertEqual(result.code, 0, result)
        importers, parents, workers, names = zip(*(row.split() for row in self.rows()))
        self.assertEqual(set(importers), set(parents))
        met = {path.name for path in self.project.trace_file.with_name("trace-met").iterdir()}
        self.assertEqual(len(met), 2)
        self.assertLessEqual(set(workers), met)
        self.assertLessEqual(set(names), {"process000", "process001"})
        self.assertEqual(self.project.trace(), ["imported"])
        self.assert_nothing_left()

    def test_they_are_workers_like_others(self):
        result = self.run_with(MODULE, script="""
import own_module, random
from azureml.core import Run
from azureml_user.parallel_run import EntryScript
def run(mini_batch):
    print("printed")
    assert sys.argv[0].endswith("score.py") and sys.path[0] == os.path.dirname(sys.argv[0]), (sys.argv, sys.path)
    assert not os.listdir(".") and os.environ["CUDA_VISIBLE_DEVICES"] in ("4", "5"), os.listdir(".")
    assert EntryScript().agent_name == os.environ["MLPIPE_WORKER"] and Run.get_context().id.endswith("_score")
    return mini_batch
def shutdown(): print("ended")
""", process_count_per_node=1)
        self.assertEqual(result.code, 0, result)
        self.assertIn("ended", self.log("user/stdout/local-0/process000.stdout.txt"))

    def test_one_that_dies_is_replaced_and_one_that_hangs_says_where(self):
        result = self.run_with(MODULE, script="""
import own_module, signal
def run(mini_batch):
    if not os.path.exists(os.environ["TRACE"] + "-killed"):
        open(os.environ["TRACE"] + "-killed", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return mini_batch
""", run_max_try=2, process_count_per_node=1)
        self.assertEqual(result.code, 0, result)
        result = self.run_with(MODULE, script="import own_module\ndef run(mini_batch): time.sleep(600)\n", run_invocation_timeout=0.7,
                               task_overhead_timeout=0.3)
        self.assertEqual(result.code, 5, result)
        self.assertIn("hung in score.py:3 run()", result.err)
        self.assert_nothing_left()

    def test_a_fork_server_that_dies_is_replaced(self):
        result = self.run_with(MODULE, script="""
import own_module, signal
def run(mini_batch):
    if not os.path.exists(os.environ["TRACE"] + "-killed"):
        open(os.environ["TRACE"] + "-killed", "w").close()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    return mini_batch
""", process_count_per_node=1)
        self.assertEqual(result.code, 0, result)
        self.assertNotIn("imports by itself", result.err)
        self.assertEqual(len(self.rows()), self.items)

    def test_a_module_that_leaves_a_thread_is_not_forked(self):
        result = self.run_with(MODULE + "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n")
        self.assertEqual(result.code, 0, result)
        self.assertIn("preload: importing the modules left threads running (", result.err)
        self.assertIn("); each worker imports by itself", result.err)
        self.assertTrue(all(row.split()[0] == row.split()[2] for row in self.rows()))
        self.assert_nothing_left()

    def test_initialised_cuda_is_not_forked(self):
        fake = "import sys, types\ntorch = types.ModuleType('torch')\ntorch.cuda = types.SimpleNamespace(is_initialized=lambda: True)\n"
        result = self.run_with(MODULE + fake + "sys.modules['torch'] = torch\n")
        self.assertEqual(result.code, 0, result)
        self.assertIn("initialised CUDA; each worker imports by itself", result.err)

    def test_a_module_that_cannot_be_imported_ends_or_exits(self):
        for module, reason in {"raise ValueError('no')": "import own_module: ValueError: no",
                               "import sys; sys.exit(3)": "import own_module: SystemExit: 3",
                               "import os; os._exit(3)": "ended while importing them: exit code 3"}.items():
            with self.subTest(module=module):
                result = self.run_with(module + "\n", script="def run(mini_batch): return mini_batch\n")
                self.assertEqual(result.code, 0, result)
                self.assertIn(reason, result.err)

    def test_random_numbers_differ_between_workers(self):
        result = self.run_with(MODULE, script="import random\n" + MEETING +
                               "def run(mini_batch): return [f'{os.getpid()} {random.random()}'] * len(mini_batch)\n")
        self.assertEqual(result.code, 0, result)
        firsts = {row.split()[0]: row.split()[1] for row in reversed(self.rows())}
        self.assertEqual(len(set(firsts.values())), len(firsts))


if __name__ == "__main__":
    unittest.main()
