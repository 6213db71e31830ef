"""What is recognised in real runs, and what is not; the command itself. docs/complaints.md has most entries: test_complaints.py."""

import functools
import http.server
import subprocess
import threading
import unittest

from entry_scripts import EntryScripts, has_module
from support import SOURCE, VENV_PYTHON, ScenarioTest, write_chain


class OfEntryScripts(EntryScripts):
    def found(self, script, *more, code=5, **options):
        """Ids of what a run's step was recognised as."""
        self.prepare(script, *more, **options)
        self.fails(code, "run")
        return self.ids()

    def ids(self):
        return [finding["id"] for step in self.ok("diagnose", "--json").json()["steps"] for finding in step["of_run"]]

    def test_what_run_returned(self):
        self.assertEqual(self.found("def run(mini_batch): pass\n"), ["returned-none"])
        self.assertEqual(self.found("def run(mini_batch): return 'cat 0.9'\n"), ["returned-wrong-type"])
        self.assertIn("it returned 'cat 0.9' (str)", self.ok("diagnose").out)
        self.assertEqual(self.found("def run(mini_batch): return mini_batch[1:]\n"), ["returned-too-few"])

    def test_arguments(self):
        self.assertEqual(self.found("import argparse\ndef init():\n    p = argparse.ArgumentParser()\n    p.add_argument('--out_a')\n    p.add_argument('--out_b')\n"
                                    "    p.parse_known_args(['--out', 'x'])\ndef run(mini_batch): return mini_batch\n", code=1), ["abbreviated-argument"])
        missing = "import argparse\ndef init():\n    p = argparse.ArgumentParser()\n    p.add_argument('--model', required=True)\n    p.parse_args()\ndef run(m): return m\n"
        self.assertEqual(self.found(missing, code=1), ["init-failed"])

    def test_a_path_relative_to_the_workers_folder(self):
        self.project.write("score/labels.txt", "cat\n")
        self.assertEqual(self.found("def run(mini_batch):\n    open('labels.txt')\n"), ["relative-path"])
        self.assertIn('"labels.txt")', self.ok("diagnose").out)

    def test_a_file_beside_the_spec(self):
        self.project.write("model/w.txt", "1\n")
        self.assertEqual(self.found("def run(mini_batch):\n    open('../model/w.txt')\n"), ["relative-path"])
        self.assertIn('`side_inputs: {w: "${{pipeline.inputs.w}}"}`', self.ok("diagnose").out)
        self.assertEqual(self.found("import os\ndef init(): open(os.path.join(os.path.dirname(__file__), '../model/w.txt'))\ndef run(mini_batch): return mini_batch\n", code=1), ["relative-path"])

    def test_own_exceptions_are_not_taken_for_what_mlpipe_says(self):
        self.assertEqual(self.found("def run(mini_batch): raise ValueError('run() returned None (NoneType), not a list, a tuple or a pandas DataFrame')\n"), [])
        caught = "import argparse, sys\ndef init():\n    try: argparse.ArgumentParser().parse_args()\n    except SystemExit: pass\n"
        self.assertEqual(self.found(caught + "def run(mini_batch): sys.exit(2)\n"), [])

    def test_an_ordinary_exception_is_no_riddle(self):
        self.assertEqual(self.found("def run(mini_batch): raise ValueError('no such class')\n"), [])
        shown = self.ok("diagnose").out
        self.assertIn("nothing is recognised", shown)
        self.assertIn("mlpipe replay score --mini-batch 0", shown)

    def test_a_worker_that_exits_by_itself_was_not_killed(self):
        self.assertEqual(self.found("def run(mini_batch): os._exit(3)\n"), [])
        self.assertEqual(self.found("def init(): raise ValueError('bad model')\ndef run(mini_batch): return mini_batch\n", code=1), ["init-failed"])

    def test_beforehand(self):
        self.prepare("import argparse\ndef init():\n    p = argparse.ArgumentParser()\n    p.add_argument('--output_format')\n    p.add_argument('--nice')\n    p.parse_known_args()\n"
                     "def run(mini_batch): return mini_batch\n", "--nice, '1'")
        found = [finding["id"] for finding in self.ok("diagnose", "--json").json()["steps"][0]["beforehand"]]
        self.assertEqual(found, ["abbreviated-argument", "reserved-argument"])


