"""Packages of AOTInductor and what Python makes of them: the reference of package_test.cpp and test_scoring_packages.py.
package_reference.py FOLDER: makes them there unless they are there, for g++ takes half a minute. A file `made` says that all went well."""
import fcntl
import os
import shutil
import sys


def package(folder, name, model, dynamic):
    import torch
    from torch.export import Dim, export
    shapes = ({0: Dim("batch", min=2, max=512)},) if dynamic else None
    with torch.no_grad():
        return torch._inductor.aoti_compile_and_package(export(model, (torch.rand(4, 6),), dynamic_shapes=shapes),
                                                        package_path=os.path.join(folder, f"{name}.pt2"))


def make(folder):
    import numpy
    import torch

    from torch_reference import in_batches, line, write

    class Centred(torch.nn.Module):
        """What a model in training mode does: a row depends on what else is in its batch."""

        def forward(self, x):
            return x - x.mean(0)

    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3)).eval()
    array = numpy.random.RandomState(1).randn(19, 6).astype("float32")
    numpy.save(os.path.join(folder, "rows.npy"), array)
    for name, size in ("dynamic", 8), ("static", 4):
        run = torch._inductor.aoti_load_package(package(folder, name, model, name == "dynamic"))
        with torch.inference_mode():
            write(folder, name, [line("rows.npy", values) for values in in_batches(run, list(torch.from_numpy(array)), size)])
    package(folder, "centred", Centred(), True)


def main(folder):
    made, cache = os.path.join(folder, "made"), os.path.join(folder, "cache")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(made) and os.path.getmtime(made) > os.path.getmtime(__file__) or not shutil.which("g++"):
            return
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        try:
            make(folder)
        except ImportError:
            return  # no torch, or no numpy: `made` is missing
        shutil.rmtree(cache, ignore_errors=True)
        open(made, "w").close()


main(sys.argv[1])
