"""What an import of Azure's packages gives inside a parallel step.

azureml_user exists inside a job only, so it is always ours. A really installed azureml-core stays as it is, but for Run.get_context()
and Model.get_model_path(), which outside of Azure would know nothing of this step; without it, stand-ins for these two. logging is
set up the moment a script, or what it uses, imports it: for those that do not, start-up is 7 ms shorter.
"""
import sys
from _frozen_importlib import ModuleSpec, spec_from_loader

PATCHES = {"azureml.core.run": ("mlpipe_run", "Run", "get_context"), "azureml.core.model": ("mlpipe_model", "Model", "get_model_path")}


def ours(name):
    """Our class for the one that the module of that name has."""
    file, kind, _ = PATCHES[name]
    return getattr(__import__(file), kind)


class Made:
    """A loader whose modules are filled by a function."""

    def __init__(self, fill):
        self.fill = fill

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        self.fill(module)


def set_up_logging(logging):
    """The root logger as in Azure: to stdout, from --logging_level on."""
    import time
    form = logging.Formatter("%(asctime)s|%(name)s|%(levelname)s|%(process)d|%(thread)d|%(funcName)s()|%(message)s")
    form.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(form)
    root = logging.getLogger()
    root.addHandler(handler)
    known = logging.getLevelName(facts.get("logging_level", "INFO").upper())  # noqa: F821
    root.setLevel(known if isinstance(known, int) else logging.INFO)


def run_then(spec, act):
    """The spec of a real module, which is handed to `act` as soon as it was run."""
    load = spec.loader.exec_module

    def exec_module(module):
        load(module)
        act(module)

    spec.loader.exec_module = exec_module
    return spec


def package(name, fill):
    return spec_from_loader(name, Made(fill), is_package=True)


def fill_nothing(module):
    pass


def fill_user_package(module):
    from mlpipe_entry_script import EntryScript
    module.EntryScript = EntryScript


def fill_core(module):
    module.Run, module.Model = ours("azureml.core.run"), ours("azureml.core.model")
    module.VERSION = module.__version__ = "0.mlpipe"
    module.__getattr__ = missing


def missing(name):
    if name.startswith("__") or "azureml.core." + name in PATCHES:
        raise AttributeError(name)
    raise ImportError("azureml-core is not installed, and mlpipe stands in for azureml.core.Run and azureml.core.Model only, not for "
                      "`%s`: install azureml-core in the step's environment" % name, name="azureml.core")


def fill_part(module):
    setattr(module, PATCHES[module.__name__][1], ours(module.__name__))


def refuse(module):
    raise ModuleNotFoundError("No module named '%s': azureml-core is not installed, and mlpipe stands in for azureml.core.Run and "
                              "azureml.core.Model only; install azureml-core in the step's environment" % module.__name__, name=module.__name__)


def patch(module):
    """Makes one method of the real class ours."""
    _, kind, method = PATCHES[module.__name__]
    setattr(getattr(module, kind), method, staticmethod(getattr(ours(module.__name__), method)))


def catch_up():
    """For what was imported before the worker began."""
    for name, act in {"logging": set_up_logging, **dict.fromkeys(PATCHES, patch)}.items():
        if name in sys.modules:
            act(sys.modules[name])


def is_stand_in(spec):
    """One of those for command steps: here are better ones, which know the mini-batches' step."""
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or [])
    return bool(places) and all("/mlpipe/python/shims/" in str(place) for place in places)


def real(name, path, target, finder):
    for other in sys.meta_path:
        find = getattr(other, "find_spec", None)
        spec = find(name, path, target) if find and other is not finder else None
        if spec is not None and not is_stand_in(spec):
            return spec
    return None


def find_spec(name, path, target, finder):
    """The spec of logging, or of a module below azureml or azureml_user; nothing: as anywhere else."""
    if name == "azureml_user":
        return package(name, fill_nothing)
    if name.startswith("azureml_user."):
        return package(name, fill_user_package) if name == "azureml_user.parallel_run" else None
    spec = real(name, path, target, finder)
    if spec is not None and spec.loader is not None and (name == "logging" or name in PATCHES):
        return run_then(spec, set_up_logging if name == "logging" else patch)
    if spec is not None or name == "logging":
        return spec
    if name == "azureml":
        return package(name, fill_nothing)
    if name == "azureml.core":
        return package(name, fill_core)
    if name in PATCHES:
        return ModuleSpec(name, Made(fill_part))
    return ModuleSpec(name, Made(refuse)) if name.startswith("azureml.core.") else None
