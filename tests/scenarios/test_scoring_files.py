"""Models whose output is files of mini-batches: .npy as numpy reads it, Parquet as pyarrow does."""

import os
import subprocess
import unittest
from pathlib import Path

from support import MLPIPE, VENV_PYTHON, ScenarioTest, wait_until
from test_scoring import MAKE, MODULE_BUILT, TORCH
from test_scoring import SPEC as ROWS

SPEC = ROWS.replace("      append_row_file_name: rows.txt\n", "").replace('output: "{name} {argmax} {max:.6f}"', "output: {format: npy}")
TABLE = 'output: {format: parquet, columns: {id: "{name}", best: "{argmax}", sure: "{max}", all: "{values}", none: "{value[4]:.2f}"}}'
PARQUET = (any(Path(MLPIPE).resolve().parents[1].rglob("mlpipe_parquet.so"))
           and subprocess.run([VENV_PYTHON, "-c", "import pyarrow"], capture_output=True).returncode == 0)
# All arrays of a folder, a line a row: file, item, values.
READ_ARRAYS = """
import numpy, sys
from pathlib import Path
for path in sorted(Path(sys.argv[1]).glob("*.npy")):
    values = numpy.load(path)
    items = path.with_suffix(".items.txt").read_text().splitlines()
    assert values.dtype == numpy.float32 and values.ndim == 2 and len(items) == len(values), path
    for item, row in zip(items, values):
        print(path.name, item, " ".join(repr(float(value)) for value in row), sep="|")
"""
READ_TABLES = """
import pyarrow.parquet as parquet, sys
from pathlib import Path
for path in sorted(Path(sys.argv[1]).iterdir()):
    table = parquet.read_table(path)
    assert [str(field.type) for field in table.schema] == ["string", "double", "double", "string", "double"], table.schema
    for row in table.to_pylist():
        print(path.name, row["id"], int(row["best"]), repr(row["sure"]), row["all"], sep="|")
"""


def in_python(code, *arguments):
    return subprocess.run([VENV_PYTHON, "-W", "ignore", "-c", code, *arguments], check=True, capture_output=True, text=True).stdout.splitlines()


@unittest.skipUnless(MODULE_BUILT and TORCH, "built without LibTorch, or .venv has no torch")
class ScoringFiles(ScenarioTest):
    def setUp(self):
        super().setUp()
        subprocess.run([VENV_PYTHON, "-W", "ignore", "-c", MAKE, self.project.path], check=True)
        self.project.spec(SPEC)

    def arrays(self):
        return in_python(READ_ARRAYS, self.output("score.rows"))

    def values_as_rows(self, *options):
        """What the same step writes as text: item|values."""
        self.project.spec(ROWS.replace('"{name} {argmax} {max:.6f}"', '"{name}|{values}"'))
        self.ok("run", *options)
        return (self.output("score.rows") / "rows.txt").read_text().splitlines()

    def test_arrays_have_the_values_of_the_rows(self):
        self.ok("run")
        arrays = self.arrays()
        self.assertEqual(sorted(path.name for path in self.output("score.rows").iterdir()),
                         sorted(f"mini_batch_{number:06}.{kind}" for number in range(6) for kind in ("npy", "items.txt")))
        self.assertEqual([line.split("|", 1)[1] for line in arrays], self.values_as_rows())

    def test_a_failed_item_has_no_row(self):
        (self.project.path / "images/image-07.jpg").write_bytes(b"this is no image")
        self.ok("run", "--set", "score.error_threshold=1")
        arrays = self.arrays()
        self.assertEqual(len(arrays), 22)
        self.assertEqual([line.split("|", 1)[1] for line in arrays], self.values_as_rows("--set", "score.error_threshold=1"))

    def test_a_mini_batch_of_failed_items_has_no_file(self):
        for number in range(4):
            next((self.project.path / "images").glob(f"image-{number:02}.*")).write_bytes(b"no image")
        self.ok("run", "--set", "score.error_threshold=4")
        self.assertEqual({line.split("|")[0] for line in self.arrays()}, {f"mini_batch_{number:06}.npy" for number in range(1, 6)})

    def test_rows_of_arrays_are_named_by_file_and_number(self):
        spec = SPEC.replace("images: images, model: model.pt", "images: arrays, model: table.pt").replace("input: image", "input: array")
        self.project.spec("".join(line for line in spec.splitlines(True) if "image: {" not in line))
        self.ok("run")
        self.assertEqual([line.split("|")[1] for line in self.arrays()], [f"array-{array}.npy {row}" for array in range(5) for row in range(3 + array)])

    @unittest.skipUnless(PARQUET, "built without Parquet, or .venv has no pyarrow")
    def test_parquet(self):
        self.project.spec(SPEC.replace("output: {format: npy}", TABLE))
        self.ok("run")
        tables = in_python(READ_TABLES, self.output("score.rows"))
        self.project.spec(ROWS.replace('"{name} {argmax} {max:.6f}"', '"{name}|{argmax}|{max}|{values}"'))
        self.ok("run")
        self.assertEqual([line.split("|", 1)[1] for line in tables], (self.output("score.rows") / "rows.txt").read_text().splitlines())

    def test_a_killed_run_goes_on_with_the_same_files(self):
        folder = self.project.path / "images"
        for path in list(folder.iterdir()):
            for copy in range(100):
                os.link(path, folder / f"{path.stem}-{copy:02}{path.suffix}")
        self.project.spec(SPEC.replace("mini_batch_size: 4", "mini_batch_size: 3"))
        run = self.project.start("run")
        header_of_journal = 80
        wait_until(lambda: any(path.stat().st_size > header_of_journal for path in self.project.path.rglob("partial/*/journal")), 30, "the first record")
        run.kill()
        run.communicate()
        result = self.ok("run")
        self.assertIn("were finished before and are kept", result.err + result.out)
        arrays = self.arrays()
        self.assertEqual(len(arrays), 23 * 101)
        self.assertEqual(len(list(self.output("score.rows").iterdir())), 2 * 775)
        self.ok("run", "--force")
        self.assertEqual(self.arrays(), arrays)
