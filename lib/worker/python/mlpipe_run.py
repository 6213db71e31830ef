"""Run.get_context() inside a step: what a script may ask of its run, and metrics that go into the step's logs."""
import json
import os
import shutil
import sys
import time

from mlpipe_logs import append_line, place

INPUT, OUTPUT = "AZURE_ML_INPUT_", "AZURE_ML_OUTPUT_"


def plain(value):
    """A value that JSON has no word for: numpy's numbers and arrays become Python's, anything else its text."""
    for name in ("item", "tolist"):
        try:
            return getattr(value, name)()
        except (AttributeError, ValueError, TypeError):
            pass
    return str(value)


def json_line(value):
    """Strict JSON, which has no word for NaN and infinity: they are null. What has no JSON at all is its text."""
    options = {"default": plain, "ensure_ascii": False}
    try:
        return json.dumps(value, allow_nan=False, **options)
    except ValueError:
        return json.dumps(json.loads(json.dumps(value, **options), parse_constant=lambda _: None), ensure_ascii=False)


class Data(str):
    """An input or output: its path, as Azure gives for mounted data, with the methods of a dataset that make sense here."""

    name = ""

    def to_path(self):
        if not os.path.isdir(self):
            return [str(self)]
        return sorted(os.path.join(folder, file) for folder, _, files in os.walk(self, followlinks=True) for file in files)

    def to_pandas_dataframe(self):
        import pandas
        readers = {".csv": pandas.read_csv, ".tsv": lambda path: pandas.read_csv(path, sep="\t"), ".parquet": pandas.read_parquet,
                   ".jsonl": lambda path: pandas.read_json(path, lines=True)}
        frames = [readers[os.path.splitext(path)[1].lower()](path) for path in self.to_path()
                  if os.path.splitext(path)[1].lower() in readers]
        if not frames:
            raise ValueError("%s has no .csv, .tsv, .jsonl or .parquet file" % self)
        return frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)

    def download(self, target_path=None, overwrite=False):
        if target_path is None:
            return self.to_path()
        os.makedirs(target_path, exist_ok=True)
        return [shutil.copy(path, target_path) for path in self.to_path()]

    @property
    def mount_point(self):
        return str(self)

    def mount(self, mount_point=None):
        return self

    def start(self):
        pass

    stop = start

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def data_of(prefix):
    found = {}
    for variable, path in os.environ.items():
        if variable.startswith(prefix):
            found[variable[len(prefix):]] = data = Data(path)
            data.name = variable[len(prefix):]
    return found


class Workspace:
    """There is none: what a script may ask of it has an answer or an error that says so."""

    name, resource_group, subscription_id, location = "local", "local", "00000000-0000-0000-0000-000000000000", "local"

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError("a step that runs locally has no workspace, so no `%s`: hand the data to the step as an input" % name)


class Experiment:
    def __init__(self, name):
        self.name, self.workspace = name, Workspace()


