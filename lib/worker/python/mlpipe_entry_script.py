"""azureml_user.parallel_run, as it exists inside a parallel job only: EntryScript, what a script asks about where it runs."""
import logging
import os
import time

from mlpipe_logs import place, shown

__all__ = ["EntryScript"]


class ShownFormatter(logging.Formatter):
    converter = time.gmtime

    def format(self, record):
        return shown(super().format(record))


class EntryScript:
    """A singleton: every EntryScript() is the same object."""

    _only = None

    def __new__(cls):
        if cls._only is None:
            cls._only = super().__new__(cls)
            cls._only._set_up()
        return cls._only

    def _set_up(self):
        self.agent_name = facts["name"]  # noqa: F821
        self.logging_level = facts.get("logging_level", "INFO")  # noqa: F821
        self.working_dir = facts["source_directory"]  # noqa: F821
        self.dir = os.path.dirname(os.path.join(self.working_dir, facts["entry_script"]))  # noqa: F821
        self.output_dir = os.environ.get("AZUREML_BI_OUTPUT_PATH") or "."
        self._file = place("user", "entry_script_log", "local-0", self.agent_name + ".log.txt")
        self.log_dir = os.path.dirname(self._file)
        self._logger = None

    @property
    def logger(self):
        if self._logger is None:
            handler = logging.FileHandler(self._file, encoding="utf-8", errors="backslashreplace", delay=True)
            handler.setFormatter(ShownFormatter("%(asctime)s|%(name)s|%(levelname)s|%(process)d|%(thread)d|%(funcName)s()|%(message)s"))
            logger = logging.getLogger("EntryScript")
            logger.addHandler(handler)
            logger.setLevel(self.logging_level)
            logger.propagate = False  # prints and the root logger go to stdout's file, these lines to their own
            self._logger = logger
        return self._logger
