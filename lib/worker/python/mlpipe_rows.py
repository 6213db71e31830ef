"""Rows of return values that are not simply a list of results without line breaks: data frames, safe output, and what is not allowed.

`facts` and `WrongReturn` are set by mlpipe_worker.py before this is loaded.
"""
import sys

SAFE = facts.get("safe_output") == "True"  # noqa: F821


def one_line(value, limit=100):
    line = " ".join(value.split())
    return line if len(line) <= limit else line[:limit - 3] + "..."


def is_a(value, module, name):
    """isinstance(value, module.name) without importing the module: what was never imported cannot have been returned."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def is_frame(value):
    return is_a(value, "pandas", "DataFrame")


def safe(value):
    """The text on one line: each character at which Python splits lines becomes its escape, and so do lone surrogates. Backslashes
    stay, so that a row of JSON remains one."""
    if len((value + "x").splitlines()) > 1:
        value = "".join([c.encode("unicode_escape").decode() if len((c + "x").splitlines()) > 1 else c for c in value])
    return value


def without_surrogates(text):
    """Halves of surrogate pairs as their escapes; those that stand for a byte of a file name stay that byte."""
    return "".join(["\\u%04x" % ord(c) if "\ud800" <= c < "\udc80" or "\udcff" < c <= "\udfff" else c for c in text])


def encoded(text):
    try:
        return (without_surrogates(text) if SAFE else text).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise WrongReturn("run() returned a row with U+%04X, half of a surrogate pair, which UTF-8 has no bytes for: write it as "  # noqa: F821
                          "something else, or give the argument --append_row_safe_output True" % ord(text[error.start])) from None


def lines_of(values):
    if SAFE:
        return encoded("".join([safe("{}".format(value)) + "\n" for value in values]))
    return encoded("".join(["{}\n".format(value) for value in values]))


def safe_value(value):
    """What to_csv would print with a line break becomes text without one; all else stays what it is."""
    if isinstance(value, str):
        return safe(value)
    if value is None or isinstance(value, (int, float)):
        return value
    text = str(value)
    return safe(text) if len((text + "x").splitlines()) > 1 else value


def safe_frame(frame):
    each = getattr(frame, "map", None) or frame.applymap
    return each(safe_value)


def frame_lines(frame):
    if len(frame) == 0:
        return b""
    return encoded((safe_frame(frame) if SAFE else frame).to_csv(header=None, index=None, sep=" "))


def header_of(frame):
    """The column names as the first line of a file of rows."""
    names = frame.iloc[:0]
    if names.columns.nlevels > 1:
        names = names.set_axis([str(name) for name in names.columns], axis=1)
    if SAFE:
        names = names.rename(columns=safe_value)
    return encoded(names.to_csv(index=None, sep=" "))


class Converter:
    """Results that Azure refuses, but that have one obvious meaning, are taken with a warning."""

    def __init__(self):
        self.warned = False

    def listed(self, value):
        kind = type(value).__name__
        array = is_a(value, "numpy", "ndarray") and value.ndim > 0
        if not (array or is_a(value, "pandas", "Series") or kind == "generator"):
            raise WrongReturn("run() returned %s (%s), not a list, a tuple or a pandas DataFrame" % (one_line(repr(value)), kind))
        if not self.warned:
            self.warned = True
            print("mlpipe: run() returned a %s; Azure ML accepts only a list, a tuple or a pandas DataFrame" % kind, file=sys.stderr)
        return list(value)