class OfCommands(ScenarioTest):
    def found(self, command, code=1, more=""):
        self.project.spec(f"inputs: {{data: data}}\nsteps:\n  make:\n    command: {command}\n    outputs: {{o: }}\n{more}")
        result = self.project.run("run")
        self.assertEqual(result.code, code, result)
        return [finding["id"] for finding in self.ok("show", "--json").json()["steps"][0]["findings"]], result.err

    def setUp(self):
        super().setUp()
        self.project.write("data/x.csv", "1\n")
        self.project.write("src/data.txt", "1\n")

    def test_what_a_shell_says(self):
        found, shown = self.found("no-such-trainer --fast")
        self.assertEqual(found, ["command-not-found"])
        self.assertIn("the shell found no command `no-such-trainer`", shown)
        self.assertEqual(self.found("no-such-trainer; echo done > ${{outputs.o}}/x", code=0)[0], ["hidden-failure"])
        self.assertEqual(self.found("echo hidden 'a; b' > ${{outputs.o}}/x", code=0)[0], [])
        self.assertEqual(self.found("no-such-trainer || echo none; echo done > ${{outputs.o}}/x", code=0)[0], [])
        self.assertEqual(self.found("exit 3")[0], [])

    def test_memory_and_time(self):
        self.assertEqual(self.found("ulimit -v 400000; exec python3 -c 'bytearray(10 ** 9)'")[0], ["out-of-memory"])
        self.assertEqual(self.found("sleep 60", 7, "    timeout: 0.3\n")[0], ["step-timeout"])
        self.assertEqual(self.found("kill -SEGV $$")[0], ["crashed"])

    def test_a_step_that_writes_into_its_input(self):
        reads = '    inputs: {data: "${{pipeline.inputs.data}}"}\n'
        found, shown = self.found("echo 2 >> ${{inputs.data}}/x.csv; echo > ${{outputs.o}}/x", more=reads)
        self.assertEqual(found, ["input-written"])
        self.assertIn("its input data is not what it was", shown)

    def test_a_full_device(self):
        self.assertEqual(self.found("cp data.txt /dev/full", more="    source_directory: src\n")[0], ["no-space"])
        self.assertEqual(self.found("cat data.txt > /dev/full", more="    source_directory: src\n")[0], [])  # that names no file, and no disk is full

    def test_a_full_disk_that_no_path_names(self):
        disk = self.project.path / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("mounting needs root")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        self.project.write("src/fill.py", "import os\nfile = open(os.environ['TMPDIR'] + '/x', 'wb', buffering=0)\nwhile True: file.write(bytes(1 << 16))\n")
        self.project.write("src/says.py", "raise OSError(28, 'No space left on device')\n")
        more = f"    source_directory: src\n    environment_variables: {{TMPDIR: {disk}}}\n"
        self.assertEqual(self.found("python3 says.py", more=more.replace(f"{disk}", "/tmp"))[0], [])
        found, shown = self.found("python3 fill.py", more=more)
        self.assertEqual(found, ["no-space"], shown)
        self.assertRegex(shown, "a disk was full: the one of disk has ")

    def test_what_a_semicolon_hid(self):
        more = "    source_directory: src\n"
        self.project.write("src/caught.py", "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()\n")
        self.project.write("src/raises.py", "def main():\n    raise ValueError('hello')\n\nif __name__ == '__main__':\n    main()\n")
        found, shown = self.found("python3 raises.py; echo done", code=0, more=more)
        self.assertEqual(found, ["hidden-failure"])
        self.assertIn("a part of its command ended with a traceback (ValueError: hello); what follows the `;` hid its exit code", shown)
        self.assertEqual(self.found("python3 raises.py; python3 caught.py", code=0, more=more)[0], ["hidden-failure"])
        self.assertEqual(self.found("python3 rases.py; echo done", code=0, more=more)[0], ["hidden-failure"])
        for command in ("python3 caught.py; echo done", "python3 raises.py || echo done", "python3 raises.py; test $? = 1", "python3 caught.py; python3 caught.py"):
            self.assertEqual(self.found(command, code=0, more=more)[0], [], command)

    def test_a_folder_below_an_output_that_nobody_made(self):
        more = "    source_directory: src\n"
        self.project.write("src/clean.py", "import sys\nopen(sys.argv[1] + '/cleaned/item.txt', sys.argv[2])\n")
        found, shown = self.found('python3 clean.py "${{outputs.o}}" w', more=more)
        self.assertEqual(found, ["output-folder"])
        self.assertIn("os.makedirs(os.path.dirname(path), exist_ok=True)", shown)
        self.assertEqual(self.found("python3 clean.py /tmp/no-such-folder w", more=more)[0], [])

    def test_a_file_beside_the_spec(self):
        more = "    source_directory: src\n"
        for path in ("'../data/x.csv'", "'data/x.csv'", "os.path.join(os.path.dirname(__file__), '../data/x.csv')", "os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + '/data/x.csv'"):
            self.project.write("src/read.py", f"import os\nopen({path})\n")
            self.assertEqual(self.found("python3 read.py", more=more)[0], ["relative-path"], path)
        self.project.write("src/read.py", "import subprocess\nsubprocess.run(['data'])\n")
        self.assertEqual(self.found("python3 read.py", more=more)[0], [])  # a program of that name, not the folder
        for path in ("'../data/y.csv'", "'/data/x.csv'", "'../data/x.csv/y', 'w'"):
            self.project.write("src/read.py", f"import os\nopen({path})\n")
            self.assertEqual(self.found("python3 read.py", more=more)[0], [], path)

    def test_what_a_script_does_not_end_with(self):
        more = "    source_directory: src\n"
        self.project.write("src/t.py", "import os, sys\nos.system('no-such-tool')\nsys.exit(127)\n")
        self.assertEqual(self.found("python3 t.py", code=1, more=more)[0], [])
        self.project.write("src/t.py", "import os\nos.abort()\n")
        found, shown = self.found("exec python3 t.py", more=more)
        self.assertEqual(found, ["crashed"])
        self.assertIn("or os.abort()", shown)

    def test_lines_that_did_not_end_the_step(self):
        no_space = "print('[Errno 28] No space left on device: /tmp/x', file=sys.stderr)"
        for complaint in ("print('WARNING apex unavailable (ModuleNotFoundError: No module named apex)', file=sys.stderr)", no_space, "print('MemoryError', file=sys.stderr)",
                          "print(\"PermissionError: [Errno 13] Permission denied: '/data/x'\", file=sys.stderr)"):
            self.project.write("src/t.py", f"import sys\n{complaint}\nsys.exit(1 if len(sys.argv) == 1 else 0)\n")
            self.project.write("src/fails.py", f"import sys\n{complaint}\n{{}}['x']\n")
            more = "    source_directory: src\n"
            self.assertEqual(self.found("python3 fails.py", more=more)[0], [], complaint)
            self.assertEqual(self.found("python3 t.py well", more=more + "    expect: {metrics: {accuracy: '> 1'}}\n")[0], [], complaint)

    def test_an_exception_that_was_caught_and_printed_did_not_end_the_step(self):
        for script in ("try: import no_such_module\nexcept ImportError: traceback.print_exc()\n", "def load():\n    try:\n        import no_such_module\n    except ImportError:\n        traceback.print_exc()\nload()\n"):
            self.project.write("src/t.py", f"import traceback\n{script}raise SystemExit(1)\n")
            self.assertEqual(self.found("python3 t.py", more="    source_directory: src\n")[0], [], script)
        self.project.write("src/t.py", "import traceback\ntry:\n    import no_such_module\nexcept ImportError:\n    raise\n")
        self.assertEqual(self.found("python3 t.py", more="    source_directory: src\n")[0], ["module-missing"])

    def test_findings_of_what_ended_well_do_not_fail_it(self):
        found, shown = self.found("no-such-trainer; echo done > ${{outputs.o}}/x", code=0)
        self.assertRegex(shown, r"make +done in [^\n]*\n  cause: a part of its command failed")
        self.assertEqual(self.ok("run").err.count("cause:"), 0)  # reused: nothing ran

    def test_other_failures_of_tools_are_not_taken_for_those_of_the_system(self):
        for text in ("Permission denied (publickey).", "401 Unauthorized", "the class MemoryError is documented", "no space for improvement"):
            self.assertEqual(self.found(f"echo '{text}' >&2; exit 1")[0], [], text)


