"""Metrics, parameters, tags and artifacts of a step, in the layout of mlflow's file store: `mlflow ui` shows it, the runner reads it.

The runner names the store and the step's run in MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_ID and MLFLOW_RUN_ID; without them it is
./mlruns. Lines are appended whole, so that the workers of a parallel step can write at once. Beside mlflow's files are ours, which
lib/run/metric_files.h describes. What cannot be kept is told once, and never fails a script: the same line does not fail it in Azure.
"""
import functools
import os
import re
import sys
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
    with open(path, mode, encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)


def shown(text):
    """Without secrets, of which the runner says the variables' names: a step that is killed leaves its files as they are."""
    values = (os.environ.get(name) for name in os.environ.get("MLPIPE_SECRETS", "").split())
    for value in sorted(filter(None, values), key=len, reverse=True):
        text = text.replace(value, "***")
    return text


def one_line(name):
    return name.replace("\\", "\\\\").replace("\n", "\\n")


def from_one_line(text):
    return re.sub(r"\\\\(.)", lambda found: "\n" if found.group(1) == "n" else found.group(1), text)


def digest(name):
    import hashlib
    return hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def quietly(method):
    """What tracks never fails a script: when it cannot, it says so, once a process."""
    @functools.wraps(method)
    def tried(self, name, *rest):
        try:
            return method(self, name, *rest)
        except (OSError, ValueError) as problem:
            if not quietly.told:
                quietly.told = True
                print("mlpipe: %.80r cannot be tracked, and is left out: %s" % (name, problem), file=sys.stderr)

    return tried


quietly.told = False


class Run:
    """One run of the store; made when something is written into it."""

    def __init__(self, run=None, name=None):
        self.experiment = os.environ.get("MLFLOW_EXPERIMENT_ID") or "0"
        self.id = run or uuid.uuid4().hex
        self.name = name or self.id
        self.folder = os.path.join(store(), self.experiment, self.id)

    def begin(self):
        if not os.path.exists(os.path.join(self.folder, "meta.yaml")):
            write(os.path.join(self.folder, "meta.yaml"),
                  RUN_META.format(uri="file://" + self.folder, experiment=self.experiment, run=self.id, name=shown(self.name), now=milliseconds()))

    def metric(self, name, value, step=None):
        line = "%d %r %d" % (milliseconds(), float(value), step or 0)
        self.note_try(name, line)
        self.keep("metrics", name, line + "\n", "a")

    def parameter(self, name, value):
        self.keep("params", name, shown(str(value)))

    def tag(self, name, value):
        self.keep("tags", name, shown(str(value)))

    @quietly
    def keep(self, kind, name, text, mode="w"):
        """Where mlflow would; where that cannot be, because of the name or of another one's file, under a name of ours."""
        self.begin()
        name = shown(str(name))
        try:
            if any(part in ("", ".", "..") for part in name.split("/")):
                raise ValueError("no path")
            write(os.path.join(self.folder, kind, name), text, mode)
        except (OSError, ValueError):
            path = os.path.join(self.folder, "unplaced", kind, digest(name))
            write(path, text if mode == "a" and os.path.exists(path) else one_line(name) + "\n" + text, mode)

    @quietly
    def note_try(self, name, line):
        """Which try of which mini-batch tracked it: it does not count when the worker is killed before its rows are kept."""
        facts = globals().get("facts") or {}
        if "mini_batch" in facts and "MLFLOW_RUN_ID" in os.environ:
            own = os.environ["MLFLOW_RUN_ID"]
            write(os.path.join(store(), os.environ.get("MLFLOW_EXPERIMENT_ID") or "0", "tries"),
                  "%s %d %d %s %s %s\n" % (own, facts["mini_batch"], facts["attempt"], "-" if self.id == own else self.id, line, one_line(shown(str(name)))), "a")

    @quietly
    def document(self, name, text):
        write(self.artifact(shown(name)), shown(text))

    def artifact(self, *parts):
        self.begin()
        path = os.path.join(self.folder, "artifacts", *[part for part in "/".join(map(str, parts)).split("/") if part not in ("", ".", "..")])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path


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
            with open(os.path.join(above, name), encoding="utf-8", errors="replace", newline="") as file:
                yield os.path.relpath(os.path.join(above, name), folder), file.read()


def last(text):
    """The value of the highest step, of these the latest."""
    points = [(int((line.split(" ") + ["0"])[2]), int(line.split(" ")[0]), number, float(line.split(" ")[1])) for number, line in enumerate(text.splitlines())]
    return max(points)[3]


def texts_of(run, kind):
    texts = dict(texts_below(os.path.join(run.folder, kind)))
    for _, whole in texts_below(os.path.join(run.folder, "unplaced", kind)):
        name, _, text = whole.partition("\n")
        texts[from_one_line(name)] = text
    return texts


def kept(run):
    """What a run has tracked so far; of metrics the last values."""
    values = {kind: texts_of(run, kind) for kind in ("metrics", "params", "tags")}
    values["metrics"] = {name: last(text) for name, text in values["metrics"].items() if text}
    return values


def step_run():
    """The run that the runner made for this step; a new one where there is no runner."""
    return Run(os.environ.get("MLFLOW_RUN_ID"))
