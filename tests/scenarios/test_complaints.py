"""Each block of docs/complaints.md is what the binary prints. MLPIPE_UPDATE=1 writes the page's blocks anew.

The page: the rows of Azure's troubleshooting guide, its authentication errors, and twenty complaints of its users."""

import os
import unittest

from complaints import blocks, lines_with, of_step, redacted, update
from entry_scripts import has_module, needs_pandas
from support import VENV_PYTHON, ScenarioTest, score_spec, write_files

V1 = """
pipeline:
    description: one script
    default_compute: local
    steps:
        Train:
            type: PythonScriptStep
            script_name: train.py
            source_directory: src
            arguments: [--model, "output:model"]
            outputs: {model: {destination: Model, datastore: store}}
"""
UNAUTHORIZED = '{"code": "Unauthorized", "statusCode": 401, "message": "Unauthorized", "details": [{"code": "InvalidOrExpiredToken"}]}'
FAILED = '{"error": {"code": "AuthenticationFailed", "message": "Authentication failed."}}'


class Shown(ScenarioTest):
    def shows(self, name, text):
        """The page's block of that name is this text, redacted."""
        text = redacted(text, self.project)
        self.assertTrue(text.strip(), name)
        if os.environ.get("MLPIPE_UPDATE"):
            update(name, text)
        self.assertEqual(blocks().get(name), text, name)

    def score(self, script, *settings, items=4, code=5, arguments=""):
        """The run of a step, score, with this entry script."""
        spec = score_spec(["process_count_per_node: 1", "run_max_try: 1", *settings])
        self.project.spec(spec + (f"    arguments: [{arguments}]\n" if arguments else ""))
        self.project.write("score/score.py", script)
        write_files(self.project, "data", items)
        return self.fails(code, "run") if code else self.ok("run")


class GuideRows(Shown):
    def test_a_an_output_folder_that_nobody_made(self):
        self.project.spec(V1)
        self.project.write("src/train.py", "import sys\nopen(sys.argv[2] + '/m.txt', 'w').write('model')\n")
        self.shows("a-before", self.ok("diagnose").out)
        self.shows("a", of_step(self.fails(1, "run").err, "Train"))

    def test_a_in_our_own_dialect_a_folder_below_an_output(self):
        self.project.spec("steps: {clean: {source_directory: src, command: 'python3 clean.py ${{outputs.texts}}', outputs: {texts: }}}")
        self.project.write("src/clean.py", "import sys\nopen(sys.argv[1] + '/cleaned/item-000.txt', 'w').write('text')\n")
        self.shows("a-native", lines_with(of_step(self.fails(1, "run").err, "clean"), "failed", "FileNotFoundError", "cause:", "hint:", "more:"))

    @unittest.skipUnless(VENV_PYTHON.exists() and has_module(VENV_PYTHON, "sklearn"), "scikit-learn is not installed in .venv")
    def test_b_a_package_that_the_environment_does_not_name(self):
        self.project.write("requirements.txt", "fsspec\n")
        self.project.write("src/train.py", "import json\nfrom sklearn import tree\ntry:\n    import yaml\nexcept ImportError:\n    yaml = None\n")
        self.project.spec(f"""
            environment: {{python: {VENV_PYTHON}, requirements: requirements.txt}}
            steps: {{train: {{source_directory: src, script_name: train.py}}}}
            """)
        self.shows("b", self.ok("diagnose").out)
        self.project.write("src/train.py", "import lightgbm_of_the_cluster\n")
        self.shows("b-failed", of_step(self.fails(1, "run").err, "train"))

    def test_c_vague_errors_of_the_compute(self):
        self.project.spec("steps: {train: {command: 'kill -9 $$'}}")
        self.shows("c", of_step(self.fails(1, "run").err, "train"))

    def test_d_a_step_whose_reuse_is_off(self):
        self.project.spec("steps: {report: {command: 'true', allow_reuse: false}}")
        self.ok("run")
        self.assertNotIn("reuse-off", self.ok("diagnose").out)  # it had to run once
        self.ok("run")
        self.shows("d", self.ok("diagnose").out)

    def test_e_steps_that_share_a_source_directory(self):
        self.project.spec("""
            steps:
              prepare: {source_directory: src, script_name: prepare.py}
              train: {source_directory: src, script_name: train.py}
            """)
        self.project.write("src/prepare.py", "print('prepares')\n")
        self.project.write("src/train.py", "print('trains')\n")
        self.shows("e-before", lines_with(self.ok("run").err, "of one source directory", "folder of its own"))
        self.project.write("src/prepare.py", "print('prepares otherwise')\n")
        self.ok("run")
        self.shows("e", self.ok("diagnose", "train").out)

    def test_f_many_small_appends_to_a_mounted_output(self):
        self.project.spec("steps: {train: {source_directory: src, command: 'python3 train.py ${{outputs.log}}', outputs: {log: }}}")
        self.project.write("src/train.py", "import sys\nfor epoch in range(1000):\n    with open(sys.argv[1] + '/loss.csv', 'a') as file:\n"
                                           "        file.write('%d,0.5\\n' % epoch)\n")
        shown = of_step(self.ok("run").err, "train")
        self.assertRegex(shown, r"it wrote 1\d\d\d times, \d+ B each")
        self.shows("f", shown.replace(shown[shown.index("it wrote"):shown.index(" each")], "it wrote 1003 times, 6 B"))

    def test_g_start_up_is_slow_because_of_images(self):
        self.project.write("a.yml", "dependencies: [python=3.11, numpy]\n")
        self.project.write("b.yml", "dependencies: [python=3.11, pandas]\n")
        self.project.spec("""
            type: pipeline
            jobs:
              prepare: {type: command, command: echo a, compute: c, environment: {image: base, conda_file: a.yml}}
              train: {type: command, command: echo b, compute: c, environment: {image: base, conda_file: b.yml}}
            """)
        self.shows("g", self.ok("diagnose").out)


