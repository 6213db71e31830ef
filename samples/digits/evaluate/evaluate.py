"""Holds both scorings against each other and the labels: accuracy and confusion matrix, as text and as a picture."""

import argparse
import csv
import sys
from pathlib import Path

from PIL import Image, ImageDraw

CELL = 44


def same_rows(files):
    contents = [file.read_bytes() for file in files]
    if any(content != contents[0] for content in contents):
        for lines in zip(*(content.decode().splitlines() for content in contents)):
            if len(set(lines)) > 1:
                sys.exit(f"the scorings differ: {' | '.join(lines)}")
        sys.exit("the scorings differ in their number of rows")
    return [line.split() for line in contents[0].decode().splitlines()]


def confusion(labels, rows):
    matrix = [[0] * 10 for _ in range(10)]
    for name, digit, _ in rows:
        matrix[labels.pop(name)][int(digit)] += 1
    if labels:
        sys.exit(f"{len(labels)} images without a row, such as {min(labels)}")
    return matrix


def as_text(matrix, accuracy, count):
    lines = [f"accuracy {accuracy:.4f} on {count} held-out images", "", "true \\ predicted"]
    lines.append("   " + "".join(f"{digit:4d}" for digit in range(10)))
    lines += [f"{digit:2d} " + "".join(f"{cell:4d}" for cell in row) for digit, row in enumerate(matrix)]
    return "\n".join(lines) + "\n"


def as_picture(matrix):
    picture = Image.new("RGB", (CELL * 11, CELL * 11), "white")
    draw = ImageDraw.Draw(picture)
    largest = max(max(row) for row in matrix)

    def write(row, column, text, colour):
        draw.text((column * CELL + CELL // 2, row * CELL + CELL // 2), text, fill=colour, anchor="mm")

    for digit, row in enumerate(matrix):
        write(digit + 1, 0, str(digit), "black")
        write(0, digit + 1, str(digit), "black")
        for column, cell in enumerate(row):
            shade = 255 - round(200 * cell / largest)
            left, top = (column + 1) * CELL, (digit + 1) * CELL
            colour = (shade, shade, 255) if column == digit else (255, shade, shade)
            draw.rectangle([left, top, left + CELL, top + CELL], fill=colour, outline="lightgrey")
            if cell:
                write(digit + 1, column + 1, str(cell), "white" if shade < 128 else "black")
    return picture


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--rows", type=Path, action="append", required=True)
    parser.add_argument("--report", type=Path, required=True)
    arguments = parser.parse_args()

    with open(arguments.labels, newline="") as file:
        labels = {row["name"]: int(row["label"]) for row in csv.DictReader(file) if row["part"] == "test"}
    rows = same_rows(arguments.rows)
    matrix = confusion(labels, rows)
    accuracy = sum(matrix[digit][digit] for digit in range(10)) / len(rows)
    text = as_text(matrix, accuracy, len(rows))
    print(text, end="")
    (arguments.report / "report.txt").write_text(text)
    as_picture(matrix).save(arguments.report / "confusion.png")


main()
