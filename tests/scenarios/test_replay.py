"""replay and debug: a mini-batch or a step in the foreground, with debuggers driven through a real terminal."""

import json
import os
import re
import shlex
import shutil
import subprocess
import unittest
from pathlib import Path

from dap import Dap, free_port, has_debugpy
from terminal import PDB, TerminalTest
from support import VENV_PYTHON, ScenarioTest, write_files
from test_scoring import MAKE, MODULE_BUILT, TORCH

SPEC = """
inputs: {data: data}
parameters: {greeting: hello}
steps:
  names:
    command: cp -r ${{inputs.data}}/. ${{outputs.copy}}
    inputs: {data: "${{pipeline.inputs.data}}"}
    outputs: {copy: }
  score:
    source_directory: score
    environment_variables: {COLOUR: "red ${{parameters.greeting}}"}
    parallel_run_config:
      entry_script: score.py
      append_row_file_name: rows.txt
      mini_batch_size: 3
      process_count_per_node: 2
      run_max_try: 1
      logging_level: WARNING
    inputs: {items: "${{steps.names.outputs.copy}}"}
    arguments: [--greeting, "${{parameters.greeting}}"]
    outputs: {rows: , extra: }
"""
ENTRY = """
import logging, os, sys
import helper

def init():
    global words
    words = sys.argv[sys.argv.index("--greeting"):][:2]
    print("init prints")

def run(mini_batch, context):
    print("run prints")
    logging.getLogger().warning("a warning")
    rows = []
    for path in mini_batch:
        rows.append(helper.row(path, words[1], context.minibatch_index))
    return rows
"""
HELPER = """
import os

def row(path, greeting, number):
    value = int(open(path).read())
    if value == %d:
        raise ValueError("item %%d is no good" %% value)
    return f"{greeting} {number} {value} {os.environ['COLOUR']} {os.environ['AZUREML_BI_OUTPUT_PATH'] != ''}"
"""
class Replay(TerminalTest):
    bad = 99

    def setUp(self):
        super().setUp()
        self.project.env["TMPDIR"] = str(self.project.base / "tmp")
        os.mkdir(self.project.env["TMPDIR"])
        self.prepare()

    def prepare(self, entry=ENTRY, bad=99, spec=SPEC):
        self.project.spec(spec)
        self.project.write("score/score.py", entry)
        self.project.write("score/helper.py", HELPER % bad)
        write_files(self.project, "data", 8)

    def rows(self):
        return (self.output("score.rows") / "rows.txt").read_text()

    def left(self):
        return os.listdir(self.project.env["TMPDIR"])


