"""MLTables split by parallel steps: rows and files, keys, where the data lies, and what is refused."""

import unittest

from test_tables import PANDAS, PYARROW, VENV_PYTHON, Splits

TYPES = """
def run(frame, context):
    print("index", context.minibatch_index, "keys", context.partition_key_value)
    return ["%s|%s" % (",".join(map(str, frame.columns)), ",".join(str(value) for value in row)) for row in frame.values.tolist()]
"""


class MLTables(Splits):
    def table(self, text, *settings, script=TYPES, **files):
        spec = f"""
            environment: {{python: {self.python}}}
            inputs: {{data: {{path: data, type: mltable}}}}
            steps:
              score:
                source_directory: score
                parallel_run_config: {{{", ".join(["entry_script: score.py", "append_row_file_name: rows.txt", "process_count_per_node: 1", *settings])}}}
                inputs: {{data: "${{{{pipeline.inputs.data}}}}"}}
                outputs: {{rows: }}
            """
        self.project.spec(spec)
        self.project.write("score/score.py", script)
        self.project.write("data/MLTable", text)


@unittest.skipUnless(PANDAS, "pandas is not installed in .venv")
class Rows(MLTables):
    def test_keys_from_the_partition_format_and_columns_as_mltable_makes_them(self):
        self.table("""
            paths: [{pattern: "./**/*.csv"}]
            transformations:
              - read_delimited: {include_path_column: true}
              - extract_columns_from_partition_format: {partition_format: "{shop}/{brand}/{file}.{ending}"}
              - drop_columns: [Path, file, ending]
            """, "partition_keys: [shop, brand]")
        for shop, brand, text in (("7", "x", "n,v\n1,\n0,2.5\n"), ("7", "y", "n,v\n5,1\n"), ("8", "x", "n,v\n6,\n")):
            self.project.write(f"data/{shop}/{brand}/part.csv", text)
        self.ok("run")
        # n is no truth though the first group has only 1 and 0: types are those of the whole table.
        self.assertEqual(self.lines(), ["n,v,shop,brand|1,nan,7,x", "n,v,shop,brand|0,2.5,7,x", "n,v,shop,brand|5,1.0,7,y", "n,v,shop,brand|6,nan,8,x"])
        self.assertIn("reused", self.ok("run").err)

    def test_a_column_that_began_with_zeros_and_ones_keeps_its_numbers(self):
        self.table("paths: [{file: a.csv}]\ntransformations: [read_delimited]", "mini_batch_size: 1MB")
        self.project.write("data/a.csv", "n\n" + "1\n0\n" * 110 + "7\n0.5\n")
        self.ok("run")
        self.assertEqual(self.lines()[-2:], ["n|7.0", "n|0.5"])

    def test_byte_size_headers_encoding_and_a_window_of_rows(self):
        self.table("""
            paths: [{file: b.txt}, {file: ../beside/a.txt}]
            transformations:
              - read_delimited: {delimiter: ";", encoding: latin1, header: from_first_file}
              - skip: 1
              - take: 3
              - convert_column_types: [{columns: n, column_type: string}]
            """, "mini_batch_size: 8")
        self.write_bytes("data/b.txt", "n;caf\u00e9\n1;a\n2;\u00e9\n".encode("latin-1"))
        self.write_bytes("beside/a.txt", b"3;c\n4;d\n")
        self.ok("run")
        self.assertEqual(self.lines(), ["n,caf\u00e9|2,\u00e9", "n,caf\u00e9|3,c", "n,caf\u00e9|4,d"])
        self.write_bytes("beside/a.txt", b"3;c\n5;d\n")  # outside of the folder, and yet it counts
        self.assertIn("input", self.ok("plan").out)
        self.ok("run")
        self.assertEqual(self.lines()[-1], "n,caf\u00e9|5,d")

    def test_json_lines_and_keys_of_the_data(self):
        self.table("""
            paths: [{folder: .}]
            transformations: [read_json_lines, {keep_columns: [k, v]}]
            """, "partition_keys: [k]")
        self.project.write("data/a.jsonl", '{"k": "x", "v": 1, "w": 0}\n{"k": "y", "v": 2, "w": 0}\n{"k": "x", "v": 3, "w": 0}\n')
        self.ok("run")
        self.assertEqual(self.lines(), ["k,v|x,1", "k,v|x,3", "k,v|y,2"])

    @unittest.skipUnless(PYARROW, "pyarrow is not installed in .venv")
    def test_parquet(self):
        import subprocess
        self.table("paths: [{file: a.parquet}]\ntransformations: [{read_parquet: {include_path_column: true}}, {drop_columns: w}]")
        subprocess.run([VENV_PYTHON, "-c", "import pandas, sys; pandas.DataFrame({'v': [1, 2], 'w': 0}).to_parquet(sys.argv[1])",
                        self.project.path / "data/a.parquet"], check=True)
        self.ok("run")
        self.assertEqual(self.lines(), [f"Path,v|{self.project.path}/data/a.parquet,{v}" for v in (1, 2)])

    def test_quotes_do_not_reach_over_lines_unless_the_table_says_so(self):
        text = 'a,b\n1,"x\ny",2\n'
        for more, rows in (("", ['a,b|1,"x', 'a,b|y",2']), ("support_multi_line: true", ["a,b,Column3|1,x\ny,2"])):
            self.table(f"paths: [{{file: a.csv}}]\ntransformations: [{{read_delimited: {{infer_column_types: false, {more}}}}}]")
            self.project.write("data/a.csv", text)
            self.ok("run")
            self.assertEqual("\n".join(self.lines()), "\n".join(rows))


