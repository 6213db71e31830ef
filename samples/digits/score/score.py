"""Entry script: scores images with the TorchScript model, one row an image."""

import argparse
from pathlib import Path

import numpy
import torch
from PIL import Image

SIDE, MEAN, STD = 28, numpy.float32(0.31), numpy.float32(0.37)
BATCH = 8  # always as many at once, so that an image's row does not depend on its neighbours


def init():
    global model
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    arguments, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    model = torch.jit.load(arguments.model).eval()


def run(mini_batch):
    rows = []
    for start in range(0, len(mini_batch), BATCH):
        paths = mini_batch[start:start + BATCH]
        with torch.no_grad():
            scores = model(read(paths)).numpy()
        for path, score in zip(paths, scores):
            rows.append(f"{Path(path).name} {score.argmax()} {score.max():.4f}")
    return rows


def read(paths):
    images = numpy.zeros((BATCH, 1, SIDE, SIDE), numpy.float32)
    for image, path in zip(images, paths):
        pixels = Image.open(path).convert("L").resize((SIDE, SIDE), Image.BILINEAR)
        image[0] = (numpy.asarray(pixels, numpy.float32) / numpy.float32(255) - MEAN) / STD
    return torch.from_numpy(images)