class Plain(Replay):
    def test_each_mini_batch_gives_the_rows_of_the_run(self):
        self.ok("run")
        replayed = "".join(self.ok("replay", "score", "--mini-batch", str(number)).out for number in range(3))
        self.assertEqual(replayed, self.rows())

    def test_stdout_has_the_rows_and_stderr_the_rest(self):
        self.ok("run")
        result = self.ok("replay", "score", "--mini-batch", "2")
        self.assertEqual(result.out, "hello 2 6 red hello True\nhello 2 7 red hello True\n")
        for text in ("mini-batch 2 of 3", "init prints\n", "run prints\n", "|WARNING|", "a warning", "2 items, 2 results in "):
            self.assertIn(text, result.err)

    def test_nothing_of_the_store_changes_and_nothing_is_left(self):
        self.ok("run")
        def state():
            return {str(path): path.stat().st_mtime_ns for path in sorted((self.project.path / ".mlpipe").rglob("*"))
                    if "index" not in path.parts}
        before = state()
        self.ok("replay", "score", "--mini-batch", "0")
        self.assertEqual(state(), before)
        self.assertEqual(self.left(), [])
        self.assertEqual(list((self.project.path / "score").glob("*.pyc")), [])
        self.assertIn("2 reused", self.ok("run").err)

    def test_it_works_without_any_run_of_the_step_itself(self):
        self.ok("run", "--step", "names")
        self.assertEqual(self.ok("replay", "score", "--mini-batch", "1").out.count("hello 1 "), 3)

    def test_data_that_was_never_made_is_a_usage_error(self):
        self.assertIn("score reads from names, which has no result yet", self.fails(2, "replay", "score", "--mini-batch", "0").err)

    def test_parameters_and_stand_ins_are_taken_as_run_takes_them(self):
        result = self.ok("replay", "score", "--mini-batch", "0", "-p", "greeting=hi", "--use", "names=data")
        self.assertEqual(result.out.splitlines()[0], "hi 0 0 red hi True")

    def test_a_number_out_of_range_says_how_many_there_are(self):
        result = self.fails(2, "replay", "score", "--mini-batch", "3", "--use", "names=data")
        self.assertIn("score has 3 mini-batches", result.err)
        self.assertIn("the last one is 2", result.err)
        self.assertEqual(self.left(), [])

    def test_one_item_by_name_and_by_number(self):
        for item in ("item-004.txt", "1"):
            result = self.ok("replay", "score", "--mini-batch", "1", "--item", item, "--use", "names=data")
            self.assertEqual(result.out, "hello 1 4 red hello True\n")
        self.assertIn("mini-batch 1 has no item `item-001.txt`",
                      self.fails(2, "replay", "score", "--mini-batch", "1", "--item", "item-001.txt", "--use", "names=data").err)

    def test_a_failing_item_replays_with_its_traceback_in_the_source(self):
        self.prepare(bad=4)
        failed = self.fails(5, "run")
        self.assertIn("replay: mlpipe replay score --mini-batch 1\n", failed.err)
        result = self.fails(1, *"replay score --mini-batch 1".split())
        self.assertEqual(result.out, "")
        self.assertIn("ValueError: item 4 is no good", result.err)
        self.assertIn(f'File "{self.project.path}/score/helper.py", line 6, in row', result.err)
        self.assertNotIn("mlpipe_worker.py", result.err)
        self.assertNotIn("mlpipe_replay.py", result.err)

    def test_a_snapshot_runs_a_copy_and_still_names_the_source(self):
        self.prepare(bad=4, entry=ENTRY.replace('print("run prints")', 'print("file", __file__)'))
        result = self.fails(1, "replay", "score", "--mini-batch", "1", "--use", "names=data", "--snapshot")
        self.assertIn(f"file {self.project.env['TMPDIR']}", result.err)
        self.assertIn(f'File "{self.project.path}/score/helper.py"', result.err)

    def test_what_the_script_writes_is_kept_and_named(self):
        self.prepare(entry=ENTRY + "\ndef shutdown():\n    open(os.environ['EXTRA'] + '/note', 'w').write('x')\n",
                     spec=SPEC.replace("{COLOUR:", '{EXTRA: "${{outputs.extra}}", COLOUR:'))
        result = self.ok("replay", "score", "--mini-batch", "0", "--use", "names=data")
        kept = re.search(r"its outputs: (.*)", result.err)[1]
        self.assertEqual(Path(kept, "extra/note").read_text(), "x")

    def test_init_that_raises(self):
        self.prepare(entry="def init():\n    raise KeyError('no model')\ndef run(b): return b\n")
        result = self.fails(1, "replay", "score", "--mini-batch", "0", "--use", "names=data")
        self.assertIn("KeyError: 'no model'", result.err)

    def test_a_script_that_crashes_is_named(self):
        self.prepare(entry="import os\ndef run(b): os.kill(os.getpid(), 11)\n")
        result = self.fails(139, "replay", "score", "--mini-batch", "0", "--use", "names=data")
        self.assertIn("score  killed by SIGSEGV", result.err)

    def test_fewer_results_than_items(self):
        self.prepare(entry="def run(b): return ['x']\n")
        result = self.ok("replay", "score", "--mini-batch", "0", "--use", "names=data")
        self.assertEqual(result.out, "x\n")
        self.assertIn("a run would count 2 items as failed", result.err)

    def test_wrong_words(self):
        for words, said in (("replay score", "--mini-batch is missing"), ("replay names --mini-batch 0", "names is no parallel step"),
                            ("replay nobody --mini-batch 0", "there is no step `nobody`"), ("debug score", "score is a parallel step"),
                            ("replay score --mini-batch 0 --pdb --gdb", "exclude each other"),
                            ("replay score --mini-batch 0 --debugpy 70000", "is no port")):
            with self.subTest(words=words):
                self.assertIn(said, self.fails(2, *words.split()).err)


