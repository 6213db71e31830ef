"""`mlpipe schema` against the parser: the same keys, and the same verdict on what has to do with shape, over hundreds of files."""

import copy
import json
import re
import unittest
from concurrent.futures import ThreadPoolExecutor

from from_venv import from_venv
from support import SOURCE, ScenarioTest

# What the parser refuses for reasons that no schema of one file's shape knows: what names stand for, what lies on the disk, what one key means for
# another. Everything else that it refuses, the schema must refuse.
BEYOND = [
    r"does not exist", r"is a folder, not a file", r"is outside the source directory",
    r"^unknown (step|output|input|side input|pipeline input|parameter|name)", r"has no (output|step|input|side input|parameter) `",
    r"no mapping file has", r"stands for nothing", r"an empty expression", r"is not a whole expression", r"cannot stand in",
    r"^steps wait for each other", r"mixes data with other text", r"must be a path below it", r"is never closed", r"would overwrite", r"(is|are) published to",
    r"is greater than its `max`", r"belongs to tables",
    r"has no `columns`", r"needs a `source_directory`", r"GPUs are not yet scheduled", r"has no inputs to score",
    r"has no output for them", r"must be data, got", r"^parameter `\w+` must be", r"is table, but input",
    r"is a table, but `scoring", r"a whole number: an input has type int64", r"stands here twice", r"^`--\w+`", r"is no format of a number",
    r"splits both tables and files", r"names the one file of all rows", r"has \d+ numbers?, but mode", r"names no column",
    r"cannot be the name of a Python module", r"would be split",
    r"^parameter `\w+` has no value$", r"is a size, but files are counted", r"must be at most 4GB", r"goes with `", r"goes with csv, jsonl",
    r"has no partition_format, but step", r"^partition key `", r"^`partition_format` of",
    r", got (the integer 3|`3`)$",  # what ${{parameters.count}} stands for
]
# Golden files whose mistakes stand in another file, or come with a parameter's value.
ELSEWHERE = {"170-mltable", "83-parallel-parameter", "84-parallel-file"}
ANY = [None, [], {}, "some text", " ", -1, 2.5, True, "${{parameters.count}}"]


def core_loader(yaml):
    """YAML 1.2's core schema as the parser reads it: yes is text, and so is 010."""
    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = {}

    for tag, pattern in [("null", r"^(~|null|Null|NULL|)$"), ("bool", r"^(true|True|TRUE|false|False|FALSE)$"), ("int", r"^[-+]?(0|[1-9][0-9]*)$"),
                         ("float", r"^[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$")]:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), None)

    def construct_map(loader, node):
        loader.flatten_mapping(node)
        if not all(isinstance(key, yaml.ScalarNode) for key, _ in node.value):
            raise yaml.YAMLError("a key that is no scalar")
        return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}
    Loader.add_constructor("tag:yaml.org,2002:map", construct_map)
    return Loader


