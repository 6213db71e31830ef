"""Writes scikit-learn's bundled handwritten digits as 8x8 grey PNG files, a fifth of them held out for the test."""

import argparse
import csv
from pathlib import Path

import numpy
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--held-out", type=int, default=360)
    arguments = parser.parse_args()

    digits = load_digits()
    numbers = numpy.arange(len(digits.target))
    train, test = train_test_split(numbers, test_size=arguments.held_out, stratify=digits.target, random_state=0)

    with open(arguments.out / "labels.csv", "w", newline="") as file:
        labels = csv.writer(file, lineterminator="\n")
        labels.writerow(["part", "name", "label"])
        for part, members in (("train", sorted(train)), ("test", sorted(test))):
            (arguments.out / part).mkdir()
            for number in members:
                name = f"digit-{number:04d}.png"
                pixels = numpy.rint(digits.images[number] * 255 / 16).astype(numpy.uint8)
                Image.fromarray(pixels).save(arguments.out / part / name)
                labels.writerow([part, name, digits.target[number]])
    print(f"{len(train)} images to train on, {len(test)} held out")


main()
