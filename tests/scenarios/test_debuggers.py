"""debug: a command or script step in the foreground, under pdb, debugpy and gdb, driven through a real terminal."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

from dap import Dap, free_port, has_debugpy
from support import MLPIPE, VENV_PYTHON, ScenarioTest, wait_until, write_files
from terminal import PDB, TerminalTest

SPEC = """
inputs: {text: text}
steps:
  shell:
    source_directory: code
    command: cat here && cat ${{inputs.text}} && python3 -c 'print("from python")' && echo made > ${{outputs.made}} && exit ${CODE:-0}
    inputs: {text: "${{pipeline.inputs.text}}"}
    outputs: {made: {type: file, file: made.txt}}
  command:
    source_directory: code
    command: python -u main.py --text ${{inputs.text}}
    inputs: {text: "${{pipeline.inputs.text}}"}
  script:
    source_directory: code
    script_name: main.py
    arguments: [--text, "${{inputs.text}}"]
    inputs: {text: "${{pipeline.inputs.text}}"}
"""
MAIN = """import os, sys
import helper
word = open(sys.argv[2]).read().strip()
print("it", "says", helper.shout(word), os.getcwd())
sys.exit(3)
"""
HELPER = """def shout(word):
    loud = word.upper()
    return loud + "!"
"""


class DebugTest(TerminalTest):
    def setUp(self):
        super().setUp()
        self.project.env["TMPDIR"] = str(self.project.base / "tmp")
        os.mkdir(self.project.env["TMPDIR"])
        self.project.spec(SPEC)
        self.project.write("text", "the text\n")
        self.project.write("code/here", "the source\n")
        self.project.write("code/main.py", MAIN)
        self.project.write("code/helper.py", HELPER)

    def nothing_is_left(self):
        wait_until(lambda: not self.project.processes(), 10, "all processes to end")
        self.assertEqual(os.listdir(self.project.env["TMPDIR"]), [])


class Plain(DebugTest):
    def test_a_command_runs_in_its_source_directory(self):
        result = self.ok("debug", "shell")
        self.assertEqual(result.out, "the source\nthe text\nfrom python\n")
        made = re.search(r"its outputs: (.*)", result.err)[1]
        self.assertEqual(Path(made, "made/made.txt").read_text(), "made\n")
        self.assertFalse((self.project.path / ".mlpipe").exists())

    def test_it_ends_as_the_step_does(self):
        self.project.env["CODE"] = "4"
        self.assertIn("shell  exit code 4", self.fails(4, "debug", "shell").err)
        self.fails(3, "debug", "script")
        self.project.write("code/main.py", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
        self.assertIn("script  killed by SIGSEGV", self.fails(139, "debug", "script").err)

    def test_a_snapshot(self):
        self.assertIn(self.project.env["TMPDIR"], self.fails(3, "debug", "script", "--snapshot").out)
        self.assertIn(str(self.project.path / "code"), self.fails(3, "debug", "script").out)


class Tracked(DebugTest):
    def test_what_a_script_tracks_does_not_touch_its_source(self):
        self.project.write("code/main.py", "import mlflow\nmlflow.log_metric('accuracy', 0.5)\nprint('tracked')\n")
        self.ok("run", "--step", "script")
        before = sorted(os.listdir(self.project.path / "code"))
        self.assertIn("tracked", self.ok("debug", "script").out)
        self.assertEqual(sorted(os.listdir(self.project.path / "code")), before)
        self.assertIn("reused", self.ok("run", "--step", "script").err)


class Pdb(DebugTest):
    def test_a_break_in_the_source_of_a_command_and_of_a_script(self):
        for step in ("command", "script"):
            with self.subTest(step=step):
                terminal = self.terminal("debug", step, "--pdb")
                self.assertIn(f"{self.project.path}/code/main.py(1)<module>()", terminal.expect(PDB))
                self.assertIn("Breakpoint 1 at", terminal.ask("b helper.py:3"))
                self.assertIn(f"{self.project.path}/code/helper.py(3)shout()", terminal.ask("c"))
                self.assertIn("'THE TEXT'", terminal.ask("p loud"))
                terminal.ask("loud = 'changed'")
                terminal.type("c")
                self.assertIn(f"it says changed! {self.project.path}/code", terminal.end())
                self.assertEqual(terminal.code, 3)
                self.nothing_is_left()

    def test_after_an_exception_it_is_there_where_it_was_raised(self):
        self.project.write("code/helper.py", "def shout(word):\n    loud = [word]\n    return loud[1]\n")
        terminal = self.terminal("debug", "command", "--pdb")
        terminal.expect(PDB)
        shown = terminal.ask("c")
        self.assertIn("IndexError: list index out of range", shown)
        self.assertNotIn("mlpipe_debug", shown)
        self.assertNotIn("bdb.py", shown)
        self.assertIn("['the text']", terminal.ask("p loud"))
        terminal.ask("up")
        self.assertIn("'the text'", terminal.ask("p word"))
        terminal.type("q")
        terminal.end()
        self.assertEqual(terminal.code, 1)
        self.nothing_is_left()

    def test_leaving_and_starting_again(self):
        terminal = self.terminal("debug", "script", "--pdb")
        terminal.expect(PDB)
        terminal.ask("n")
        self.assertIn("main.py(1)<module>()", terminal.ask("run"))
        terminal.type("q")
        self.assertIn("the debugger was left before the end", terminal.end())
        self.assertEqual(terminal.code, 1)

    def command(self, text):
        self.project.spec(f"steps:\n  odd:\n    source_directory: code\n    command: {json.dumps(text)}\n")
        return self.terminal("debug", "odd", "--pdb")

    def test_a_module_with_flags_of_python(self):
        self.project.write("code/tools/__init__.py", "")
        self.project.write("code/tools/__main__.py", "import sys, warnings\nwarnings.warn('unseen')\nprint(__name__, __package__, sys.argv[1:])\n")
        terminal = self.command("python3 -uWignore -m tools one two")
        self.assertIn("tools/__main__.py(1)<module>()", terminal.expect(PDB))
        terminal.type("c")
        shown = terminal.end()
        self.assertIn("__main__ tools ['one', 'two']", shown)
        self.assertNotIn("unseen", shown)
        self.assertEqual(terminal.code, 0)

    def test_what_has_no_source_and_what_the_program_starts_just_runs(self):
        self.project.write("code/main.py", "import subprocess\nsubprocess.run(['python', 'helper.py'], check=True)\n")
        self.project.write("code/helper.py", "print('a', 'child')\n")
        terminal = self.command("python --version && python -c 'print(1 + 1)' && echo 'print(4 + 4)' | python - && python main.py")
        self.assertRegex(terminal.expect(PDB), r"Python 3.*\n2\n8\n")
        terminal.type("c")
        self.assertIn("a child", terminal.end())
        self.assertEqual(terminal.code, 0)

    def test_data_on_stdin_is_the_programs(self):
        self.project.write("code/main.py", "import sys\ndata = sys.stdin.read()\nprint('got', data)\n")
        terminal = self.command("cat here | python main.py | cat")
        terminal.expect(PDB)
        terminal.ask("n")
        terminal.ask("n")
        self.assertIn("'the source\\n'", terminal.ask("p data"))
        terminal.type("c")
        self.assertIn("got the source", terminal.end())

    def test_ctrl_c_while_it_runs_goes_to_the_debugger(self):
        self.project.write("code/main.py", "import time\nstop = []\nprint('it', 'runs')\nwhile not stop: time.sleep(0.05)\n")
        terminal = self.terminal("debug", "command", "--pdb")
        self.interrupt_under_pdb(terminal)
        terminal.end()
        self.assertEqual(terminal.code, 0)


@unittest.skipUnless(VENV_PYTHON.exists() and has_debugpy(VENV_PYTHON), "debugpy is not installed in .venv")
class Debugpy(DebugTest):
    def setUp(self):
        super().setUp()
        self.project.spec(f"environment: {{python: {VENV_PYTHON}}}\n{SPEC}")

    def stops_and_goes_on(self, terminal, configuration):
        """A client attaches as the configuration says, stops in the user's file, reads a variable and lets it go on to its end."""
        client = Dap(configuration["connect"]["port"])
        self.addCleanup(client.close)
        folder = str(self.project.path)
        client.attach([{name: path.replace("${workspaceFolder}", folder) for name, path in mapping.items()} for mapping in configuration["pathMappings"]])
        helper = f"{folder}/code/helper.py"
        self.assertTrue(client.break_at(helper, 3)["success"])
        client.send("configurationDone")
        thread, frame = client.stop()
        self.assertEqual((frame["source"]["path"], frame["line"]), (helper, 3))
        self.assertIn("'THE TEXT'", client.value("loud", frame))
        client.request("continue", threadId=thread)
        client.event("terminated")  # sent by the adapter, after the program has ended
        client.close()
        self.assertIn("it says THE TEXT!", terminal.end())
        self.assertEqual(terminal.code, 3)

    def test_a_client_stops_in_the_source_of_a_command_and_of_a_script(self):
        for step in ("command", "script"):
            with self.subTest(step=step):
                terminal = self.terminal("debug", step, "--debugpy", str(free_port()))
                shown = terminal.expect("waiting for a debugger to attach")
                configuration = json.loads(shown[shown.index("{\n"):shown.rindex("\n}\n") + 3])
                self.stops_and_goes_on(terminal, configuration)

    def test_the_files_for_vs_code_are_enough(self):
        """What VS Code does with them: it runs the task until that says that it is ready, and attaches."""
        self.ok("init", "--vscode")
        launch, tasks = (json.loads(self.project.read(f".vscode/{name}.json")) for name in ("launch", "tasks"))
        configuration = {c["name"]: c for c in launch["configurations"]}["mlpipe: start command"]
        task, = (t for t in tasks["tasks"] if t["label"] == configuration["preLaunchTask"])
        port = free_port()  # 5678 may be anybody's here
        configuration["connect"]["port"] = port
        terminal = self.terminal(*(word.replace("5678", str(port)) for word in task["args"]))
        ready = task["problemMatcher"]["background"]["endsPattern"]
        shown = terminal.expect("attach to 127.0.0.1")
        self.assertTrue(re.search(ready, shown.splitlines()[-1]), shown)
        self.stops_and_goes_on(terminal, configuration)

    def test_mistakes_of_the_file_are_found_by_the_task(self):
        self.ok("init", "--vscode")
        matcher = json.loads(self.project.read(".vscode/tasks.json"))["tasks"][0]["problemMatcher"]
        self.project.spec(SPEC.replace("source_directory", "source_direktory", 1))
        failed = self.fails(3, "debug", "shell", "--debugpy", "5678")
        found = re.search(matcher["pattern"]["regexp"], failed.err, re.M)
        self.assertEqual(found.group(1, 2, 4), ("pipeline.yaml", "4", "error"))