FULL = {
    "name": "all keys", "description": "d",
    "parameters": {"count": 3, "rate": 0.5, "word": "w", "long": {"type": "integer", "default": 2, "min": 0, "max": 9, "description": "d"}},
    "inputs": {"data": "data", "file": {"path": "table.csv", "type": "table", "delimiter": ",", "header": True, "description": "d"},
               "parts": {"path": "data", "type": "folder", "partition_format": "{k}.txt"}},
    "environment": {"python": "python3", "conda_file": "conda.yml", "requirements": "requirements.txt", "image": "i"},
    "settings": {"continue_on_step_failure": True, "force_rerun": False},
    "steps": {
        "make": {"description": "d", "source_directory": "src", "command": "echo ${{parameters.count}}", "inputs": {"a": "${{pipeline.inputs.data}}", "b": 3},
                 "side_inputs": {"c": "${{pipeline.inputs.parts}}"},
                 "outputs": {"folder": None, "file": {"type": "file", "file": "f.txt", "mode": "mount", "publish": "out/f.txt", "description": "d"},
                             "table": {"type": "table", "delimiter": ";", "header": False, "partition_format": "{k}.csv"}},
                 "allow_reuse": True, "is_deterministic": True, "hash_paths": ["data"], "environment": {"python": "python3"}, "environment_variables": {"V": "v", "N": 3},
                 "secrets": ["SECRET"], "timeout": 60, "retries": 1, "resources": {"cpus": 1, "memory": "1GB", "gpus": 0}, "depends_on": ["script"], "compute": "cpu"},
        "script": {"source_directory": "src", "script_name": "a.py", "arguments": ["--n", 3, "${{parameters.count}}"]},
        "score": {"parallel_run_config": {"entry_script": "a.py", "source_directory": "src", "mini_batch_size": 5, "error_threshold": -1, "allowed_failed_count": 3,
                                          "allowed_failed_percent": 10, "output_action": "append_row", "append_row_file_name": "r.txt", "node_count": 1, "process_count_per_node": 2,
                                          "run_invocation_timeout": 10, "task_overhead_timeout": 5, "run_max_try": 2, "logging_level": "INFO", "environment_variables": {"V": "v"},
                                          "description": "d", "isolate_failures": True, "order": "mini_batch", "preload": ["json"], "environment": {"python": "python3"},
                                          "compute_target_name": "cpu", "environment_dir_path": "e", "environment_name": "n"},
                  "inputs": {"data": "${{pipeline.inputs.data}}"}, "outputs": {"rows": None}},
        "keys": {"source_directory": "src", "parallel_run_config": {"entry_script": "a.py", "partition_keys": ["k"]}, "inputs": {"data": "${{pipeline.inputs.parts}}"}, "outputs": {"rows": None}},
        "images": {"parallel_run_config": {"model": "m.pt", "scoring": {"input": "image", "image": {"resize": 28, "crop": [20, 20], "mode": "L", "mean": [0.1], "std": 0.3, "layout": "chw", "exif": True},
                                                                       "output": "{name} {argmax}", "labels": "labels.txt", "batch_size": 8, "numerics": "strict", "device": "cpu"}},
                   "inputs": {"data": "${{pipeline.inputs.data}}"}, "outputs": {"rows": None}},
        "tables": {"parallel_run_config": {"model": "m.pt", "scoring": {"input": "table", "columns": {"x": ["a", "b"], "y": {"columns": ["c"], "type": "int64"}}, "missing": 0,
                                                                       "output": {"format": "csv", "columns": {"id": "{row}", "label": "{argmax}"}}}},
                   "inputs": {"data": "${{pipeline.inputs.file}}"}, "outputs": {"rows": None}},
    },
}


