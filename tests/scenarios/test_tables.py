"""Tables, partition keys and rank mini-batches through real entry scripts: every row once, at every size."""

import csv
import io
import json
import random
import subprocess
import sys
import unittest

from support import VENV_PYTHON, ScenarioTest, score_spec


def has(*packages):
    command = [VENV_PYTHON, "-c", "import " + ", ".join(packages)]
    return VENV_PYTHON.exists() and subprocess.run(command, capture_output=True).returncode == 0


PANDAS = has("pandas")
PYARROW = has("pandas", "pyarrow")

# One JSON line for each row: the mini-batch, the number of its first row, and the values by name.
ECHO = """
import json

def run(frame, context):
    head = [context.minibatch_index, context.global_row_index_lower_bound]
    return [json.dumps(head + [{name: str(value) for name, value in row.items()}]) for row in frame.to_dict("records")]
"""


class Splits(ScenarioTest):
    python = VENV_PYTHON

    def prepare(self, data, *settings, script=ECHO):
        self.project.spec(score_spec(["append_row_file_name: rows.txt", "process_count_per_node: 1", *settings], data, self.python))
        self.project.write("score/score.py", script)

    def write_bytes(self, name, data):
        path = self.project.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def logs(self):
        return sorted((self.project.path / ".mlpipe/runs").iterdir())[-1] / "steps/score/logs"

    def lines(self):
        return (self.output("score.rows") / "rows.txt").read_text().splitlines()

    def rows(self):
        """(mini-batch, first row, values) of every row."""
        return [tuple(json.loads(line)) for line in self.lines()]


