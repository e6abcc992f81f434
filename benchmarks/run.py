"""``make bench``: prints ratios against peers of the same run; asserts ratios, never seconds."""

import tempfile
from pathlib import Path

from benchmarks.clearance import measure_clearance
from benchmarks.instances import make_instance, read_ct_case
from benchmarks.whole_plan import measure_plan
from kambin.anatomy import Level
from kambin.exchange import read_case, write_phantom
from kambin.frames import Side
from kambin.phantom import PhantomParameters, build_phantom

ENTRIES, TARGETS = 2000, 400


def main() -> None:
    """Measure the phantom always, and the real CT where the shared data is at hand."""
    phantom = build_phantom(PhantomParameters(Level("L4", "L5"), Side.LEFT))
    with tempfile.TemporaryDirectory(prefix="kambin-bench-") as folder:
        case = read_case(write_phantom(phantom, Path(folder) / "phantom"))
        ct = read_ct_case(Path(folder) / "ct")
    measure_plan(case)
    name, chosen = ("phantom", case) if ct is None else ("real CT, 3 mm", ct)
    if ct is None:
        print("no shared data: the clearance is measured on the phantom instead of the CT")
    measure_clearance(make_instance(name, chosen, entries=ENTRIES, targets=TARGETS))


if __name__ == "__main__":
    main()
