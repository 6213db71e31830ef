"""Packages of the virtual environment, for tests that run under the system's Python: both have the same version."""

import importlib
import sys
import unittest

from support import SOURCE


def from_venv(module):
    """The module, or the test is skipped: there is no virtual environment, or it was made without the tests' packages."""
    for folder in (SOURCE / ".venv/lib").glob("python3*/site-packages"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    try:
        return importlib.import_module(module)
    except ImportError:
        raise unittest.SkipTest(f"{module} is not installed in .venv") from None