@unittest.skipUnless(VENV_PYTHON.exists() and has_module(VENV_PYTHON, "sklearn"), "scikit-learn is not installed in .venv")
class Packages(ScenarioTest):
    def test_only_imports_of_the_steps_own_scripts_count(self):
        self.project.write("requirements.txt", "fsspec\n")
        self.project.spec(f"""
            environment: {{python: {VENV_PYTHON}, requirements: requirements.txt}}
            steps: {{train: {{source_directory: src, command: "python train.py"}}}}
            """)
        self.project.write("src/train.py", "from typing import TYPE_CHECKING\nimport helper, of_src.tables\nif TYPE_CHECKING:\n    import torch\n")
        self.project.write("src/helper.py", "try:\n    import numpy\nexcept ImportError:\n    numpy = None\n")
        self.project.write("src/lib/of_src/tables.py", "")
        self.project.write("src/submit.py", "import sklearn\nComputeTarget.create(ws, name, config)\n")
        self.assertEqual(self.ok("diagnose").out, "nothing is recognised as wrong or odd\n")
        self.project.write("src/helper.py", "import sklearn\n")
        self.assertIn("helper.py:1 imports sklearn", self.ok("diagnose").out)


class Command(ScenarioTest):
    def test_nothing_to_say(self):
        write_chain(self.project)
        self.ok("run")
        self.assertRegex(self.ok("diagnose").out, r"^run \S+: succeeded\nnothing is recognised as wrong or odd\n$")

    def test_before_the_first_run_and_of_a_pipeline_with_mistakes(self):
        write_chain(self.project)
        self.assertEqual(self.ok("diagnose").out, "nothing is recognised as wrong or odd\n")
        self.ok("run")
        self.project.write("pipeline.yaml", "steps: {first: {comand: x}}\n")
        result = self.fails(3, "diagnose")
        self.assertIn("did you mean `command`?", result.err)
        self.assertRegex(result.out, r"^run \S+: succeeded\n$")

    def test_an_input_that_the_step_before_left_empty(self):
        self.project.spec("""
            steps:
              clean: {command: echo nothing to clean, outputs: {data: }}
              score:
                source_directory: score
                parallel_run_config: {entry_script: score.py, mini_batch_size: 1, process_count_per_node: 1}
                inputs: {data: "${{steps.clean.outputs.data}}"}
                outputs: {rows: }
            """)
        self.project.write("score/score.py", "def run(mini_batch): return mini_batch\n")
        self.assertIn("cause: step clean made its input data and left it without files", self.fails(1, "run").err)
        shown = self.ok("diagnose").out
        self.assertIn("`mlpipe logs clean`", shown)
        self.assertNotIn("mlpipe debug", shown)
        self.assertNotIn("mlpipe replay", shown)

    def test_a_step_that_the_latest_run_did_not_have(self):
        write_chain(self.project)
        self.ok("run")
        self.ok("run", "--step", "alone")
        self.assertRegex(self.ok("diagnose", "first").out, r"^that step was not in the latest run, \S+; this is the latest one that had it\nrun \S+: ")
        self.assertNotIn("not in the latest run", self.ok("diagnose", "alone").out)
        self.assertRegex(self.fails(2, "logs", "first").err, r"hint: the latest run that had it is \S+: --run \S+")

    def test_a_run_that_was_killed_itself(self):
        self.project.spec("steps: {train: {command: 'kill -9 $PPID; sleep 0.1'}}")
        self.assertEqual(self.project.run("run").code, -9)
        shown = self.ok("diagnose").out
        self.assertIn("mlpipe itself was killed", shown)
        self.assertNotIn("nothing is recognised", shown)

    def test_one_step_and_a_wrong_one(self):
        write_chain(self.project)
        self.project.write("first/make.sh", "no-such-command\n")
        self.fails(1, "run")
        self.assertIn("first  failed", self.ok("diagnose").out)
        self.assertNotIn("first  failed", self.ok("diagnose", "alone").out)
        self.assertIn("did you mean `first`?", self.fails(2, "diagnose", "frist").err)

    def test_an_earlier_run_from_its_record_alone(self):
        self.project.spec("steps: {train: {command: 'kill -9 $$'}}")
        self.fails(1, "run")
        run = self.ok("show", "--json").json()["id"]
        (self.project.path / "pipeline.yaml").unlink()
        self.project.spec("steps: {train: {command: 'true'}}")
        self.ok("run")
        self.assertNotIn("#killed", self.ok("diagnose").out)
        self.assertIn("#killed", self.ok("diagnose", "--run", run).out)
        self.assertIn("#killed", self.ok("show", run).out)

    def test_the_page(self):
        self.assertEqual(self.ok("diagnose", "--table").out, (SOURCE / "docs/troubleshooting.md").read_text())


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Web(ScenarioTest):
    def test_data_that_changed_behind_its_address(self):
        self.project.write("web/x.csv", "1\n")
        handler = functools.partial(Silent, directory=str(self.project.path / "web"))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.project.spec(f"""
                type: pipeline
                inputs: {{data: {{type: uri_file, path: "http://127.0.0.1:{server.server_address[1]}/x.csv"}}}}
                jobs:
                  read:
                    type: command
                    command: cat ${{{{inputs.data}}}}
                    inputs: {{data: "${{{{parent.inputs.data}}}}"}}
                """)
            self.ok("run", "--allow-download")
            self.assertNotIn("url-changed", self.ok("diagnose", "--allow-download").out)
            self.project.write("web/x.csv", "1\n2\n")
            self.ok("run", "--allow-download")
            self.assertNotIn("url-changed", self.fails(3, "diagnose").out)  # not to fetch is a mistake of this spec
            shown = self.ok("diagnose", "--allow-download").out
            server.shutdown()
        self.assertIn("(it had 2 bytes and has 4 now)", shown)
        self.assertIn("reused", shown)


if __name__ == "__main__":
    unittest.main()
