"""How the rows that an MLTable names become a pandas.DataFrame, as the package mltable makes it.

Used by the workers of parallel steps (mlpipe_tables.py), which hand over pieces of files, and by the stand-in for mltable,
which hands over whole files. A piece has: format (0: delimited, 1: JSON lines, 2: Parquet), delimiter, header, path, columns
(name and value that its path gives), data(with_header) -> bytes, and for Parquet parquet() -> DataFrame.

The types of the columns of delimited text are those of the table's first 200 rows, for all its mini-batches alike: what is then
no number, date or truth in such a column is missing. Where mltable itself would lose data, this does not: a fraction in a
column that began with whole numbers stays one, as does a number in one that began with 0 and 1, a date that could be two days stays text.
"""
import csv
import json
import re
from datetime import datetime, timedelta

DELIMITED, JSON_LINES, PARQUET = 0, 1, 2
SAMPLE_ROWS = 200
READERS = ("read_delimited", "read_json_lines", "read_parquet")

INTEGER = re.compile(r"\s*[+-]?\d+\s*\Z")
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*\Z|\s*[+-]?(nan|inf|infinity)\s*\Z", re.IGNORECASE)
TRUTH = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
CLOCK = r"(?:[T ](\d{1,2}):(\d{2}):(\d{2})(\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?\Z"
YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})" + CLOCK)
YEAR_LAST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})" + CLOCK)


# --- one value at a time; None is a missing one

def as_truth(value):
    return TRUTH.get(value.strip().lower())


def as_integer(value):
    return int(value) if INTEGER.match(value) else None


def as_number(value):
    return float(value) if NUMBER.match(value) else None


def moment(year, month, day, hour, minute, second, fraction, zone):
    found = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), int(float(fraction or 0) * 1e6 + 0.5))
    if zone and zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        found -= timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    return found


def date_reader(pattern, order):
    def read(value):
        match = pattern.match(value.strip())
        if not match:
            return None
        parts = match.groups()
        try:
            return moment(*[parts[place] for place in order], *parts[3:])
        except ValueError:
            return None
    return read


DATES = {"date": date_reader(YEAR_FIRST, (0, 1, 2)), "date m/d": date_reader(YEAR_LAST, (2, 0, 1)), "date d/m": date_reader(YEAR_LAST, (2, 1, 0))}
MAKERS = dict(DATES, boolean=as_truth, int=as_integer, float=as_number)


def type_of(values):
    """The name of the type that all these texts have."""
    def all_are(make):
        return all(make(value) is not None for value in values)

    if not values:
        return "string"
    if all_are(as_truth):
        return "boolean"
    if all_are(as_number):
        whole = all_are(as_integer) and all(-2 ** 63 <= int(value) < 2 ** 63 for value in values)
        return "int" if whole else "float"
    dates = [name for name, make in DATES.items() if all_are(make)]
    return dates[0] if len(dates) == 1 else "string"


# --- columns

def column(pandas, kind, values):
    """A pandas column of that type from values of it, or None."""
    missing = any(value is None for value in values)
    if kind.startswith("date"):
        return pandas.Series(pandas.to_datetime(pandas.Series(values, dtype=object)).astype("datetime64[ns]"))
    if kind == "float" or (kind == "int" and missing):
        return pandas.Series([float("nan") if value is None else float(value) for value in values], dtype="float64")
    if kind == "int":
        return pandas.Series(values, dtype="int64")
    if kind == "boolean" and not missing:
        return pandas.Series(values, dtype="bool")
    return pandas.Series(values, dtype=object)


def typed(pandas, kind, texts, empty_as_string=False):
    """A column of that type from texts; what is no such value is missing."""
    if kind == "string":
        return pandas.Series(["" if text is None and empty_as_string else text for text in texts], dtype=object)
    values = [None if text is None else MAKERS[kind](text) for text in texts]
    if kind == "boolean" and any(value is None and text is not None for value, text in zip(values, texts)):
        if all(text is None or as_number(text) is not None for text in texts):
            return typed(pandas, "int", texts)  # began with 0 and 1
    if kind == "int":
        fractions = [as_number(text) if value is None and text is not None else value for text, value in zip(texts, values)]
        big = any(value is not None and not -2 ** 63 <= value < 2 ** 63 for value in values)
        if big or any(isinstance(value, float) for value in fractions):
            return column(pandas, "float", fractions)
    return column(pandas, kind, values)


