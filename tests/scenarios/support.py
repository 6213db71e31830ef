"""What the scenario tests share: a project folder with a spec, and the real mlpipe binary run in it."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import textwrap
import time
import unittest
import uuid
from pathlib import Path

SOURCE = Path(os.environ.get("MLPIPE_SOURCE_DIR", Path(__file__).resolve().parents[2]))
MLPIPE = os.environ.get("MLPIPE", str(SOURCE / "build/bin/mlpipe"))
VENV_PYTHON = SOURCE / ".venv/bin/python"


class Result:
    def __init__(self, arguments, code, out, err, seconds):
        self.arguments, self.code, self.out, self.err, self.seconds = arguments, code, out, err, seconds

    def __str__(self):
        return f"mlpipe {' '.join(self.arguments)} -> {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}---"

    def json(self):
        return json.loads(self.out)

    def events(self):
        return [json.loads(line) for line in self.out.splitlines()]


class Project:
    """A folder of its own, whose processes can be told by an environment variable that they inherit."""

    def __init__(self, name="project"):
        self.base = Path(tempfile.mkdtemp(prefix="mlpipe-scenario-")).resolve()
        self.path = self.base / name
        self.path.mkdir()
        self.trace_file = self.base / "trace"
        self.id = uuid.uuid4().hex
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("MLPIPE") and name != "NO_COLOR"}
        self.env |= {"SCENARIO": self.id, "TRACE": str(self.trace_file), "PYTHONDONTWRITEBYTECODE": "1"}

    def close(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.base, ignore_errors=True)

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def spec(self, text):
        return self.write("pipeline.yaml", text)

    def read(self, name):
        return (self.path / name).read_text()

    def start(self, *arguments, cwd=None, env=None, **options):
        return subprocess.Popen([MLPIPE, *arguments], cwd=cwd or self.path, env=self.env | (env or {}),
                                stdin=subprocess.DEVNULL, stdout=options.pop("stdout", subprocess.PIPE),
                                stderr=options.pop("stderr", subprocess.PIPE), text=True, errors="replace",
                                start_new_session=True, **options)

    def finish(self, process, timeout=90):
        started = time.monotonic()
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return Result(process.args[1:], process.returncode, out, err, time.monotonic() - started)

    def run(self, *arguments, timeout=90, **options):
        return self.finish(self.start(*arguments, **options), timeout)

    def run_in_terminal(self, *arguments, env=None, timeout=60):
        """stdout and stderr are one terminal; Result.out is what it showed."""
        master, slave = pty.openpty()
        process = self.start(*arguments, env={"TERM": "xterm-256color"} | (env or {}), stdout=slave, stderr=slave)
        os.close(slave)
        shown, end = b"", time.monotonic() + timeout
        while time.monotonic() < end:
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data
        os.close(master)
        process.wait(timeout=10)
        return Result(list(arguments), process.returncode, shown.decode(errors="replace"), "", 0)

    def trace(self):
        """The words that steps have appended to $TRACE since the last call."""
        words = self.trace_file.read_text().split() if self.trace_file.exists() else []
        self.trace_file.unlink(missing_ok=True)
        return words

    def wait_for_trace(self, *words, seconds=30):
        def there():
            return self.trace_file.exists() and set(words) <= set(self.trace_file.read_text().split())
        wait_until(there, seconds, f"steps to write {words}")

    def processes(self):
        """Ids of living processes that were started for this project, zombies not counted."""
        wanted, found = f"SCENARIO={self.id}".encode(), []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if wanted in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
                except OSError:
                    pass
        return found

    def temporary_files(self):
        """What a run that ended must not leave in the store."""
        store = self.path / ".mlpipe"
        left = [*store.glob("runs/*/work"), *store.glob("active/*"), *store.rglob("*.tmp-*")]
        return [str(path.relative_to(store)) for path in left]


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.01)


class ScenarioTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.project = self.new_project()

    def new_project(self, name="project"):
        project = Project(name)
        self.addCleanup(project.close)
        return project

    def ok(self, *arguments, **options):
        result = self.project.run(*arguments, **options)
        self.assertEqual(result.code, 0, result)
        return result

    def fails(self, code, *arguments, **options):
        result = self.project.run(*arguments, **options)
        self.assertEqual(result.code, code, result)
        return result

    def assert_ran(self, *steps):
        self.assertEqual(sorted(self.project.trace()), sorted(steps))

    def assert_nothing_left(self, seconds=10):
        wait_until(lambda: not self.project.processes(), seconds, "all processes to end")
        self.assertEqual(self.project.temporary_files(), [])

    def output(self, name):
        """The path of a step's output, as `mlpipe output` prints it."""
        return Path(self.ok("output", name).out.rstrip("\n"))


# Three steps in a row beside one that stands alone; each says in $TRACE that it ran.
CHAIN = """
name: chain
parameters: {word: hello}
inputs: {seed: seed.txt}
steps:
  first:
    source_directory: first
    command: echo first >> "$TRACE"; sh make.sh ${{inputs.seed}} > ${{outputs.made}}/text
    inputs: {seed: "${{pipeline.inputs.seed}}"}
    outputs: {made: }
  second:
    source_directory: second
    command: echo second >> "$TRACE"; sh change.sh ${{inputs.made}}/text ${{parameters.word}} > ${{outputs.changed}}
    inputs: {made: "${{steps.first.outputs.made}}"}
    outputs: {changed: {type: file, file: changed.txt}}
  third:
    command: echo third >> "$TRACE"; cat ${{inputs.changed}} > ${{outputs.copy}}/copy; echo done >> ${{outputs.copy}}/copy
    inputs: {changed: "${{steps.second.outputs.changed}}"}
    outputs: {copy: {publish: results}}
  alone:
    source_directory: alone
    command: echo alone >> "$TRACE"; cat words > ${{outputs.words}}
    outputs: {words: {type: file}}
"""


def write_chain(project):
    project.spec(CHAIN)
    project.write("seed.txt", "seed\n")
    project.write("first/make.sh", 'cat "$1"\necho made\n')
    project.write("second/change.sh", 'cat "$1"\necho "$2"\n')
    project.write("alone/words", "some words\n")


def score_spec(settings, data="data", python=None):
    """A pipeline of one parallel step, score, over `data`; settings: of its parallel_run_config, text a line."""
    return (f"environment: {{python: {python}}}\n" if python else "") + f"""
inputs: {{data: {data}}}
steps:
  score:
    source_directory: score
    parallel_run_config:
      {(chr(10) + "      ").join(["entry_script: score.py", *settings])}
    inputs: {{data: "${{{{pipeline.inputs.data}}}}"}}
    outputs: {{rows: }}
"""


def lines_of(settings):
    return [f"{name}: {value}" for name, value in settings.items()]


def write_files(project, folder, count):
    for number in range(count):
        project.write(f"{folder}/item-{number:03d}.txt", f"{number}\n")
