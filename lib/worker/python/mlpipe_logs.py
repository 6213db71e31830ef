"""What the worker itself writes into the step's logs: never a secret, never the path of the private copy.

`facts`, set by mlpipe_worker.py before this is loaded: the fields of "init".
"""
import os


def pairs():
    words = facts.get("replacements", "").split("\0")  # noqa: F821
    return sorted(zip(words[::2], words[1::2]), key=lambda pair: -len(pair[0]))


PAIRS = [pair for pair in pairs() if pair[0]]


def shown(text):
    for hidden, instead in PAIRS:
        text = text.replace(hidden, instead)
    return text


def place(*parts):
    """The path of a file below the step's logs, its folder made; without logs (a test), below the working directory."""
    path = os.path.join(facts.get("logs") or os.path.join(os.getcwd(), "logs"), *parts)  # noqa: F821
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def append_line(path, line):
    """One write, so that lines of several workers do not mix."""
    data = (shown(line) + "\n").encode("utf-8", "backslashreplace")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)
