"""Which packages the scripts of a folder import that an environment's file would not bring along. Nothing of the folder is run.

usage: mlpipe_used_packages.py FOLDER [PACKAGE ...]; PACKAGE: what the file names, normalised. Prints a line an import:
module TAB file TAB line TAB the package that has it, or nothing when none is installed. Left out: the standard library, modules of the
folder, imports below `try:`, and what a named package has or needs.
"""
import ast
import os
import re
import sys
from importlib import metadata

SKIPPED = {".git", "node_modules", "__pycache__", ".mlpipe", ".ipynb_checkpoints"}
# Packages that are never named for themselves.
GIVEN = {"pip", "setuptools", "wheel"}


def normalised(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def needed_by(names):
    """The named packages and all that they need, as far as they are installed."""
    found, waiting = set(), [normalised(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            wanted = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        waiting += [normalised(re.match(r"[\w.-]+", line)[0]) for line in wanted if "extra ==" not in line]
    return found | GIVEN


def scripts(folder):
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not os.path.exists(os.path.join(place, name, "pyvenv.cfg")))
        for name in sorted(files):
            if name.endswith(".py"):
                yield os.path.join(place, name)


def imports(tree):
    """(module, line), those below `try:` left out: their absence is provided for."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0], node.lineno
        elif not isinstance(node, ast.Try):
            waiting.extend(ast.iter_child_nodes(node))


def main(folder, names):
    have = needed_by(names)
    owners = metadata.packages_distributions() if hasattr(metadata, "packages_distributions") else None
    if owners is None:  # before Python 3.10 nothing can be told for sure
        return
    own = {os.path.basename(path)[:-3] for path in scripts(folder)} | {os.path.basename(os.path.dirname(path)) for path in scripts(folder)}
    told = set()
    for path in scripts(folder):
        try:
            with open(path, "rb") as file:
                tree = ast.parse(file.read())
        except (SyntaxError, ValueError, OSError):
            continue
        for module, line in sorted(set(imports(tree)), key=lambda found: found[1]):
            packages = [normalised(name) for name in owners.get(module, [])]
            likely = normalised(module)
            if module in sys.stdlib_module_names or module in own or module in told or have.intersection(packages):
                continue
            if likely in have or any(name.startswith(likely + "-") for name in have if not packages):
                continue
            told.add(module)
            print(module, os.path.relpath(path, folder), line, packages[0] if packages else "", sep="\t")


main(sys.argv[1], sys.argv[2:])
