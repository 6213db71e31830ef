"""Rows of tables scored by models without Python: CSV, JSON lines, several inputs, missing values, what is written about each row."""

import json
import subprocess
import unittest

from support import VENV_PYTHON, ScenarioTest
from test_scoring import MODULE_BUILT, TORCH

MAKE = """
import sys, torch
from pathlib import Path
folder = Path(sys.argv[1])
torch.manual_seed(2)

class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(10, 4)
        self.head = torch.nn.Linear(6, 3)
    def forward(self, x: torch.Tensor, ids: torch.Tensor):
        return self.head(torch.cat([x, self.words(ids).mean(1)], 1))

one = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3)).eval()
two = Two().eval()
torch.jit.script(one).save(str(folder / "one.pt"))
torch.jit.script(two).save(str(folder / "two.pt"))
rows = [(i, i / 7, -i / 3, i % 10) for i in range(500)]
(folder / "t.csv").write_text("id,a,b,word\\n" + "".join(f'"{i}",{a!r},{b!r},{w}\\n' for i, a, b, w in rows))
(folder / "t.jsonl").write_text("".join('{"id": "%d", "b": %r, "a": %r, "word": %d}\\n' % (i, b, a, w) for i, a, b, w in rows))
x = torch.tensor([[a, b] for _, a, b, _ in rows], dtype=torch.float64).to(torch.float32)
ids = torch.tensor([[w] for _, _, _, w in rows])
torch.set_num_threads(1)
def scored(model, *inputs):
    batches = []
    for start in range(0, 500, 64):
        padded = [torch.cat([i[start:start + 64], i.new_zeros(max(0, start + 64 - 500), i.shape[1])]) for i in inputs]
        batches.append(model(*padded))
    return torch.cat(batches)[:500]
with torch.inference_mode():
    for name, values in (("one", scored(one, x)), ("two", scored(two, x, ids))):
        (folder / f"{name}.expected").write_text("".join(f"{i} " + " ".join(repr(float(v)) for v in row) + "\\n" for i, row in enumerate(values)))
"""
THROWS = """
import sys, torch
class Throws(torch.nn.Module):
    def forward(self, x):
        assert not bool(((x[:, 0] * 7).round() == 303).any() or ((x[:, 0] * 7).round() == 311).any())
        return x
torch.jit.script(Throws()).save(sys.argv[1] + "/throws.pt")
"""
SPEC = """
inputs: {table: {path: t.csv, type: table}, model: one.pt}
steps:
  score:
    parallel_run_config:
      model: ${{side_inputs.model}}
      scoring: {input: table, columns: [a, b], batch_size: 64, output: "{column[id]} {values}"}
      mini_batch_size: 3KB
      process_count_per_node: 2
      append_row_file_name: rows.txt
    inputs: {table: "${{pipeline.inputs.table}}"}
    side_inputs: {model: "${{pipeline.inputs.model}}"}
    outputs: {rows: }
"""


