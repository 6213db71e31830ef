"""Pipelines go out as pipeline jobs of Azure ML v2 and come back: the same rows. scripts/validate-exports lets Microsoft's own client
validate what is written."""

import json
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

    def test_an_export_that_was_cut_off_is_made_again(self):
        self.project.write("out/.mlpipe-export/components/x.yml", "half")
        self.project.write("out/components/count.yml", "half")
        self.ok("export", "azure", "--to", "out")
        self.assertFalse((self.project.path / "out/.mlpipe-export").exists())
        self.ok("validate", "out/pipeline.yml")

    def test_values_are_the_same_text_there(self):
        words = {"dollar": "$HOME", "quote": 'say "hi"', "slash": "a\\b", "tick": "`ls`", "one": "it's", "plain": "two words", "flag": "true", "number": "1.50", "small": "0.5", "point": ".5", "no": "off"}
        lines = "".join(f"  {name}: {value if name in ('flag', 'number', 'small') else json.dumps(value)}\n" for name, value in words.items())
        lines = lines.replace("  no:", '  "no":')
        names = " ".join(f"${{{{parameters.{name}}}}}" for name in words)
        inside = "'s ${{parameters.small}}' \"d ${{parameters.small}}\""
        arguments = ", ".join(f'"${{{{parameters.{name}}}}}", "--x=${{{{parameters.{name}}}}}"' for name in words)
        self.project.spec(f"parameters:\n{lines}steps:\n  say:\n    source_directory: say\n    command: >-\n      python3 say.py ${{{{outputs.o}}}} {names} {inside}\n    outputs: {{o: {{type: file}}}}\n"
                          f"  script:\n    source_directory: say\n    script_name: say.py\n    arguments: [\"${{{{outputs.o}}}}\", {arguments}]\n    outputs: {{o: {{type: file}}}}\n")
        self.project.write("say/say.py", "import json, sys\njson.dump(sys.argv[2:], open(sys.argv[1], 'w'))\n")
        self.ok("run")
        self.ok("export", "azure", "--to", "job")
        self.ok("run", "job/pipeline.yml")
        for step in ("say", "script"):
            there = self.project.path / self.ok("output", f"{step}.o", "-f", "job/pipeline.yml").out.rstrip("\n")
            self.assertEqual(there.read_text(), self.output(f"{step}.o").read_text())
        job = self.project.read("job/pipeline.yml")
        self.assertIn('flag: "true"', job, "Azure would write True")
        self.assertIn('number: "1.50"', job, "Azure would write 1.5")
        self.assertIn("small: 0.5", job)

    def test_a_value_that_no_quotes_keep_is_said(self):
        self.project.spec("parameters: {word: \"it's $5\"}\nsteps: {say: {command: \"echo ${{parameters.word}}\"}}\n")
        self.assertIn("say  note: the value of word", self.ok("export", "azure").err)

    def test_what_is_split_and_named_goes_along(self):
        self.project.write("data.v1/a.csv", "n\n1\n")
        self.project.write("data.v1/b.txt", "text\n")
        self.project.spec("""
            inputs:
              rows: {type: table, path: data.v1, delimiter: ","}
              texts: {path: "data.v1/*.txt"}
            steps:
              first: {command: echo}
              score:
                source_directory: score
                parallel_run_config: {entry_script: score.py, append_row_file_name: my rows.txt, process_count_per_node: 1}
                inputs: {texts: "${{pipeline.inputs.texts}}"}
                outputs: {rows: }
                depends_on: [first]
                compute: big
        """)
        self.project.write("score/score.py", "def run(batch):\n    return [open(path).read().strip() for path in batch]\n")
        said = self.ok("export", "azure").err
        self.assertIn("Azure types the columns of input rows itself", said)
        self.assertNotIn("texts", said)
        self.assertNotIn("depends_on", said)
        self.assertIn("folder: ../../../data.v1", self.project.read("azure/data/rows/MLTable"), "a folder with a dot in its name")
        self.assertIn("pattern: ", self.project.read("azure/data/texts/MLTable"))
        job = self.project.read("azure/pipeline.yml")
        self.assertIn("on_init: first", job)
        self.assertIn("default_compute: \"azureml:big\"", job)
        self.ok("run", "azure/pipeline.yml")
        rows = self.project.path / self.ok("output", "score.rows", "-f", "azure/pipeline.yml").out.rstrip("\n")
        self.assertEqual((rows / "my rows.txt").read_text(), "text\n")

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
  default_compute: small
  parameters: {Word: {type: string, default: hello world}}
  steps:
    Write:
      type: PythonScriptStep
      source_directory: src
      script_name: a.py
      arguments: [parameter:W, output:Out]
      parameters: {W: {source: Word}}
      outputs: {Out: {destination: made}}
    Again:
      type: PythonScriptStep
      source_directory: src
      script_name: a.py
      arguments: [again, output:Out]
      outputs: {Out: {destination: again}}
    Score:
      type: ParallelRunStep
      parallel_run_config: config.yml
      inputs: {In: {source: made}}
""")
        self.project.write("config.yml", """
            parallel_run_config:
              {entry_script: score.py, source_directory: score, compute_target_name: big, output_action: summary_only, error_threshold: -1, node_count: 1,
               environment: {name: our-env, version: "3", python: {}}}
        """)
        self.project.write("src/a.py", "import os, sys\nos.makedirs(sys.argv[2], exist_ok=True)\nopen(sys.argv[2] + '/f', 'w').write(sys.argv[1])\n")
        self.assertIn("exist_ok=True", self.ok("convert", "v1.yml", "--to", "v2").err)
        job = self.project.read("v2/pipeline.yml")
        self.assertIn('environment: "azureml:our-env:3"', job)
        self.assertIn('compute: "azureml:big"', job)
        self.assertIn('default_compute: "azureml:small"', job)
        self.ok("run", "v2/pipeline.yml", "--step", "write")
        self.assertEqual((self.project.path / self.ok("output", "write.out", "-f", "v2/pipeline.yml").out.rstrip("\n") / "f").read_text(), "hello world")


if __name__ == "__main__":
    unittest.main()
