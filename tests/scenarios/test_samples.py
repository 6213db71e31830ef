"""The samples run as the documentation says."""

import re
import shutil
import subprocess
import unittest
from pathlib import Path

from support import MLPIPE, SOURCE, VENV_PYTHON, ScenarioTest

MODULE_BUILT = any(Path(MLPIPE).resolve().parents[1].rglob("mlpipe_torch.so"))
PACKAGES = VENV_PYTHON.exists() and subprocess.run(
    [VENV_PYTHON, "-c", "import torch, PIL, sklearn"], capture_output=True).returncode == 0


class Samples(ScenarioTest):
    def copy(self, name):
        self.project.path.rmdir()
        shutil.copytree(SOURCE / "samples" / name, self.project.path, ignore=shutil.ignore_patterns(".mlpipe", "results", "__pycache__"))
        spec = self.project.read("pipeline.yaml")
        self.project.spec(spec.replace("../../.venv", str(SOURCE / ".venv")))

    def plan(self):
        return self.project.run("plan", "--exit-code").code

    def test_hello_needs_no_package(self):
        self.copy("hello")
        self.ok("run")
        counts = (self.output("count.counts") / "counts.txt").read_text().splitlines()
        self.assertEqual(len(counts), 5)
        self.assertEqual(counts[0].split()[0], "blake.txt")
        report = self.output("report.report").read_text().splitlines()
        self.assertEqual(sorted(report), sorted(counts))
        self.assertEqual(self.plan(), 0)
        self.ok("run", "-p", "least=1")
        self.assertNotEqual((self.output("count.counts") / "counts.txt").read_text().splitlines(), counts)

    def test_the_pipeline_of_the_readme(self):
        blocks = re.findall(r"```yaml\n(.*?)```", (SOURCE / "README.md").read_text(), re.DOTALL)
        self.project.spec(blocks[0])
        self.project.write("book.txt", "some words and some more words\n")
        self.ok("run")
        self.assertEqual(self.project.read("count.txt").strip(), "4")
        self.project.write("book.txt", "some words and some more words\nthe end\n")
        self.assertIn("text", self.ok("why", "words").out)
        self.ok("run")
        self.assertEqual(self.project.read("count.txt").strip(), "6")

    def test_the_parallel_run_config_to_be_copied(self):
        shutil.copy(SOURCE / "configs/parallel_run_config.yaml", self.project.path)
        self.project.write("score.py", "def run(mini_batch): return mini_batch\n")
        self.project.write("data/item", "x")
        self.project.spec("""
            inputs: {data: data}
            steps:
              score:
                parallel_run_config: parallel_run_config.yaml
                inputs: {data: "${{pipeline.inputs.data}}"}
                outputs: {rows: }
            """)
        self.ok("run")
        self.assertIn("item", (self.output("score.rows") / "parallel_run_step.txt").read_text())

    @unittest.skipUnless(MODULE_BUILT and PACKAGES, "needs LibTorch, and torch, Pillow and scikit-learn in .venv")
    def test_digits(self):
        self.copy("digits")
        self.ok("run", timeout=240)
        report = self.project.read("results/report.txt")
        words = report.split()
        self.assertGreaterEqual(float(words[1]), 0.97, report)
        self.assertGreaterEqual(int(words[3]), 350, report)
        self.assertTrue((self.project.path / "results/confusion.png").read_bytes().startswith(b"\x89PNG"))
        rows = [(self.output(f"{step}.predictions") / "predictions.txt").read_bytes() for step in ("score", "scorefast")]
        self.assertEqual(rows[0], rows[1])
        self.assertEqual(rows[0].count(b"\n"), 360)
        self.assertEqual(self.plan(), 0)

        self.project.write("score/score.py", self.project.read("score/score.py") + "# a change\n")
        self.assertIn("score.py", self.ok("why", "score").out)
        self.assertEqual(self.plan(), 4)
        self.ok("run")
        shown = self.ok("show").out
        self.assertEqual(shown.count("reused"), 4, shown)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
