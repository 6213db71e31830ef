"""A small stand-in for azureml.core in command and script steps: the run, its metrics, models that lie beside the script.

In a parallel step the worker's own is used (mlpipe_run.py), which knows the step's inputs as well.
"""
import json
import logging
import os
import shutil

import mlpipe_model
import mlpipe_tracking
from mlpipe_stand_in import missing

VERSION = __version__ = "0.mlpipe"

# What a script logs without a handler of its own goes to the driver's log, of whatever level, and not from WARNING on as elsewhere.
logging.lastResort.setLevel(logging.NOTSET)


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing("azureml-core", name)


class Run:
    """The step, with the methods of azureml.core.Run that log, tag and upload."""

    def __init__(self, id=None):
        self._tracked = mlpipe_tracking.step_run()
        self.id = id or os.environ.get("AZUREML_RUN_ID") or self._tracked.id
        self.name = self.display_name = os.environ.get("MLPIPE_STEP", self.id)
        self.tags, self.properties, self._metrics = {}, {}, {}
        self.parent = self

    @staticmethod
    def get_context(allow_offline=True, **_):
        Run._current = Run._current or Run()
        return Run._current

    _current = None

    def __getattr__(self, name):
        raise missing("azureml-core", "Run." + name)

    def log(self, name, value, description="", step=None):
        self._metrics.setdefault(name, []).append(value)
        try:
            self._tracked.metric(name, value, step)
        except (TypeError, ValueError, OverflowError):  # a text, which is no metric but is not lost
            self._tracked.tag(name, value)

    def log_list(self, name, value, description=""):
        for number, each in enumerate(value):
            self.log(name, each, step=number)

    def log_row(self, name, description=None, **values):
        for key, value in values.items():
            self.log("%s/%s" % (name, key), value)

    def log_table(self, name, value, description=""):
        for key, values in value.items():
            self.log_list("%s/%s" % (name, key), values if isinstance(values, (list, tuple)) else [values])

    def _log_document(self, name, value, description=""):
        self._tracked.document("%s.json" % name, value if isinstance(value, str) else json.dumps(value, indent=2, default=str))

    log_accuracy_table = log_confusion_matrix = log_predictions = log_residuals = _log_document

    def log_image(self, name, path=None, plot=None, description=""):
        if plot is not None:
            plot.savefig(self._tracked.artifact(name + ".png"))
        else:
            shutil.copyfile(path, self._tracked.artifact(name))

    def get_metrics(self, name=None, **_):
        return {key: values[0] if len(values) == 1 else values for key, values in self._metrics.items() if name in (None, key)}

    def tag(self, key, value=None):
        self.tags[key] = value
        self._tracked.tag(key, value)

    def set_tags(self, tags):
        for key, value in tags.items():
            self.tag(key, value)

    def add_properties(self, properties):
        self.properties.update(properties)

    def get_tags(self):
        return dict(self.tags)

    def upload_file(self, name, path_or_stream, **_):
        shutil.copyfile(path_or_stream, self._tracked.artifact(name))

    def upload_folder(self, name, path, **_):
        shutil.copytree(path, self._tracked.artifact(name), dirs_exist_ok=True)

    def get_status(self):
        return "Running"

    def complete(self, *_, **__):
        pass

    fail = cancel = flush = wait_for_completion = complete


class Model:
    get_model_path = staticmethod(mlpipe_model.get_model_path)


class Dataset:
    def __getattr__(self, name):
        raise missing("azureml-core", "Dataset." + name)
