"""Model.get_model_path() inside a step: a model is a path that the pipeline gives."""
import os


def newest(folder):
    numbers = [name for name in os.listdir(folder) if name.isdigit()]
    return max(numbers, key=int) if numbers else None


def content(folder):
    """The one file or folder of a model's version, as Azure's get_model_path gives it; else the folder itself."""
    names = os.listdir(folder)
    return os.path.join(folder, names[0]) if len(names) == 1 else folder


def registered(root, name, version):
    """Below azureml-models/NAME/VERSION; nothing: not there."""
    folder = os.path.join(root, "azureml-models", name)
    if not os.path.isdir(folder):
        return None
    number = newest(folder) if version is None else str(version)
    place = os.path.join(folder, number) if number else None
    return content(place) if place and os.path.isdir(place) else None


def environment_name(name):
    return "AZURE_ML_INPUT_" + name


def in_model_dir(name):
    root = os.environ.get("AZUREML_MODEL_DIR")
    if not root:
        return None
    below = os.path.join(root, name)
    if os.path.exists(below):
        return below
    return root if os.path.basename(os.path.normpath(root)) == name else None


def get_model_path(model_name, version=None, _workspace=None):
    """The local path of a model: downloaded ones first, then a file or folder of that name, then what the step was given."""
    here, source = os.getcwd(), facts["source_directory"]  # noqa: F821
    for root in (here, source):
        found = registered(root, model_name, version)
        if found:
            return found
    given = os.environ.get(environment_name(model_name))
    beside = [os.path.join(root, model_name) for root in (here, source)]
    for path in (beside[0], given, in_model_dir(model_name), beside[1]):
        if path and os.path.exists(path):
            return path
    wanted = "model `%s`" % model_name + ("" if version is None else ", version %s," % version)
    raise FileNotFoundError(
        "%s was not found: looked for azureml-models/%s and %s in the worker's folder and in the source directory, for a side input "
        "named %s, and in AZUREML_MODEL_DIR. Give it to the step: `side_inputs: {%s: \"${{pipeline.inputs.MODEL}}\"}`"
        % (wanted, model_name, model_name, model_name, model_name))


class Remedy(type):
    def __getattr__(cls, name):
        raise AttributeError("azureml-core is not installed, and mlpipe stands in for Model.get_model_path only, not for Model.%s: "
                             "install azureml-core in the step's environment" % name)


class Model(metaclass=Remedy):
    """Stands in for azureml.core.Model where azureml-core is not installed."""

    get_model_path = staticmethod(get_model_path)

    def __init__(self, *_, **__):
        raise RuntimeError("azureml-core is not installed, and there is no registry of models here: Model.get_model_path(NAME) gives the "
                           "path of a side input of that name")