@unittest.skipUnless(PANDAS, "pandas is not installed in .venv")
class Csv(Splits):
    def odd_table(self, rows, line_break, ended=True):
        """What Python's csv module writes, quoted line breaks and all: the header's and each row's bytes, and the rows' values."""
        choose = random.Random(rows)
        parts = ["plain", "two words", 'say "hi"', "a,b", "line\nbreak", "cr\r\nlf", "\u00e9t\u00e9", '"', "x" * 90]
        values = [["number", "te\nxt", "more"]]
        values += [[str(number), choose.choice(parts) + str(choose.random()), choose.choice(parts)] for number in range(rows)]
        records = []
        for record in values:
            out = io.StringIO(newline="")
            csv.writer(out, lineterminator=line_break).writerow(record)
            records.append(out.getvalue().encode())
        if not ended:
            records[-1] = records[-1][:-len(line_break)]
        return records, [dict(zip(values[0], record)) for record in values[1:]]

    @staticmethod
    def mini_batches(records, size):
        """How many there must be: rows are added while they fit, the header does not count."""
        count, used = 0, size + 1
        for record in records[1:]:
            count, used = (count, used + len(record)) if used + len(record) <= size else (count + 1, len(record))
        return count

    def test_every_row_arrives_once_with_its_names_at_any_size(self):
        tables = {"a.csv": self.odd_table(60, "\n"), "b.csv": self.odd_table(70, "\r\n", ended=False)}
        for name, (records, _) in tables.items():
            self.write_bytes("data/" + name, (b"\xef\xbb\xbf" if name == "b.csv" else b"") + b"".join(records))
        wanted = [row for _, rows in tables.values() for row in rows]
        for written, size in (("1", 1), ("300", 300), ("2KB", 2048), ("1MB", 1 << 20)):
            with self.subTest(size=written):
                self.prepare("{path: data, type: table}", f"mini_batch_size: {written}")
                self.ok("run")
                rows = self.rows()
                self.assertEqual([values for _, _, values in rows], wanted)
                self.assertEqual(len({batch for batch, _, _ in rows}), sum(self.mini_batches(r, size) for r, _ in tables.values()))
                firsts = {}
                for position, (batch, first, _) in enumerate(rows):
                    self.assertEqual(firsts.setdefault(batch, position), first)

    def test_a_stray_quote_takes_only_its_own_line(self):
        self.write_bytes("data/a.csv", b'size,n\n5" pipe,1\n6" pipe,2\n"7\n8",3\n')
        self.prepare("{path: data, type: table}", "mini_batch_size: 20")
        self.ok("run")
        self.assertEqual([values["n"] for _, _, values in self.rows()], ["1", "2", "3"])

    def test_delimiter_and_header_are_the_inputs_to_say(self):
        self.write_bytes("data/a.txt", b"1;x\n2;y\n\n3;z\n")
        self.prepare('{path: data, type: table, delimiter: ";", header: false}', "mini_batch_size: 8")
        self.ok("run")
        self.assertEqual([(batch, values) for batch, _, values in self.rows()],
                         [(0, {"Column1": "1", "Column2": "x"}), (0, {"Column1": "2", "Column2": "y"}), (1, {"Column1": "3", "Column2": "z"})])

    def test_more_fields_than_names_are_an_error_wherever_they_stand(self):
        for text in (b"a,b\n1,2,3\n4,5\n", b"a,b\n4,5\n1,2,3\n"):
            self.write_bytes("data/a.csv", text)
            self.prepare("{path: data, type: table}", "run_max_try: 1")
            self.assertIn("data/a.csv, bytes 4 to", self.fails(5, "run").err)

    def test_a_killed_run_goes_on_with_the_same_mini_batches(self):
        self.write_bytes("data/a.csv", b"n\n" + b"".join(b"%d\n" % n for n in range(40)))
        script = ("import os\n"
                  "def run(frame):\n"
                  "    if 20 in list(frame.n) and not os.path.exists(os.environ['TRACE']):\n"
                  "        open(os.environ['TRACE'], 'w').close()\n"
                  "        os.kill(int(open(os.environ['TRACE'] + '.runner').read()), 9)\n"
                  "    return list(frame.n)\n")
        self.prepare("{path: data, type: table}", "mini_batch_size: 6", script=script)
        process = self.project.start("run")
        self.project.trace_file.with_name("trace.runner").write_text(str(process.pid))
        self.assertEqual(self.project.finish(process).code, -9)
        self.assertIn("were finished before and are kept", self.ok("run").err)
        self.assertEqual(self.lines(), [str(n) for n in range(40)])

    def test_files_without_rows_succeed_without_a_call(self):
        self.write_bytes("data/empty.csv", b"")
        self.write_bytes("data/header.csv", b"a,b\r\n")
        self.prepare("{path: data, type: table}", script="def run(frame): raise SystemExit('called')\n")
        self.ok("run")
        self.assertEqual(self.lines(), [])

    def test_a_broken_table_fails_at_once_with_its_place(self):
        self.write_bytes("data/a.csv", b'a\n1\n"2\n')
        self.prepare("{path: data, type: table}")
        self.assertIn("a.csv: a quote is opened in row 3 and never closed", self.fails(1, "run").err)

    def test_a_raising_row_is_named(self):
        self.write_bytes("data/a.csv", b"n\n" + b"".join(b"%d\n" % n for n in range(20)))
        self.prepare("{path: data, type: table}", "error_threshold: 1", "run_max_try: 1", "isolate_failures: true",
                     script="def run(frame):\n    assert 13 not in list(frame.n), 'thirteen'\n    return list(frame.n)\n")
        self.ok("run")
        self.assertEqual(self.lines(), [str(n) for n in range(20) if n != 13])
        failed = next((self.project.path / ".mlpipe/runs").glob("*/steps/score/logs/failed_items.jsonl")).read_text()
        self.assertEqual(json.loads(failed)["item"], f"{self.project.path}/data/a.csv row 13")

    def test_a_changed_delimiter_header_or_type_makes_it_run_again(self):
        self.write_bytes("data/a.csv", b"n;m\n1;2\n")
        before = None
        for data in ("{path: data, type: table}", '{path: data, type: table, delimiter: ";"}',
                     '{path: data, type: table, delimiter: ";", header: false}'):
            self.prepare(data)
            self.ok("run")
            self.assertNotEqual(self.lines(), before)
            before = self.lines()

    def test_a_row_that_cannot_be_read_is_found_and_the_others_are_scored(self):
        table = "a,b\n" + "".join('%d,"x\n%d"\n' % (n, n) if n % 7 else "%d,x\n\n" % n for n in range(300))
        self.project.write("t.csv", table.replace("\n123,", "\n1,2,3\n123,"))
        self.prepare("{path: t.csv, type: table}", "error_threshold: -1", "run_max_try: 1", script="def run(frame): return list(frame.a)\n")
        self.ok("run")
        self.assertEqual(self.lines(), [str(n) for n in range(300)])
        failed = [json.loads(line) for line in (self.logs() / "failed_items.jsonl").read_text().splitlines()]
        self.assertEqual(len(failed), 1, failed)

    def test_a_row_alone_has_the_columns_of_the_others(self):
        self.project.write("t.csv", "1,2,3\n4,5,6\n7,8,9,10\n11,12\n13,14,15\n")
        self.prepare("{path: t.csv, type: table, header: false}", "error_threshold: 1", "run_max_try: 1",
                     script="def run(frame): return [list(frame.columns) == ['Column1', 'Column2', 'Column3']] * len(frame)\n")
        self.ok("run")
        self.assertEqual(self.lines(), ["True"] * 4)

    def test_what_a_name_promised_and_the_bytes_do_not_keep(self):
        self.prepare("{path: t.csv, type: table}")
        for start, said in ((b"\x1f\x8b\x08", "is compressed"), ("a,b\n1,2\n".encode("utf-16"), "is UTF-16")):
            self.write_bytes("t.csv", start)
            self.assertIn(said, self.fails(1, "run").err)


