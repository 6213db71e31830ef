"""Packages of AOTInductor as the model of a step, and `mlpipe bench-model`."""

import json
import shutil
import subprocess
import unittest
import zipfile
from pathlib import Path

from output_schema import OutputSchema
from support import MLPIPE, SOURCE, VENV_PYTHON, ScenarioTest

BUILD = Path(MLPIPE).resolve().parents[1]
MODULE_BUILT = any(BUILD.rglob("mlpipe_torch.so"))
PACKAGES = BUILD / "tests/packages"


def packages_made():
    if not (MODULE_BUILT and VENV_PYTHON.exists() and shutil.which("g++")):
        return False
    script = SOURCE / "tests/unit/scoring/torch/package_reference.py"
    subprocess.run([VENV_PYTHON, "-B", "-W", "ignore", script, PACKAGES], check=True)
    return (PACKAGES / "made").exists()


SPEC = """
inputs: {{arrays: arrays, table: {{path: table.csv, type: table}}, model: dynamic.pt2}}
steps:
  score:
    parallel_run_config:
      model: ${{{{side_inputs.model}}}}
      scoring: {scoring}
      process_count_per_node: 2
      append_row_file_name: rows.txt
    inputs: {{data: "${{{{pipeline.inputs.{data}}}}}"}}
    side_inputs: {{model: "${{{{pipeline.inputs.model}}}}"}}
    outputs: {{rows: }}
"""
ARRAYS = SPEC.format(data="arrays", scoring='{input: array, output: "{name} {values}"}')
TABLE = SPEC.format(data="table", scoring='{input: table, columns: [a, b, c, d, e, f], output: "{row} {argmax}"}')


