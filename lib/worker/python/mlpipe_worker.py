"""The Python worker of mlpipe: runs an entry script's init(), run(mini_batch) and shutdown() for the runner.

Speaks the frames of lib/worker/protocol.h on descriptor 3 and nothing else: what a script prints goes to the pipes that
are its stdout and stderr. Needs only the standard library, Python 3.8 or newer, and imports as little as it can.

Fields of "init": entry_script, source_directory, name ("process000"), output_action, logging_level, logs (the step's folder),
replacements (texts that no log may hold and what stands for them, each followed by a NUL), stack_signal, the flags
dataframe_header, safe_output, profiling_module and nice, and the words of sys.argv after its first as a repeated "argument".

What few scripts need is in modules beside this file, mlpipe_*.py: loaded on first use, and found by Imports only.
"""
import sys
import os
from struct import Struct
from time import perf_counter_ns

INIT, MINI_BATCH, STOP = 1, 2, 3
READY, INIT_FAILED, RESULT, FAILED, HEADER, BYE = 10, 11, 12, 13, 14, 15
LONGEST_FRAME = 1 << 30

U32 = Struct("<I")
U64 = Struct("<Q")
HEAD = Struct("<IB")
BATCH_HEAD = Struct("<QIBI")
RESULT_HEAD = Struct("<QIIIQII")
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
        self.fd = self._out_of_reach(fd, 1000)
        self.pid = os.getpid()
        self.buffer = bytearray()
        os.register_at_fork(after_in_child=self._close)

    @staticmethod
    def _out_of_reach(fd, highest):
        for high in (highest, highest - 800, highest - 900):
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
    """(summary, traceback) of an exception, without the frames that lead to the script."""
    try:
        import traceback
        frame = first = error.__traceback__
        while frame is not None:
            if frame.tb_frame.f_code.co_filename in CALLERS:
                first = frame.tb_next
            frame = frame.tb_next
        whole = "".join(traceback.format_exception(type(error), error, first))
        last = traceback.format_exception_only(type(error), error)
        summary = one_line(next((line for line in reversed(last) if line.strip()), type(error).__name__))
        return summary, whole
    except BaseException:
        return type(error).__name__, ""


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
    import mlpipe_calls
    return mlpipe_calls.positional(run) >= 2


class Rows:
    """Turns what run() returned into rows, byte for byte as Azure writes them."""

    def __init__(self, channel):
        self.channel = channel
        self.wanted = FACTS.get("output_action") != "summary_only"
        self.plain = FACTS.get("safe_output") != "True"
        self.header_wanted = self.wanted and FACTS.get("dataframe_header") == "True"
        self.header = self.converter = None
        self.lowest = 0  # the number of the mini-batch whose header was sent last

    def of(self, value, number):
        """(how many, their bytes)"""
        if self.plain and isinstance(value, (list, tuple)):
            if not self.wanted:
                return len(value), b""
            try:
                return len(value), "".join(["{}\n".format(element) for element in value]).encode("utf-8", "surrogateescape")
            except UnicodeEncodeError:
                pass
        return self._with_care(value, number)

    def _with_care(self, value, number):
        import mlpipe_rows
        if mlpipe_rows.is_frame(value):
            if self.header_wanted and len(value):
                self._send_header(mlpipe_rows.header_of(value), number)
            return len(value), mlpipe_rows.frame_lines(value) if self.wanted else b""
        if not isinstance(value, (list, tuple)):
            self.converter = self.converter or mlpipe_rows.Converter()
            value = self.converter.listed(value)
        return len(value), mlpipe_rows.lines_of(value) if self.wanted else b""

    def _send_header(self, header, number):
        if header != self.header or number < self.lowest:
            self.header, self.lowest = header, number
            self.channel.send(HEADER, U64.pack(number), header)


class Imports:
    """What imports give a script beyond what Python finds: see mlpipe_imports.py, and the other modules beside this file."""

    def find_spec(self, name, path=None, target=None):
        if name.startswith("mlpipe_"):
            return self._beside(name)
        if name == "logging" or name.partition(".")[0] in ("azureml", "azureml_user"):
            import mlpipe_imports
            return mlpipe_imports.find_spec(name, path, target, self)
        return None

    @staticmethod
    def _beside(name):
        file = next(filter(os.path.isfile, (FOLDER + name + ".py", FOLDER + "shims/" + name + ".py")), None)
        if file is None:
            return None
        from _frozen_importlib_external import spec_from_file_location
        spec = spec_from_file_location(name, file)
        load = spec.loader.exec_module

        def exec_module(module):
            module.facts, module.WrongReturn = FACTS, WrongReturn
            load(module)

        spec.loader.exec_module = exec_module
        return spec


def show_stacks_on(signal):
    """From now on that signal writes the stack of every thread to what is stderr now, whatever C code is busy with."""
    try:
        import faulthandler
        faulthandler.register(signal, file=Channel._out_of_reach(os.dup(2), 1001), all_threads=True, chain=False)
    except (ImportError, OSError, ValueError, RuntimeError):
        pass