class StepRun:
    """A step of a local run, with the methods of azureml.core.Run that scripts use."""

    type, status, number, description = "azureml.StepRun", "Running", 1, ""

    def __init__(self, id, parent=None):
        self.id, self.parent = id, parent
        self.tags, self.properties, self._metrics = {}, {}, {}
        self.name = self.display_name = os.environ.get("MLPIPE_STEP", id)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError("mlpipe's Run has no `%s`: it stands in for what entry scripts use" % name)

    @property
    def experiment(self):
        return Experiment(os.environ.get("MLPIPE_PIPELINE") or "local")

    @property
    def input_datasets(self):
        return data_of(INPUT)

    @property
    def output_datasets(self):
        return data_of(OUTPUT)

    # --- metrics: a line each in the step's logs

    def _log(self, kind, name, value, **more):
        if kind == "metric" and "MLFLOW_RUN_ID" in os.environ:
            self._track(name, value if isinstance(value, (int, float)) else plain(value), more.get("step"))
        self._metrics.setdefault(name, []).append(value)
        line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "run": self.id, "process": facts["name"],  # noqa: F821
                "mini_batch": facts.get("mini_batch"), "kind": kind, "name": name, "value": value}  # noqa: F821
        line = {key: given for key, given in line.items() if given is not None or key == "value"}
        line.update((key, given) for key, given in more.items() if given not in (None, ""))
        append_line(place("user", "metrics.jsonl"), json_line(line))

    def _track(self, name, value, step):
        import mlpipe_tracking
        try:
            if isinstance(value, (int, float)):
                mlpipe_tracking.step_run().metric(name, value, step)
        except (TypeError, ValueError, OverflowError):
            pass  # a whole number beyond all floats, a step that is none: the line in the step's logs has it

    def log(self, name, value, description="", step=None):
        self._log("metric", name, value, description=description, step=step)

    def log_list(self, name, value, description=""):
        self._log("list", name, list(value), description=description)

    def log_row(self, name, description=None, **values):
        self._log("row", name, values, description=description)

    def log_table(self, name, value, description=""):
        self._log("table", name, value, description=description)

    def _log_document(self, name, value, description=""):
        self._log("document", name, value, description=description)

    log_accuracy_table = log_confusion_matrix = log_predictions = log_residuals = _log_document

    def log_image(self, name, path=None, plot=None, description=""):
        if plot is not None:
            kept = place("user", "images", "%s-%d.png" % (name, time.time_ns()))
            plot.savefig(kept)
        else:
            kept = self.upload_file(name, path)
        self._log("image", name, kept, description=description)

    def get_metrics(self, name=None, **_):
        chosen = {key: values for key, values in self._metrics.items() if name in (None, key)}
        return {key: values[0] if len(values) == 1 else values for key, values in chosen.items()}

    # --- files

    def upload_file(self, name, path_or_stream, **_):
        kept = place("user", "uploads", *[part for part in name.split("/") if part not in ("", ".", "..")])
        if hasattr(path_or_stream, "read"):
            content = path_or_stream.read()
            with open(kept, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
        else:
            shutil.copyfile(path_or_stream, kept)
        return kept

    def upload_folder(self, name, path, **_):
        for folder, _dirs, files in os.walk(path):
            for file in files:
                whole = os.path.join(folder, file)
                self.upload_file(name + "/" + os.path.relpath(whole, path), whole)

    # --- the rest

    def get_details(self):
        named = [{"dataset": {"path": path}, "consumptionDetails": {"inputName": name}} for name, path in self.input_datasets.items()]
        return {"runId": self.id, "target": "local", "status": self.status, "properties": self.properties, "inputDatasets": named,
                "outputDatasets": [{"path": path} for path in self.output_datasets.values()], "logFiles": {},
                "runDefinition": {"script": facts["entry_script"], "arguments": sys.argv[1:]}}  # noqa: F821

    def get_status(self):
        return self.status

    def get_tags(self):
        return dict(self.tags)

    def get_properties(self):
        return dict(self.properties)

    def tag(self, key, value=None):
        self.tags[key] = value

    def set_tags(self, tags):
        self.tags.update(tags)

    def add_properties(self, properties):
        self.properties.update(properties)

    def child_run(self, name=None, **_):
        return StepRun("%s_%s" % (self.id, name or "child"), self)

    def flush(self, *_, **__):
        pass

    complete = fail = cancel = wait_for_completion = flush

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def this_run():
    run, step = os.environ.get("MLPIPE_RUN_ID", "local"), os.environ.get("MLPIPE_STEP", "step")
    return StepRun(os.environ.get("AZUREML_RUN_ID") or "%s_%s" % (run, step), StepRun(run))


CURRENT = this_run()


def get_context(allow_offline=True, used_for_context_manager=False, **_):
    return CURRENT


class Run(StepRun):
    """Stands in for azureml.core.Run where azureml-core is not installed."""

    get_context = staticmethod(get_context)


CURRENT.__class__ = Run