@unittest.skipUnless(MODULE_BUILT and TORCH, "built without LibTorch, or .venv has no torch")
class ScoringTables(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.project.write("make.py", MAKE)  # torch.jit.script reads the source of classes
        subprocess.run([VENV_PYTHON, "-W", "ignore", self.project.path / "make.py", self.project.path], check=True)
        self.project.spec(SPEC)

    def rows(self):
        return (self.output("score.rows") / "rows.txt").read_text()

    def test_rows_are_those_of_python(self):
        self.ok("run")
        self.assertEqual(self.rows(), self.project.read("one.expected"))

    def test_json_lines_give_the_same(self):
        self.project.spec(SPEC.replace("t.csv", "t.jsonl"))
        self.ok("run")
        self.assertEqual(self.rows(), self.project.read("one.expected"))

    def test_rows_do_not_depend_on_mini_batches_or_workers(self):
        for size in ("1KB", "1MB"):
            self.ok("run", "--force", "--set", f"score.mini_batch_size={size}", "--set", "score.process_count_per_node=3")
            self.assertEqual(self.rows(), self.project.read("one.expected"))

    def test_several_inputs_of_other_types(self):
        self.project.spec(SPEC.replace("one.pt", "two.pt").replace("columns: [a, b]", "columns: {x: [a, b], ids: {columns: [word], type: int64}}"))
        self.ok("run")
        self.assertEqual(self.rows(), self.project.read("two.expected"))

    def test_an_empty_value_fails_its_row_alone(self):
        self.project.write("t.csv", "id,a,b\nx,1,2\ny,,2\nz,3,4\n")
        failed = self.fails(5, "run", "--set", "score.isolate_failures=false")
        self.assertIn("`a`", failed.err + self.project.run("logs", "score").out)
        self.ok("run", "--set", "score.error_threshold=1")
        self.assertEqual([line.split()[0] for line in self.rows().splitlines()], ["x", "z"])

    def test_what_stands_for_missing_values(self):
        self.project.write("t.csv", "id,a,b\nx,0,2\ny,,2\nz,NA,2\n")
        self.project.spec(SPEC.replace("columns: [a, b]", "columns: [a, b], missing: 0"))
        self.ok("run")
        self.assertEqual(len({line.split(" ", 1)[1] for line in self.rows().splitlines()}), 1)

    def test_a_column_that_is_not_there_is_named_with_the_nearest(self):
        self.project.spec(SPEC.replace("columns: [a, b]", "columns: [a, wrod]"))
        failed = self.fails(5, "run")
        self.assertIn("wrod", failed.err)
        self.assertIn("word", failed.err)

    def test_csv_with_a_header_and_labels(self):
        self.project.write("labels.txt", "zero\none\nand, two\n")
        self.project.spec(SPEC.replace('output: "{column[id]} {values}"',
                                       'labels: labels.txt, output: {format: csv, columns: {id: "{column[id]}", label: "{label}", p: "{softmax[argmax]:.3f}"}}'))
        self.ok("run")
        lines = self.rows().splitlines()
        self.assertEqual(lines[0], "id,label,p")
        self.assertEqual(len(lines), 501)
        self.assertRegex(lines[1], r'^0,(zero|one|"and, two"),0\.\d\d\d$')

    def test_json_lines_out(self):
        self.project.spec(SPEC.replace('output: "{column[id]} {values}"', 'output: {format: jsonl, columns: {id: "{column[id]}", row: "{row}", values: "{values}"}}'))
        self.ok("run")
        rows = [json.loads(line) for line in self.rows().splitlines()]
        self.assertEqual([row["row"] for row in rows], list(range(500)))
        self.assertEqual(len(rows[7]["values"]), 3)

    def test_fast_records_the_batch_size_that_it_measured(self):
        self.project.spec(SPEC.replace("batch_size: 64", "numerics: fast"))
        self.ok("run")
        expected = [line.split() for line in self.project.read("one.expected").splitlines()]
        for got, wanted in zip((line.split() for line in self.rows().splitlines()), expected, strict=True):
            self.assertEqual(got[0], wanted[0])
            for a, b in zip(got[1:], wanted[1:], strict=True):
                self.assertAlmostEqual(float(a), float(b), places=4)

    def test_rows_keep_their_numbers_when_a_mini_batch_is_taken_apart(self):
        script = self.project.write("make.py", THROWS)  # torch.jit.script reads the source
        subprocess.run([VENV_PYTHON, "-W", "ignore", script, self.project.path], check=True)
        self.project.spec(SPEC.replace("one.pt", "throws.pt").replace('"{column[id]} {values}"', '"{row} {column[id]}"').replace("batch_size: 64", "batch_size: 2")
                          .replace("mini_batch_size", "error_threshold: 2\n      run_max_try: 1\n      mini_batch_size"))
        self.ok("run")
        self.assertEqual(self.rows().splitlines(), [f"{row} {row}" for row in range(500) if row not in (303, 311)])

    def test_a_row_of_a_table_has_no_file_name(self):
        self.project.spec(SPEC.replace("{column[id]} {values}", "{name} {values}"))
        self.assertIn("has {name} or {path}, which rows of a table do not have", self.fails(3, "validate").err)
        self.project.spec(SPEC.replace(', output: "{column[id]} {values}"', ""))
        self.ok("run")
        self.assertEqual([line.split()[0] for line in self.rows().splitlines()], [str(row) for row in range(500)])

    def test_labels_that_do_not_fit_the_model(self):
        self.project.write("labels.txt", "one\ntwo\n")
        self.project.spec(SPEC.replace('output: "{column[id]} {values}"', 'labels: labels.txt, output: "{label}"'))
        self.assertIn("3 values an item, and scoring.labels has 2 lines", self.fails(5, "run").err)

    def test_a_plain_export_says_how_to_make_a_package(self):
        make = "import sys, torch\ntorch.export.save(torch.export.export(torch.nn.Linear(2, 3), (torch.zeros(4, 2),)), sys.argv[1])"
        subprocess.run([VENV_PYTHON, "-W", "ignore", "-c", make, self.project.path / "plain.pt2"], check=True)
        self.project.spec(SPEC.replace("one.pt", "plain.pt2"))
        self.assertIn("aoti_compile_and_package", self.fails(1, "run").err)

    def test_cuda_where_there_is_none(self):
        self.project.spec(SPEC.replace("input: table,", "input: table, device: cuda,"))
        failed = self.fails(1, "run")
        self.assertIn("has no CUDA", failed.err)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
