"""A small stand-in for mlflow: what steps log goes into files (mlpipe_tracking.py); autologging does nothing."""
import json
import os
import shutil
import time

import mlpipe_tracking
from mlpipe_stand_in import missing

__all__ = ["ActiveRun", "active_run", "autolog", "create_experiment", "end_run", "get_artifact_uri", "get_experiment_by_name", "get_run",
           "get_tracking_uri", "log_artifact", "log_artifacts", "log_dict", "log_figure", "log_image", "log_metric", "log_metrics",
           "log_param", "log_params", "log_text", "set_experiment", "set_experiment_tag", "set_tag", "set_tags", "set_tracking_uri", "start_run"]

SUBMODULES = ("sklearn", "pyfunc")
ACTIVE = []  # runs, the innermost last


def __getattr__(name):
    if name in SUBMODULES:
        from importlib import import_module
        return import_module("mlflow." + name)
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing("mlflow", name)


class Named:
    def __init__(self, **values):
        self.__dict__.update(values)


class ActiveRun:
    """What start_run gives: to be used with `with`, or ended by end_run."""

    def __init__(self, run):
        self._run = run
        self.info = Named(run_id=run.id, run_name=run.name, experiment_id=run.experiment, artifact_uri="file://" + os.path.join(run.folder, "artifacts"),
                          status="RUNNING", start_time=mlpipe_tracking.milliseconds())
        self.data = Named(metrics={}, params={}, tags={})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self in ACTIVE:
            end_run()


def start_run(run_id=None, experiment_id=None, run_name=None, nested=False, tags=None, description=None, **_):
    if ACTIVE and not nested:
        raise Exception("a run is active already: end it with mlflow.end_run(), or start this one with nested=True")
    first = not ACTIVE and not start_run.used
    start_run.used = True
    run = ActiveRun(mlpipe_tracking.step_run() if first and run_id is None else mlpipe_tracking.Run(run_id, run_name))
    ACTIVE.append(run)
    set_tags(dict(tags or {}, **({"mlflow.runName": run_name} if run_name else {})))
    return run


start_run.used = False


def end_run(status="FINISHED"):
    if ACTIVE:
        ACTIVE.pop().info.status = status


def active_run():
    return ACTIVE[-1] if ACTIVE else None


def current():
    return (active_run() or start_run())._run


def log_metric(key, value, step=None, **_):
    current().metric(key, value, step)
    active_run().data.metrics[key] = float(value)


def log_metrics(metrics, step=None, **_):
    for key, value in metrics.items():
        log_metric(key, value, step)


def log_param(key, value, **_):
    current().parameter(key, value)
    active_run().data.params[key] = str(value)
    return value


def log_params(params, **_):
    for key, value in params.items():
        log_param(key, value)


def set_tag(key, value, **_):
    current().tag(key, value)
    active_run().data.tags[key] = str(value)


def set_tags(tags, **_):
    for key, value in tags.items():
        set_tag(key, value)


def log_artifact(local_path, artifact_path=None, **_):
    target = current().artifact(artifact_path or "", os.path.basename(os.path.normpath(local_path)))
    if os.path.isdir(local_path):
        shutil.copytree(local_path, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(local_path, target)


def log_artifacts(local_dir, artifact_path=None, **_):
    for name in sorted(os.listdir(local_dir)):
        log_artifact(os.path.join(local_dir, name), artifact_path)


def log_text(text, artifact_file, **_):
    mlpipe_tracking.write(current().artifact(artifact_file), text)


def log_dict(dictionary, artifact_file, **_):
    log_text(json.dumps(dictionary, indent=2, default=str), artifact_file)


def log_figure(figure, artifact_file, **_):
    figure.savefig(current().artifact(artifact_file))


def log_image(image, artifact_file=None, key=None, **_):
    target = current().artifact(artifact_file or "images/%s-%d.png" % (key, time.time_ns()))
    if not hasattr(image, "save"):
        from PIL import Image
        image = Image.fromarray(image)
    image.save(target)


def get_artifact_uri(artifact_path=None):
    return "file://" + os.path.join(current().folder, "artifacts", artifact_path or "").rstrip("/")


def get_run(run_id):
    active = next((run for run in ACTIVE if run.info.run_id == run_id), None)
    if active is None:
        known = mlpipe_tracking.known_run(run_id)
        if known is None:
            raise Exception("there is no run `%s` where this step tracks" % run_id)
        active = ActiveRun(known)
        active.info.status = "FINISHED"
    active.data = Named(**mlpipe_tracking.kept(active._run))
    return active


def get_tracking_uri():
    return "file://" + mlpipe_tracking.store()


def get_experiment_by_name(name):
    number = os.environ.get("MLFLOW_EXPERIMENT_ID") or "0"
    return Named(experiment_id=number, name=name, artifact_location="file://" + os.path.join(mlpipe_tracking.store(), number), lifecycle_stage="active", tags={})


def set_experiment(experiment_name=None, experiment_id=None):
    return get_experiment_by_name(experiment_name)  # of a step it is always the one that the runner made


def create_experiment(name, **_):
    return get_experiment_by_name(name).experiment_id


def autolog(*_, **__):
    pass


set_tracking_uri = set_experiment_tag = autolog
