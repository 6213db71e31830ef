"""mlflow.sklearn of the stand-in: models as a folder with model.pkl and a small MLmodel file, which mlflow itself can load."""
import os
import pickle

import mlflow
from mlpipe_stand_in import missing

MLMODEL = """flavors:
  python_function:
    loader_module: mlflow.sklearn
    model_path: model.pkl
    python_version: {python}
  sklearn:
    pickled_model: model.pkl
    serialization_format: {form}
    sklearn_version: {sklearn}
"""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing("mlflow", "sklearn." + name)


def autolog(*_, **__):
    pass


def pickler():
    try:
        import cloudpickle
        return cloudpickle
    except ImportError:
        return pickle


def save_model(sk_model, path, **_):
    import sys
    import sklearn
    os.makedirs(path, exist_ok=True)
    if os.listdir(path):
        raise FileExistsError("%s is not empty: a model is saved into a folder of its own" % path)
    chosen = pickler()
    with open(os.path.join(path, "model.pkl"), "wb") as file:
        chosen.dump(sk_model, file)
    with open(os.path.join(path, "MLmodel"), "w") as file:
        file.write(MLMODEL.format(python="%d.%d.%d" % sys.version_info[:3], form=chosen.__name__, sklearn=sklearn.__version__))


def log_model(sk_model, artifact_path=None, name=None, registered_model_name=None, **_):
    target = mlflow.get_artifact_uri(artifact_path or name or "model")
    save_model(sk_model, target[7:])
    return mlflow.stand_in.Named(model_uri=target, artifact_path=artifact_path or name)


def local_path(uri):
    path = uri[7:] if uri.startswith("file://") else uri
    if path.startswith("runs:/"):
        run, _, below = path[6:].partition("/")
        path = os.path.join(mlflow.get_run(run)._run.folder, "artifacts", below)
    if "://" in path or path.startswith("models:/"):
        raise ValueError("%s is not a path of this machine" % uri)
    return path


def load_model(model_uri, **_):
    path = local_path(model_uri)
    if os.path.isdir(path):
        path = os.path.join(path, pickle_of(path))
    with open(path, "rb") as file:
        return pickler().load(file)


def pickle_of(folder):
    """The name that the folder's MLmodel file gives; model.pkl without."""
    try:
        with open(os.path.join(folder, "MLmodel")) as file:
            named = [line.split(":", 1)[1].strip() for line in file if line.strip().startswith(("pickled_model:", "model_path:"))]
    except OSError:
        named = []
    return next((name for name in named if os.path.isfile(os.path.join(folder, name))), "model.pkl")
