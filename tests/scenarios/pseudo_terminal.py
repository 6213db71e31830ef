"""A program on a pseudo-terminal of its own."""

import fcntl
import os
import pty
import select
import struct
import termios
import time


class PseudoTerminal:
    def __init__(self, project, program, arguments, env, lines, columns):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
                os.chdir(project.path)
                os.execvpe(program, [program, *arguments], project.env | env)
            finally:
                os._exit(127)

    def took(self, data):
        """What the program has written."""
        raise NotImplementedError

    def read(self, seconds):
        """False: the program has closed its terminal."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.took(data)
        return bool(data)

    def read_to_the_end(self, seconds):
        """The exit code; None: it goes on."""
        end = time.monotonic() + seconds
        while self.read(0.2):
            if time.monotonic() > end:
                return None
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def write(self, text):
        os.write(self.fd, text.encode())

    def set_size(self, lines, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1
