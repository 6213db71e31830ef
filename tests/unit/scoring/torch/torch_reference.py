"""Models, inputs and what Python's PyTorch makes of them: the reference of the module's tests. torch_reference.py FOLDER"""
import os
import random
import sys

import torch

BATCH = 8


class Cnn(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Conv2d(channels, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
            torch.nn.Conv2d(8, 16, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(3))
        self.head = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(144, 32), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(32, 5))

    def forward(self, x):
        return torch.softmax(self.head(self.features(x)), 1)


class Tuple(torch.nn.Module):
    def forward(self, x):
        return x.sum(1).to(torch.int64), x


class Throws(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 1e9:
            raise ValueError("too large for me")
        return x


class WrongBatch(torch.nn.Module):
    def forward(self, x):
        return x.sum(0)


class Text(torch.nn.Module):
    def forward(self, x: torch.Tensor):
        return "words"


def line(name, values):
    return " ".join([name, *(repr(float(v)) for v in values.flatten().tolist())])


def padded(rows, size):
    batch = torch.zeros(size, *rows[0].shape)
    for i, row in enumerate(rows):
        batch[i] = row
    return batch


def in_batches(model, inputs, size=BATCH):
    """As the module does it: fixed batches in the order of the items, a new one where the shape changes."""
    rows, waiting = [], []
    def flush():
        if waiting:
            rows.extend(model(padded(waiting, size))[:len(waiting)])
            waiting.clear()
    for x in inputs:
        if len(waiting) == size or (waiting and waiting[0].shape != x.shape):
            flush()
        waiting.append(x)
    flush()
    return rows


def images(folder, model):
    import numpy
    from PIL import Image
    mean, std = numpy.float32([0.485, 0.456, 0.406]), numpy.float32([0.229, 0.224, 0.225])
    names, inputs = [], []
    for number in range(21):
        size = (random.randrange(20, 90), random.randrange(20, 90))
        image = Image.frombytes("RGB", size, random.randbytes(3 * size[0] * size[1])).resize((size[0] * 2, size[1] + 5), Image.BICUBIC)
        names.append(f"{number:02}." + ("jpg" if number % 2 else "png"))
        image.save(os.path.join(folder, names[-1]))
        with Image.open(os.path.join(folder, names[-1])) as file:
            pixels = numpy.asarray(file.convert("RGB").resize((30, 24), Image.BILINEAR), dtype=numpy.float32)
        inputs.append(torch.from_numpy((pixels / numpy.float32(255) - mean) / std).permute(2, 0, 1).contiguous())
    write(folder, "images", [line(n, v) for n, v in zip(names, in_batches(model, inputs))])


def arrays(folder, model):
    import numpy
    lines = []
    inputs, names = [], []
    for number, (rows, kind) in enumerate([(3, "float32"), (19, "float64"), (1, "int16")]):
        array = (numpy.random.RandomState(number).randn(rows, 6) * 10).astype(kind)
        names += [f"{number}.npy"] * rows
        inputs += list(torch.from_numpy(array.astype("float32")))
        numpy.save(os.path.join(folder, f"{number}.npy"), array)
    lines = [line(n, v) for n, v in zip(names, in_batches(model, inputs))]
    write(folder, "arrays", lines)


def write(folder, name, lines):
    with open(os.path.join(folder, name), "w") as out:
        out.write("".join(text + "\n" for text in lines))


def importable(module):
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def main(folder):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    cnn = Cnn(3).eval()
    mlp = torch.nn.Sequential(torch.nn.Linear(6, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.GELU(), torch.nn.Linear(64, 3)).eval()
    torch.jit.trace(cnn, torch.rand(BATCH, 3, 24, 30)).save(os.path.join(folder, "traced.pt"))
    torch.jit.script(cnn).save(os.path.join(folder, "scripted.pt"))
    torch.jit.script(mlp).save(os.path.join(folder, "mlp.pt"))
    for model in (Tuple(), Throws(), WrongBatch(), Text()):
        torch.jit.script(model).save(os.path.join(folder, type(model).__name__ + ".pt"))
    torch.save(cnn.state_dict(), os.path.join(folder, "state_dict.pt"))
    with torch.inference_mode():
        if importable("numpy"):
            arrays(folder, torch.jit.load(os.path.join(folder, "mlp.pt")))
            if importable("PIL"):
                images(folder, torch.jit.load(os.path.join(folder, "scripted.pt")))


if __name__ == "__main__":
    main(sys.argv[1])