PROGRAM = """#include <stdio.h>
int weigh(const char *path) {
  FILE *file = fopen(path, "r");
  int letters = 0;
  while (file && fgetc(file) != EOF) ++letters;
  return letters;
}
int main(int argc, char **argv) {
  int weight = argc > 1 ? weigh(argv[1]) : 0;
  printf("it weighs %d\\n", weight);
  return weight;
}
"""
GDB = "(gdb) "


@unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
class Gdb(DebugTest):
    def compiled(self, command):
        self.project.write("code/program.c", PROGRAM)
        subprocess.run(["gcc", "-g", "-O0", "-o", "program", "program.c"], cwd=self.project.path / "code", check=True)
        self.project.spec(SPEC + f"""
  native:
    source_directory: code
    command: {command}
    inputs: {{text: "${{{{pipeline.inputs.text}}}}"}}
""")

    def test_a_compiled_program(self):
        for command in ("./program ${{inputs.text}}", "test -e here && ./program ${{inputs.text}}"):
            with self.subTest(command=command):
                self.compiled(command)
                terminal = self.terminal("debug", "native", "--gdb")
                terminal.expect(GDB)
                terminal.ask("set debuginfod enabled off", GDB)
                terminal.ask("break program.c:6", GDB)
                self.assertIn("program.c:6", terminal.ask("run", GDB))
                self.assertIn("= 9", terminal.ask("print letters", GDB))
                self.assertIn("argv[1]", terminal.ask("up", GDB))
                shown = terminal.ask("continue", GDB)
                self.assertIn("it weighs 9", shown)
                self.assertIn("exited with code 011", shown)
                terminal.type("quit")
                terminal.end()
                self.assertEqual(terminal.code, 9)

    def test_native_frames_of_python(self):
        self.project.write("code/main.py", "import os\nprint('here', flush=True)\nos.abort()\n")
        terminal = self.terminal("debug", "script", "--gdb")
        terminal.expect(GDB)
        terminal.ask("set debuginfod enabled off", GDB)
        self.assertIn("received signal SIGABRT", terminal.ask("run", GDB))
        self.assertRegex(terminal.ask("bt -5", GDB), r"#\d+ .* main|Py_|Run")
        terminal.ask("set confirm off", GDB)
        terminal.type("quit")
        terminal.end()


