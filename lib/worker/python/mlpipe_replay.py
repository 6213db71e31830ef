"""One mini-batch in the foreground, for `mlpipe replay`: the code of mlpipe_worker.py works off frames that lie in a file.

usage: mlpipe_replay.py [--pdb | --debugpy PORT] [--copy CODE SOURCE] FRAMES

Rows go to stdout as they would be appended; everything else, what the script prints included, to stderr. --copy: the script
lies in CODE, a copy of SOURCE, which tracebacks shall name. Exit code: 1 when something raised, 130 after Ctrl-C.
"""
import sys
import os
from struct import Struct

HERE = os.path.abspath(__file__)
if getattr(sys.flags, "safe_path", False) or sys.flags.isolated:
    sys.path.insert(0, os.path.dirname(HERE))
    import mlpipe_debuggers as debuggers
    import mlpipe_worker as worker
    del sys.path[0]
else:
    import mlpipe_debuggers as debuggers
    import mlpipe_worker as worker

tell = debuggers.tell


def count(number, noun):
    return "%d %s%s" % (number, noun, "" if number == 1 else "s")


class Asked:
    """The command line."""
    pdb, port, code, source, frames = False, None, "", "", ""


class FrameFile(worker.Channel):
    """The worker's channel, reading from a file and showing what a worker would send."""

    def __init__(self, path):
        super().__init__(os.open(path, os.O_RDONLY))
        import fcntl
        self.rows = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 64)
        os.dup2(2, 1)  # what a script prints must not run into its rows
        self.status = 0
        self.shown = {worker.READY: self.ready, worker.INIT_FAILED: self.init_failed, worker.RESULT: self.result,
                      worker.FAILED: self.failed, worker.BYE: self.bye, worker.HEADER: self.header}
        worker.leave = self.leave

    def send(self, kind, *parts):
        worker.flush()
        if kind in self.shown:
            self.shown[kind](b"".join(parts))

    def ready(self, body):
        tell("init() took %.3f s" % (Struct("<Q").unpack(body)[0] / 1e6))

    def result(self, body):
        head = worker.RESULT_HEAD
        _, _, items, returned, took, _, failed = head.unpack_from(body)
        at = head.size
        for _ in range(failed):
            at += 8 + worker.U32.unpack_from(body, at + 4)[0]
        self.write(body[at:])
        tell("%s, %s in %.3f s" % (count(items, "item"), count(returned, "result"), took / 1e6))
        if returned < items:
            tell("a run would count %s as failed" % count(items - returned, "item"))

    def write(self, rows):
        data = memoryview(rows)
        while data:
            data = data[os.write(self.rows, data):]

    def header(self, body):
        self.write(body[8:])

    def init_failed(self, body):
        self.failure(*worker.strings(body, 0, 2))

    def failed(self, body):
        self.failure(*worker.strings(body, worker.FAILED_HEAD.size, 2))

    def failure(self, summary, whole):
        self.status = 1
        error = Raised.last
        if isinstance(error, KeyboardInterrupt):
            self.status = 130
        if type(error).__name__ == "BdbQuit":
            return debuggers.left_pdb()
        sys.stderr.write(self.with_real_paths(whole) if whole else "mlpipe: %s\n" % summary)
        sys.stderr.flush()
        if Raised.debug and self.status == 1 and error.__traceback__ is not None:
            Raised.debug(error.__traceback__)

    def bye(self, body):
        error = worker.strings(body, 0, 1)[0]
        if error:
            sys.stderr.write(self.with_real_paths(error))
            tell("shutdown() failed")

    def with_real_paths(self, whole):
        return whole.replace(Asked.code, Asked.source) if Asked.code else whole

    def leave(self, code):
        worker.flush()
        os._exit(self.status or code)


class Raised:
    """What was raised last, and what is to be done about it."""
    last = None
    debug = None


describe_for_a_run = worker.describe


def describe(error):
    """As the worker does it, but the exception itself stays at hand, from its first frame that is not ours on."""
    error.__traceback__ = debuggers.without_our_frames(error.__traceback__)
    Raised.last = error
    return describe_for_a_run(error)


def under_pdb(run):
    """run, stopping at its first line."""
    import bdb
    import functools
    Raised.debug = debuggers.post_mortem

    @functools.wraps(run)
    def stopping(*arguments):
        debugger = debuggers.make_pdb()
        value = debugger.runcall(run, *arguments)
        if debugger.left:
            raise bdb.BdbQuit
        return value

    return stopping


def lead_the_worker():
    """From here on its functions do what a terminal needs besides."""
    prepare, load = worker.prepare, worker.load

    def prepare_for_terminal(*arguments):
        import _signal
        prepare(*arguments)
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)

    def load_to_debug(entry_script):
        module = load(entry_script)
        if Asked.pdb:
            module.run = under_pdb(module.run)
        return module

    worker.prepare = prepare_for_terminal
    worker.load = load_to_debug
    worker.describe = describe


def read_arguments(words):
    while len(words) > 1:
        option = words.pop(0)
        if option == "--pdb":
            Asked.pdb = True
        elif option == "--debugpy":
            Asked.port = int(words.pop(0))
        elif option == "--copy":
            Asked.code, Asked.source = words.pop(0), words.pop(0)
    Asked.frames = words[0]


read_arguments(sys.argv[1:])
lead_the_worker()
if Asked.port is not None:
    debuggers.wait_for_debugger(Asked.port)
worker.serve(FrameFile(Asked.frames))
