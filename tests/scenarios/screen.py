"""A terminal around a command, rendered by pyte from what is written to a pseudo-terminal."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

from from_venv import from_venv


class Screen:
    """A terminal emulator around a command."""

    def __init__(self, project, arguments, columns=80, rows=24, env=None):
        pyte = from_venv("pyte")
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.written = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                os.chdir(project.path)
                os.execvpe(arguments[0], arguments, project.env | {"TERM": "xterm-256color"} | (env or {}))
            finally:
                os._exit(127)

    def read(self, seconds):
        """False: the command has closed its terminal."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.written += len(data)
        self.stream.feed(data)
        return bool(data)

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
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self, seconds=60):
        """The exit code, when all that was shown has been read."""
        end = time.monotonic() + seconds
        while self.read(0.2):
            if time.monotonic() > end:
                raise AssertionError(f"waited for the end; the screen shows:\n{self.text()}")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self):
        os.close(self.fd)
