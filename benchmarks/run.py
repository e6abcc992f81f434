"""``make bench``: prints ratios against peers of the same run; asserts ratios, never seconds."""

import tempfile
from pathlib import Path

from benchmarks.case_stages import measure_stages
from benchmarks.certified import measure_certified
from benchmarks.clearance import measure_clearance
from benchmarks.instances import make_instance, read_ct_case
from benchmarks.live_numbers import measure_live_numbers
from benchmarks.whole_plan import measure_plan
from kambin.anatomy import Case, Level, complete
from kambin.exchange import read_case, write_case
from kambin.frames import Side
from kambin.phantom import PhantomParameters, build_phantom

ENTRIES, TARGETS = 2000, 400
EVERY = 10**9
"""More than an instance has: all of its skin and free voxels."""


def main() -> None:
    """Measure the phantom always, and the real CT where the shared data is at hand."""
    measure_stages()
    phantom = build_phantom(PhantomParameters(Level("L4", "L5"), Side.LEFT))
    with tempfile.TemporaryDirectory(prefix="kambin-bench-") as folder:
        made = Case(phantom.image, phantom.labels, phantom.names, "kambin")
        # Through a folder, as every case comes; without its truth, which takes longer than a plan.
        case = read_case(write_case(made, Path(folder) / "phantom"))
        ct = read_ct_case(Path(folder) / "ct")
    measure_plan(case)
    measure_live_numbers("phantom", case, complete(case))
    if ct is not None:
        measure_live_numbers("real CT, 3 mm", ct, complete(ct))
    name, chosen = ("phantom", case) if ct is None else ("real CT, 3 mm", ct)
    if ct is None:
        print("no shared data: the clearance is measured on the phantom instead of the CT")
    measure_clearance(make_instance(name, chosen, entries=ENTRIES, targets=TARGETS))
    if ct is not None:
        measure_certified(make_instance(name, ct, entries=EVERY, targets=EVERY))


if __name__ == "__main__":
    main()
