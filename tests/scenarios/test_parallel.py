"""Parallel steps with Python entry scripts: what may be returned, what is counted, and what a dying worker costs."""

import os
import signal
import subprocess
import unittest

from support import VENV_PYTHON, ScenarioTest, lines_of, score_spec, wait_until, write_files

class Parallel(ScenarioTest):
    items = 10

    def prepare(self, entry, **values):
        defaults = {"mini_batch_size": 3, "process_count_per_node": 2, "append_row_file_name": "rows.txt"}
        self.project.spec(score_spec(lines_of(defaults | values)))
        self.project.write("score/score.py", "import os, sys, time\n" + entry.lstrip("\n"))
        write_files(self.project, "data", self.items)

    def rows(self):
        return (self.output("score.rows") / "rows.txt").read_text().splitlines()

    def names(self, *numbers):
        return [f"item-{number:03d}.txt" for number in numbers or range(self.items)]

    def test_lists_and_tuples_are_rows_in_the_order_of_the_items(self):
        for kind in ("list", "tuple"):
            with self.subTest(kind=kind):
                self.prepare(f"def run(mini_batch): return {kind}(os.path.basename(path) for path in mini_batch)\n")
                self.ok("run")
                self.assertEqual(self.rows(), self.names())

    @unittest.skipUnless(VENV_PYTHON.exists() and
                         subprocess.run([VENV_PYTHON, "-c", "import pandas"], capture_output=True).returncode == 0,
                         "pandas is not installed in .venv")
    def test_data_frames(self):
        self.prepare("import pandas\n"
                     "def run(mini_batch):\n"
                     "    return pandas.DataFrame({'name': [os.path.basename(p) for p in mini_batch], 'score': 0.5})\n")
        spec = self.project.read("pipeline.yaml")
        self.project.spec(f"environment: {{python: {VENV_PYTHON}}}\n{spec}")
        self.ok("run")
        self.assertEqual([line.split()[0].split(",")[0] for line in self.rows()], self.names())

    def test_other_elements_become_text(self):
        self.prepare("def run(mini_batch): return [len(mini_batch)] * len(mini_batch)\n")
        self.ok("run")
        self.assertEqual(self.rows(), ["3"] * 9 + ["1"])

    def test_a_return_value_that_is_no_list_fails_the_mini_batch(self):
        self.prepare("def run(mini_batch): return 'text'\n", run_max_try=1)
        result = self.project.run("run")
        self.assertNotEqual(result.code, 0, result)
        self.assertIn("str", result.err)

    def test_summary_only_writes_no_rows(self):
        self.prepare("def run(mini_batch): return [1] * len(mini_batch)\n", output_action="summary_only")
        self.ok("run")
        self.assertFalse((self.output("score.rows") / "rows.txt").exists())

    def test_init_context_shutdown_and_arguments(self):
        self.prepare("""
import argparse
def init():
    global word
    parser = argparse.ArgumentParser()
    parser.add_argument("--word")
    word = parser.parse_known_args()[0].word
    print("init", file=open(os.environ["TRACE"], "a"))
def run(mini_batch, context):
    return [f"{word} {context.minibatch_index if hasattr(context, 'minibatch_index') else context.mini_batch_id}" for _ in mini_batch]
def shutdown():
    print("shutdown", file=open(os.environ["TRACE"], "a"))
""", process_count_per_node=1)
        spec = self.project.read("pipeline.yaml")
        self.project.spec(spec + '    arguments: [--word, "two words"]\n')
        result = self.project.run("run")
        self.assertEqual(result.code, 0, result)
        self.assertTrue(all(row.startswith("two words ") for row in self.rows()))
        self.assertEqual(self.project.trace(), ["init", "shutdown"])

    def test_side_inputs_are_not_split(self):
        self.prepare("""
def init():
    global model
    model = open(sys.argv[sys.argv.index("--model") + 1]).read().strip()
def run(mini_batch): return [model] * len(mini_batch)
""")
        self.project.write("model.txt", "the model\n")
        spec = self.project.read("pipeline.yaml").replace("inputs: {data: data}", "inputs: {data: data, model: model.txt}", 1)
        self.project.spec(spec + '    side_inputs: {model: "${{pipeline.inputs.model}}"}\n    arguments: [--model, "${{side_inputs.model}}"]\n')
        self.ok("run")
        self.assertEqual(self.rows(), ["the model"] * self.items)

    def test_prints_and_closed_stdout_cannot_corrupt_rows(self):
        self.prepare("""
def init():
    print("hello from init", flush=True)
    os.write(1, b"\\x00\\xff garbage\\n")
def run(mini_batch):
    print("printed row", flush=True)
    os.system("echo from a child")
    sys.stdout.close()
    sys.stdout = open(os.devnull, "w")
    return [os.path.basename(path) for path in mini_batch]
""")
        result = self.ok("run")
        self.assertEqual(self.rows(), self.names())
        self.assertNotIn("printed row", result.out)

    def test_failed_items_up_to_the_threshold_are_allowed(self):
        entry = "def run(mini_batch): return mini_batch[1:]\n"
        self.prepare(entry, error_threshold=4)
        self.ok("run")
        self.assertEqual(len(self.rows()), 6)
        self.prepare(entry, error_threshold=3)
        self.fails(5, "run")
        self.prepare(entry, error_threshold=-1)
        self.ok("run")

    def test_a_mini_batch_is_tried_again(self):
        self.prepare("""
def run(mini_batch):
    mark = os.path.join(os.path.dirname(os.environ["TRACE"]), "mark-" + os.path.basename(mini_batch[0]))
    if not os.path.exists(mark):
        open(mark, "w").close()
        raise ValueError("the first time it fails")
    return [os.path.basename(path) for path in mini_batch]
""", run_max_try=2)
        self.ok("run")
        self.assertEqual(self.rows(), self.names())

    def test_a_failing_mini_batch_shows_its_traceback_with_the_source_path(self):
        self.prepare("""
def run(mini_batch):
    raise KeyError("the cause")
""", run_max_try=1)
        result = self.project.run("run")
        self.assertIn(result.code, (1, 5), result)
        self.assertIn("the cause", result.err)
        self.assertIn("score/score.py", result.err)
        self.assertNotIn(".mlpipe/runs/", "".join(line for line in result.err.splitlines() if "File " in line))

    def test_an_init_that_fails_fails_the_step(self):
        self.prepare("def init(): raise RuntimeError('no model')\ndef run(mini_batch): return mini_batch\n")
        self.assertIn("no model", self.fails(1, "run", timeout=120).err)
        self.assert_nothing_left()

    def test_a_script_that_cannot_be_imported(self):
        self.prepare("import no_such_module_anywhere\ndef run(mini_batch): return mini_batch\n")
        self.assertIn("no_such_module_anywhere", self.fails(1, "run", timeout=120).err)

    def test_a_script_without_run(self):
        self.prepare("def init(): pass\n")
        self.assertIn("run", self.fails(1, "run", timeout=120).err)

    def test_a_worker_killed_with_9_is_replaced(self):
        self.prepare("""
def run(mini_batch):
    mark = os.path.join(os.path.dirname(os.environ["TRACE"]), "killed")
    if "item-003.txt" in str(mini_batch) and not os.path.exists(mark):
        open(mark, "w").close()
        os.kill(os.getpid(), 9)
    return [os.path.basename(path) for path in mini_batch]
""")
        self.ok("run")
        self.assertEqual(self.rows(), self.names())
        self.assert_nothing_left()

    def test_all_workers_killed_from_outside(self):
        gate = self.project.base / "gate"
        gate.touch()
        self.project.env["GATE"] = str(gate)
        self.prepare("""
def run(mini_batch):
    print("pid", os.getpid(), file=open(os.environ["TRACE"], "a"))
    while os.path.exists(os.environ["GATE"]): time.sleep(0.02)
    return [os.path.basename(path) for path in mini_batch]
""")
        process = self.project.start("run")
        wait_until(lambda: self.project.trace_file.exists() and self.project.trace_file.read_text().count("pid") == 2, 30, "workers")
        for pid in self.project.trace()[1::2]:
            os.kill(int(pid), signal.SIGKILL)
        gate.unlink()
        result = self.project.finish(process)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.rows(), self.names())

    def test_a_mini_batch_that_always_kills_its_worker_ends_the_step_not_the_run(self):
        self.prepare("""
def run(mini_batch):
    if "item-003.txt" in str(mini_batch): os.kill(os.getpid(), 9)
    return [os.path.basename(path) for path in mini_batch]
""", run_max_try=2)
        result = self.project.run("run")
        self.assertIn(result.code, (1, 5), result)
        self.assertIn("SIGKILL", result.err)
        self.assert_nothing_left()

    def test_a_mini_batch_that_hangs_is_killed(self):
        self.prepare("""
def run(mini_batch):
    if "item-003.txt" in str(mini_batch): time.sleep(1000)
    return [os.path.basename(path) for path in mini_batch]
""", run_max_try=1, run_invocation_timeout=1, task_overhead_timeout=1)
        result = self.project.run("run", timeout=60)
        self.assertIn(result.code, (5, 7), result)
        self.assert_nothing_left()

    def test_items_with_odd_names(self):
        self.prepare("def run(mini_batch): return [ascii(os.path.basename(path)) for path in mini_batch]\n")
        odd = [b"with space.txt", b"quote'.txt", b"new\nline.txt", b"\xff\xfe.txt", "\u00fcml\u00e4ut.txt".encode(), b"-dash.txt"]
        for name in odd:
            with open(os.path.join(os.fsencode(self.project.path / "data"), name), "w") as file:
                file.write("x")
        self.ok("run")
        self.assertEqual(sorted(self.rows()), sorted([ascii(os.fsdecode(name)) for name in odd] + [f"'{name}'" for name in self.names()]))

    def test_an_empty_input_folder(self):
        self.prepare("def run(mini_batch): return mini_batch\n")
        for path in (self.project.path / "data").iterdir():
            path.unlink()
        result = self.project.run("run")
        self.assertNotIn(result.code, (-6, -11, 134, 139), result)
        self.assertTrue(result.err.strip())

    def test_more_workers_than_mini_batches(self):
        self.prepare("def run(mini_batch): return [os.path.basename(path) for path in mini_batch]\n",
                     process_count_per_node=4, mini_batch_size=100)
        self.ok("run")
        self.assertEqual(self.rows(), self.names())

    def test_equal_results_are_equal_bytes_whatever_the_workers(self):
        self.prepare("""
import random
def run(mini_batch):
    time.sleep(random.random() / 20)
    return [os.path.basename(path) for path in mini_batch]
""", mini_batch_size=1, process_count_per_node=4)
        self.ok("run")
        self.assertEqual(self.rows(), self.names())

    def test_several_inputs_are_each_split(self):
        self.prepare("def run(mini_batch): return [os.path.basename(path) + f' {len(mini_batch)}' for path in mini_batch]\n")
        write_files(self.project, "more", 2)
        spec = self.project.read("pipeline.yaml").replace("inputs: {data: data}", "inputs: {data: data, more: more}", 1)
        self.project.spec(spec.replace(
            'inputs: {data: "${{pipeline.inputs.data}}"}', 'inputs: {data: "${{pipeline.inputs.data}}", more: "${{pipeline.inputs.more}}"}'))
        self.ok("run")
        self.assertEqual(len(self.rows()), self.items + 2)

    def test_the_working_directory_is_not_the_source(self):
        self.prepare("def run(mini_batch):\n    open('dropping', 'w').close()\n    return [os.getcwd()] * len(mini_batch)\n")
        self.ok("run")
        self.assertEqual(list(self.project.path.rglob("dropping")), [])
        self.assertNotIn(str(self.project.path / "score"), self.rows())

    def test_modules_beside_the_entry_script_can_be_imported(self):
        self.prepare("import helper\ndef run(mini_batch): return [helper.WORD] * len(mini_batch)\n")
        self.project.write("score/helper.py", "WORD = 'helped'\n")
        self.ok("run")
        self.assertEqual(self.rows(), ["helped"] * self.items)


if __name__ == "__main__":
    unittest.main()