def is_missing(value):
    return value is None or value != value


def text_of(value):
    """What a value that has a type looks like as text."""
    if isinstance(value, datetime):
        return value.isoformat() + "+00:00"
    if isinstance(value, float) and value.is_integer():
        return "%d" % value
    return str(value)


def truth_of(options):
    trues, falses, mismatch = options.get("true_values"), options.get("false_values"), options.get("mismatch_as", "error")

    def of(value):
        if isinstance(value, bool) or type(value).__name__ == "bool_":
            return bool(value)
        if trues is None and falses is None:
            if isinstance(value, str):
                return as_truth(value)
            return None if isinstance(value, datetime) else bool(value)
        text = text_of(value)
        if text in (trues or ()) or text in (falses or ()):
            return text in (trues or ())
        if mismatch == "error":
            raise ValueError("%r is neither among true_values nor among false_values" % text)
        return mismatch == "true"
    return of


def moment_of(options):
    formats = options.get("formats") or []
    formats = [formats] if isinstance(formats, str) else formats

    def of(value):
        if isinstance(value, datetime):
            return value
        for form in formats:
            try:
                found = datetime.strptime(text_of(value), form)
                return found.replace(tzinfo=None) - (found.utcoffset() or timedelta())
            except ValueError:
                pass
        return None
    return of


def number_of(value):
    if isinstance(value, (datetime, bool)) or type(value).__name__ == "bool_":
        return None
    return as_number(value) if isinstance(value, str) else float(value)


def whole_of(value):
    number = as_integer(value) if isinstance(value, str) else None
    if number is None:
        number = number_of(value)
    return None if number is None or number != number else int(number)


def converted(pandas, series, kind):
    """A column as convert_column_types makes it."""
    options = {}
    if isinstance(kind, dict):
        (kind, options), = kind.items()
    make = {"string": text_of, "int": whole_of, "float": number_of, "boolean": truth_of(options or {}), "datetime": moment_of(options or {})}[kind]
    values = [None if is_missing(value) else make(value) for value in series.astype(object)]
    return column(pandas, "date" if kind == "datetime" else kind, values)


def chosen(names, wanted):
    """Those of the names that a transformation means: a name, a list, or {pattern, ignore_case, invert}."""
    if isinstance(wanted, dict):
        pattern = re.compile(wanted["pattern"], re.IGNORECASE if wanted.get("ignore_case") else 0)
        return [name for name in names if bool(pattern.search(name)) != bool(wanted.get("invert"))]
    wanted = [wanted] if isinstance(wanted, str) else wanted
    return [name for name in names if name in wanted]


# --- rows

def fields_of(line, delimiter):
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return line.split(delimiter)  # a quote that is never closed is text like any other


def records_of(text, delimiter, multi_line):
    if multi_line:
        lines = text.splitlines(keepends=True) if "\r" in text else text.split("\n")
        lines = lines if "\r" in text else [line + "\n" for line in lines]
        return [fields for fields in csv.reader(lines, delimiter=delimiter) if fields and (len(fields) > 1 or fields[0].strip(" \t"))]
    lines = (line.rstrip("\r") for line in text.split("\n"))
    return [fields_of(line, delimiter) for line in lines if line]


def distinct(names):
    """Unnamed columns are called by their number, those whose name is taken get a number behind it."""
    found = []
    for number, name in enumerate(names):
        name = base = name or "Column%d" % (number + 1)
        again = 0
        while name in found:
            again += 1
            name = "%s_%d" % (base, again)
        found.append(name)
    return found


