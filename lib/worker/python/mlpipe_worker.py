"""The Python worker of mlpipe: runs an entry script's init(), run(mini_batch) and shutdown() for the runner.

Speaks the frames of lib/worker/protocol.h on descriptor 3 and nothing else: what a script prints goes to the pipes that
are its stdout and stderr. Needs only the standard library, Python 3.8 or newer, and imports as little as it can.

Fields of "init": entry_script, source_directory, name ("process000"), output_action, logging_level, and the words of
sys.argv after its first as a repeated "argument".
"""
import sys
import os
from struct import Struct
from time import perf_counter_ns

INIT, MINI_BATCH, STOP = 1, 2, 3
READY, INIT_FAILED, RESULT, FAILED, BYE = 10, 11, 12, 13, 15
LONGEST_FRAME = 1 << 30

U32 = Struct("<I")
HEAD = Struct("<IB")
BATCH_HEAD = Struct("<QIBI")
RESULT_HEAD = Struct("<QIIIQI")
FAILED_HEAD = Struct("<QI")


def text(value):
    """A str of the wire; lone surrogates that are no file name bytes become question marks."""
    try:
        data = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = value.encode("utf-8", "replace")
    return U32.pack(len(data)) + data


class Channel:
    """Frames on a private high descriptor, which neither the script nor what it starts can come upon by accident."""

    def __init__(self, fd):
        self.fd = self._out_of_reach(fd)
        self.pid = os.getpid()
        self.buffer = bytearray()
        os.register_at_fork(after_in_child=self._close)

    @staticmethod
    def _out_of_reach(fd):
        for high in (1000, 200, 100):
            try:
                os.dup2(fd, high, inheritable=False)
            except OSError:
                continue
            os.close(fd)
            return high
        return fd

    def _close(self):
        try:
            os.close(self.fd)
        except OSError:
            pass

    def send(self, kind, *parts):
        length = 1 + sum(map(len, parts))
        data = memoryview(b"".join((HEAD.pack(length, kind),) + parts))
        try:
            while data:
                data = data[os.write(self.fd, data):]
        except OSError:
            leave(1)

    def receive(self):
        """(kind, body); the end of the stream means that the runner is gone, and so are we."""
        buffer = self.buffer
        while len(buffer) < 4 or len(buffer) < 4 + U32.unpack_from(buffer)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            if not data:
                leave(1)
            buffer += data
        end = 4 + U32.unpack_from(buffer)[0]
        body = bytes(buffer[5:end])
        kind = buffer[4]
        del buffer[:end]
        return kind, body


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass


def leave(code):
    """Ends the process as multiprocessing ends its children: no atexit handlers, but what was printed arrives."""
    flush()
    os._exit(code)


def strings(body, offset, count):
    found = []
    for _ in range(count):
        size = U32.unpack_from(body, offset)[0]
        offset += 4
        found.append(body[offset:offset + size].decode("utf-8", "surrogateescape"))
        offset += size
    return found


def read_fields(body):
    words = strings(body, 4, 2 * U32.unpack_from(body)[0])
    fields, arguments = {}, []
    for key, value in zip(words[::2], words[1::2]):
        if key == "argument":
            arguments.append(value)
        else:
            fields[key] = value
    return fields, arguments


def one_line(value, limit=400):
    line = " ".join(value.split())
    return line if len(line) <= limit else line[:limit - 3] + "..."


def describe(error):
    """(summary, traceback) of an exception, without a frame of this file."""
    try:
        import traceback
        frame = error.__traceback__
        while frame is not None and frame.tb_frame.f_code.co_filename == HERE:
            frame = frame.tb_next
        whole = "".join(traceback.format_exception(type(error), error, frame))
        last = traceback.format_exception_only(type(error), error)
        summary = one_line(next((line for line in reversed(last) if line.strip()), type(error).__name__))
        return summary, whole
    except BaseException:
        return type(error).__name__, ""


def beside(name):
    """A module that lies beside this file, where scripts do not find it."""
    if name not in sys.modules:
        from importlib.util import module_from_spec, spec_from_file_location
        spec = spec_from_file_location(name, os.path.join(os.path.dirname(HERE), name + ".py"))
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module
    return sys.modules[name]


class WrongReturn(Exception):
    """run() returned something that is no list of results."""
    said_by_message = True


class Context:
    """What run(mini_batch, context) gets, with the attributes of Azure's."""

    __slots__ = ("minibatch_index", "dataset", "partition_key_value", "global_row_index_lower_bound")

    def __init__(self, index):
        self.minibatch_index = index
        self.dataset = None
        self.partition_key_value = {}
        self.global_row_index_lower_bound = 0


def takes_context(run):
    """Whether run accepts two positional arguments. Decided by arity, as the name of the second one varies."""
    code = getattr(run, "__code__", None)
    if code is not None and not hasattr(run, "__wrapped__") and not hasattr(run, "__self__"):
        return code.co_argcount >= 2
    import inspect
    try:
        parameters = inspect.signature(run).parameters.values()
    except (TypeError, ValueError):
        return False
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters) >= 2


