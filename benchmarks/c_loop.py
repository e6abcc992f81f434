"""Compiles and calls the plain C loop, on two threads."""

import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FAST = (
    "-fassociative-math", "-freciprocal-math", "-fno-signed-zeros", "-fno-trapping-math",
    "-ffinite-math-only", "-fno-math-errno",
)  # fmt: skip
"""What -ffast-math is made of: named as one, it links start-up code that makes the whole process
take the smallest numbers for zero as soon as the loop is loaded."""

FLAGS = ("-O3", "-march=native", *FAST, "-shared", "-fPIC")
THREADS = 2
CHUNKS = 16

Float32 = NDArray[np.float32]


@functools.cache
def compile_loop(name: str = "march") -> ctypes.CDLL:
    """Compile a C file beside this one with the flags of the plan, once, and load it."""
    compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
    library = Path(tempfile.mkdtemp(prefix="kambin-bench-")) / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run([compiler, *FLAGS, str(source), "-o", str(library), "-lm"], check=True)
    return ctypes.CDLL(str(library))


def c_march(
    library: ctypes.CDLL, field: Float32, entries: Float32, targets: Float32, step: float
) -> Callable[[], Float32]:
    """Return a call of the C loop over all pairs; entries and targets are node coordinates."""
    shape = np.array(field.shape, dtype=np.int64)
    found = np.empty((len(entries), len(targets)), dtype=np.float32)

    def pointer(array: NDArray[np.generic]) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data)

    def part(bounds: tuple[int, int]) -> None:
        library.march(
            pointer(field),
            pointer(shape),
            pointer(entries),
            pointer(targets),
            ctypes.c_long(len(targets)),
            ctypes.c_float(step),
            ctypes.c_long(bounds[0]),
            ctypes.c_long(bounds[1]),
            pointer(found),
        )

    edges = np.linspace(0, len(entries), CHUNKS + 1).astype(int).tolist()

    def run() -> Float32:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(part, pairwise(edges)))
        return found

    return run
