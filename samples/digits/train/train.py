"""Trains a small convolutional network on the digits and saves it as TorchScript."""

import argparse
import csv
from pathlib import Path

import numpy
import torch
from PIL import Image
from torch import nn

SIDE, MEAN, STD = 28, 0.31, 0.37  # the same as in score.py and in pipeline.yaml, scorefast


def network():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(32 * 7 * 7, 64), nn.ReLU(), nn.Linear(64, 10))


def read(data, part):
    with open(data / "labels.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == part]
    images = numpy.empty((len(rows), 1, SIDE, SIDE), numpy.float32)
    for image, row in zip(images, rows):
        image[0] = Image.open(data / part / row["name"]).convert("L").resize((SIDE, SIDE), Image.BILINEAR)
    images = (images / numpy.float32(255) - numpy.float32(MEAN)) / numpy.float32(STD)
    return torch.from_numpy(images), torch.tensor([int(row["label"]) for row in rows])


def train(model, images, labels, epochs):
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    loss_of = nn.CrossEntropyLoss()
    for epoch in range(1, epochs + 1):
        total = 0.0
        for batch in torch.randperm(len(images)).split(64):
            shift = torch.randint(-2, 3, (2,)).tolist()
            optimiser.zero_grad()
            loss = loss_of(model(images[batch].roll(shift, (2, 3))), labels[batch])
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
        slower.step()
        print(f"epoch {epoch}/{epochs}: loss {total / len(images):.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True)
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    torch.use_deterministic_algorithms(True)
    model = network()
    train(model, *read(arguments.data, "train"), arguments.epochs)

    # Scripted and frozen, not traced: a trace would hold the path of this file, and equal runs would give unequal bytes.
    classifier = nn.Sequential(model, nn.Softmax(dim=1)).eval()
    torch.jit.freeze(torch.jit.script(classifier), optimize_numerics=False).save(str(arguments.model))


main()
