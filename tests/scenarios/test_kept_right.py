"""What once made a result wrong, lost what a run needs, or failed for good: data that changes and changes back while a step runs,
facts that a fingerprint forgot, damage that never healed, and collecting what a living run reads."""

import os
import shutil
import time
import unittest

from support import ScenarioTest, wait_until

GATED = 'touch "$TRACE.began"; while [ ! -e "$TRACE.go" ]; do sleep 0.02; done; '


class KeptRight(ScenarioTest):
    def path(self, name):
        return self.project.path / name

    def flip(self, file):
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)

    def while_it_runs(self, change, *arguments):
        """Runs a step that waits at GATED, calls change() meanwhile, and gives the ended run's result."""
        trace = str(self.project.base / "trace")
        for suffix in (".began", ".go"):
            if os.path.exists(trace + suffix):
                os.unlink(trace + suffix)
        process = self.project.start("run", *arguments)
        wait_until(lambda: os.path.exists(trace + ".began"), 30, "the step to begin")
        change()
        open(trace + ".go", "w").close()
        return self.project.finish(process)

    def test_a_hash_path_that_changes_while_the_step_runs(self):
        self.project.write("lib/f", "v1")
        self.project.spec(f"steps: {{s: {{hash_paths: [lib], command: '{GATED} cat {self.path('lib/f')} > ${{{{outputs.o}}}}/x', outputs: {{o: }}}}}}")
        failed = self.while_it_runs(lambda: self.project.write("lib/f", "v2"))
        self.assertEqual(failed.code, 1, failed)
        self.assertIn("its hash path lib changed while it ran", failed.err)

    def test_an_input_that_changes_and_changes_back(self):
        self.project.write("in", "v1")
        self.project.spec('inputs: {i: in}\nsteps:\n  s:\n    inputs: {i: "${{pipeline.inputs.i}}"}\n'
                          f"    command: {GATED} cat ${{{{inputs.i}}}} > ${{{{outputs.o}}}}/x\n    outputs: {{o: }}\n")
        self.while_it_runs(lambda: None)

        def there_and_back():
            self.project.write("in", "v2")
            time.sleep(0.01)
            self.project.write("in", "v1")

        failed = self.while_it_runs(there_and_back, "--force")
        self.assertEqual(failed.code, 1, failed)
        self.assertIn("written to and then back", failed.err)

    def test_a_hard_link_to_an_input_is_no_writing(self):
        self.project.write("in", "v1")
        self.project.spec('inputs: {i: in}\nsteps: {s: {inputs: {i: "${{pipeline.inputs.i}}"}, command: "ln ${{inputs.i}} $TRACE.link; cp ${{inputs.i}} ${{outputs.o}}", outputs: {o: }}}\n')
        self.ok("run")

    def test_droppings_and_ignored_files_of_a_hash_path_do_not_count(self):
        self.project.write("lib/f", "v1")
        self.project.write("lib/.amlignore", "*.log\n")
        self.project.spec('steps: {s: {hash_paths: [lib], command: echo s >> "$TRACE", outputs: {o: }}}')
        self.ok("run")
        self.assert_ran("s")
        for name in ("__pycache__/a.pyc", "z.log", ".git/index"):
            self.project.write("lib/" + name, "x")
        self.ok("run")
        self.assert_ran()
        self.project.write("lib/f", "v2")
        self.ok("run")
        self.assert_ran("s")

    def test_the_folder_whose_name_is_a_partition_key(self):
        self.project.write("data/2024/a.txt", "1\n")
        self.project.write("code/e.py", "def init(): pass\ndef run(batch, context): return [str(context.partition_key_value)] * len(batch)\n")
        spec = ('inputs: {s: {path: data/YEAR, partition_format: "{year}/{name}.txt"}}\nsteps:\n  p:\n    source_directory: code\n'
                '    parallel_run_config: {entry_script: e.py, partition_keys: [year], process_count_per_node: 1}\n'
                '    inputs: {s: "${{pipeline.inputs.s}}"}\n    outputs: {o: }\n')
        self.project.spec(spec.replace("YEAR", "2024"))
        self.ok("run")
        self.path("data/2024").rename(self.path("data/2025"))
        self.project.spec(spec.replace("YEAR", "2025"))
        self.ok("run")
        rows = (self.output("p.o") / "parallel_run_step.txt").read_text()
        self.assertIn("2025", rows)

    def test_the_name_of_an_input_that_is_one_file(self):
        self.project.write("a.txt", "1\n")
        self.project.write("code/e.py", "import os\ndef init(): pass\ndef run(batch): return [os.path.basename(p) for p in batch]\n")
        spec = ('inputs: {s: NAME}\nsteps: {p: {source_directory: code, parallel_run_config: {entry_script: e.py, process_count_per_node: 1},\n'
                '  inputs: {s: "${{pipeline.inputs.s}}"}, outputs: {o: }}}\n')
        for name in ("a.txt", "b.txt"):
            if name == "b.txt":
                self.path("a.txt").rename(self.path("b.txt"))
            self.project.spec(spec.replace("NAME", name))
            self.ok("run")
            self.assertEqual((self.output("p.o") / "parallel_run_step.txt").read_text(), name + "\n")

    def test_a_link_whose_target_becomes_a_folder_and_back(self):
        self.project.write("ext/t", "x")
        self.path("data").mkdir()
        self.path("data/link").symlink_to("../ext/t")
        self.project.spec('inputs: {d: data}\nsteps: {s: {inputs: {d: "${{pipeline.inputs.d}}"}, command: echo s >> "$TRACE", outputs: {o: }}}\n')
        long_ago = time.time() - 100
        os.utime(self.path("data"), (long_ago, long_ago))
        time.sleep(2.2)
        self.ok("run")
        self.assert_ran("s")
        self.path("ext/t").unlink()
        self.project.write("ext/t/in", "y")
        self.ok("run")
        self.assert_ran("s")
        time.sleep(2.2)
        self.ok("run")
        shutil.rmtree(self.path("ext/t"))
        self.project.write("ext/t", "x")
        self.ok("run")
        self.assert_ran()
        self.assertIn("reused", self.ok("run").err)

    def coded(self, command="cat f > ${{outputs.o}}/x"):
        self.project.write("code/f", "1\n")
        self.project.spec(f"parameters: {{n: 1}}\nsteps: {{s: {{source_directory: code, command: 'echo s ${{{{parameters.n}}}} >> \"$TRACE\"; {command}', outputs: {{o: }}}}}}\n")
        self.ok("run")
        self.project.trace()

    def test_damaged_code_is_told_of_and_kept_anew(self):
        self.coded()
        self.flip(next(self.path(".mlpipe/code/trees").iterdir()))
        told = self.project.run("doctor", "--store")
        self.assertEqual(told.code, 9, told)
        self.assertIn("code/trees/", told.out + told.err)
        self.ok("run", "--force")
        self.ok("doctor", "--store")
        self.ok("rerun", "latest", "--force")

    def test_a_damaged_manifest_is_not_believed(self):
        self.coded()
        for text in self.path(".mlpipe/texts").iterdir():
            if b"ingredients" in text.read_bytes():
                text.write_bytes(text.read_bytes().replace(b'"cat f', b'"dog f').replace(b"parameters.n", b"parameters/n"))
        self.assertEqual(self.project.run("doctor", "--store").code, 9)
        self.project.write("code/f", "2\n")
        self.ok("run")
        self.assertNotIn("parameters/n", self.ok("why", "s").out)

    def test_a_run_that_borrowed_can_be_run_again(self):
        self.coded()
        other = self.new_project("elsewhere")
        shutil.copytree(self.project.path, other.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".mlpipe"))
        borrowed = other.run("run", "--cache-from", str(self.path(".mlpipe")))
        self.assertIn("reused", borrowed.err)
        again = other.run("rerun", "latest")
        self.assertEqual(again.code, 0, again)

    def test_a_draft_of_a_spec_that_mentions_its_own_place(self):
        self.coded()
        self.project.spec(f"# run it with: mlpipe run {self.path('pipeline.yaml')}; the code is in {self.path('code')}\n" + self.project.read("pipeline.yaml"))
        self.ok("run")
        self.ok("clone", "latest", str(self.project.base / "draft"))
        self.assertTrue((self.project.base / "draft/pipeline.yaml").is_file())
        self.assertEqual((self.project.base / "draft/code/f").read_text(), "1\n")

    def test_a_moved_project_keeps_its_history(self):
        self.coded()
        other = self.new_project("elsewhere")
        other.path.rmdir()
        shutil.move(self.project.path, other.path)
        for command in (("why", "s"), ("show",), ("output", "s.o"), ("rerun", "latest"), ("diff", "latest", "latest")):
            result = other.run(*command)
            self.assertEqual(result.code, 0, result)
        self.assertIn("succeeded", other.run("runs").out)

    def test_gc_leaves_what_a_run_of_one_step_reads(self):
        spec = ("parameters: {p: 1}\nsteps:\n  train: {command: 'cat /proc/sys/kernel/random/uuid > ${{outputs.m}}/f', outputs: {m: }}\n"
                f"  score: {{command: '{GATED} cat ${{{{inputs.m}}}}/f; echo ${{{{parameters.p}}}}', inputs: {{m: \"${{{{steps.train.outputs.m}}}}\"}}}}\n")
        self.project.spec(spec)
        self.while_it_runs(lambda: None)

        def make_another_and_collect():
            self.ok("run", "--force-step", "train", "--until", "train")
            self.ok("gc", "--keep-runs", "1")

        ended = self.while_it_runs(make_another_and_collect, "--step", "score", "-p", "p=2")
        self.assertEqual(ended.code, 0, ended)

    def test_gc_keeps_the_code_that_a_kept_rerun_needs(self):
        self.project.write("one/f", "1\n")
        self.project.write("two/f", "then\n")
        self.project.spec('steps:\n  one: {source_directory: one, command: cat f}\n  two: {source_directory: two, command: cat f}\n')
        self.ok("run")
        first = self.ok("runs", "--json").json()["runs"][0]["id"]
        self.project.write("two/f", "now\n")
        self.ok("rerun", first, "--step", "one")
        self.ok("gc", "--keep-runs", "1")
        self.ok("clone", "latest", str(self.project.base / "draft"))
        self.assertEqual((self.project.base / "draft/two/f").read_text(), "then\n")

    def test_an_archive_of_results_with_equal_outputs(self):
        self.project.spec("steps:\n  a: {command: 'true', outputs: {x: , y: }}\n  b: {command: 'echo 1 > ${{outputs.m}}; echo 1 > ${{outputs.n}}', outputs: {m: {type: file, file: f}, n: {type: file, file: f}}}\n"
                          "  c: {command: 'echo 1 > ${{outputs.m}}; echo c', outputs: {m: {type: file, file: f}}}\n")
        self.ok("run")
        archive = str(self.project.base / "cache.tar.zst")
        self.ok("cache", "export", archive)
        other = self.new_project("elsewhere")
        other.spec(self.project.read("pipeline.yaml"))
        imported = other.run("cache", "import", archive)
        self.assertIn("3 new", imported.err)
        again = other.run("run")
        self.assertIn("3 reused", again.err)
        self.assertEqual(other.run("doctor", "--store").code, 0)

    def test_an_export_into_a_pipe_leaves_it_a_pipe(self):
        self.coded()
        pipe = self.project.base / "pipe"
        os.mkfifo(pipe)
        process = self.project.start("cache", "export", str(pipe))
        with open(pipe, "rb") as reader:
            data = reader.read()
        self.assertEqual(self.project.finish(process).code, 0)
        self.assertTrue(data.startswith(b"\x28\xb5\x2f\xfd"), "zstd")
        self.assertTrue(pipe.is_fifo())

    def test_a_store_whose_format_is_a_pipe(self):
        self.coded()
        other = self.project.base / "other"
        other.mkdir()
        os.mkfifo(other / "format")
        result = self.project.run("run", "--cache-from", str(other), timeout=20)
        self.assertEqual(result.code, 0, result)
        self.assertIn("nothing is taken", result.err)


if __name__ == "__main__":
    unittest.main()
