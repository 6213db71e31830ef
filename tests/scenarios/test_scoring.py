"""Model steps: images and arrays scored by C++ workers with LibTorch, the same rows as Python gives."""

import os
import signal
import subprocess
import unittest
from pathlib import Path

from support import MLPIPE, SOURCE, VENV_PYTHON, ScenarioTest, wait_until

MODULE_BUILT = any(Path(MLPIPE).resolve().parents[1].rglob("mlpipe_torch.so"))
TORCH = VENV_PYTHON.exists() and subprocess.run([VENV_PYTHON, "-c", "import torch, PIL"], capture_output=True).returncode == 0

MAKE = """
import sys, numpy, torch
from pathlib import Path
from PIL import Image
from torch import nn
folder = Path(sys.argv[1])
torch.manual_seed(1)
numbers = numpy.random.default_rng(1)
(folder / "images").mkdir()
for number in range(23):
    size = (int(numbers.integers(9, 60)), int(numbers.integers(9, 60)), 3)
    suffix = "jpg" if number % 3 else "png"
    Image.fromarray(numbers.integers(0, 256, size, dtype=numpy.uint8)).save(folder / f"images/image-{number:02d}.{suffix}")
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64, 5), nn.Softmax(1)).eval()
torch.jit.script(model).save(str(folder / "model.pt"))
(folder / "arrays").mkdir()
for number in range(5):
    numpy.save(folder / f"arrays/array-{number}.npy", numbers.normal(size=(3 + number, 20)).astype("float32"))
torch.jit.script(nn.Sequential(nn.Linear(20, 3))).save(str(folder / "table.pt"))
torch.save(model.state_dict(), folder / "weights.pt")
"""
EXPECTED = """
import sys, numpy, torch
from pathlib import Path
from PIL import Image
torch.set_num_threads(1)
model = torch.jit.load(sys.argv[1]).eval()
paths = sorted(Path(sys.argv[2]).iterdir())
for start in range(0, len(paths), 8):
    batch = numpy.zeros((8, 3, 16, 16), numpy.float32)
    for image, path in zip(batch, paths[start:start + 8]):
        pixels = numpy.asarray(Image.open(path).convert("RGB").resize((16, 16), Image.BILINEAR), numpy.float32)
        pixels = (pixels / numpy.float32(255) - numpy.float32([0.5, 0.4, 0.3])) / numpy.float32([0.2, 0.3, 0.4])
        image[:] = pixels.transpose(2, 0, 1)
    with torch.no_grad():
        for path, scores in zip(paths[start:start + 8], model(torch.from_numpy(batch)).numpy()):
            print(f"{path.name} {scores.argmax()} {scores.max():.6f}")
"""
# Its data goes on for a while before the checksum, or the stream itself, turns out to be wrong.
BREAK = """
import sys, numpy
numbers = numpy.random.default_rng(2).normal(size=(4000, 20)).astype("float32")
numpy.savez_compressed(sys.argv[1], numbers)
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) * 3 // 4] ^= 0xFF
open(sys.argv[1], "wb").write(data)
"""
NEIGHBOURS = """
import sys, numpy, torch
from pathlib import Path
folder = Path(sys.argv[1])
(folder / "neighbours").mkdir()
ids = numpy.ones((20, 2), "uint64")
ids[15] = 2 ** 63
for name, rows in (("a", ids[:1]), ("b", ids), ("c", ids[:1])):
    numpy.save(folder / f"neighbours/{name}.npy", rows)
class Ids(torch.nn.Module):
    def forward(self, x):
        return x.float()
torch.jit.script(Ids()).save(str(folder / "ids.pt"))
"""
SPEC = """
inputs: {images: images, model: model.pt}
steps:
  score:
    parallel_run_config:
      model: ${{side_inputs.model}}
      scoring:
        input: image
        image: {resize: [16, 16], mode: RGB, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4]}
        output: "{name} {argmax} {max:.6f}"
        batch_size: 8
      mini_batch_size: 4
      process_count_per_node: 2
      append_row_file_name: rows.txt
    inputs: {images: "${{pipeline.inputs.images}}"}
    side_inputs: {model: "${{pipeline.inputs.model}}"}
    outputs: {rows: }
"""