class InATerminal(Replay):
    def test_pdb_stops_at_the_first_line_of_run(self):
        terminal = self.terminal("replay", "score", "--mini-batch", "1", "--use", "names=data", "--pdb")
        self.assertIn("score.py", terminal.expect(PDB))
        self.assertIn("item-003.txt', '", terminal.ask("p mini_batch"))
        self.assertIn("'hello'", terminal.ask("p words[1]"))
        terminal.ask("b helper.row")
        self.assertIn("helper.py", terminal.ask("c"))
        self.assertIn("item-003.txt", terminal.ask("p path"))
        terminal.ask("clear 1")
        terminal.type("c")
        self.assertIn("hello 1 5 red hello True", terminal.end())
        self.assertEqual(terminal.code, 0)

    def test_pdb_after_an_exception(self):
        self.prepare(bad=4)
        terminal = self.terminal("replay", "score", "--mini-batch", "1", "--use", "names=data", "--pdb")
        terminal.expect(PDB)
        shown = terminal.ask("c")
        self.assertIn("ValueError: item 4 is no good", shown)
        self.assertNotIn("mlpipe_replay.py", shown.split("Traceback")[1].split("ValueError: ")[0])
        self.assertIn("helper.py(6)row()", terminal.ask("where"))
        self.assertIn("4", terminal.ask("p value"))
        terminal.ask("up")
        self.assertIn("item-004.txt", terminal.ask("p path"))
        terminal.type("q")
        terminal.end()
        self.assertEqual(terminal.code, 1)

    def test_leaving_pdb(self):
        terminal = self.terminal("replay", "score", "--mini-batch", "1", "--use", "names=data", "--pdb")
        terminal.expect(PDB)
        terminal.type("q")
        self.assertIn("the debugger was left before the end", terminal.end())
        self.assertEqual(terminal.code, 1)

    def test_a_breakpoint_in_the_script(self):
        self.prepare(entry=ENTRY.replace("rows = []", "rows = []; breakpoint()"))
        terminal = self.terminal("replay", "score", "--mini-batch", "0", "--use", "names=data")
        terminal.expect(PDB)
        self.assertIn("item-002.txt", terminal.ask("p mini_batch[-1]"))
        terminal.type("c")
        self.assertIn("hello 0 2", terminal.end())
        self.assertEqual(terminal.code, 0)

    def test_ctrl_c_stops_an_endless_run(self):
        self.prepare(entry="import time\ndef run(b):\n    print('it', 'runs')\n    while True: time.sleep(1)\n")
        terminal = self.terminal("replay", "score", "--mini-batch", "0", "--use", "names=data")
        terminal.expect("it runs")
        terminal.ctrl_c()
        self.assertIn("KeyboardInterrupt", terminal.end())
        self.assertEqual(terminal.code, 130)
        self.assertEqual(self.left(), [])

    def test_ctrl_c_under_pdb_goes_to_the_debugger(self):
        self.prepare(entry="import time\nstop = []\ndef run(b):\n    print('it', 'runs')\n"
                           "    while not stop: time.sleep(0.1)\n    return b\n")
        terminal = self.terminal("replay", "score", "--mini-batch", "0", "--use", "names=data", "--pdb")
        self.interrupt_under_pdb(terminal)
        self.assertIn("item-000.txt", terminal.end())
        self.assertEqual(terminal.code, 0)

    def test_a_shell_in_which_the_command_line_works(self):
        terminal = self.terminal("replay", "score", "--mini-batch", "0", "--use", "names=data", "--shell")
        command = re.search(r"\n  (\S*python\S* .*)\n", terminal.expect("prompt> "))[1]
        self.assertIn("red hello", terminal.ask("echo $COLOUR", "prompt> "))
        self.assertIn("hello 0 2", terminal.ask(command, "prompt> "))
        terminal.type("exit 7")
        terminal.end()
        self.assertEqual(terminal.code, 7)

    @unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
    def test_gdb(self):
        terminal = self.terminal("replay", "score", "--mini-batch", "0", "--use", "names=data", "--gdb")
        terminal.expect("(gdb) ")
        terminal.ask("set debuginfod enabled off", "(gdb) ")
        self.assertIn("hello 0 2", terminal.ask("run", "(gdb) "))
        self.assertIn("hello 0 2", terminal.ask("run", "(gdb) "))
        terminal.type("quit")
        terminal.end()
        self.assertEqual(terminal.code, 0)

    @unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
    def test_gdb_where_a_library_crashes(self):
        self.prepare(entry="import os\ndef run(b):\n    os.abort()\n")
        terminal = self.terminal("replay", "score", "--mini-batch", "0", "--use", "names=data", "--gdb")
        terminal.expect("(gdb) ")
        self.assertIn("received signal SIGABRT", terminal.ask("run", "(gdb) "))
        self.assertRegex(terminal.ask("bt", "(gdb) "), r"#\d+ .*abort \(")
        terminal.ask("set confirm off", "(gdb) ")
        terminal.type("quit")
        terminal.end()

    def test_without_gdb_its_package_is_named(self):
        self.project.env["PATH"] = str(self.project.base / "bin")
        os.mkdir(self.project.env["PATH"])
        os.symlink(shutil.which("python3"), self.project.env["PATH"] + "/python3")
        result = self.fails(1, "replay", "score", "--mini-batch", "0", "--use", "names=data", "--gdb")
        self.assertIn("gdb is not installed", result.err)
        self.assertIn("apt-get install gdb", result.err)


