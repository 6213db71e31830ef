"""docs/complaints.md: the blocks in it that show what mlpipe says, each below a line `<!-- shown: NAME -->`, and what makes one
comparable with another run's."""

import re

from support import SOURCE

PAGE = SOURCE / "docs/complaints.md"
BLOCK = re.compile(r"<!-- shown: ([\w-]+) -->\n```text\n(.*?)```\n", re.DOTALL)


def blocks():
    return dict(BLOCK.findall(PAGE.read_text()))


def update(name, text):
    page = PAGE.read_text()
    PAGE.write_text(BLOCK.sub(lambda found: found[0] if found[1] != name else f"<!-- shown: {name} -->\n```text\n{text}```\n", page))


def redacted(text, project):
    """Without what differs between two runs and machines: times, sizes, ids, the folder that it ran in."""
    text = text.replace(str(project.path) + "/", "").replace(str(SOURCE / ".venv"), ".venv")
    text = re.sub(r"\d{8}-\d{6}-\d+", "RUN", text)
    text = re.sub(r"\.mlpipe/(runs/RUN|partial|objects)/\S+", r".mlpipe/\1/...", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?", "TIME", text)
    text = re.sub(r"\b(in|after|took) \d+(\.\d+)? (ms|s|us)\b", r"\1 TIME", text)
    text = re.sub(r"(peak was|there are|peak memory was) \S+ [KMGT]?B\b", r"\1 SIZE", text)
    text = re.sub(r"\b[0-9a-f]{12}\b", "DIGEST", text)
    # Carets below a traceback's lines differ between versions of Python.
    return "".join(line.rstrip() + "\n" for line in text.splitlines() if not re.fullmatch(r"  \| +[~^]+\s*", line))


def of_step(text, step):
    """What is said of the end of a step: its line, and those below it that are indented."""
    lines, taken = text.splitlines(), []
    for line in lines:
        if re.match(re.escape(step) + r"\s+(failed|done|reused|ran)", line):
            taken = [line]
        elif taken and line.startswith("  "):
            taken.append(line)
        elif taken:
            break
    return "".join(line + "\n" for line in taken)


def lines_with(text, *parts):
    return "".join(line + "\n" for line in text.splitlines() if any(part in line for part in parts))