@unittest.skipUnless(PANDAS, "pandas is not installed in .venv")
class JsonLines(Splits):
    def test_a_line_that_is_broken_is_found_and_the_others_are_scored(self):
        lines = ['{"n": %d}' % n for n in range(100)]
        lines[41] = '{"n": '
        self.project.write("t.jsonl", "\n".join(lines))
        self.prepare("{path: t.jsonl, type: table}", "error_threshold: 1", "run_max_try: 1", script="def run(frame): return list(frame.n)\n")
        self.ok("run")
        self.assertEqual(self.lines(), [str(n) for n in range(100) if n != 41])

    def test_whole_numbers_of_any_size_are_keys_of_their_own(self):
        big = 10 ** 20
        self.project.write("t.jsonl", "".join('{"k": %d}\n' % (big - n) for n in (1, 2, 1)))
        self.prepare("{path: t.jsonl, type: table}", "partition_keys: [k]",
                     script="def run(frame, context): return [context.partition_key_value['k']] * len(frame)\n")
        self.ok("run")
        self.assertEqual(sorted(self.lines()), [str(big - 2), str(big - 1), str(big - 1)])

    def test_values_keep_the_types_that_json_gives_them(self):
        rows = [{"zip": "01234", "n": 1, "big": 2 ** 70, "text": "a\nb"}, {"zip": "1", "n": 2, "big": 1, "text": "{\"}"}]
        self.write_bytes("data/a.jsonl", "\n".join(["", json.dumps(rows[0]), " ", json.dumps(rows[1])]).encode())
        script = "import json\ndef run(frame): return [json.dumps([row['zip'], row['big'], row['text']]) for _, row in frame.iterrows()]\n"
        for size in ("1", "1MB"):
            self.prepare("{path: data/a.jsonl, type: table}", f"mini_batch_size: {size}", script=script)
            self.ok("run")
            self.assertEqual([json.loads(line) for line in self.lines()], [[row["zip"], row["big"], row["text"]] for row in rows])

    def test_a_line_that_is_no_object_fails_with_a_plain_reason(self):
        self.write_bytes("data/a.jsonl", b"[1]\n")
        self.prepare("{path: data, type: table}", "run_max_try: 1")
        self.assertIn("has a line that is no JSON object: [1]", self.fails(5, "run").err)


@unittest.skipUnless(PYARROW, "pyarrow is not installed in .venv")
class Parquet(Splits):
    def write(self, name, first, rows, group_rows):
        path = self.project.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        code = ("import sys, pyarrow as pa, pyarrow.parquet as pq\n"
                "path, first, rows, group = sys.argv[1], *map(int, sys.argv[2:])\n"
                "numbers = range(first, first + rows)\n"
                "table = pa.table({'n': pa.array(numbers, pa.int64()), 't': [str(n) for n in numbers]})\n"
                "pq.write_table(table, path, row_group_size=group)\n")
        subprocess.run([VENV_PYTHON, "-c", code, path, str(first), str(rows), str(group_rows)], check=True)

    def test_row_groups_are_merged_up_to_the_size(self):
        self.write("data/a.parquet", 0, 100, 10)
        self.write("data/b.parquet", 100, 7, 100)
        self.write("data/c.parquet", 107, 0, 100)
        for size, batches in (("1", 11), ("1MB", 2)):
            with self.subTest(size=size):
                self.prepare("{path: data, type: table}", f"mini_batch_size: {size}")
                self.ok("run")
                rows = self.rows()
                self.assertEqual([values for _, _, values in rows], [{"n": str(n), "t": str(n)} for n in range(107)])
                self.assertEqual(len({batch for batch, _, _ in rows}), batches)
                self.assertEqual([first for _, first, values in rows if values["n"] == "100"], [100])

    def test_keys_come_from_the_path_only(self):
        self.write("data/x/a.parquet", 0, 3, 10)
        self.write("data/y/a.parquet", 3, 2, 10)
        self.prepare('{path: data, type: table, partition_format: "{where}/{file}.parquet"}', "partition_keys: [where]")
        self.ok("run")
        self.assertEqual([(batch, values["where"], values["n"]) for batch, _, values in self.rows()],
                         [(0, "x", "0"), (0, "x", "1"), (0, "x", "2"), (1, "y", "3"), (1, "y", "4")])
        self.prepare("{path: data, type: table}", "partition_keys: [n]")
        self.assertIn("Parquet files are not grouped by their data", self.fails(1, "run").err)


