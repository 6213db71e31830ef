"""A terminal around a command, rendered by pyte from what is written to a pseudo-terminal."""

import re
import time

from from_venv import from_venv
from pseudo_terminal import PseudoTerminal


class Screen(PseudoTerminal):
    """A terminal emulator around a command."""

    def __init__(self, project, arguments, columns=80, rows=24, env=None):
        pyte = from_venv("pyte")
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.written = 0
        super().__init__(project, arguments[0], arguments[1:], {"TERM": "xterm-256color"} | (env or {}), rows, columns)

    def took(self, data):
        self.written += len(data)
        self.stream.feed(data)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines()).rstrip("\n")

    def wait_for(self, what, seconds=30):
        """Until a line of the screen matches, which is given back."""
        end = time.monotonic() + seconds
        while True:
            for line in self.lines():
                if re.search(what, line):
                    return line
            if time.monotonic() > end or not self.read(0.2):
                raise AssertionError(f"waited for {what!r}; the screen shows:\n{self.text()}")

    def watch(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.read(0.05):
            pass

    def resize(self, columns, rows):
        self.screen.resize(rows, columns)
        self.set_size(rows, columns)

    def type(self, text):
        self.write(text)

    def end(self, seconds=60):
        """The exit code, when all that was shown has been read."""
        code = self.read_to_the_end(seconds)
        if code is None:
            raise AssertionError(f"waited for the end; the screen shows:\n{self.text()}")
        return code
