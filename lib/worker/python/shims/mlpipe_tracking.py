"""Metrics, parameters, tags and artifacts of a step, in the layout of mlflow's file store: `mlflow ui` shows it, the runner reads it.

The runner names the store and the step's run in MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_ID and MLFLOW_RUN_ID; without them it is
./mlruns. Lines are appended whole, so that the workers of a parallel step can write at once.
"""
import os
import time
import uuid

import mlpipe_stand_in

RUN_META = """artifact_uri: {uri}/artifacts
end_time: null
entry_point_name: ''
experiment_id: '{experiment}'
lifecycle_stage: active
run_id: {run}
run_name: {name}
run_uuid: {run}
source_name: ''
source_type: 4
source_version: ''
start_time: {now}
status: 1
tags: []
user_id: mlpipe
"""


def milliseconds():
    return int(time.time() * 1000)


def store():
    """The folder; where the environment names what is none, such as a server, ./mlruns, and the runner is told."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if uri.startswith("file:"):
        return os.path.abspath(uri[7:] if uri.startswith("file://") else uri[5:])
    elsewhere = "://" in uri or uri == "databricks"
    if elsewhere:
        mlpipe_stand_in.announce("elsewhere")
    return os.path.abspath("mlruns" if elsewhere else uri or "mlruns")


def write(path, text, mode="w"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode, encoding="utf-8") as file:
        file.write(text)


class Run:
    """One run of the store; made when something is written into it."""

    def __init__(self, run=None, name=None):
        self.experiment = os.environ.get("MLFLOW_EXPERIMENT_ID") or "0"
        self.id = run or uuid.uuid4().hex
        self.name = name or self.id
        self.folder = os.path.join(store(), self.experiment, self.id)

    def place(self, *parts):
        if not os.path.exists(os.path.join(self.folder, "meta.yaml")):
            write(os.path.join(self.folder, "meta.yaml"),
                  RUN_META.format(uri="file://" + self.folder, experiment=self.experiment, run=self.id, name=self.name, now=milliseconds()))
        path = os.path.join(self.folder, *[part for part in "/".join(map(str, parts)).split("/") if part not in ("", ".", "..")])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def metric(self, name, value, step=None):
        write(self.place("metrics", name), "%d %r %d\n" % (milliseconds(), float(value), step or 0), "a")

    def parameter(self, name, value):
        write(self.place("params", name), str(value))

    def tag(self, name, value):
        write(self.place("tags", name), str(value))

    def artifact(self, *parts):
        return self.place("artifacts", *parts)


def known_run(run_id):
    """A run of the store, of whatever experiment; nothing: there is none."""
    for experiment in sorted(os.listdir(store())) if os.path.isdir(store()) else []:
        if run_id and os.path.isfile(os.path.join(store(), experiment, run_id, "meta.yaml")):
            run = Run(run_id)
            run.experiment, run.folder = experiment, os.path.join(store(), experiment, run_id)
            return run
    return None


def texts_below(folder):
    for above, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(above, name), encoding="utf-8") as file:
                yield os.path.relpath(os.path.join(above, name), folder), file.read()


def last(text):
    """The value of the highest step, of these the latest."""
    points = [(int((line.split(" ") + ["0"])[2]), int(line.split(" ")[0]), number, float(line.split(" ")[1])) for number, line in enumerate(text.splitlines())]
    return max(points)[3]


def kept(run):
    """What a run has tracked so far; of metrics the last values."""
    values = {kind: dict(texts_below(os.path.join(run.folder, kind))) for kind in ("metrics", "params", "tags")}
    values["metrics"] = {name: last(text) for name, text in values["metrics"].items() if text}
    return values


def step_run():
    """The run that the runner made for this step; a new one where there is no runner."""
    return Run(os.environ.get("MLFLOW_RUN_ID"))
