"""How entry scripts fail: each must end soon, say where and why, and cost no more than its own mini-batch."""

import time
import unittest

from entry_scripts import EntryScripts, needs_pandas


class RunFails(EntryScripts):
    items = 2

    def test_sys_exit_and_an_interrupt_fail_the_try_and_the_worker_goes_on(self):
        for statement, shown in {"sys.exit(3)": "SystemExit: 3", "raise KeyboardInterrupt": "KeyboardInterrupt", "sys.exit()": "SystemExit",
                                 "raise GeneratorExit": "GeneratorExit"}.items():
            with self.subTest(statement=statement):
                self.prepare(f"def run(mini_batch):\n    if 'item-000' in mini_batch[0]: {statement}\n    return [os.getpid()]\n",
                             mini_batch_size=1, error_threshold=1)
                self.assertIn(shown, self.ok("run").err)
                self.assertEqual(len(self.rows()), 1)

    def test_an_exception_with_any_text(self):
        shown = self.failure_of("def run(mini_batch): raise ValueError('half \\ud800, byte \\udcff, two\\nlines')\n")
        self.assertIn("ValueError: half", shown)

    def test_an_exception_that_cannot_be_shown(self):
        self.assertIn("Odd", self.failure_of("class Odd(Exception):\n    def __str__(self): raise ValueError\ndef run(mini_batch): raise Odd\n"))

    def test_the_process_ends_in_run(self):
        self.assertIn("exit code 9", self.failure_of("def run(mini_batch): os._exit(9)\n"))
        self.assertIn("exit code 0", self.failure_of("def run(mini_batch): os._exit(0)\n"))

    def test_a_segfault(self):
        self.assertIn("SIGSEGV", self.failure_of("import ctypes\ndef run(mini_batch): ctypes.string_at(0)\n"))

    def test_an_abort(self):
        self.assertIn("SIGABRT", self.failure_of("def run(mini_batch): os.abort()\n"))


class InitFails(EntryScripts):
    def failure_of(self, script, **options):
        return super().failure_of(script, code=1, **options)

    def test_parse_args(self):
        shown = self.failure_of("import argparse\ndef init():\n    parser = argparse.ArgumentParser()\n    parser.parse_args()\n"
                                "def run(mini_batch): return mini_batch\n")
        self.assertIn("SystemExit: 2", shown)
        self.assertIn("use parse_known_args()", shown)

    def test_an_exception_and_an_import(self):
        self.assertIn("init() failed: ZeroDivisionError", self.failure_of("def init(): 1 / 0\ndef run(mini_batch): return mini_batch\n"))
        self.assertIn("No module named 'no_such'", self.failure_of("import no_such\ndef run(mini_batch): return mini_batch\n"))
        self.assertIn("SyntaxError", self.failure_of("def run(mini_batch) return mini_batch\n"))

    def test_no_run(self):
        self.assertIn("score.py has no function run(mini_batch)", self.failure_of("def score(mini_batch): return mini_batch\n"))
        self.assertIn("score.py has no function run(mini_batch)", self.failure_of("run = 3\n"))

    def test_the_process_ends_in_init(self):
        self.assertIn("exit code 5", self.failure_of("def init(): os._exit(5)\ndef run(mini_batch): return mini_batch\n"))

    def test_no_init_is_fine(self):
        self.assertEqual(len(self.rows_of("def run(mini_batch): return mini_batch\n")), 4)


class Modules(EntryScripts):
    def test_a_script_in_a_folder_is_a_module_of_that_package(self):
        rows = self.rows_of("def run(mini_batch): return [__name__, os.path.relpath(__file__, sys.path[0])]\n", entry="src/entry.py")
        self.assertEqual(rows[:2], ["src.entry", "src/entry.py"])

    def test_its_siblings_cannot_be_imported_by_their_own_name(self):
        self.project.write("score/src/sibling.py", "")
        shown = self.failure_of("import sibling\ndef run(mini_batch): return mini_batch\n", entry="src/entry.py", code=1)
        self.assertIn("No module named 'sibling'", shown)
        self.assertEqual(len(self.rows_of("import src.sibling\ndef run(mini_batch): return mini_batch\n", entry="src/entry.py")), 4)

    def test_a_name_that_python_has_taken(self):
        shown = self.failure_of("def run(mini_batch): return mini_batch\n", entry="os.py", code=1)
        self.assertIn("rename the entry script", shown)