class TheTerminal(DebugTest):
    def shell(self, script):
        return self.terminal("-c", script.replace("mlpipe", shlex.quote(MLPIPE)), program="/bin/sh")

    def job_control(self):
        terminal = self.terminal("--norc", "--noediting", "-i", program=shutil.which("bash"))
        terminal.expect("prompt> ")
        return terminal

    def test_ctrl_z_stops_and_fg_goes_on(self):
        terminal = self.job_control()
        terminal.type(f"{MLPIPE} debug script --pdb")
        terminal.expect(PDB)
        terminal.ctrl_z()
        self.assertIn("Stopped", terminal.expect("prompt> "))
        terminal.type("fg")
        self.assertIn("'word'", terminal.ask("p 'wo' + 'rd'"))
        terminal.type("c")
        self.assertIn("it says", terminal.expect("prompt> "))
        self.assertIn("code=3", terminal.ask("echo code=$?", "prompt> "))
        terminal.type("exit")
        terminal.end()

    def test_ctrl_z_while_a_step_runs(self):
        self.project.write("code/main.py", "import signal\nsignal.signal(signal.SIGCONT, lambda *_: print('goes', 'on'))\ntry:\n    print('it', 'runs')\n"
                                           "    while True: signal.pause()\nexcept KeyboardInterrupt:\n    print('a', 'key')\n")
        terminal = self.job_control()
        terminal.type(f"{MLPIPE} debug command")
        terminal.expect("it runs")
        terminal.ctrl_z()
        self.assertIn("Stopped", terminal.expect("prompt> "))
        terminal.type("fg")
        terminal.expect("goes on")
        terminal.ctrl_c()
        terminal.expect("a key")
        terminal.type("exit")
        terminal.end()

    def test_the_step_is_told_of_a_new_size(self):
        self.project.write("code/main.py", "import os, signal\nsignal.signal(signal.SIGWINCH, lambda *_: print('now', os.get_terminal_size()))\n"
                                           "print('it', 'runs')\nwhile True: signal.pause()\n")
        terminal = self.terminal("debug", "command")
        terminal.expect("it runs")
        terminal.resize(33, 77)
        terminal.expect("now os.terminal_size(columns=77, lines=33)")
        terminal.ctrl_c()
        terminal.end()
        self.assertEqual(terminal.code, 130)

    def test_a_program_that_dies_with_the_terminal_in_its_hands(self):
        self.project.write("code/main.py", "import os, signal, tty\ntty.setraw(0)\nos.kill(os.getpid(), signal.SIGKILL)\n")
        terminal = self.shell("mlpipe debug script; echo code $?; stty -a")
        shown = terminal.end()
        self.assertIn("code 137", shown)
        self.assertIn(" icanon", shown)
        self.assertIn(" echo ", shown)
        self.assertRegex(shown, r"\sopost ")

    def test_a_signal_that_ends_us_leaves_nothing_behind(self):
        self.project.write("code/main.py", "import os, signal, tty\ntty.setraw(0)\nos.kill(os.getppid(), signal.SIGTERM)\nsignal.pause()\n")
        shown = self.shell("mlpipe debug script; echo code $?; stty -a").end()
        self.assertIn("code 143", shown)
        self.assertIn(" icanon", shown)
        self.assertIn(" echo ", shown)
        self.nothing_is_left()

    def test_a_shell_that_dies_leaves_the_terminal_to_us(self):
        self.project.env["PATH"] += ":/bin"
        terminal = self.shell("SHELL=/bin/bash; export SHELL; mlpipe debug script --shell; echo code $?; read line; echo got $line")
        terminal.expect("# " if os.getuid() == 0 else "$ ")
        terminal.type("kill -9 $$")
        terminal.expect("code 137")
        terminal.type("words")
        self.assertIn("got words", terminal.end())

    def test_ctrl_c_ends_a_command(self):
        self.project.spec(SPEC.replace("cat here", "echo here; sleep 60"))
        terminal = self.terminal("debug", "shell")
        terminal.expect("here")
        terminal.ctrl_c()
        terminal.end()
        self.assertEqual(terminal.code, 130)
        wait_until(lambda: not self.project.processes(), 10, "the command to end")


