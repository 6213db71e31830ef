"""What the stand-ins beside this file have in common: they give way to the real packages, and say that they are used.

A step's PYTHONPATH has the folders of those that it seems to lack, before what is installed; so each looks first whether the real one is there.
"""
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))


def real(name):
    """The spec of the package of that name that is not ours, or None. Editable installs are found by finders of their own."""
    from importlib.machinery import PathFinder
    above = sys.modules.get(name.rpartition(".")[0])
    where = sys.path if above is None else above.__path__
    others = [path for path in where if not os.path.abspath(path or ".").startswith(FOLDER)]
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec = find(name, others if finder is PathFinder or above is not None else None) if find else None
        if spec is not None and spec.loader is not None and not (spec.origin or "").startswith(FOLDER):
            return spec
    return None


def hand_over(name):
    """Puts the real package in the place of the stand-in that is being imported. False: there is none, and the stand-in is used."""
    spec = real(name)
    if spec is None:
        announce(name)
        return False
    from importlib.util import module_from_spec
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return True


def announce(name):
    """Leaves a note for the runner, which tells people once a run."""
    folder = os.environ.get("MLPIPE_STAND_INS")
    try:
        if folder:
            os.makedirs(folder, exist_ok=True)
            open(os.path.join(folder, name), "a").close()
    except OSError:
        pass


def missing(package, name):
    """What a stand-in raises for something that it does not have."""
    return AttributeError("%s is not installed, and mlpipe's small stand-in for it has no `%s`: install %s in the step's environment"
                          % (package, name, package))
