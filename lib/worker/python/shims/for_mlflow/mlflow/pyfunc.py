"""mlflow.pyfunc of the stand-in: predictions of models that were saved by mlflow.sklearn."""
from mlflow import sklearn
from mlpipe_stand_in import missing


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing("mlflow", "pyfunc." + name)


class PyFuncModel:
    def __init__(self, model):
        self._model = model

    def predict(self, data, params=None):
        return self._model.predict(data)

    def unwrap_python_model(self):
        return self._model


def load_model(model_uri, **_):
    return PyFuncModel(sklearn.load_model(model_uri))
