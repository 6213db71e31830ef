"""Lets the user's own azure-ai-ml write a pipeline that is a Python function (@dsl.pipeline) as YAML, which mlpipe then runs.

argv: a JSON object {"file", "function", "values": {name: text}, "data": {name: path}, "to"}. Exit status 3: azure-ai-ml is missing;
1: the function cannot be called, with the reason on stderr.
"""

import importlib.util
import inspect
import json
import logging
import os
import sys
import traceback
import typing
import warnings


def fail(message, code=1):
    print(message, file=sys.stderr)
    sys.exit(code)


def guessed(text):
    """What the text of -p stands for where nothing says its type: a number only where that is written as the number would be."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, (int, float)) and json.dumps(value) != text else value


def truth(text):
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


READERS = {"str": str, "string": str, "int": int, "integer": int, "float": float, "number": float, "bool": truth, "boolean": truth}
WORDS = {str: "a text", int: "a whole number", float: "a number", truth: "true or false"}


def reader_of(parameter):
    """How the text of -p becomes this parameter's value: by its annotation (a type, its name, Optional of one, an Input with a type), else by
    its default."""
    kind = parameter.annotation
    alternatives = [each for each in typing.get_args(kind) if each is not type(None)]
    kind = alternatives[0] if len(alternatives) == 1 else kind
    name = kind if isinstance(kind, str) else getattr(kind, "__name__", None) or getattr(kind, "type", None)
    return READERS.get(name) or READERS.get(type(parameter.default).__name__) or guessed


def typed(parameter, text):
    reader = reader_of(parameter)
    try:
        return reader(text)
    except (KeyError, ValueError):
        fail(f"-p {parameter.name}={text}: {parameter.name} is {WORDS[reader]}")


def load(file):
    os.chdir(os.path.dirname(file))
    sys.path.insert(0, os.path.dirname(file))
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(file))[0], file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def arguments_of(function, request):
    from azure.ai.ml import Input

    parameters = inspect.signature(function).parameters
    unknown = sorted({*request["values"], *request["data"]} - set(parameters))
    if unknown:
        fail(f"{request['function']} takes no {unknown[0]}: it takes {', '.join(parameters) or 'nothing'}")
    given = {name: typed(parameters[name], text) for name, text in request["values"].items()}
    for name, path in request["data"].items():
        given[name] = Input(type="uri_folder" if os.path.isdir(path) else "uri_file", path=path)
    missing = [name for name, parameter in parameters.items() if parameter.default is inspect.Parameter.empty and name not in given]
    if missing:
        fail(f"{request['function']} needs {', '.join(missing)}: give values with -p NAME=VALUE, data with --input NAME=PATH")
    return given


def mend(value, folder):
    """What the client writes of a local path in front of which it put "azureml:" is a path again, and absolute."""
    if isinstance(value, list):
        return [mend(each, folder) for each in value]
    if not isinstance(value, dict):
        return value
    value = {key: mend(each, folder) for key, each in value.items()}
    path = value.get("path")
    if isinstance(path, str):
        local = path[len("azureml:"):] if path.startswith(("azureml:.", "azureml:/")) and not path.startswith("azureml://") else path
        if local != path or local.startswith("./"):
            value["path"] = os.path.normpath(os.path.join(folder, local))
    return value


def restore_truths(written, inputs):
    """The client writes true and false among inputs as 1 and 0: they are taken from the job again."""
    for name, value in (written or {}).items():
        known = inputs.get(name) if hasattr(inputs, "get") else None
        known = getattr(known, "_data", known)
        if isinstance(value, dict):
            restore_truths(value, known)  # a group
        elif isinstance(known, bool):
            written[name] = known


def restore_truths_of(document, job):
    restore_truths(document.get("inputs"), getattr(job, "inputs", None))
    for name, node in (document.get("jobs") or {}).items():
        restore_truths_of(node, job.jobs[name])
    if isinstance(document.get("component"), dict) and "jobs" in document["component"]:
        restore_truths_of({"jobs": document["component"]["jobs"]}, job.component)


def not_of_the_user(frame):
    return os.path.dirname(frame.filename) == os.path.dirname(os.path.abspath(__file__)) or frame.filename.startswith("<frozen") or "/azure/ai/ml/" in frame.filename


def show(problem):
    """The user's own frames: what called them is no news to anybody."""
    shown = told = traceback.TracebackException.from_exception(problem)
    while told is not None:
        told.stack = traceback.StackSummary.from_list([frame for frame in told.stack if not not_of_the_user(frame)])
        told = told.__cause__ or told.__context__
    frames = bool(shown.stack) or shown.__cause__ is not None or shown.__context__ is not None
    print("".join(shown.format() if frames else shown.format_exception_only()), end="", file=sys.stderr)


def job_of(request):
    module = load(request["file"])
    function = getattr(module, request["function"], None)
    if not callable(function):
        names = [name for name, value in vars(module).items() if callable(value) and getattr(value, "__module__", None) == module.__name__]
        fail(f"{os.path.basename(request['file'])} has no function {request['function']}" + (f"; it has {', '.join(names)}" if names else ""))
    job = function(**arguments_of(function, request))
    if not hasattr(job, "dump"):
        fail(f"{request['function']} gives no pipeline job: is it decorated with @dsl.pipeline?")
    return job


def write(job, request):
    import yaml

    beside = request["to"] + ".dumped"
    try:
        job.dump(beside)
        with open(beside, encoding="utf-8") as file:
            document = mend(yaml.safe_load(file), os.path.dirname(request["file"]))
        restore_truths_of(document, job)
        with open(beside, "w", encoding="utf-8") as file:
            yaml.safe_dump(document, file, sort_keys=False)
        os.replace(beside, request["to"])
    finally:
        if os.path.exists(beside):
            os.remove(beside)


def main():
    request = json.loads(sys.argv[1])
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    try:
        import azure.ai.ml  # noqa: F401
        import yaml  # noqa: F401
    except ImportError:
        sys.exit(3)
    try:
        write(job_of(request), request)
    except Exception as problem:
        show(problem)
        sys.exit(1)


if __name__ == "__main__":
    main()
