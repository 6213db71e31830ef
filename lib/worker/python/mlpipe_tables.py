"""Tables for entry scripts: turns the references of a mini-batch of rows into the pandas.DataFrame that run() gets.

Loaded by mlpipe_worker.py when the first mini-batch comes that is not plainly a list of files. The frames of such messages are
described in lib/worker/protocol.h. pandas and pyarrow are imported only when rows have to be read.

Types are those that pandas infers for the mini-batch; values of a partition key, and columns that a path gives, are text, or
datetimes where partition_format says so. A JSON line's values have the types that JSON gives them.
"""
import os
import sys
from struct import Struct

FILE_GROUP, TABLE, RANK = 1, 2, 3
DELIMITED, JSON_LINES, PARQUET = 0, 1, 2

U8 = Struct("<B")
U32 = Struct("<I")
U64 = Struct("<Q")
PAIR = Struct("<QQ")


class Unreadable(Exception):
    """The data cannot be handed to run(): said to people without a traceback, as no line of theirs is in it."""
    said_by_message = True


class Body:
    def __init__(self, data, at):
        self.data = data
        self.at = at

    def number(self, form=U32):
        value = form.unpack_from(self.data, self.at)[0]
        self.at += form.size
        return value

    def text(self):
        size = self.number()
        self.at += size
        return self.data[self.at - size:self.at].decode("utf-8", "surrogateescape")

    def keys(self):
        return [self.key() for _ in range(self.number())]

    def pieces(self):
        return [Piece(self) for _ in range(self.number())]

    def key(self):
        name, is_time, value = self.text(), self.number(U8), self.text()
        if is_time:
            from datetime import datetime
            value = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S")
        return name, value


class Piece:
    """Rows of one file."""

    def __init__(self, body):
        self.path = body.text()
        self.format = body.number(U8)
        self.delimiter = body.text()
        self.header = body.number(U8)
        self.header_bytes = body.number(U64)
        count = body.number()
        self.ranges = list(PAIR.iter_unpack(body.data[body.at:body.at + count * PAIR.size]))
        body.at += count * PAIR.size
        self.columns = body.keys()
        self.header_path = body.text() or self.path
        self.chosen = None  # bytes of some rows, in place of all
        self.names = None   # the columns, where the rows do not tell

    def frame(self):
        read = (self.delimited, self.json_lines, self.parquet)[self.format]
        try:
            frame = read()
        except Unreadable:
            raise
        except OSError as error:
            raise Unreadable("cannot read %s: %s" % (self.path, error.strerror or error))
        except Exception as error:
            raise Unreadable("cannot read %s: %s: %s" % (self.place(), type(error).__name__, error))
        for name, value in self.columns:
            frame[name] = value
        return frame

    def header_data(self):
        with open(os.fsencode(self.header_path), "rb", buffering=0) as file:
            return self.bytes_of(file, 0, self.header_bytes)

    def beginning(self):
        """The bytes that lie in its first range, as far as the file goes."""
        begin, end = self.ranges[0]
        with open(os.fsencode(self.path), "rb", buffering=0) as file:
            return os.pread(file.fileno(), end - begin, begin)

    def place(self):
        what = "row groups" if self.format == PARQUET else "bytes"
        return "%s, %s %d to %d" % (self.path, what, self.ranges[0][0], self.ranges[-1][1])

    def data(self, with_header):
        """The header's bytes if there are some, and those of the rows."""
        with open(os.fsencode(self.path), "rb", buffering=0) as file:
            rows = [self.bytes_of(file, begin, end) for begin, end in self.ranges] if self.chosen is None else [self.chosen]
            return b"".join(([self.header_data()] if with_header else []) + rows)

    def rows(self):
        """The bytes of each row of a text file, blank lines left out."""
        lines = self.data(False).splitlines(keepends=True) if self.format == DELIMITED else self.data(False).split(b"\n")
        row = b""
        for line in lines:
            row += line
            if self.format == DELIMITED and row.count(b'"') % 2:
                continue  # within a quoted field
            if row.strip():
                yield row.rstrip(b"\r\n") + b"\n"
            row = b""

    def bytes_of(self, file, begin, end):
        parts, file_number = [], file.fileno()
        while begin < end:
            part = os.pread(file_number, min(end - begin, 1 << 30), begin)
            if not part:
                raise Unreadable("%s has become shorter since the step began" % self.path)
            parts.append(part)
            begin += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def choose(self, texts, first, end):
        """Has frame() read those rows alone, with the columns that all of them have."""
        self.chosen = b"".join(texts[first:end])
        if self.format == JSON_LINES:
            self.names = list(dict.fromkeys(name for text in texts for name in keys_of(text)))
        elif texts and not self.header:
            import csv
            self.names = range(len(next(csv.reader([texts[0].decode("utf-8", "replace")], delimiter=self.delimiter))))

    def delimited(self):
        import io
        import warnings
        pandas = package("pandas")
        with warnings.catch_warnings():
            # Fields beyond the header's are an error wherever they stand, not cut off where they are in the first row.
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            frame = pandas.read_csv(io.BytesIO(self.data(self.header)), sep=self.delimiter, header=0 if self.header else None,
                                    names=self.names, index_col=False, low_memory=False)
        if not self.header:
            frame.columns = ["Column%d" % (number + 1) for number in range(frame.shape[1])]
        return frame

    def json_lines(self):
        import json
        pandas = package("pandas")
        rows = []
        for line in self.data(False).split(b"\n"):
            line = line.strip()
            if line:
                rows.append(json.loads(line.decode("utf-8-sig")))
                if not isinstance(rows[-1], dict):
                    raise Unreadable("%s has a line that is no JSON object: %.60s" % (self.path, line.decode("utf-8", "replace")))
        return pandas.DataFrame(rows, columns=self.names)

    def parquet(self):
        package("pandas")
        parquet = package("pyarrow", "pyarrow.parquet")
        with open(os.fsencode(self.path), "rb") as file:
            groups = [group for begin, end in self.ranges for group in range(begin, end)]
            return parquet.ParquetFile(file).read_row_groups(groups, use_threads=False).to_pandas()


