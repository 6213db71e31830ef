"""What --json prints, held against docs/output.schema.json."""

import json

from from_venv import from_venv
from support import SOURCE


def closed(schema):
    """The same without room for more: what the program writes and the file does not tell would go unnoticed."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        schema["additionalProperties"] = False
    return schema


class OutputSchema:
    def __init__(self):
        self.jsonschema = from_venv("jsonschema")
        schema = closed(json.loads((SOURCE / "docs/output.schema.json").read_text()))
        self.definitions = schema["definitions"]
        self.documents = {self.name(one["properties"]): one for one in schema["oneOf"]}

    @staticmethod
    def name(properties):
        kind = properties["kind"]["const"]
        return f"{kind} {properties['event']['const']}" if "event" in properties else kind

    def name_of(self, document):
        return f"{document['kind']} {document['event']}" if "event" in document else document["kind"]

    def mistakes(self, document):
        """One text each; a key that the file lacks is one."""
        name = self.name_of(document)
        if name not in self.documents:
            return [f"docs/output.schema.json has no `{name}`"]
        validator = self.jsonschema.Draft7Validator(self.documents[name] | {"definitions": self.definitions})
        return [f"{name} {error.json_path}: {error.message}" for error in validator.iter_errors(document)]
