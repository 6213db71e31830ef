"""The DataFrames of the stand-in for mltable, which are those of parallel steps, against the package's own.

Needs a Python with mltable: that of the environment variable MLPIPE_MLTABLE_PYTHON, or .venv's.
"""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import SOURCE, VENV_PYTHON

PYTHON = os.environ.get("MLPIPE_MLTABLE_PYTHON") or str(VENV_PYTHON)
SHIMS = SOURCE / "lib/worker/python/shims"
HAS_MLTABLE = os.path.exists(PYTHON) and subprocess.run([PYTHON, "-c", "import mltable"], capture_output=True).returncode == 0

LOAD = """
import importlib, json, sys, warnings
warnings.filterwarnings("ignore")
module, result = importlib.import_module(sys.argv[1]), {}
for folder in sys.argv[2:]:
    frame = module.load(folder).to_pandas_dataframe()
    values = [[None if value is None or value != value else str(value) for value in row] for row in frame.astype(object).values.tolist()]
    result[folder] = [list(frame.columns), [str(kind) for kind in frame.dtypes], values]
print(json.dumps(result))
"""


def delimited(*more, paths='[{pattern: "./**/*.csv"}]', **options):
    return f"paths: {paths}\ntransformations:\n  - read_delimited: {json.dumps(options)}\n" + "".join(f"  - {json.dumps(each)}\n" for each in more)


def convert(columns, kind):
    return {"convert_column_types": [{"columns": columns, "column_type": kind}]}


PARTS = {"1/x/p.csv": "a\n1\n", "2/y/q.csv": "a\n2\n"}
FORMAT = {"extract_columns_from_partition_format": {"partition_format": "{S}/{B}/{f}.{e}"}}
TABLES = {
    "types": ({"a.csv": "i,f,b,d,s,e,m,z,t\n1,1.5,true,2020-01-02,x,,1,0,2020-01-02T03:04:05Z\n2,2,False,2020-03-04,y,,,1,2020-01-02 03:04:05\n"}, delimited()),
    "late text in numbers": ({"a.csv": "a,b\n" + "2,true\n" * 300 + "x,7\n"}, delimited()),
    "text in the sample": ({"a.csv": "a\n" + "2\n" * 150, "b.csv": "a\nx\n"}, delimited()),
    "no inference": ({"a.csv": "a,b\n1,\n2,x\n"}, delimited(infer_column_types=False)),
    "no header": ({"a.csv": "5,2.5\n1,2\n"}, delimited(header="no_header")),
    "header of the first": ({"a.csv": "a,b\n1,2\n", "b.csv": "3,4\n"}, delimited(header="from_first_file")),
    "same headers": ({"a.csv": "a,b\n1,2\n", "b.csv": "c,d\n3,4\n"}, delimited(header="all_files_same_headers")),
    "different headers": ({"a.csv": "a,b\n1,2\n", "b.csv": "b,c\n3,4\n"}, delimited(header="all_files_different_headers")),
    "paths in their order": ({name: f"a\n{number}\n" for number, name in enumerate(("z.csv", "b/x.csv", "a.csv", "b-2/x.csv", ".h.csv"))},
                             delimited(include_path_column=True)),
    "partitions": (PARTS, delimited(FORMAT, {"drop_columns": ["Path", "f", "e"]}, include_path_column=True)),
    "quotes": ({"a.csv": 'A,B\n"x, y","say ""hi"""\n a , b\n'}, delimited()),
    "quotes end with the line": ({"a.csv": 'A,B,C\nA1,B1,C1\nA2,"B\n2",C2\n'}, delimited()),
    "quotes over lines": ({"a.csv": 'A,B,C\nA1,B1,C1\nA2,"B\n2",C2\n'}, delimited(support_multi_line=True)),
    "odd rows": ({"a.csv": "A,B\n1\n\n1,2,3\n   \n"}, delimited()),
    "odd headers": ({"a.csv": "A,A,\n1,2,3\n"}, delimited()),
    "mark and returns": ({"a.csv": b"\xef\xbb\xbfA,B\r\n1,2\r\n"}, delimited()),
    "latin1": ({"a.csv": "A,B\n\u00e9,2\n".encode("latin-1")}, delimited(encoding="latin1")),
    "keep": ({"a.csv": "a,b,c\n1,2,3\n"}, delimited({"keep_columns": ["c", "a", "x"]})),
    "drop by pattern": ({"a.csv": "a,b,c,ab\n1,2,3,4\n"}, delimited({"drop_columns": {"pattern": "^a"}})),
    "to numbers": ({"a.csv": "a,b\n1.0,2\nx,3.7\n,\n"}, delimited(convert(["a"], "int"), convert(["b"], "int"), infer_column_types=False)),
    "to truths": ({"a.csv": "a,b\nyes,5\nno,0\n,1\n"}, delimited(convert("a", {"boolean": {"true_values": ["yes"], "false_values": ["no"]}}), convert("b", "boolean"))),
    "to text": ({"a.csv": "a,b,c\n1,1.5,2020-01-02\n2,3,2020-01-03\n"}, delimited(convert(["a", "b", "c"], "string"))),
    "to times": ({"a.csv": "a\n02.01.2020\nx\n"}, delimited(convert("a", {"datetime": {"formats": ["%d.%m.%Y"]}}), infer_column_types=False)),
    "a window": ({"a.csv": "a\n1\n2\n", "b.csv": "a\n3\n4\n"}, delimited({"skip": 1}, {"take": 2})),
    "JSON lines": ({"a.jsonl": '{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n'}, "paths: [{file: a.jsonl}]\ntransformations: [{read_json_lines: {include_path_column: true}}]\n"),
}


@unittest.skipUnless(HAS_MLTABLE, "no Python with mltable")
class Reference(unittest.TestCase):
    maxDiff = None

    def test_frames_are_equal(self):
        with tempfile.TemporaryDirectory(prefix="mlpipe_mltable_") as base:
            folders = {}
            for number, (title, (files, text)) in enumerate(TABLES.items()):
                folder = folders[title] = Path(base) / f"t{number}"
                for name, data in {**files, "MLTable": text}.items():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
            both = []
            for module in ("mltable", "mltable.stand_in"):
                env = {**os.environ, "PYTHONPATH": ""} if module == "mltable" else {**os.environ, "PYTHONPATH": str(SHIMS)}
                code = LOAD if module == "mltable" else f"import sys, types\nmltable = sys.modules['mltable'] = types.ModuleType('mltable')\nmltable.__path__ = [{str(SHIMS / 'for_mltable/mltable')!r}]\n" + LOAD
                done = subprocess.run([PYTHON, "-c", code, module, *map(str, folders.values())], capture_output=True, text=True, env=env)
                self.assertEqual(done.returncode, 0, done.stderr)
                both.append(json.loads(done.stdout))
            for title, folder in folders.items():
                with self.subTest(title):
                    self.assertEqual(both[1][str(folder)], both[0][str(folder)])


if __name__ == "__main__":
    unittest.main()