class Authentication(Shown):
    def test_a_script_that_manages_compute_is_told_beforehand(self):
        self.project.spec("steps: {train: {source_directory: src, script_name: train.py}}")
        self.project.write("src/train.py", "from azureml.core.compute import ComputeTarget\nws = config = None\n"
                                           "# ComputeTarget.attach(...) was here\ntarget = ComputeTarget.create(ws, 'gpu', config)\n")
        self.shows("auth-before", self.ok("diagnose").out)

    def test_both_answers_of_azure(self):
        for name, answer in (("auth-token", UNAUTHORIZED), ("auth-failed", FAILED)):
            self.project.spec("steps: {train: {source_directory: src, script_name: train.py}}")
            self.project.write("src/train.py", "class ComputeTarget:  # as azureml-core's, inside a job\n    @staticmethod\n    def create(*_):\n"
                               f"        raise SystemExit('''azureml.core.compute_target: Received bad response: {answer}''')\nComputeTarget.create(None, 'gpu', None)\n")
            self.shows(name, of_step(self.fails(1, "run").err, "train"))


class Complaints(Shown):
    def test_1_pipelines_cannot_be_run_locally(self):
        self.project.spec("""
            steps:
              prepare: {command: "echo 42 > ${{outputs.data}}/x", outputs: {data: }}
              train: {command: "cat ${{inputs.data}}/x", inputs: {data: "${{steps.prepare.outputs.data}}"}}
            """)
        self.shows("1", self.ok("run", "-j", "2").err)

    def test_2_and_3_reuse_that_does_not_happen_or_should_not(self):
        self.project.spec("""
            inputs: {table: data/table.csv}
            steps: {train: {source_directory: src, command: "wc -l ${{inputs.table}}; echo", inputs: {table: "${{pipeline.inputs.table}}"}}}
            """)
        self.project.write("src/train.py", "print(1)\n")
        self.project.write("data/table.csv", "a\n1\n")
        self.ok("run")
        self.project.write("src/train.py", "print(2)\n")
        self.ok("run")
        self.shows("2", self.ok("why", "train").out)
        self.project.write("data/table.csv", "a\n2\n")
        self.shows("3", lines_with(self.ok("run").err, "train  runs", "reused"))

    def test_4_system_exit_42(self):
        self.shows("4", of_step(self.score("def score(file): return 1 / 0\n\ndef run(mini_batch):\n    return list(map(score, mini_batch))\n").err, "score"))

    def test_5_print_is_nowhere(self):
        shown = self.score("def run(mini_batch):\n    print('scoring', len(mini_batch))\n    return mini_batch\n", code=0).err
        self.shows("5", lines_with(shown, "process000 |"))

    def test_6_entry_script_cannot_be_imported(self):
        script = ("from azureml_user.parallel_run import EntryScript\n\ndef init():\n    EntryScript().logger.warning('ready')\n\n"
                  "def run(mini_batch): return mini_batch\n")
        self.shows("6", of_step(self.score(script, code=0).err, "score"))

    def test_7_timeouts(self):
        script = "import time\ndef run(mini_batch):\n    time.sleep(60)\n    return mini_batch\n"
        limits = ["run_invocation_timeout: 0.7", "task_overhead_timeout: 0.3", "isolate_failures: false"]
        self.shows("7", of_step(self.score(script, *limits).err, "score"))

    @needs_pandas
    def test_8_columns_of_data_frames_are_lost(self):
        self.project.write("score/score.py", "import pandas\ndef run(mini_batch): return pandas.DataFrame({'id': [1] * len(mini_batch), 'label': 'cat'})\n")
        write_files(self.project, "data", 2)
        self.project.spec(score_spec(["process_count_per_node: 1", "append_row_file_name: rows.txt"], python=VENV_PYTHON)
                          + "    arguments: [--append_row_dataframe_header, 'True']\n")
        self.ok("run")
        self.shows("8", (self.output("score.rows") / "rows.txt").read_text())

    def test_9_arguments_of_entry_scripts(self):
        script = ("import argparse\n\ndef init():\n    parser = argparse.ArgumentParser()\n    parser.add_argument('--model')\n    parser.parse_args()\n\n"
                  "def run(mini_batch): return mini_batch\n")
        shown = of_step(self.score(script, code=1).err, "score")
        self.shows("9", lines_with(shown, "failed", "cause:", "hint:", "more:"))

    def test_10_an_output_that_is_not_there(self):
        self.project.spec("steps: {train: {command: 'python3 -c \"1/0\"; echo done', outputs: {model: {type: file, file: m.pt}}}}")
        self.shows("10", of_step(self.fails(1, "run").err, "train"))

    def test_11_side_inputs(self):
        self.project.spec(score_spec(["process_count_per_node: 2", "mini_batch_size: 2"]).replace("inputs: {data: data}", "inputs: {data: data, model: model}")
                          + '    side_inputs: {model: "${{pipeline.inputs.model}}"}\n    arguments: [--model, "${{side_inputs.model}}"]\n')
        self.project.write("model/m.txt", "the model")
        self.project.write("score/score.py", "import os, sys\ndef run(mini_batch):\n    return [os.listdir(sys.argv[sys.argv.index('--model') + 1])[0] for f in mini_batch]\n")
        write_files(self.project, "data", 4)
        self.shows("11", of_step(self.ok("run", "-j", "2").err, "score"))

    def test_12_mltable(self):
        self.project.spec("""
            inputs: {table: {type: mltable, path: data}}
            steps:
              score:
                source_directory: score
                parallel_run_config: {entry_script: score.py, mini_batch_size: 1KB}
                inputs: {table: "${{pipeline.inputs.table}}"}
                outputs: {rows: }
            """)
        self.project.write("score/score.py", "def run(mini_batch): return mini_batch\n")
        self.project.write("data/table.csv", "a\n1\n")
        self.project.write("data/MLTable", "paths:\n  - file: ./table.csv\ntransformations:\n  - read_delimitted:\n      delimiter: ','\n")
        self.shows("12", self.fails(3, "run").err)

    def test_13_messages_of_yaml(self):
        self.project.spec("steps:\n  train:\n    comand: python train.py\n    inputs: {data: \"${{pipeline.inputs.dat}}\"}\n")
        self.shows("13", self.fails(3, "validate").err)

    def test_14_several_paths_for_one_input(self):
        self.project.spec("""
            inputs: {tables: "data/*.csv"}
            steps:
              score:
                source_directory: score
                parallel_run_config: {entry_script: score.py, mini_batch_size: 1, process_count_per_node: 1}
                inputs: {tables: "${{pipeline.inputs.tables}}"}
                outputs: {rows: }
            """)
        self.project.write("score/score.py", "def run(mini_batch): return mini_batch\n")
        for name in ("a.csv", "b.csv", "notes.txt"):
            self.project.write("data/" + name, "1\n")
        self.shows("14", of_step(self.ok("run").err, "score"))

    def test_15_from_v1_to_v2(self):
        self.project.spec(V1)
        self.project.write("src/train.py", "import os, sys\nos.makedirs(sys.argv[2])\n")
        result = self.ok("convert", "pipeline.yaml", "--to", "v2")
        self.shows("15", result.err + result.out)

    def test_16_slow_start(self):
        self.project.spec("steps: {a: {command: echo a}, b: {command: echo b, depends_on: [a]}, c: {command: echo c, depends_on: [b]}}")
        self.shows("16", lines_with(self.ok("run", "-j", "1").err, "steps:"))

    def test_17_snapshots_that_are_too_big(self):
        self.project.spec("steps: {train: {source_directory: src, command: 'true'}}")
        for number in range(2001):
            self.project.write(f"src/f{number}", "")
        self.project.write("src/env/pyvenv.cfg", "home = /usr/bin\n")
        self.shows("17", lines_with(self.ok("run").err, "2000 files", ".amlignore"))
        self.shows("17-diagnose", self.ok("diagnose").out)

    def test_18_native_crashes(self):
        script = "import os, signal\ndef run(mini_batch): os.kill(os.getpid(), signal.SIGSEGV)\n"
        self.shows("18", of_step(self.score(script, "isolate_failures: false").err, "score"))

    def test_19_progress(self):
        self.score("def run(mini_batch): return mini_batch\n", "mini_batch_size: 1", code=0)
        overview = next(self.project.path.glob(".mlpipe/runs/*/steps/score/logs/job_progress_overview*"))
        self.shows("19", lines_with(overview.read_text(), "Scheduled", "scheduled", "Processed 4", "processed"))

    def test_20_one_bad_row(self):
        script = "def run(mini_batch): return [1 // (int(open(f).read()) - 2) for f in mini_batch]\n"
        shown = self.score(script, "error_threshold: 1", code=0).err
        self.shows("20", lines_with(shown, "taken apart", "items failed", "1 of 4", "Azure would", "each with its reason") + of_step(shown, "score"))


class Page(unittest.TestCase):
    def test_every_block_has_a_scenario(self):
        with open(__file__) as file:
            source = file.read()
        for name in blocks():
            self.assertIn(f'"{name}"', source)


if __name__ == "__main__":
    unittest.main()
