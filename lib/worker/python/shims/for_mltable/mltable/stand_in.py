"""A small stand-in for the package mltable: MLTables of local files, read with pandas.

What becomes of rows is in mlpipe_mltable.py; here is where files are, and the methods by which scripts build and save tables.
"""
import copy
import json
import os
import re
from datetime import datetime
from enum import Enum

import mlpipe_mltable

__all__ = ["DataType", "MLTable", "MLTableFileEncoding", "MLTableHeaders", "from_delimited_files", "from_json_lines_files",
           "from_parquet_files", "from_paths", "load"]
DELIMITED, JSON_LINES, PARQUET = mlpipe_mltable.DELIMITED, mlpipe_mltable.JSON_LINES, mlpipe_mltable.PARQUET
FORMATS = {"read_delimited": DELIMITED, "read_json_lines": JSON_LINES, "read_parquet": PARQUET}
KNOWN = tuple(FORMATS) + ("extract_columns_from_partition_format", "drop_columns", "keep_columns", "convert_column_types", "take", "skip")
ENCODINGS = {"utf8": "utf-8", "utf8 bom": "utf-8", "utf-8 bom": "utf-8", "utf8bom": "utf-8", "iso88591": "latin-1", "iso-8859-1": "latin-1",
             "latin1": "latin-1", "windows1252": "cp1252", "windows-1252": "cp1252", "utf16": "utf-16"}
UNITS = {"yyyy": 4, "MM": 2, "dd": 2, "HH": 2, "mm": 2, "ss": 2}


class MLTableHeaders(Enum):
    no_header, from_first_file, all_files_different_headers, all_files_same_headers = range(4)


class MLTableFileEncoding(Enum):
    utf8, iso88591, latin1, ascii, utf16, utf8bom, windows1252 = range(7)


class DataType:
    """What convert_column_types takes, as in MLTable files."""
    to_string, to_int, to_float = (staticmethod(lambda name=name: name) for name in ("string", "int", "float"))

    @staticmethod
    def to_bool(true_values=None, false_values=None, mismatch_as=None):
        options = {"true_values": true_values, "false_values": false_values, "mismatch_as": mismatch_as}
        options = {key: value for key, value in options.items() if value is not None}
        return {"boolean": options} if options else "boolean"

    @staticmethod
    def to_datetime(formats, date_constant=None):
        return {"datetime": {"formats": formats}}


def name_of(value):
    return value.name if isinstance(value, Enum) else value


def yaml():
    try:
        import yaml as found
    except ImportError as error:
        raise ImportError("mlpipe's stand-in for mltable reads and writes MLTable files with PyYAML, which is not installed; "
                          "install pyyaml, or mltable itself") from error
    return found


class PartitionFormat:
    """The end of a path, as many parts of it as the format has."""

    def __init__(self, text):
        self.times, self.columns, pattern, at = {}, [], "", 0
        text = text.lstrip("/")
        for match in re.finditer(r"\{([^}:]+)(?::([^}]*))?\}", text):
            pattern += re.escape(text[at:match.start()]) + self.column(*match.groups())
            at = match.end()
        self.pattern = re.compile("(?:^|.*/)" + pattern + re.escape(text[at:]) + r"\Z", re.DOTALL)

    def column(self, name, time):
        self.columns.append(name)
        if time is None:
            return "(?P<c%d>[^/]+)" % (len(self.columns) - 1)
        units = re.findall("yyyy|MM|dd|HH|mm|ss", time)
        self.times[name] = units
        number = len(self.columns) - 1
        return re.sub("yyyy|MM|dd|HH|mm|ss", lambda unit: r"(?P<c%d%s>\d{%d})" % (number, unit[0], UNITS[unit[0]]), re.escape(time))

    def match(self, path):
        found = self.pattern.match(path)
        if not found:
            return [(name, None) for name in self.columns]
        return [(name, self.value(found, number, name)) for number, name in enumerate(self.columns)]

    def value(self, found, number, name):
        if name not in self.times:
            return found["c%d" % number]
        part = {unit: int(found["c%d%s" % (number, unit)]) for unit in self.times[name]}
        return datetime(part.get("yyyy", 1), part.get("MM", 1), part.get("dd", 1), part.get("HH", 0), part.get("mm", 0), part.get("ss", 0))