class Debugpy(Replay):
    def attach(self, *arguments):
        """A terminal with mlpipe in it, and a client that is attached to it as its own configuration says."""
        self.project.spec(f"environment: {{python: {VENV_PYTHON}}}\n{self.project.read('pipeline.yaml')}")
        port = free_port()
        terminal = self.terminal(*arguments, "--use", "names=data", "--debugpy", str(port))
        shown = terminal.expect("waiting for a debugger")
        configuration = json.loads(shown[shown.index("\n{\n"):shown.rindex("\n}\n") + 3])
        self.assertEqual(configuration["connect"], {"host": "127.0.0.1", "port": port})
        client = Dap(port)
        self.addCleanup(client.close)
        mappings = [{name: path.replace("${workspaceFolder}", str(self.project.path)) for name, path in mapping.items()}
                    for mapping in configuration["pathMappings"]]
        client.attach(mappings)
        return terminal, client

    @unittest.skipUnless(VENV_PYTHON.exists() and has_debugpy(VENV_PYTHON), "debugpy is not installed in .venv")
    def test_a_client_stops_in_the_source_and_goes_on_to_the_end(self):
        terminal, client = self.attach("replay", "score", "--mini-batch", "1")
        source = str(self.project.path / "score/score.py")
        line = 1 + ENTRY.lstrip("\n").splitlines().index('    rows = []')
        answer = client.break_at(source, line)
        self.assertTrue(answer["success"], answer)
        client.send("configurationDone")
        thread, frame = client.stop()
        self.assertEqual((frame["source"]["path"], frame["line"]), (source, line))
        self.assertIn("item-003.txt", client.value("mini_batch[0]", frame))
        client.request("continue", threadId=thread)
        client.event("terminated")  # sent by the adapter, after the script has ended
        client.close()
        self.assertIn("hello 1 5 red hello True", terminal.end())
        self.assertEqual(terminal.code, 0)

    def test_without_debugpy_the_line_that_installs_it_is_shown(self):
        self.project.write("score/debugpy.py", "")
        self.project.env["PYTHONPATH"] = str(self.project.write("lib/debugpy.py", "raise ImportError\n").parent)
        result = self.fails(1, "replay", "score", "--mini-batch", "0", "--use", "names=data", "--debugpy", "5678")
        self.assertIn("debugpy is not installed for ", result.err)
        self.assertIn("-m pip install debugpy", result.err)


