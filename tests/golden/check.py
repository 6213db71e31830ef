#!/usr/bin/env python3
"""Bad pipeline files and the messages that they get.

    check.py MLPIPE [--update] [CASE ...]     run `mlpipe validate` in each folder of specs/, compare with expected.txt
    check.py --table                          the cases as a Markdown table

A folder holds pipeline.yaml and what it names, expected.txt (exit code 3, stderr as a whole), and perhaps args.txt with more
arguments (-f among them names another file). What git cannot hold well (bytes that are no text, 5 MB) is written by MADE into a copy of the folder.
"""
import difflib
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

SPECS = pathlib.Path(__file__).resolve().parent / "specs"
STEP = "steps:\n  hello:\n    command: echo hello\n"


def large_pipeline() -> bytes:
    steps = [f"  step{i}:\n    command: echo a step with a long text {'-' * 300} and ${{{{inputs.data}}}}\n"
             f"    inputs: {{data: \"${{{{steps.step{i - 1}.outputs.made}}}}\"}}\n    outputs: {{made: }}\n" for i in range(1, 12_000)]
    return ("steps:\n  step0: {command: echo, outputs: {made: }}\n" + "".join(steps) + "    retires: 3\n").encode()


def billion_laughs() -> bytes:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    return ("\n".join(lines) + "\n").encode()


MADE = {
    "invalid-utf8": lambda: b"name: caf\xe9\n" + STEP.encode(),
    "nul-byte": lambda: STEP.encode().replace(b"echo hello", b"echo \0hello"),
    "utf-16": lambda: STEP.encode("utf-16"),
    "lone-carriage-return": lambda: STEP.replace("\n", "\r").encode(),
    "end-of-file-character": lambda: STEP.encode() + b"\x04\nnonsense: [\n",
    "byte-order-mark": lambda: b"\xef\xbb\xbfnmae: x\n" + STEP.encode(),
    "windows-line-ends": lambda: STEP.replace("command", "comand").replace("\n", "\r\n").encode(),
    "five-megabytes": large_pipeline,
    "many-mistakes": lambda: STEP.encode() + b"".join(b"key%d: 1\n" % i for i in range(2000)),
    "deep-nesting": lambda: b"name: " + b"[" * 100 + b"]" * 100 + b"\n",
    "brackets-without-end": lambda: b"name: " + b"{[" * 1_000_000,
    "alias-bomb": billion_laughs,
    "tab": lambda: b"steps:\n  hello:\n\tcommand: echo hello\n",
    "empty": lambda: b"# nothing yet\n",
}


def made_for(case: pathlib.Path):
    return MADE.get(case.name.split("-", 1)[1])


def run(mlpipe: str, case: pathlib.Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "case"
        shutil.copytree(case, copy, symlinks=True)
        (copy / "expected.txt").unlink(missing_ok=True)
        if make := made_for(case):
            (copy / "pipeline.yaml").write_bytes(make())
        arguments = copy / "args.txt"
        extra = shlex.split(arguments.read_text()) if arguments.exists() else []
        command = [mlpipe, "validate", *([] if "-f" in extra else ["-f", "pipeline.yaml"]), *extra]
        done = subprocess.run(command, cwd=copy, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    text = done.stderr.decode("utf-8", "replace").replace(folder, "FOLDER")
    if done.returncode != 3 or done.stdout:
        text += f"exit code {done.returncode}, stdout {done.stdout!r}\n"
    return text


def check(mlpipe: str, case: pathlib.Path, update: bool) -> bool:
    expected = case / "expected.txt"
    got = run(mlpipe, case)
    if update:
        expected.write_text(got)
        return "exit code" not in got
    wanted = expected.read_text() if expected.exists() else ""
    if got == wanted:
        return True
    print(f"--- {case.name}")
    sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), got.splitlines(True), "expected", "got"))
    return False


def table(cases) -> None:
    print("| case | first message |\n|---|---|")
    for case in cases:
        first = (case / "expected.txt").read_text().splitlines()[0]
        cell = first.replace("|", "\\|")
        print(f"| {case.name} | `` {cell} `` |")


def main(arguments) -> int:
    flags = [a for a in arguments if a.startswith("--")]
    words = [a for a in arguments if not a.startswith("--")]
    cases = sorted(p for p in SPECS.iterdir() if p.is_dir())
    if "--table" in flags:
        table(cases)
        return 0
    if not words:
        print(__doc__, file=sys.stderr)
        return 2
    mlpipe = str(pathlib.Path(words[0]).resolve())
    cases = [c for c in cases if not words[1:] or c.name in words[1:]]
    results = [check(mlpipe, case, "--update" in flags) for case in cases]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