def prepare(arguments):
    import _signal
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
    if "stack_signal" in FACTS:
        show_stacks_on(int(FACTS["stack_signal"]))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace" if stream is sys.stderr else "surrogateescape")
    source = FACTS["source_directory"]
    if not (getattr(sys.flags, "safe_path", False) or sys.flags.isolated):
        del sys.path[0]  # the folder of this file: nothing in it is for scripts to import
    sys.path.insert(0, source)
    sys.argv = [os.path.join(source, FACTS["entry_script"])] + arguments
    # A script's own multiprocessing starts children that import the main module again: there is none to import.
    for name in ("__file__", "__cached__"):
        vars(sys.modules["__main__"]).pop(name, None)
    sys.meta_path.insert(0, Imports())
    if "logging" in sys.modules:
        import mlpipe_imports
        mlpipe_imports.catch_up()
    if FACTS.get("nice", "0") != "0":
        import mlpipe_calls
        mlpipe_calls.be_nice(int(FACTS["nice"]))


def load(entry_script):
    """Imports it as Azure does: below the source directory, which alone is on sys.path, src/entry.py is the module src.entry."""
    name = os.path.normpath(entry_script)
    name = (name[:-3] if name.endswith(".py") else name).replace("/", ".")
    __import__(name)
    module = sys.modules[name]
    file = getattr(module, "__file__", None)
    if not (file or "").startswith(FACTS["source_directory"]):
        raise ImportError("`import %s` gives another module of that name, %s: rename the entry script" % (name, file or "built into Python"))
    if not callable(getattr(module, "run", None)):
        raise AttributeError("%s has no function run(mini_batch)" % entry_script)
    return module


class FirstPrint:
    """Notes that the script prints, and is out of the way then. Until it does the runner sends mini-batches ahead, and cannot tell by
    itself which of them a text belongs to. What does not go through Python's own streams is not seen."""
    seen = 0

    @staticmethod
    def watch(stream):
        def write(text):
            FirstPrint.seen = 1
            vars(stream).pop("write", None)
            return stream.write(text)

        try:
            stream.write = write
        except (AttributeError, TypeError):
            pass  # there is none


class Calls:
    @staticmethod
    def call(function, *arguments):
        value = function(*arguments)
        if hasattr(type(value), "__await__"):
            import mlpipe_calls
            value = mlpipe_calls.awaited(value)
        return value

    @staticmethod
    def end():
        pass


def start(channel):
    """Imports the entry script and calls its init(). Returns the module and its caller."""
    kind, body = channel.receive()
    if kind != INIT:
        leave(1)
    fields, arguments = read_fields(body)
    FACTS.update(fields)
    try:
        prepare(arguments)
        calls = Calls
        if FACTS.get("profiling_module"):
            import mlpipe_calls
            calls = mlpipe_calls.Profiled(Calls)
        began = perf_counter_ns()
        module = load(FACTS["entry_script"])
        init = getattr(module, "init", None)
        if init is not None:
            calls.call(init)
    except BaseException as error:
        if os.getpid() != channel.pid:
            os._exit(1)
        summary, whole = describe(error)
        flush()  # the runner ends us as soon as it has heard
        channel.send(INIT_FAILED, text(summary), text(whole))
        leave(1)
    channel.send(READY, U64.pack((perf_counter_ns() - began) // 1000))
    return module, calls


def work(channel, call, run, with_context, rows, body):
    """One mini-batch: whatever run() raises, SystemExit included, fails this try and nothing else."""
    number, attempt, kind, count = BATCH_HEAD.unpack_from(body)
    context = Context(number)
    FACTS["mini_batch"], FACTS["attempt"] = number, attempt
    try:
        began = perf_counter_ns()
        if kind == 0:
            items = strings(body, BATCH_HEAD.size, count)
        else:
            import mlpipe_tables
            items = mlpipe_tables.mini_batch(kind, count, body, BATCH_HEAD.size, context)
        value = [] if items is None else call(run, items, context) if with_context else call(run, items)
        returned, data = rows.of(value, number)
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
        if FirstPrint.seen:
            flush()
        channel.send(RESULT, RESULT_HEAD.pack(number, attempt, count, returned, took, FirstPrint.seen, 0), data)


def end_logging(logging):
    """As at the end of any other program: handlers that send from time to time, such as AzureLogHandler, send what is left."""
    try:
        logging.shutdown()
    except BaseException:
        pass


def finish(channel, module, calls):
    report = ""
    try:
        shutdown = getattr(module, "shutdown", None)
        if shutdown is not None:
            calls.call(shutdown)
        calls.end()
    except BaseException as error:
        summary, whole = describe(error)
        report = whole or summary
    if "logging" in sys.modules:
        end_logging(sys.modules["logging"])
    channel.send(BYE, text(report))
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
    except BaseException:
        pass
    leave(0)


def serve(channel):
    """The life of a worker; mlpipe_replay.py leads it with a channel of its own."""
    module, calls = start(channel)
    flush()  # that was init()
    for stream in (sys.__stdout__, sys.__stderr__):  # a script's own stand before them
        FirstPrint.watch(stream)
    rows, run = Rows(channel), module.run
    with_context = takes_context(run)
    while True:
        kind, body = channel.receive()
        if kind == MINI_BATCH:
            work(channel, calls.call, run, with_context, rows, body)
        elif kind == STOP:
            finish(channel, module, calls)
        else:
            leave(1)


FOLDER = os.path.dirname(os.path.abspath(serve.__code__.co_filename)) + "/"
CALLERS = (serve.__code__.co_filename, FOLDER + "mlpipe_calls.py")
FACTS = {}  # the fields of "init"
if __name__ == "__main__":
    serve(Channel(3))