class Descriptors(EntryScripts):
    def test_closing_the_standard_ones_and_that_of_the_runner_changes_nothing(self):
        for statement in ("[os.close(fd) for fd in (0, 1, 2)]", "os.close(1); os.close(2)", "sys.stdout.close(); sys.stderr.close()",
                          "os.closerange(3, 90)"):
            with self.subTest(statement=statement):
                rows = self.rows_of(f"def init():\n    try: {statement}\n    except OSError: pass\n"
                                    "def run(mini_batch): return mini_batch\n")
                self.assertEqual(len(rows), 4)

    def test_writing_to_any_descriptor_corrupts_nothing(self):
        rows = self.rows_of("def run(mini_batch):\n    for fd in (1, 2, 3, 4, 5):\n        try: os.write(fd, b'\\x00\\xff')\n"
                            "        except OSError: pass\n    return mini_batch\n")
        self.assertEqual(len(rows), 4)

    def test_closing_all_of_them_ends_the_worker_and_says_so(self):
        shown = self.failure_of("def run(mini_batch):\n    os.closerange(3, 1 << 16)\n    return mini_batch\n")
        self.assertRegex(shown, "closed its connection|worker process ended")


class Leftovers(EntryScripts):
    def test_children_and_threads_that_outlive_the_work_are_ended(self):
        self.prepare("import subprocess, threading\n"
                     "def run(mini_batch):\n    subprocess.Popen(['sleep', '600'])\n"
                     "    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n    return mini_batch\n")
        self.ok("run")
        self.assert_nothing_left()

    def test_shutdown_that_raises_loses_no_row(self):
        self.prepare("def run(mini_batch): return mini_batch\ndef shutdown(): raise ValueError('at the end')\n")
        result = self.ok("run")
        self.assertIn("shutdown() failed in process000", result.err)
        self.assertEqual(len(self.rows()), 4)
        self.assertIn("ValueError: at the end", self.log("user/error/local-0/process000.txt"))

    def test_a_fork_that_returns_from_run_is_not_taken_for_the_worker(self):
        rows = self.rows_of("def run(mini_batch):\n    os.fork()\n    return mini_batch\n")
        self.assertEqual(len(rows), 4)


class Hangs(EntryScripts):
    items = 2
    limits = {"run_invocation_timeout": 0.7, "task_overhead_timeout": 0.3}

    def hang(self, script, code=5, **options):
        self.prepare(script, **(self.limits | options))
        started = time.monotonic()
        result = self.project.run("run")
        self.assertEqual(result.code, code, result)
        self.took = time.monotonic() - started
        self.assert_nothing_left()
        return result.err

    def test_a_hang_in_c_code_is_shown_by_the_line_that_called_it(self):
        shown = self.hang("def run(mini_batch):\n    time.sleep(600)\n")
        self.assertIn("hung in score.py:3 run()", shown)
        self.assertIn('File "score/score.py", line 3, in run', shown)
        self.assertNotIn("mlpipe_worker.py\", line", shown.split("failed after")[1])
        self.assertIn("score.py", self.log("user/stderr/local-0/process000.stderr.txt"))

    @needs_pandas
    def test_a_busy_loop_in_numpy(self):
        shown = self.hang("import numpy\ndef run(mini_batch):\n    numpy.ones((1 << 14, 1 << 14)) @ numpy.ones((1 << 14, 1 << 14))\n", venv=True)
        self.assertIn("hung in score.py:4 run()", shown)

    def test_a_busy_loop_with_threads_and_a_child(self):
        shown = self.hang("import subprocess, threading\ndef helper():\n    while True: pass\n"
                          "def run(mini_batch):\n    subprocess.Popen(['sleep', '600'])\n    threading.Thread(target=time.sleep, args=(600,)).start()\n"
                          "    helper()\n")
        self.assertRegex(shown, r"hung in score.py:4 helper\(\)")

    def test_a_hang_in_a_library_names_both(self):
        shown = self.hang("import subprocess\ndef run(mini_batch):\n    subprocess.run(['sleep', '600'])\n")
        self.assertRegex(shown, r"hung in score.py:4 run\(\), in (subprocess|selectors)\.py:\d+ ")

    def test_closed_and_blocked_streams_do_not_hide_it(self):
        shown = self.hang("import signal\ndef run(mini_batch):\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    os.close(2)\n"
                          "    sys.stderr = None\n    time.sleep(600)\n")
        self.assertIn("hung in score.py:7 run()", shown)

    def test_in_init_at_import_and_in_shutdown(self):
        self.assertIn("init() took longer", self.hang("def init(): time.sleep(600)\ndef run(mini_batch): return mini_batch\n", code=7))
        self.assertIn("hung in score.py:2 <module>()", self.hang("time.sleep(600)\ndef run(mini_batch): return mini_batch\n", code=7))
        self.prepare("def run(mini_batch): return mini_batch\ndef shutdown(): time.sleep(600)\n", **self.limits)
        self.assertRegex(self.ok("run").err, r"shutdown\(\) took longer than .*: hung in score.py:3 shutdown\(\)")

    def test_a_stopped_worker_that_cannot_answer_is_killed_all_the_same(self):
        shown = self.hang("import signal\ndef run(mini_batch): os.kill(os.getpid(), signal.SIGSTOP)\n")
        self.assertIn("run() took longer", shown)
        self.assertNotIn("hung in", shown)


if __name__ == "__main__":
    unittest.main()