class Files(MLTables):
    python = "python3"

    def test_without_a_reader_it_is_a_table_of_files(self):
        self.table("paths: [{folder: ./images}, {pattern: 'more/*.png'}]", "mini_batch_size: 2",
                   script="import os\n\ndef run(files):\n    return ['+'.join(map(os.path.basename, files))] * len(files)\n")
        for name in ("images/a", "images/b", "images/c", "more/d.png", "more/e.txt"):
            self.project.write("data/" + name, name)
        self.ok("run")
        self.assertEqual(self.lines(), ["a+b", "a+b", "c", "d.png"])

    def test_groups_of_files(self):
        self.table("paths: [{pattern: './*/*.txt'}]\ntransformations: [{extract_columns_from_partition_format: {partition_format: '{day}/{n}.txt'}}]",
                   "partition_keys: [day]",
                   script="def run(files, context):\n    return [context.partition_key_value['day'] + str(len(files))] * len(files)\n")
        for name in ("mon/1.txt", "mon/2.txt", "tue/1.txt"):
            self.project.write("data/" + name, name)
        self.ok("run")
        self.assertEqual(self.lines(), ["mon2", "mon2", "tue1"])

    def test_mistakes_are_told_with_their_place_before_anything_runs(self):
        self.table("paths: [{file: a.csv}]\ntransformations:\n  - read_delimited:\n  - filter: col('a') > 1\n")
        result = self.project.run("validate")
        self.assertEqual(result.code, 3)
        self.assertIn("data/MLTable:4:5: error: the transformation `filter` cannot be done here", result.err)
        self.assertIn("  - filter: col('a') > 1", result.err)

    def test_a_table_that_a_step_wrote_is_refused_when_it_is_there(self):
        self.table("")
        self.project.spec("""
            steps:
              make: {command: "echo 'paths: [{file: a}]' > ${{outputs.t}}/MLTable; echo 'transformations: [{sample: 1}]' >> ${{outputs.t}}/MLTable", outputs: {t: {type: mltable}}}
              score:
                source_directory: score
                parallel_run_config: {entry_script: score.py}
                inputs: {t: "${{steps.make.outputs.t}}"}
                outputs: {rows: }
            """)
        result = self.project.run("run")
        self.assertEqual(result.code, 1)
        self.assertIn("MLTable:2:20: the transformation `sample` cannot be done here", result.err)

    def test_a_name_without_a_file_is_told(self):
        self.table("paths: [{file: gone.csv}]\ntransformations: [read_delimited]")
        result = self.project.run("run")
        self.assertEqual(result.code, 1)
        self.assertIn("data/MLTable:1:16: gone.csv is named, but no file is there", result.err)

    def test_a_pattern_without_a_match_and_a_folder_that_is_not_there_are_told_with_their_place(self):
        self.table("paths:\n  - pattern: ./x/*.csv\ntransformations: [read_delimited]")
        self.assertIn("data/MLTable:2:14: no file matches ./x/*.csv", self.project.run("run").err)
        self.table("paths:\n  - pattern: ../gone/*.csv\ntransformations: [read_delimited]")
        self.assertIn("data/MLTable:2:14: ../gone/*.csv is named: ", self.project.run("run").err)

    def test_keys_that_paths_cannot_give_are_told_before_anything_runs(self):
        text = "paths: [{pattern: '*/*.txt'}]\n"
        self.table(text + "transformations: [{extract_columns_from_partition_format: {partition_format: '{day}/{n}.txt'}}]", "partition_keys: [dya]")
        self.assertIn("partition key `dya` of step `score` is not in the partition format of the MLTable of its input `data`", self.fails(3, "validate").err)
        self.table(text, "partition_keys: [day]")
        self.assertIn("the MLTable of its input `data` has no partition format", self.fails(3, "validate").err)

    def test_names_of_azures_are_those_of_the_mapping(self):
        self.table("paths:\n  - file: azureml:notes:1\n  - folder: azureml://datastores/store/paths/more\n", "mini_batch_size: 9",
                   script="import os\ndef run(files):\n    return [os.path.basename(file) for file in files]\n")
        self.assertIn("data/MLTable:2:11: error: `azureml:notes:1` is not a path of this machine", self.fails(3, "run").err)
        self.project.write("notes.txt", "")
        self.project.write("kept/more/b.txt", "")
        self.project.write("mlpipe.local.yaml", "data: {notes: notes.txt}\ndatastores: {store: kept}\n")
        self.ok("run")
        self.assertEqual(self.lines(), ["notes.txt", "b.txt"])

    def test_for_a_command_it_is_its_folder_and_what_it_names_counts(self):
        self.project.spec("""
            inputs: {data: {path: data, type: mltable}}
            steps:
              look: {command: "ls ${{inputs.data}} > ${{outputs.list}}", inputs: {data: "${{pipeline.inputs.data}}"}, outputs: {list: {file: list}}}
            """)
        self.project.write("data/MLTable", "paths: [{file: ../outside.csv}]\ntransformations: [{filter: x}]")
        self.project.write("data/b", "")
        self.project.write("outside.csv", "1")
        self.ok("run")
        self.assertIn("reused", self.ok("run").err)
        self.project.write("data/MLTable", "paths: [{file: ../outside.csv}]")
        self.ok("run")
        self.project.write("outside.csv", "2")
        self.assertNotIn("reused", self.ok("run").err)


if __name__ == "__main__":
    unittest.main()