@unittest.skipUnless(MODULE_BUILT and TORCH, "built without LibTorch, or .venv has no torch")
class Scoring(ScenarioTest):
    def setUp(self):
        super().setUp()
        subprocess.run([VENV_PYTHON, "-W", "ignore", "-c", MAKE, self.project.path], check=True)
        self.project.spec(SPEC)

    def rows(self):
        return (self.output("score.rows") / "rows.txt").read_text().splitlines()

    def expected(self):
        command = [VENV_PYTHON, "-W", "ignore", "-c", EXPECTED, self.project.path / "model.pt", self.project.path / "images"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    def test_rows_are_those_of_python(self):
        self.ok("run")
        self.assertEqual(self.rows(), self.expected())

    def test_rows_do_not_depend_on_mini_batches_or_workers(self):
        self.ok("run")
        rows = self.rows()
        self.ok("run", "--force", "--set", "score.mini_batch_size=1", "--set", "score.process_count_per_node=3")
        self.assertEqual(self.rows(), rows)

    def array_spec(self):
        spec = SPEC.replace("images: images, model: model.pt", "images: arrays, model: table.pt").replace("input: image", "input: array")
        spec = "".join(line for line in spec.splitlines(True) if "image: {" not in line)
        self.project.spec(spec.replace("{name} {argmax} {max:.6f}", "{name} {row} {argmax}"))

    def test_arrays(self):
        self.array_spec()
        self.ok("run")
        rows = self.rows()
        self.assertEqual(len(rows), 3 + 4 + 5 + 6 + 7)
        self.assertEqual([row.rsplit(" ", 1)[0] for row in rows[:4]],
                         ["array-0.npy 0", "array-0.npy 1", "array-0.npy 2", "array-1.npy 0"])

    def test_a_file_that_breaks_in_its_middle_gives_no_rows_and_takes_none_of_others(self):
        self.array_spec()
        subprocess.run([VENV_PYTHON, "-c", BREAK, self.project.path / "arrays/array-2.npz"], check=True)
        self.fails(5, "run")
        self.ok("run", "--set", "score.error_threshold=1")
        whole = [f"array-{number}.npy {row}" for number in range(5) for row in range(3 + number)]
        self.assertEqual([row.rsplit(" ", 1)[0] for row in self.rows()], whole)

    def test_an_item_that_fails_takes_no_rows_of_the_one_before_it(self):
        # One row, then 20 of which the 15th is no int64: they share a pass.
        script = self.project.write("make.py", NEIGHBOURS)  # torch.jit.script reads the source
        subprocess.run([VENV_PYTHON, "-W", "ignore", script, self.project.path], check=True)
        self.project.spec(SPEC.replace("images: images, model: model.pt", "images: neighbours, model: ids.pt")
                          .replace("input: image", "input: array\n        columns: {x: {type: int64}}")
                          .replace("        image: {resize: [16, 16], mode: RGB, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4]}\n", "")
                          .replace("{name} {argmax} {max:.6f}", "{name} {row}"))
        self.fails(5, "run")
        self.ok("run", "--set", "score.error_threshold=1")
        self.assertEqual(self.rows(), ["a.npy 0", "c.npy 0"])

    def test_bench_model_says_the_cause_in_a_line(self):
        result = self.fails(1, "bench-model", "table.pt", "--shape", "19", "--seconds", "0", "--batch-size", "8")
        self.assertIn("shapes cannot be multiplied (8x19 and 20x3)", result.err.splitlines()[0])
        self.assertIn("hint: is that what goes into the model?", result.err)
        self.assertNotIn("Traceback", result.err)

    def test_a_broken_image_is_a_failed_item(self):
        (self.project.path / "images/image-07.jpg").write_bytes(b"this is no image")
        result = self.fails(5, "run")
        self.assertIn("image-07.jpg", result.err + self.project.run("logs", "score").out)
        self.ok("run", "--set", "score.error_threshold=1")
        self.assertEqual(len(self.rows()), 22)

    def test_a_truncated_image_is_a_failed_item(self):
        path = self.project.path / "images/image-08.jpg"
        path.write_bytes(path.read_bytes()[:-200])
        self.fails(5, "run")

    def test_a_file_that_is_no_model(self):
        for name in ("weights.pt", "images/image-00.png"):
            with self.subTest(name=name):
                result = self.project.run("run", "--input", f"model={name}")
                self.assertIn(result.code, (1, 3), result)
                self.assertIn(Path(name).name, result.err)
                self.assertNotIn("Exception raised from", result.err)
        self.assert_nothing_left()

    def test_a_worker_killed_with_9_is_replaced(self):
        process = self.project.start("run", "--set", "score.mini_batch_size=1")
        killed = set()

        def one_died():
            for pid in self.project.processes():
                try:
                    parent = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
                    grandparent = int(Path(f"/proc/{parent}/stat").read_text().rsplit(")", 1)[1].split()[1])
                except (OSError, ProcessLookupError):
                    continue
                if grandparent == process.pid and not killed:
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            return killed or process.poll() is not None

        wait_until(one_died, 30, "a forked worker")
        result = self.project.finish(process)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.rows(), self.expected())
        self.assert_nothing_left()

    def test_the_fork_server_killed_with_9_is_an_answer(self):
        process = self.project.start("run", "--set", "score.mini_batch_size=1")

        def server_died():
            for pid in self.project.processes():
                try:
                    if b"__scoring-server" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        os.kill(pid, signal.SIGKILL)
                        return True
                except OSError:
                    continue
            return process.poll() is not None

        wait_until(server_died, 30, "the fork server")
        result = self.project.finish(process, timeout=60)
        self.assertIn(result.code, (0, 1, 5), result)
        self.assert_nothing_left()
        self.ok("run")
        self.assertEqual(self.rows(), self.expected())

    def test_no_file_of_this_tree_is_written(self):
        self.ok("run")
        self.assertFalse((SOURCE / "tests/scenarios/.mlpipe").exists())


class WithoutTorch(ScenarioTest):
    @unittest.skipIf(MODULE_BUILT, "built with LibTorch")
    def test_a_model_step_says_what_is_missing(self):
        self.project.spec(SPEC)
        self.project.write("model.pt", "x")
        self.project.write("images/a.png", "x")
        result = self.project.run("run")
        self.assertNotEqual(result.code, 0)
        self.assertIn("mlpipe_torch", result.err)


if __name__ == "__main__":
    unittest.main()
