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
import warnings


def fail(message, code=1):
    print(message, file=sys.stderr)
    sys.exit(code)


def typed(text):
    """The value that the text of -p stands for, as YAML would read it."""
    try:
        return json.loads(text)
    except ValueError:
        return text


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

    given = {name: typed(text) for name, text in request["values"].items()}
    for name, path in request["data"].items():
        given[name] = Input(type="uri_folder" if os.path.isdir(path) else "uri_file", path=path)
    parameters = inspect.signature(function).parameters
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        fail(f"{request['function']} takes no {unknown[0]}: it takes {', '.join(parameters) or 'nothing'}")
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


def main():
    request = json.loads(sys.argv[1])
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    try:
        import azure.ai.ml  # noqa: F401
        import yaml
    except ImportError:
        sys.exit(3)
    module = load(request["file"])
    function = getattr(module, request["function"], None)
    if not callable(function):
        names = [name for name, value in vars(module).items() if callable(value) and getattr(value, "__module__", None) == module.__name__]
        fail(f"{os.path.basename(request['file'])} has no function {request['function']}" + (f"; it has {', '.join(names)}" if names else ""))
    job = function(**arguments_of(function, request))
    if not hasattr(job, "dump"):
        fail(f"{request['function']} gives no pipeline job: is it decorated with @dsl.pipeline?")
    job.dump(request["to"] + ".dumped")
    with open(request["to"] + ".dumped", encoding="utf-8") as file:
        document = mend(yaml.safe_load(file), os.path.dirname(request["file"]))
    with open(request["to"] + ".dumped", "w", encoding="utf-8") as file:
        yaml.safe_dump(document, file, sort_keys=False)
    os.replace(request["to"] + ".dumped", request["to"])


if __name__ == "__main__":
    main()
