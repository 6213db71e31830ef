"""Entry script: how many words of at least N letters does each file have?"""

import argparse
import re
from pathlib import Path


def init():
    global least
    parser = argparse.ArgumentParser()
    parser.add_argument("--least", type=int, default=1)
    arguments, _ = parser.parse_known_args()
    least = arguments.least


def run(mini_batch):
    return [f"{Path(path).name} {count(path)}" for path in mini_batch]


def count(path):
    words = re.findall(r"[a-z']+", Path(path).read_text())
    return sum(len(word) >= least for word in words)
