"""mlpipe, or another program, on a terminal of its own, as a person has it."""

import time

from pseudo_terminal import PseudoTerminal
from support import MLPIPE, ScenarioTest

PDB = "(Pdb) "


class Terminal(PseudoTerminal):
    def __init__(self, project, *arguments, program=MLPIPE):
        self.shown, self.code = "", None
        super().__init__(project, program, arguments, {"TERM": "dumb", "SHELL": "/bin/sh", "PS1": "prompt> "}, 500, 300)

    def took(self, data):
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")

    def expect(self, text, seconds=60):
        """What was shown up to and including `text`; the rest stays for the next call."""
        end = time.monotonic() + seconds
        while text not in self.shown:
            if time.monotonic() > end or not self.read(1):
                raise AssertionError(f"waited for {text!r}; the terminal shows:\n{self.shown}")
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def type(self, line):
        self.write(line + "\n")

    def ask(self, line, prompt=PDB):
        self.type(line)
        return self.expect(prompt)

    def resize(self, lines, columns):
        self.set_size(lines, columns)

    def ctrl_z(self):
        self.write("\x1a")

    def ctrl_c(self):
        self.write("\x03")

    def end(self, seconds=60):
        """Everything that was still shown; the exit code is in `code` afterwards."""
        self.code = self.read_to_the_end(seconds)
        self.close()
        if self.code is None:
            raise AssertionError(f"it does not end; the terminal shows:\n{self.shown}")
        return self.shown


class TerminalTest(ScenarioTest):
    def terminal(self, *arguments, **options):
        terminal = Terminal(self.project, *arguments, **options)
        self.addCleanup(terminal.close)
        return terminal

    def interrupt_under_pdb(self, terminal):
        """Ctrl-C into `while not stop`, which is ended from the prompt."""
        terminal.expect(PDB)
        terminal.type("c")
        terminal.expect("it runs")
        terminal.ctrl_c()
        terminal.expect("Program interrupted")
        terminal.expect(PDB)
        terminal.ask("stop.append(1)")
        terminal.type("c")