class Groups(Splits):
    python = sys.executable

    def test_files_are_grouped_by_their_paths(self):
        for name in ("ann/winter/b.wav", "ann/winter/a.wav", "bob/summer/a.wav", "bob/winter/c.wav"):
            self.project.write("data/" + name, "")
        script = ("import os\n"
                  "def run(paths, context):\n"
                  "    return ['%s %s' % (sorted(context.partition_key_value.items()), os.path.basename(path)) for path in paths]\n")
        self.prepare('{path: data, partition_format: "{user}/{season}/{name}.wav"}', "partition_keys: [season]", script=script)
        self.ok("run")
        self.assertEqual(self.lines(), ["[('season', 'summer')] a.wav"] + [f"[('season', 'winter')] {n}.wav" for n in "abc"])

    def test_times_are_datetimes(self):
        self.project.write("data/2020/02/29/x", "")
        self.prepare('{path: data, partition_format: "{day:yyyy/MM/dd}/{name}"}', "partition_keys: [day]",
                     script="def run(paths, context): return [repr(context.partition_key_value['day'])]\n")
        self.ok("run")
        self.assertEqual(self.lines(), ["datetime.datetime(2020, 2, 29, 0, 0)"])

    def test_a_path_that_does_not_fit_is_named(self):
        self.project.write("data/x/odd", "")
        self.prepare('{path: data, partition_format: "{user}/{name}.wav"}', "partition_keys: [user]", script="def run(x): return x\n")
        self.assertIn("x/odd does not fit partition_format {user}/{name}.wav", self.fails(1, "run").err)

    @unittest.skipUnless(PANDAS, "pandas is not installed in .venv")
    def test_rows_of_a_group_are_gathered_over_files(self):
        self.project.write("data/a.csv", "store,n\n2,0\n10,1\n2,2\n")
        self.project.write("data/b.csv", "n,store\n3,10\n4,2\n")
        self.python = VENV_PYTHON
        script = ("def run(frame, context):\n"
                  "    return ['%s %s' % (context.partition_key_value, frame[['store', 'n']].values.tolist())] * len(frame)\n")
        self.prepare("{path: data, type: table}", "partition_keys: [store]", script=script)
        self.ok("run")
        self.assertEqual(self.lines(), ["{'store': '10'} [[10, 1], [10, 3]]"] * 2 + ["{'store': '2'} [[2, 0], [2, 2], [2, 4]]"] * 3)


class Ranks(Splits):
    def prepare_ranks(self, *arguments):
        self.project.spec("""
            steps:
              score:
                source_directory: score
                parallel_run_config: {entry_script: score.py, append_row_file_name: rows.txt, process_count_per_node: 2}
                arguments: [%s]
                outputs: {rows: }
            """ % ", ".join(arguments))
        self.project.write("score/score.py", "def run(items, context): return ['%d %s' % (context.minibatch_index, items)]\n")

    def test_run_is_called_as_often_as_asked_for_without_input(self):
        for arguments in (("--rank_mini_batch_count", "'3'"), ("--rank_mini_batch_count=3",)):
            with self.subTest(arguments=arguments):
                self.prepare_ranks(*arguments)
                self.ok("run")
                self.assertEqual(self.lines(), ["0 []", "1 []", "2 []"])


class WithoutPandas(Splits):
    def test_the_missing_package_is_named(self):
        bare = self.project.base / "bare"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
        self.python = bare / "bin/python"
        self.project.write("data/a.csv", "a\n1\n")
        self.prepare("{path: data, type: table}", "run_max_try: 1")
        self.assertIn("the package pandas is not installed for", self.fails(5, "run").err)


if __name__ == "__main__":
    unittest.main()
