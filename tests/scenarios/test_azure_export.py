"""Pipelines go out as pipeline jobs of Azure ML v2 and come back: the same rows. scripts/validate-exports lets Microsoft's own client
validate what is written."""

import unittest

from support import ScenarioTest

SPEC = """
name: round-trip
parameters: {word: it's, times: 2, loud: true}
inputs: {given: {path: data}}
steps:
  make-files:
    source_directory: make
    command: sh make.sh ${{inputs.given}}/seed.txt ${{parameters.word}} ${{outputs.files}}
    inputs: {given: "${{pipeline.inputs.given}}"}
    outputs: {files: }
  count:
    source_directory: count
    script_name: count.py
    arguments: [--files, "${{inputs.files}}", --times, "${{parameters.times}}", --out, "${{outputs.total}}", "two words"]
    inputs: {files: "${{steps.make-files.outputs.files}}"}
    outputs: {total: {type: file, file: total.txt}}
    allow_reuse: false
    retries: 1
  score:
    source_directory: score
    parallel_run_config: {entry_script: score.py, mini_batch_size: 2, error_threshold: 1, process_count_per_node: 1, run_max_try: 2}
    inputs: {files: "${{steps.make-files.outputs.files}}"}
    side_inputs: {total: "${{steps.count.outputs.total}}"}
    arguments: [--total, "${{side_inputs.total}}", --loud, "${{parameters.loud}}"]
    outputs: {rows: {publish: results}}
"""

SCORE = """
import argparse
def init():
    global given
    parser = argparse.ArgumentParser()
    parser.add_argument("--total")
    parser.add_argument("--loud")
    given = parser.parse_known_args()[0]
def run(batch):
    return [f"{open(given.total).read().strip()} {given.loud.lower()} {open(path).read().strip()}" for path in batch]
"""


class AzureExport(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.project.spec(SPEC)
        self.project.write("data/seed.txt", "seed\n")
        self.project.write("make/make.sh", 'for i in 1 2 3; do echo "$(cat "$1") $2 $i" > "$3/$i.txt"; done\n')
        self.project.write("count/count.py", "import os, sys\ngiven = dict(zip(sys.argv[1::2], sys.argv[2::2]))\nassert sys.argv[-1] == 'two words', sys.argv\n"
                                             "open(given['--out'], 'w').write(str(len(os.listdir(given['--files'])) * int(given['--times'])))\n")
        self.project.write("score/score.py", SCORE)

    def rows(self, result):
        return sorted(result.read_text().splitlines())

    def test_what_comes_back_gives_the_same_rows(self):
        self.ok("run")
        before = self.rows(self.output("score.rows") / "parallel_run_step.txt")
        self.assertEqual(len(before), 3)
        exported = self.ok("export", "azure", "--to", "azure job")
        self.assertIn("azure job/pipeline.yml", exported.out)
        self.assertIn("retries", exported.err)
        again = self.project.run("run", "-f", "azure job/pipeline.yml")
        self.assertEqual(again.code, 0, again)
        place = self.project.run("output", "score.rows", "-f", "azure job/pipeline.yml").out.rstrip("\n")
        self.assertEqual(self.rows(self.project.path / place / "parallel_run_step.txt"), before)

    def test_only_an_empty_folder_is_written_to(self):
        self.assertIn("not an empty folder", self.fails(2, "export", "azure", "--to", "make").err)
        self.assertIn("write: mlpipe export azure", self.fails(2, "export", "airflow").err)

    def test_what_azure_cannot_run_is_left_out_and_said(self):
        self.project.write("model.pt", "")
        self.project.spec(SPEC + """
  fast:
    parallel_run_config: {model: "${{side_inputs.total}}", scoring: {input: image}}
    inputs: {files: "${{steps.make-files.outputs.files}}"}
    side_inputs: {total: "${{steps.count.outputs.total}}"}
    outputs: {rows: }
  after:
    command: cat ${{inputs.rows}}/*
    inputs: {rows: "${{steps.fast.outputs.rows}}"}
""")
        exported = self.ok("export", "azure", "--json").json()
        self.assertEqual(exported["left_out"], ["fast", "after"])

    def test_v1_becomes_v2(self):
        self.assertIn("no pipeline of Azure ML v1", self.fails(2, "convert").err)
        self.project.write("v1.yml", """
pipeline:
  parameters: {Word: {type: string, default: hello world}}
  steps:
    Write:
      type: PythonScriptStep
      source_directory: src
      script_name: a.py
      arguments: [parameter:W, output:Out]
      parameters: {W: {source: Word}}
      outputs: {Out: {destination: made}}
""")
        self.project.write("src/a.py", "import os, sys\nos.makedirs(sys.argv[2], exist_ok=True)\nopen(sys.argv[2] + '/f', 'w').write(sys.argv[1])\n")
        self.ok("convert", "v1.yml", "--to", "v2")
        self.ok("run", "v2/pipeline.yml")
        self.assertEqual((self.project.path / self.ok("output", "write.out", "-f", "v2/pipeline.yml").out.rstrip("\n") / "f").read_text(), "hello world")


if __name__ == "__main__":
    unittest.main()
