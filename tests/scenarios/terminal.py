"""mlpipe, or another program, on a terminal of its own, as a person has it."""

import fcntl
import os
import pty
import select
import struct
import termios
import time

from support import MLPIPE

PDB = "(Pdb) "


class Terminal:
    def __init__(self, project, *arguments, program=MLPIPE):
        pid, self.fd = pty.fork()
        if pid == 0:
            try:
                os.chdir(project.path)
                os.execve(program, [program, *arguments], project.env | {"TERM": "dumb", "SHELL": "/bin/sh", "PS1": "prompt> "})
            finally:
                os._exit(127)
        self.resize(500, 300)
        self.pid, self.shown, self.code = pid, "", None

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)

    def expect(self, text, seconds=60):
        """What was shown up to and including `text`; the rest stays for the next call."""
        end = time.monotonic() + seconds
        while text not in self.shown:
            if time.monotonic() > end or not self.read(1):
                raise AssertionError(f"waited for {text!r}; the terminal shows:\n{self.shown}")
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def type(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def ask(self, line, prompt=PDB):
        self.type(line)
        return self.expect(prompt)

    def resize(self, lines, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def ctrl_z(self):
        os.write(self.fd, b"\x1a")

    def ctrl_c(self):
        os.write(self.fd, b"\x03")

    def end(self, seconds=60):
        """Everything that was still shown; the exit code is in `code` afterwards."""
        end = time.monotonic() + seconds
        while self.read(1):
            if time.monotonic() > end:
                self.close()
                raise AssertionError(f"it does not end; the terminal shows:\n{self.shown}")
        self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.close()
        return self.shown

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1