class Reader:
    """The transformations of one MLTable."""

    def __init__(self, text):
        self.text = text
        self.steps = [next(iter(step.items())) for step in json.loads(text)]
        reads = [options or {} for name, options in self.steps if name in READERS]
        self.reading = reads[0] if reads else {}
        self.encoding = self.reading.get("encoding") or "utf-8"
        self.types = {}

    # --- texts of delimited files

    def table_of(self, piece, data=None, most=None):
        """(names, rows): texts, None for an empty one; each row has as many as there are names."""
        data = piece.data(piece.header) if data is None else data
        text = data.decode(self.encoding if self.encoding != "ascii" else "utf-8")
        records = records_of(text[1:] if text.startswith("\ufeff") else text, piece.delimiter, self.reading.get("support_multi_line"))
        head = records.pop(0) if piece.header and records else []
        records = records[:most]
        width = max(map(len, records), default=0) if not head else max([len(head)] + [len(record) for record in records])
        names = distinct(head + [""] * (width - len(head)))
        return names, [[value or None for value in record] + [None] * (width - len(record)) for record in records]

    def learn(self, sample):
        """Tells the types of the columns from the beginnings of its first files."""
        if self.reading.get("infer_column_types") is False:
            return
        options = self.reading.get("infer_column_types")
        most = options.get("sample_size", SAMPLE_ROWS) if isinstance(options, dict) else SAMPLE_ROWS
        seen = {}
        for piece in sample:
            if piece.format != DELIMITED or most <= 0:
                break
            data = piece.beginning()
            if len(data) >= piece.ranges[0][1] - piece.ranges[0][0]:
                data = data[:data.rfind(b"\n") + 1]
            names, rows = self.table_of(piece, (piece.header_data() if piece.header else b"") + data, most)
            most -= len(rows)
            for name, values in zip(names, zip(*rows)):
                seen.setdefault(name, []).extend(value for value in values if value is not None)
        self.types = {name: type_of(values) for name, values in seen.items()}

    def overrides(self):
        options = self.reading.get("infer_column_types")
        return (options.get("column_type_overrides") or []) if isinstance(options, dict) else []

    def texts_to_columns(self, pandas, frame):
        override = {name: entry["column_type"] for entry in self.overrides() for name in chosen(list(frame.columns), entry["columns"])}
        made = {}
        for name in frame.columns:
            texts = [None if is_missing(value) else value for value in frame[name]]
            if name in override:
                made[name] = converted(pandas, pandas.Series(texts, dtype=object), override[name])
            else:
                made[name] = typed(pandas, self.types.get(name, "string"), texts, bool(self.reading.get("empty_as_string")))
        return pandas.DataFrame(made, columns=list(frame.columns), index=frame.index)

    # --- frames

    def raw(self, pandas, piece):
        if piece.format == PARQUET:
            return piece.parquet()
        if piece.format == JSON_LINES:
            lines = piece.data(False).decode(self.encoding if self.encoding != "ascii" else "utf-8").lstrip("\ufeff").split("\n")
            return pandas.DataFrame([json.loads(line) for line in lines if line.strip()])
        names, rows = self.table_of(piece)
        return pandas.DataFrame(rows, columns=names, dtype=object)

    def frame(self, pieces):
        import pandas
        parts = [self.raw(pandas, piece) for piece in pieces]
        frame = parts[0] if len(parts) == 1 else pandas.concat(parts, ignore_index=True, sort=False)
        if pieces[0].format == DELIMITED:
            frame = self.texts_to_columns(pandas, frame)
        before, read = [], False
        for name, options in self.steps:
            if name == "extract_columns_from_partition_format":
                columns = self.path_columns(pandas, pieces, parts)
                before = before if read else columns
                frame = pandas.concat([frame, columns], axis=1) if read else frame
            elif name in READERS:
                read = True
                frame = pandas.concat([before, frame], axis=1) if len(before) else frame
                if self.reading.get("include_path_column"):
                    frame.insert(0, "Path", self.repeated(pandas, [piece.path for piece in pieces], parts))
            else:
                frame = self.changed(pandas, frame, name, options)
        return frame

    @staticmethod
    def repeated(pandas, values, parts):
        every = [value for value, part in zip(values, parts) for _ in range(len(part))]
        is_time = bool(every) and isinstance(every[0], datetime)
        return column(pandas, "date", every) if is_time else pandas.Series(every, dtype=object)

    def path_columns(self, pandas, pieces, parts):
        """Times come last, whatever their place in the path."""
        places = sorted(range(len(pieces[0].columns)), key=lambda place: any(isinstance(piece.columns[place][1], datetime) for piece in pieces))
        return pandas.DataFrame({pieces[0].columns[place][0]: self.repeated(pandas, [piece.columns[place][1] for piece in pieces], parts)
                                 for place in places})

    @staticmethod
    def changed(pandas, frame, name, options):
        names = list(frame.columns)
        if name == "drop_columns":
            return frame.drop(columns=chosen(names, options))
        if name == "keep_columns":
            return frame[chosen(names, options)]
        for entry in options:
            for each in chosen(names, entry["columns"]):
                frame[each] = converted(pandas, frame[each], entry["column_type"])
        return frame