class Piece:
    """A whole file."""

    def __init__(self, path, form, reading, columns, names_from):
        self.path, self.format, self.columns = path, form, columns
        self.delimiter = reading.get("delimiter", ",")
        header = reading.get("header", "all_files_same_headers")
        self.own_header = header != "no_header" and (header != "from_first_file" or names_from in (None, path))
        self.names_from = None if header in ("no_header", "all_files_different_headers") or names_from == path else names_from
        self.header = header != "no_header"
        self.multi_line = reading.get("support_multi_line")

    def content(self, path=None):
        with open(path or self.path, "rb") as file:
            return file.read()

    def data(self, with_header):
        content = self.content()
        if self.names_from is None:
            return content
        head = self.content(self.names_from).split(b"\n", 1)[0] + b"\n"
        return head + (content.partition(b"\n")[2] if self.own_header else content)

    def parquet(self):
        import pandas
        return pandas.read_parquet(self.path)


class Beginning(Piece):
    """Its first megabyte, from which types are told."""
    ranges = [(0, 1 << 20)]

    def beginning(self):
        return self.data(True)[:1 << 20]

    @staticmethod
    def header_data():
        return b""


class MLTable:
    def __init__(self, document, folder=None):
        self._document, self._folder = document, folder

    # --- what it is made of

    @property
    def paths(self):
        return copy.deepcopy(self._document.get("paths", []))

    def _steps(self):
        for step in self._document.get("transformations") or []:
            name, options = next(iter(step.items())) if isinstance(step, dict) else (step, {})
            if name not in KNOWN:
                raise NotImplementedError("mlpipe's stand-in for mltable cannot do the transformation `%s`: install mltable" % name)
            yield name, options or ({} if name in FORMATS else options)

    @property
    def partition_keys(self):
        return next((PartitionFormat(options["partition_format"]).columns for name, options in self._steps()
                     if name == "extract_columns_from_partition_format"), [])

    def _files(self):
        found = []
        for entry in self._document.get("paths") or []:
            (kind, written), = entry.items()
            path = written[7:] if written.startswith("file://") else written
            if "://" in path or path.startswith("azureml:"):
                raise ValueError("%s is not a path of this machine" % written)
            files = files_at(os.path.normpath(os.path.join(self._folder or os.getcwd(), path)), kind == "pattern")
            if not files:
                raise FileNotFoundError("the MLTable names %s, but no file is there" % written)
            found += files
        return [path for path in found if os.path.basename(path) != "MLTable"]

    def _pieces(self, kind, form, reading, partition):
        files = self._files()
        first = next((path for path in files if os.path.getsize(path)), None)
        return [kind(path, form, reading, partition.match(path) if partition else [], first) for path in files]

    def to_pandas_dataframe(self):
        import pandas
        steps = list(self._steps())
        reading, form = next(((options, FORMATS[name]) for name, options in steps if name in FORMATS), ({}, None))
        partition = next((PartitionFormat(options["partition_format"]) for name, options in steps if name.startswith("extract_")), None)
        skip, take = window(steps)
        if form is None:
            files = self._files()[skip:][:take]
            return pandas.DataFrame({"Path": files, **{name: [dict(partition.match(path))[name] for path in files]
                                                       for name in (partition.columns if partition else [])}})
        if "encoding" in reading:
            reading["encoding"] = ENCODINGS.get(name_of(reading["encoding"]), reading["encoding"])
        reader = mlpipe_mltable.Reader(json.dumps([{name: options} for name, options in steps if name not in ("take", "skip")]))
        reader.learn(self._pieces(Beginning, form, reading, None))
        frame = reader.frame(self._pieces(Piece, form, reading, partition))
        return frame.iloc[skip:][:take].reset_index(drop=True)

    def show(self, count=20):
        return self.take(count).to_pandas_dataframe()

    # --- making another one

    def _with(self, name, options):
        document = copy.deepcopy(self._document)
        document.setdefault("transformations", []).append({name: options})
        return MLTable(document, self._folder)

    def take(self, count=20):
        return self._with("take", count)

    def skip(self, count):
        return self._with("skip", count)

    def drop_columns(self, columns):
        return self._with("drop_columns", columns if isinstance(columns, str) else list(columns))

    def keep_columns(self, columns):
        return self._with("keep_columns", columns if isinstance(columns, str) else list(columns))

    def convert_column_types(self, column_types):
        return self._with("convert_column_types", conversions(column_types))

    def extract_columns_from_partition_format(self, partition_format):
        return self._with("extract_columns_from_partition_format", {"partition_format": partition_format})

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError("mlpipe's stand-in for mltable has no `%s`: install mltable" % name)

    # --- files

    def save(self, path=None, overwrite=True, colocated=False, show_progress=False, if_err_remove_files=True):
        folder = os.path.abspath(path or os.getcwd())
        os.makedirs(folder, exist_ok=True)
        document = copy.deepcopy(self._document)
        for entry in document.get("paths") or []:
            (kind, written), = entry.items()
            if "://" not in written:
                entry[kind] = os.path.relpath(os.path.join(self._folder or os.getcwd(), written), folder)
        target = os.path.join(folder, "MLTable")
        if os.path.exists(target) and overwrite in (False, "fail"):
            raise FileExistsError(target)
        with open(target, "w") as file:
            yaml().safe_dump({"type": "mltable", **document}, file, sort_keys=False)
        return MLTable(document, folder)

    def __repr__(self):
        return yaml().safe_dump(self._document, sort_keys=False)


