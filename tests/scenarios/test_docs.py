"""Every command of README.md and docs/ is run, page by page in a folder of its own, and what a page shows is compared.

A block after three backticks is told by its word:
  sh      is run, line by line; `# exit code N` at a line's end says how it ends. The text block right behind it is what it prints
  text    ... stands for anything, alone on a line for any lines; times, ids of runs and digests need not agree
  console lines with `$ ` are run, the others are what they print, as far as it is shown
  others  are written to the file that their first line names (`# pipeline.yaml`); without one they are for reading
`<!-- setup: COMMANDS -->` is run, too. `<!-- not run: WHY -->` before a block keeps it from being run; all of these are counted here.
"""

import os
import re
import subprocess
import unittest
from pathlib import Path

from support import MLPIPE, SOURCE, ScenarioTest

PAGES = [SOURCE / "README.md", *sorted(page for page in (SOURCE / "docs").glob("*.md") if page.name != "complaints.md")]  # test_complaints has that
NOT_RUN = {"README.md": 1, "tutorial.md": 1, "cache.md": 1}
PART = re.compile(r"<!-- setup: (?P<setup>.*?) -->|(?P<skip><!-- not run: [^\n]+ -->\n)?^```(?P<word>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
VARIES = [(r"\d{8}-\d{6}-\d{3}", "RUN"), (r"\b\d+ [mh] \d\d [sm]\b|\b\d+(\.\d+)? (ms|s)\b", "TIME"), (r"\b[0-9a-f]{12,64}\b", "DIGEST")]
FILE_NAME = re.compile(r"^(?:#|//) ([\w./-]+\.\w+)\b[^\n]*\n")


class Page:
    """What a page does, in order: ("run", commands), ("shows", text), ("write", name, text)."""

    def __init__(self, file):
        self.steps, self.not_run, self.unknown = [], 0, []
        for part in PART.finditer(file.read_text()):
            if part["setup"]:
                self.steps.append(("run", part["setup"]))
            elif part["skip"]:
                self.not_run += 1
            else:
                self.add(part["word"].strip(), part["body"])

    def add(self, word, body):
        name = FILE_NAME.match(body)
        if word == "sh":
            self.steps.append(("run", body))
        elif word == "text":
            self.steps.append(("shows", body))
        elif word == "console":
            self.add_console(body)
        elif name:
            self.steps.append(("write", name[1], body))
        elif word not in ("yaml", "json"):
            self.unknown.append(word + ": " + body.splitlines()[0])

    def add_console(self, body):
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            self.steps.append(("run", command))
            self.steps.append(("shows", "...\n" + shown.rstrip("\n") + "\n...\n"))


def expecting(line):
    """`false  # exit code 1` becomes a line that fails unless it exits so."""
    code = re.search(r"# exit code (\d+)$", line)
    return f"code=0; ( {line[:code.start()].rstrip()} ) || code=$?; [ $code = {code[1]} ]" if code else line


def script_of(page, outputs):
    lines = ["set -eu", "exec 3>&1"]
    for number, step in enumerate(page.steps):
        if step[0] == "run":
            lines += [f"exec >{outputs}/{number} 2>&1", *map(expecting, step[1].splitlines())]
        if step[0] == "write":
            lines += [f"mkdir -p \"$(dirname '{step[1]}')\"", f"cp {outputs}/written-{number} '{step[1]}'"]
            (outputs / f"written-{number}").write_text(step[2])
    return "\n".join(lines) + "\necho >&3 finished\n"


def same_for_all(text):
    for pattern, name in VARIES:
        text = re.sub(pattern, name, text)
    return text


def pattern_of(shown):
    lines = []
    for line in same_for_all(shown).splitlines():
        lines.append("(?:.*\n)*" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + "\n")
    return "".join(lines)


class Docs(ScenarioTest):
    def check(self, file):
        page = Page(file)
        self.assertEqual(page.unknown, [], "blocks that are neither run nor marked")
        self.assertEqual(page.not_run, NOT_RUN.get(file.name, 0), "blocks that are not run")
        outputs = self.project.base / "outputs"
        outputs.mkdir()
        script = self.project.base / "page.sh"
        script.write_text(script_of(page, outputs))
        folder = Path(MLPIPE).resolve().parent
        done = subprocess.run(["bash", str(script)], cwd=self.project.path, env=self.project.env | {"PATH": f"{folder}:{os.environ['PATH']}"},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
        printed = {int(path.name): path.read_text(errors="replace") for path in outputs.iterdir() if path.name.isdigit()}
        last = printed[max(printed)] if printed else ""
        self.assertEqual(done.stdout, "finished\n", f"{file.name} stopped here:\n{last}{done.stderr}")
        for number, step in enumerate(page.steps):
            if step[0] == "shows":
                self.assertRegex(same_for_all(printed[number - 1]), re.compile(r"\A" + pattern_of(step[1]) + r"\Z"), f"{file.name} shows\n{step[1]}")


def test_of(file):
    return lambda self: self.check(file)


for page_file in PAGES:
    setattr(Docs, f"test_{page_file.stem.replace('-', '_').lower()}", test_of(page_file))


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
                with self.subTest(page=page.name, link=target):
                    if target.startswith("http"):
                        continue
                    name, _, anchor = target.partition("#")
                    file = page.parent / name if name else page
                    self.assertTrue(file.exists())
                    if anchor and file.suffix == ".md":
                        self.assertIn(anchor, anchors(file))


def anchors(file):
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


if __name__ == "__main__":
    unittest.main()
