"""A Python program under a debugger, for `mlpipe debug`: it stands for `python`, and ends as the program does.

usage: mlpipe_debug.py (--pdb | --debugpy PORT) [--shims FOLDER] WORDS

WORDS are those of `python`. --shims: the folder on PATH whose `python` is this; what the program starts shall get the real one.
Exit code: that of the program, 1 when it raised or pdb was left before its end.
"""
import os
import sys
import types

HERE = os.path.abspath(__file__)
IMPLICIT = not (getattr(sys.flags, "safe_path", False) or sys.flags.isolated)  # Python has put our folder first on sys.path
if not IMPLICIT:
    sys.path.insert(0, os.path.dirname(HERE))
import mlpipe_debuggers as debuggers
del sys.path[0]

TAKE_A_VALUE = "WX"


class Asked:
    """The command line: our options, the program's options for Python, and the program."""

    def __init__(self, words):
        self.words, self.port, self.shims = list(words), None, ""
        while words[0] in ("--pdb", "--debugpy", "--shims"):
            option = words.pop(0)
            if option == "--debugpy":
                self.port = int(words.pop(0))
            elif option == "--shims":
                self.shims = words.pop(0)
            if not words:
                break
        self.ours = self.words[:len(self.words) - len(words)]
        self.of_python = list(words)
        self.flags, self.module, self.program = self.split(words)

    @staticmethod
    def split(words):
        """Flags, whether the program is a module, and its words; none where there is no program with a source."""
        flags = []
        while words and words[0].startswith("-") and words[0] != "-":
            word = words.pop(0)
            if word.startswith("--"):
                return [], False, []
            for place, letter in enumerate(word[1:], 1):
                rest = [word[place + 1:]] if word[place + 1:] else words[:1]
                if letter == "c":
                    return [], False, []
                if letter == "m":
                    if word[place + 1:]:
                        words.insert(0, word[place + 1:])
                    return flags + (["-" + word[1:place]] if place > 1 else []), True, words
                if letter in TAKE_A_VALUE:
                    flags += ["-" + word[1:place + 1], *rest]
                    if not word[place + 1:]:
                        del words[:1]
                    break
            else:
                flags.append(word)
        script = words and words[0] != "-" and not os.path.isdir(words[0])
        return flags, False, words if script else []


def as_it_is(words):
    os.execv(sys.executable, [sys.executable, *words])


def again(asked, flags=()):
    """Ourselves from the beginning, with Python's own flags where Python looks for them."""
    program = ["-m", *asked.program] if asked.module else asked.program
    source_lines = ["-Xfrozen_modules=off"] if asked.port is not None else []  # as mlpipe has given it to us
    as_it_is([*source_lines, *flags, HERE, *asked.ours, *program])


def module_code(name):
    import importlib.util
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(name + ".__main__")
    return (None, None) if spec is None else (spec.loader.get_code(spec.name), spec)


def script_code(path):
    with open(path, "rb") as file:
        return compile(file.read(), os.path.abspath(path), "exec")


def set_up(asked):
    """The code of the program, and its __main__ as Python would have it."""
    if IMPLICIT:
        sys.path.insert(0, os.getcwd() if asked.module else os.path.dirname(os.path.realpath(asked.program[0])))
    main = types.ModuleType("__main__")
    main.__builtins__ = __builtins__
    if asked.module:
        code, main.__spec__ = module_code(asked.program[0])
        if code is None:
            as_it_is(asked.of_python)
        main.__package__, main.__file__ = main.__spec__.parent, main.__spec__.origin
    else:
        code = script_code(asked.program[0])
        main.__file__ = code.co_filename
    sys.argv = [main.__file__ if asked.module else asked.program[0], *asked.program[1:]]
    sys.modules["__main__"] = main
    return code, main.__dict__


def show(kind, error, traceback):
    import traceback as printer
    printer.print_exception(kind, error, debuggers.without_our_frames(traceback))


def under_pdb(asked, code, names):
    import pdb
    debugger = debuggers.make_pdb()
    try:
        debugger.run(code, names)
    except pdb.Restart:
        again(asked)
    except SystemExit:
        raise
    except BaseException as error:
        shown = debuggers.without_our_frames(error.__traceback__)
        show(type(error), error, shown)
        debuggers.post_mortem(shown)
        sys.exit(1)
    if debugger.left:
        debuggers.left_pdb()
        sys.exit(1)


def main():
    asked = Asked(sys.argv[1:])
    if asked.shims:
        folders = os.environ.get("PATH", "").split(os.pathsep)
        os.environ["PATH"] = os.pathsep.join(folder for folder in folders if folder != asked.shims)
    if not asked.program:
        as_it_is(asked.of_python)
    if asked.flags:
        again(asked, asked.flags)
    sys.excepthook = show
    if asked.port is not None:
        debuggers.wait_for_debugger(asked.port)
    code, names = set_up(asked)
    if asked.port is not None:
        exec(code, names)
    else:
        under_pdb(asked, code, names)


main()