class Packages(ScenarioTest):
    @classmethod
    def setUpClass(cls):
        if not packages_made():
            raise unittest.SkipTest("built without LibTorch, or no Python with torch and numpy, or no g++")

    def setUp(self):
        super().setUp()
        self.project.spec(ARRAYS)
        (self.project.path / "arrays").mkdir()
        shutil.copy(PACKAGES / "rows.npy", self.project.path / "arrays")
        for name in ("dynamic", "static", "centred"):
            shutil.copy(PACKAGES / f"{name}.pt2", self.project.path)
        self.project.write("table.csv", "a,b,c,d,e,f\n" + "".join(f"{row},1,2,-3,0.5,{row % 7}\n" for row in range(50)))
        self.temporary = self.project.base / "tmp"
        self.temporary.mkdir()
        self.project.env["TMPDIR"] = str(self.temporary)

    def rows(self):
        return (self.output("score.rows") / "rows.txt").read_text()

    def models(self):
        return sorted(path.name for path in (self.project.path / ".mlpipe/models").iterdir())

    def assert_nothing_left(self):
        super().assert_nothing_left()
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_rows_are_those_of_python_and_the_package_is_unpacked_once(self):
        self.ok("run")
        self.assertEqual(self.rows(), (PACKAGES / "dynamic").read_text())
        self.assertEqual(len(self.models()), 1)
        self.assertRegex(self.models()[0], "^[0-9a-f]{64}$")
        self.assertIn("reused", self.ok("run").err)
        self.ok("run", "--force")
        self.assertEqual(len(self.models()), 1)
        self.assert_nothing_left()

    def test_a_static_batch_is_padded_and_said(self):
        result = self.ok("run", "--input", "model=static.pt2")
        self.assertEqual(self.rows(), (PACKAGES / "static").read_text())
        self.assertEqual(result.err.count("the package takes batches of 4 rows: batch_size is 4"), 1, result)
        result = self.project.run("run", "--input", "model=static.pt2", "--set", "score.scoring.batch_size=16")
        self.assertNotEqual(result.code, 0)
        self.assertIn("hint: batch_size: 4, or leave it away", result.err)

    def test_rows_that_depend_on_their_batch_are_found_out(self):
        self.project.spec(TABLE)
        self.ok("run")
        result = self.project.run("run", "--input", "model=centred.pt2")
        self.assertNotEqual(result.code, 0)
        self.assertIn("the package gives other rows in batches of 512 than in batches of 256", result.err)
        self.assertIn("torch.export.Dim", result.err)
        self.assert_nothing_left()

    def test_rows_do_not_depend_on_mini_batches_or_workers(self):
        self.project.spec(TABLE)
        self.ok("run", "--input", "model=static.pt2")
        rows = self.rows()
        self.ok("run", "--input", "model=static.pt2", "--set", "score.mini_batch_size=1KB", "--set", "score.process_count_per_node=1")
        self.assertEqual(self.rows(), rows)

    def test_a_damaged_package_is_an_error(self):
        good = (self.project.path / "dynamic.pt2").read_bytes()
        middle = len(good) // 2
        for damaged in (good[:middle], good[:middle] + bytes(4096) + good[middle + 4096:]):
            (self.project.path / "dynamic.pt2").write_bytes(damaged)
            result = self.project.run("run")
            self.assertNotEqual(result.code, 0, result)
            self.assertIn("dynamic.pt2", result.err)
            self.assertNotIn("Exception raised from", result.err)
        self.assert_nothing_left()

    def test_an_archive_of_torch_export_is_refused_with_what_makes_a_package_of_it(self):
        with zipfile.ZipFile(self.project.path / "plain.pt2", "w") as archive:
            archive.writestr("plain/models/model.json", "{}")
        result = self.project.run("run", "--input", "model=plain.pt2")
        self.assertNotEqual(result.code, 0)
        self.assertIn("plain.pt2 is a torch.export archive, which has no code that C++ can run", result.err)
        self.assertIn("\n    import torch\n    program = torch.export.load('model.pt2')\n    torch._inductor.aoti_compile_and_package(program, ", result.err)
        self.assert_nothing_left()

    def test_a_mini_batch_is_replayed(self):
        self.ok("run")
        self.assertEqual(self.ok("replay", "score", "--mini-batch", "0").out, (PACKAGES / "dynamic").read_text())
        self.assert_nothing_left()

    def test_bench_model(self):
        out = self.ok("bench-model", "dynamic.pt2", "--shape", "6", "--batch-size", "8,1024", "--workers", "2", "--seconds", "0").out
        self.assertRegex(out, r"strict +8 +1 .*\nstrict +8 +2 .*\nfast ")  # 1024 is not of this package
        self.assertRegex(out, "strict: AOTInductor package on cpu, opened in .*; mlpipe would take batches of 512\n")
        self.assertRegex(out, r"fast is [0-9.]+ x strict at best, and its values differ by at most 0\n$")
        self.project.spec(TABLE)
        measured = json.loads(self.ok("bench-model", "static.pt2", "--step", "score", "--workers", "1", "--seconds", "0", "--json").out)
        self.assertEqual(OutputSchema().mistakes(measured), [])
        self.assertEqual(measured["largest_difference"], 0)
        for numerics in ("strict", "fast"):
            self.assertEqual(measured[numerics]["batch_size"], 4)
            self.assertEqual([(t["batch_size"], t["workers"]) for t in measured[numerics]["timings"]], [(4, 1)])
            self.assertEqual(measured[numerics]["notes"], ["the package takes batches of 4 rows: batch_size is 4"])
        self.assert_nothing_left()

    def test_bench_model_says_what_is_wrong(self):
        for code, words, arguments in [
            (2, "what goes into the model?", ["dynamic.pt2"]),
            (2, "both say what goes in", ["dynamic.pt2", "--shape", "6", "--step", "score"]),
            (2, "neither an image nor a row", ["dynamic.pt2", "--shape", "6,6"]),
            (2, "there is no step `scor`", ["dynamic.pt2", "--step", "scor"]),
            (2, "takes numbers from 1 to 65536", ["dynamic.pt2", "--shape", "six"]),
            (1, "takes rows of shape [6], and scoring gives [5]", ["dynamic.pt2", "--shape", "5"]),
            (1, "does not exist", ["missing.pt2", "--shape", "6"]),
        ]:
            with self.subTest(arguments=arguments):
                result = self.project.run("bench-model", *arguments, "--seconds", "0")
                self.assertIn(words, result.err)
                self.assertEqual(result.code, code, result)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