THEN = """
parameters: {word: one}
inputs: {seed: seed}
steps:
  make:
    command: cat ${{inputs.seed}} > ${{outputs.made}}/item.txt
    inputs: {seed: "${{pipeline.inputs.seed}}"}
    outputs: {made: }
  tell:
    source_directory: code
    command: sh tell.sh ${{inputs.made}} ${{parameters.word}}
    inputs: {made: "${{steps.make.outputs.made}}"}
  score:
    source_directory: code
    parallel_run_config: {entry_script: score.py, process_count_per_node: 1}
    inputs: {made: "${{steps.make.outputs.made}}"}
    outputs: {rows: }
"""


class AsInARun(ScenarioTest):
    """--run: the data and parameters of then, with the code of now."""

    def setUp(self):
        super().setUp()
        self.project.spec(THEN)
        self.project.write("seed", "first\n")
        self.project.write("code/tell.sh", 'echo "then $(cat $1/item.txt) $2"\n')
        self.project.write("code/score.py", "def run(batch): return [open(path).read() for path in batch]\n")
        self.ok("run", "-p", "word=two")
        self.first, = (run["id"] for run in self.ok("runs", "--json").json()["runs"])
        self.project.write("seed", "second\n")
        self.project.write("code/tell.sh", 'echo "now $(cat $1/item.txt) $2"\n')
        self.ok("run")

    def test_a_command(self):
        self.assertEqual(self.ok("debug", "tell").out, "now second one\n")
        result = self.ok("debug", "tell", "--run", self.first)
        self.assertEqual(result.out, "now first two\n")
        self.assertIn(f"tell  not all is as in run {self.first}: code file tell.sh changed", result.err)
        self.assertEqual(self.ok("debug", "tell", "--run", self.first, "--snapshot").out, "then first two\n")

    def test_a_mini_batch(self):
        self.assertEqual(self.ok("replay", "score", "--mini-batch", "0").out, "second\n\n")
        self.assertEqual(self.ok("replay", "score", "--mini-batch", "0", "--run", self.first).out, "first\n\n")

    def test_what_came_from_another_run_then(self):
        self.ok("run", "--step", "tell", "-p", "word=three")
        self.project.write("seed", "third\n")
        self.ok("run")
        run = sorted(run["id"] for run in self.ok("runs", "--json").json()["runs"])[2]
        self.assertEqual(self.ok("debug", "tell", "--run", run).out, "now second three\n")

    def test_what_is_gone(self):
        shutil.rmtree(self.project.path / ".mlpipe/objects")
        self.assertIn(f"mlpipe rerun {self.first}", self.fails(9, "debug", "tell", "--run", self.first).err)
        self.assertIn("no run", self.fails(2, "debug", "tell", "--run", "19990101").err)


if __name__ == "__main__":
    unittest.main()
