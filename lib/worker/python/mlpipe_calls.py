"""Calls of a script's functions that are not plain ones: what is `async`, what has no code object to ask, what is profiled."""
import os
import sys

loop = None


def be_nice(by):
    try:
        os.nice(by)
    except OSError as error:
        print("mlpipe: --nice %d: %s" % (by, error.strerror), file=sys.stderr)


def awaited(value):
    """All in one event loop, so that what an `async def init()` opened stays usable in run()."""
    global loop
    if loop is None:
        import asyncio
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
    return loop.run_until_complete(value)


def positional(function):
    """How many positional arguments it takes; what a decorator made of it counts only where functools.wraps was not used."""
    import inspect
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 0
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


class Profiled:
    """--profiling_module: everything that a worker calls of the script, in a file for pstats."""

    def __init__(self, calls):
        self.calls = calls
        self.make = __import__(facts["profiling_module"]).Profile  # noqa: F821
        self.stats = None

    def call(self, function, *arguments):
        profiler = self.make()  # one a call: that of the module profile cannot be used twice
        try:
            return profiler.runcall(self.calls.call, function, *arguments)
        finally:
            self.add(profiler)

    def add(self, profiler):
        import pstats
        if self.stats is None:
            self.stats = pstats.Stats(profiler)
        else:
            self.stats.add(profiler)

    def end(self):
        if self.stats is None:
            return
        from mlpipe_logs import place
        for number in range(1, 10000):  # a worker that died has left its name to its successor
            name = facts["name"] + (".profile" if number == 1 else ".%d.profile" % number)  # noqa: F821
            file = place("sys", "node", "local-0", name)
            if not os.path.exists(file):
                return self.stats.dump_stats(file)