def files_at(path, is_pattern):
    """The files that a path of a table names, those of a folder by name."""
    found = matching(path) if is_pattern and not os.path.exists(path) else [path]
    files = []
    for each in found:
        if os.path.isdir(each) and (not is_pattern or each == path):
            files += [os.path.join(folder, name) for folder, _, names in os.walk(each, followlinks=True) for name in names]
        elif os.path.isfile(each):
            files.append(each)
    return sorted(set(files), key=lambda file: file.split("/"))


def wildcard(part):
    """A part of a path as a regular expression: * and ? stand for all but a slash, a part ** for any number of parts."""
    if part == "**":
        return "(?:.*/)?"
    words = re.findall(r"\[!?[^\]]+\]|.", part, re.DOTALL)
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(word, word.replace("[!", "[^") if len(word) > 1 else re.escape(word)) for word in words) + "/"


def matching(pattern):
    root = pattern[:re.search(r"[*?\[]|\Z", pattern).start()].rpartition("/")[0] or "/"
    whole = re.compile("".join(map(wildcard, pattern[len(root):].strip("/").split("/"))), re.DOTALL)
    below = [os.path.join(folder, name) for folder, _, names in os.walk(root, followlinks=True) for name in names]
    return [path for path in below if whole.fullmatch(path[len(root):].lstrip("/") + "/")]


def window(steps):
    """(rows skipped, rows kept at most)"""
    skip, take = 0, None
    for name, count in steps:
        if name == "take":
            take = count if take is None else min(take, count)
        elif name == "skip":
            skip += count
            take = None if take is None else max(0, take - count)
    return skip, take


def conversions(column_types):
    return [{"columns": list(columns) if isinstance(columns, (tuple, list)) else columns, "column_type": kind}
            for columns, kind in column_types.items()]


def load(uri, storage_options=None, ml_client=None):
    path = uri[7:] if uri.startswith("file://") else uri
    folder = os.path.abspath(path if os.path.isdir(path) else os.path.dirname(path))
    if "://" in path or path.startswith("azureml:"):
        raise ValueError("%s is not a path of this machine" % uri)
    with open(os.path.join(folder, "MLTable"), encoding="utf-8") as file:
        return MLTable(yaml().safe_load(file) or {}, folder)


def from_paths(paths):
    return MLTable({"paths": [{kind: name_of(path) for kind, path in entry.items()} for entry in paths]}, os.getcwd())


def from_delimited_files(paths, header="all_files_same_headers", delimiter=",", support_multi_line=False, empty_as_string=False,
                         encoding="utf8", include_path_column=False, infer_column_types=True):
    infer = infer_column_types
    if isinstance(infer, dict) and isinstance(infer.get("column_type_overrides"), dict):
        infer = dict(infer, column_type_overrides=conversions(infer["column_type_overrides"]))
    return from_paths(paths)._with("read_delimited", {
        "delimiter": delimiter, "header": name_of(header), "support_multi_line": support_multi_line, "empty_as_string": empty_as_string,
        "encoding": name_of(encoding), "include_path_column": include_path_column, "infer_column_types": infer})


def from_parquet_files(paths, include_path_column=False):
    return from_paths(paths)._with("read_parquet", {"include_path_column": include_path_column})


def from_json_lines_files(paths, invalid_lines="error", encoding="utf8", include_path_column=False):
    return from_paths(paths)._with("read_json_lines", {"encoding": name_of(encoding), "include_path_column": include_path_column})