def places(value, path=()):
    """Every place in a document, as a path of keys."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def changed(path, change):
    document = copy.deepcopy(FULL)
    change(at(document, path[:-1]), path[-1])
    return document


def assign(value):
    return lambda parent, key: parent.__setitem__(key, copy.deepcopy(value))


def variations():
    """(what was done, document)."""
    yield "as it is", FULL
    for path in list(places(FULL))[1:]:
        for value in ANY:
            yield f"{path} = {value!r}", changed(path, assign(value))
        yield f"without {path}", changed(path, lambda parent, key: parent.pop(key))
        if isinstance(at(FULL, path), dict):
            yield f"{path} with another key", changed((*path, "zzqqxx"), assign(1))


class Schema(ScenarioTest):
    def setUp(self):
        super().setUp()
        self.schema = json.loads(self.ok("schema").out)
        jsonschema = from_venv("jsonschema")
        jsonschema.Draft7Validator.check_schema(self.schema)
        self.validator = jsonschema.Draft7Validator(self.schema)
        self.loader = core_loader(from_venv("yaml"))
        for name in ("data/a.txt", "src/a.py", "m.pt", "labels.txt", "requirements.txt", "conda.yml"):
            self.project.write(name, "")
        self.project.write("table.csv", "a,b,c\n1,2,3\n")

    def verdicts(self, words, cwd, document):
        """(what the parser says: its errors, whether the schema accepts)"""
        result = self.project.run("validate", "--json", *words, cwd=cwd)
        errors = [one["message"] for one in result.json()["diagnostics"] if one["severity"] == "error"]
        return errors, self.validator.is_valid(document)

    def compare(self, what, errors, accepted):
        if errors and accepted:
            unseen = [message for message in errors if not any(re.search(pattern, message) for pattern in BEYOND)]
            self.assertEqual(unseen, [], f"{what}: the parser refuses it, the schema accepts it")
        if not errors:
            self.assertTrue(accepted, f"{what}: the parser accepts it, the schema refuses it")

    def test_generated_files(self):
        def verdict(numbered):
            number, (_, document) = numbered
            self.project.write(f"{number}.yaml", json.dumps(document))
            return self.verdicts(["-f", f"{number}.yaml"], None, document)

        compared = refused_by_both = 0
        every = list(variations())
        with ThreadPoolExecutor(4) as pool:
            for (what, _), (errors, accepted) in zip(every, pool.map(verdict, enumerate(every))):
                with self.subTest(what=what, errors=errors):
                    self.compare(what, errors, accepted)
                compared += 1
                refused_by_both += bool(errors) and not accepted
        self.assertGreater(compared, 1000)
        self.assertGreater(refused_by_both, 500)

    def test_golden_files_and_samples(self):
        files = [*SOURCE.glob("tests/golden/specs/*/pipeline.yaml"), *SOURCE.glob("samples/*/pipeline.yaml")]
        compared = 0
        yaml = from_venv("yaml")
        for file in sorted(files):
            try:
                document = yaml.load(file.read_bytes(), self.loader)
            except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
                continue  # no YAML: there is nothing of which a schema could judge
            if file.parent.name in ELSEWHERE:
                continue
            azure = isinstance(document, dict) and ("pipeline" in document or document.get("type") == "pipeline" or "$schema" in document)
            if azure or (file.parent / "args.txt").exists():
                continue
            errors, accepted = self.verdicts(["-f", file.name], file.parent, document)
            with self.subTest(file=str(file.relative_to(SOURCE)), errors=errors):
                self.compare(file.parent.name, errors, accepted)
            compared += 1
        self.assertGreater(compared, 60)

    def keys_of_the_parser(self, path):
        self.project.write("pipeline.yaml", json.dumps(changed((*path, "zzqqxx"), assign(1))))
        for one in self.project.run("validate", "--json").json()["diagnostics"]:
            if "`zzqqxx`" in one["message"]:
                self.assertRegex(one["hint"], "^one of: ")
                return set(one["hint"].removeprefix("one of: ").split(", "))
        self.fail(f"{path}: no mistake about the key")

    def keys_of_the_schema(self, path):
        node = self.schema
        for key in path:
            node = self.as_map(node)
            node = node["properties"][key] if "properties" in node else node["additionalProperties"]
        return set(self.as_map(node)["properties"])

    def as_map(self, node):
        if "$ref" in node:
            node = self.schema["definitions"][node["$ref"].rsplit("/", 1)[1]]
        for one in node.get("anyOf", []):
            if one.get("type") == "object" or "anyOf" in one:
                return self.as_map(one)
        return node

    def test_both_have_the_same_keys(self):
        maps = [(), ("parameters", "long"), ("inputs", "file"), ("environment",), ("settings",), ("steps", "make"), ("steps", "make", "outputs", "file"),
                ("steps", "make", "resources"), ("steps", "make", "environment"), ("steps", "score", "parallel_run_config"),
                ("steps", "images", "parallel_run_config", "scoring"), ("steps", "images", "parallel_run_config", "scoring", "image"),
                ("steps", "tables", "parallel_run_config", "scoring", "output")]
        for path in maps:
            with self.subTest(path=path):
                self.assertEqual(self.keys_of_the_schema(path), self.keys_of_the_parser(path), "add the key to lib/spec/native/schema.cpp")


if __name__ == "__main__":
    unittest.main()