def keys_of(text):
    """The names in a JSON line; none of one that cannot be read."""
    import json
    try:
        row = json.loads(text)
    except ValueError:
        return ()
    return row if isinstance(row, dict) else ()


def package(name, module=None):
    import importlib
    try:
        return importlib.import_module(module or name)
    except ImportError as error:
        if getattr(error, "name", None) not in (name, module, None):
            raise
        raise Unreadable("the package %s is not installed for %s: rows of tables are handed over as pandas DataFrames%s"
                         % (name, sys.executable, ", and Parquet is read by pyarrow" if name == "pyarrow" else ""))


def frame_of(pieces):
    if len(pieces) == 1:
        return pieces[0].frame()
    return package("pandas").concat([piece.frame() for piece in pieces], ignore_index=True, sort=False)


def mltable_reader(pieces, transformations, sample):
    """How the rows of an MLTable become a DataFrame; the same for all its mini-batches."""
    import mlpipe_mltable
    table = (transformations, tuple((piece.path, piece.header_path) for piece in sample))
    try:
        if mltable_reader.table != table:
            package("pandas")
            mltable_reader.known = mlpipe_mltable.Reader(transformations)
            mltable_reader.known.learn(sample)
            mltable_reader.table = table
        return mltable_reader.known.frame(pieces)
    except Unreadable:
        raise
    except OSError as error:
        raise Unreadable("cannot read %s: %s" % (pieces[0].path, error.strerror or error))
    except Exception as error:
        raise Unreadable("cannot read %s: %s: %s" % (pieces[0].place(), type(error).__name__, error))


mltable_reader.table = mltable_reader.known = None


def frame_of_some(pieces, rows, first, items):
    """Those rows alone, where all together cannot be read: whichever spoils it is to be found, and the others to be scored.
    None: it cannot be told where each row ends."""
    chosen, count = [], 0
    for piece in pieces:
        try:
            texts = list(piece.rows())
        except OSError:
            return None
        piece.choose(texts, max(0, first - count), max(0, first + items - count))
        count += len(texts)
        if piece.chosen:
            chosen.append(piece)
    frame = frame_of(chosen) if count == rows else ()
    return frame if len(frame) == items else None


def table(body, items, context):
    context.global_row_index_lower_bound = body.number(U64)
    rows, first = body.number(), body.number()
    context.partition_key_value = dict(body.keys())
    pieces, transformations = body.pieces(), body.text()
    sample = body.pieces() if transformations else []
    if items == 0:
        return None
    part = first != 0 or items != rows
    try:
        frame = mltable_reader(pieces, transformations, sample) if transformations else frame_of(pieces)
    except Unreadable:
        some = frame_of_some(pieces, rows, first, items) if part and not transformations and pieces[0].format != PARQUET else None
        if some is None:
            raise
        return some
    if len(frame) != rows:
        raise Unreadable("%s: %d rows were counted, but pandas reads %d: the file has changed, or has rows that it skips"
                         % (pieces[0].place(), rows, len(frame)))
    if not part:
        return frame
    return frame.iloc[first:first + items].reset_index(drop=True)


def mini_batch(kind, items, data, offset, context):
    """What run() gets for a message whose part behind its head begins at `offset`; None: run() is not to be called."""
    body = Body(data, offset)
    if kind == TABLE:
        return table(body, items, context)
    paths = [body.text() for _ in range(items)]
    if kind == FILE_GROUP:
        context.partition_key_value = dict(body.keys())
    return paths