class Logs(Replay):
    def test_what_is_known_of_a_failed_mini_batch(self):
        self.prepare(bad=4)
        self.fails(5, "run", "-p", "greeting=good day")
        shown = self.ok("logs", "score", "--mini-batch", "1").out
        self.assertRegex(shown, r"mini-batch 1 of run \S+: 3 items\n")
        for item in ("item-003.txt", "item-004.txt", "item-005.txt"):
            self.assertIn(item, shown)
        self.assertNotIn("item-000.txt", shown)
        self.assertIn("\nTraceback (most recent call last):\n", shown)
        self.assertIn("\nValueError: item 4 is no good\n", shown)
        self.assertIn("==> user/error/", shown)
        replay = re.search("\nreplay: (mlpipe .*)\n", shown)[1]
        self.assertEqual(replay, "mlpipe replay score --mini-batch 1 -p 'greeting=good day'")
        self.assertIn("ValueError: item 4 is no good", self.fails(1, *shlex.split(replay)[1:]).err)

    def test_a_mini_batch_that_went_well_and_one_that_there_is_not(self):
        self.ok("run")
        shown = self.ok("logs", "score", "--mini-batch", "2").out
        self.assertIn("2 items\n", shown)
        self.assertIn("item-007.txt\n", shown)
        self.assertIn("score has 3 mini-batches", self.fails(2, "logs", "score", "--mini-batch", "3").err)

    def test_items_of_other_data_are_not_shown(self):
        self.ok("run")
        self.project.write("score/score.py", "def run(b): return b\n")
        self.assertIn("its items are not known: score or its data is no longer what that run scored",
                      self.ok("logs", "score", "--mini-batch", "0").out)


class Init(Replay):
    def launch(self):
        return json.loads(self.project.read(".vscode/launch.json"))

    def test_a_configuration_for_each_step_that_runs_python(self):
        self.ok("init", "--vscode")
        configuration, start = self.launch()["configurations"]
        self.assertEqual(configuration["name"], "mlpipe: score")
        self.assertEqual(configuration["connect"], {"host": "127.0.0.1", "port": 5678})
        self.assertEqual(configuration["pathMappings"], [dict.fromkeys(("localRoot", "remoteRoot"), "${workspaceFolder}/score")])

    def test_what_the_user_has_stays(self):
        mine = {"version": "0.2.0", "configurations": [{"name": "mine", "type": "node", "port": 1}], "compounds": [{"name": "both"}]}
        self.project.write(".vscode/launch.json", json.dumps(mine))
        self.ok("init", "--vscode")
        launch = self.launch()
        self.assertEqual(launch["configurations"][0], mine["configurations"][0])
        self.assertEqual(launch["compounds"], mine["compounds"])
        self.assertEqual([entry["name"] for entry in launch["configurations"]], ["mine", "mlpipe: score", "mlpipe: start score"])
        launch["configurations"][1]["connect"]["port"] = 9000
        text = json.dumps(launch)
        self.project.write(".vscode/launch.json", text)
        self.assertIn("has all of them already", self.ok("init", "--vscode").err)
        self.assertEqual(self.project.read(".vscode/launch.json"), text)

    def test_a_file_with_comments_is_left_alone(self):
        for text in ('// mine\n{"configurations": []}\n', "[1]\n", '{"configurations": {}}\n', '{"configurations": [],}\n'):
            with self.subTest(text=text):
                self.project.write(".vscode/launch.json", text)
                result = self.fails(2, "init", "--vscode")
                self.assertEqual(self.project.read(".vscode/launch.json"), text)
                self.assertEqual(json.loads(result.out)["configurations"][0]["name"], "mlpipe: score")

    def test_a_first_pipeline_that_runs(self):
        self.fails(2, "init")
        (self.project.path / "pipeline.yaml").unlink()
        self.ok("init")
        self.ok("run")
        self.assertEqual(self.project.read("hello.txt"), "hello\n")


@unittest.skipUnless(MODULE_BUILT and TORCH, "the scoring module or torch is not there")
class Model(ScenarioTest):
    def test_a_model_step_gives_the_rows_of_the_run(self):
        subprocess.run([VENV_PYTHON, "-c", MAKE, self.project.path], check=True)
        self.project.spec("""
            inputs: {images: images, model: model.pt}
            steps:
              score:
                parallel_run_config:
                  model: ${{side_inputs.model}}
                  scoring: {input: image, image: {resize: [16, 16]}, output: "{name} {argmax} {max:.6f}"}
                  mini_batch_size: 10
                  append_row_file_name: rows.txt
                inputs: {images: "${{pipeline.inputs.images}}"}
                side_inputs: {model: "${{pipeline.inputs.model}}"}
                outputs: {rows: }
            """)
        self.ok("run")
        replayed = "".join(self.ok("replay", "score", "--mini-batch", str(number)).out for number in range(3))
        self.assertEqual(replayed, (self.output("score.rows") / "rows.txt").read_text())
        self.assertIn("scores a model without Python", self.fails(2, "replay", "score", "--mini-batch", "0", "--pdb").err)


if __name__ == "__main__":
    unittest.main()