def is_a(value, module, name):
    """isinstance(value, module.name) without importing the module: what was never imported cannot have been returned."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


class Rows:
    """Turns what run() returned into rows, byte for byte as Azure writes them."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.warned = False

    def of(self, value):
        """(how many, their bytes)"""
        if is_a(value, "pandas", "DataFrame"):
            return len(value), self._frame(value) if self.wanted and len(value) else b""
        if not isinstance(value, (list, tuple)):
            value = self._converted(value)
        return len(value), self._lines(value) if self.wanted else b""

    @staticmethod
    def _frame(value):
        return value.to_csv(header=None, index=None, sep=" ").encode("utf-8", "surrogateescape")

    @staticmethod
    def _lines(values):
        return "".join(["{}\n".format(value) for value in values]).encode("utf-8", "surrogateescape")

    def _converted(self, value):
        kind = type(value).__name__
        array = is_a(value, "numpy", "ndarray") and value.ndim > 0
        if not (array or is_a(value, "pandas", "Series") or kind == "generator"):
            shown = one_line(repr(value), 100)
            raise WrongReturn("run() returned %s (%s), not a list, a tuple or a pandas DataFrame" % (shown, kind))
        if not self.warned:
            self.warned = True
            print("mlpipe: run() returned a %s; Azure ML accepts only a list, a tuple or a pandas DataFrame" % kind, file=sys.stderr)
        return list(value)


def set_up_logging(level):
    """The root logger as in Azure: to stdout, from --logging_level on."""
    import logging
    import time
    form = logging.Formatter("%(asctime)s|%(name)s|%(levelname)s|%(process)d|%(thread)d|%(funcName)s()|%(message)s")
    form.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(form)
    root = logging.getLogger()
    root.addHandler(handler)
    known = logging.getLevelName(level.upper())
    root.setLevel(known if isinstance(known, int) else logging.INFO)


class LoggingWhenImported:
    """Sets up logging the moment a script, or what it uses, imports it: for those that do not, start-up is 7 ms shorter."""

    def __init__(self, level):
        self.level = level

    def find_spec(self, name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._set_up_after(spec)
                return spec
        return None

    def _set_up_after(self, spec):
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            set_up_logging(self.level)

        spec.loader.exec_module = exec_module


def prepare(fields, arguments):
    import _signal
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace" if stream is sys.stderr else "surrogateescape")
    source = fields["source_directory"]
    if not (getattr(sys.flags, "safe_path", False) or sys.flags.isolated):
        del sys.path[0]  # the folder of this file: nothing in it is for scripts to import
    sys.path.insert(0, source)
    sys.argv = [os.path.join(source, fields["entry_script"])] + arguments
    # A script's own multiprocessing starts children that import the main module again: there is none to import.
    main_module = sys.modules["__main__"]
    for name in ("__file__", "__cached__"):
        if hasattr(main_module, name):
            delattr(main_module, name)
    level = fields.get("logging_level", "INFO")
    if "logging" in sys.modules:
        set_up_logging(level)
    else:
        sys.meta_path.insert(0, LoggingWhenImported(level))


def load(entry_script):
    name = os.path.normpath(entry_script)
    name = (name[:-3] if name.endswith(".py") else name).replace("/", ".")
    __import__(name)
    module = sys.modules[name]
    if not callable(getattr(module, "run", None)):
        raise AttributeError("%s has no function run(mini_batch)" % entry_script)
    return module


def start(channel):
    """Imports the entry script and calls its init(). Returns the module and the rows' writer."""
    kind, body = channel.receive()
    if kind != INIT:
        leave(1)
    fields, arguments = read_fields(body)
    try:
        prepare(fields, arguments)
        began = perf_counter_ns()
        module = load(fields["entry_script"])
        init = getattr(module, "init", None)
        if init is not None:
            init()
    except BaseException as error:
        summary, whole = describe(error)
        flush()  # the runner ends us as soon as it has heard
        channel.send(INIT_FAILED, text(summary), text(whole))
        leave(1)
    channel.send(READY, Struct("<Q").pack((perf_counter_ns() - began) // 1000))
    return module, Rows(fields.get("output_action") != "summary_only")


def work(channel, run, with_context, rows, body):
    """One mini-batch: whatever run() raises, SystemExit included, fails this try and nothing else."""
    number, attempt, kind, count = BATCH_HEAD.unpack_from(body)
    context = Context(number)
    try:
        began = perf_counter_ns()
        items = beside("mlpipe_tables").mini_batch(kind, count, body, BATCH_HEAD.size, context) if kind else strings(body, BATCH_HEAD.size, count)
        value = [] if items is None else run(items, context) if with_context else run(items)
        returned, data = rows.of(value)
        took = (perf_counter_ns() - began) // 1000
        if len(data) > LONGEST_FRAME - 4096:
            raise WrongReturn("run() returned %d bytes of rows, more than 1 GB: use a smaller mini_batch_size" % len(data))
    except BaseException as error:
        if os.getpid() != channel.pid:
            os._exit(1)
        summary, whole = describe(error)
        if getattr(error, "said_by_message", False):
            summary, whole = str(error), ""
        channel.send(FAILED, FAILED_HEAD.pack(number, attempt), text(summary), text(whole))
    else:
        if os.getpid() != channel.pid:
            os._exit(0)
        channel.send(RESULT, RESULT_HEAD.pack(number, attempt, count, returned, took, 0), data)


def finish(channel, module):
    report = ""
    try:
        shutdown = getattr(module, "shutdown", None)
        if shutdown is not None:
            shutdown()
    except BaseException as error:
        summary, whole = describe(error)
        report = whole or summary
    channel.send(BYE, text(report))
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
    except BaseException:
        pass
    leave(0)


def serve(channel):
    """The life of a worker; mlpipe_replay.py leads it with a channel of its own."""
    module, rows = start(channel)
    run = module.run
    with_context = takes_context(run)
    while True:
        kind, body = channel.receive()
        if kind == MINI_BATCH:
            work(channel, run, with_context, rows, body)
        elif kind == STOP:
            finish(channel, module)
        else:
            leave(1)


HERE = serve.__code__.co_filename
if __name__ == "__main__":
    serve(Channel(3))
