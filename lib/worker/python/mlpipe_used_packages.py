"""Which packages scripts import that an environment's file would not bring along. Nothing of them is run.

usage: mlpipe_used_packages.py FOLDER SCRIPT ... -- [PACKAGE ...]; SCRIPT: below FOLDER; PACKAGE: what the file names, normalised.
Prints a line an import: module TAB script TAB line TAB the package that has it, or nothing when none is installed. Left out: the
standard library, imports below `try:` or `if TYPE_CHECKING:`, and what a named package has or needs. Modules of the folder are not.
"""
import ast
import os
import re
import sys
from importlib import metadata

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


def is_type_checking(test):
    """`TYPE_CHECKING` or `typing.TYPE_CHECKING`: false whenever the script runs."""
    return getattr(test, "id", getattr(test, "attr", None)) == "TYPE_CHECKING"


def imports(tree):
    """(module, line), those below `try:` left out, whose absence is provided for, and those that only type checkers read."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0], node.lineno
        elif isinstance(node, ast.If) and is_type_checking(node.test):
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.Try):
            waiting.extend(ast.iter_child_nodes(node))


def main(folder, scripts, names):
    have = needed_by(names)
    owners = metadata.packages_distributions() if hasattr(metadata, "packages_distributions") else None
    if owners is None:  # before Python 3.10 nothing can be told for sure
        return
    told = set()
    for path in scripts:
        try:
            with open(os.path.join(folder, path), "rb") as file:
                tree = ast.parse(file.read())
        except (SyntaxError, ValueError, OSError):
            continue
        for module, line in sorted(set(imports(tree)), key=lambda found: found[1]):
            packages = [normalised(name) for name in owners.get(module, [])]
            likely = normalised(module)
            if module in sys.stdlib_module_names or module in told or have.intersection(packages):
                continue
            if likely in have or any(name.startswith(likely + "-") for name in have if not packages):
                continue
            told.add(module)
            print(module, path, line, packages[0] if packages else "", sep="\t")


end = sys.argv.index("--")
main(sys.argv[1], sys.argv[2:end], sys.argv[end + 1:])
