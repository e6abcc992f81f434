"""What several test files ask for and takes long to make: made once, by whichever worker is first.

Two workers run at once and share one folder of the session.
"""

from pathlib import Path

from benchmarks.made_once import MadeOnce
from tests.e2e.command_line import run_kambin

PLACE = ("--level", "L4-L5", "--side", "left")
"""Where the made patients have their herniation."""

COARSE_MM = 1.5
"""Spacing of the made patient, mm: a third of the voxels of 1 mm, and the facet is resolved."""


class Shelf(MadeOnce):
    """The folder of a session, and the patients that its tests ask for."""

    def made_patient(self, spacing_mm: float) -> Path:
        """Return the case of a patient made by ``kambin phantom``: a herniation at L4-L5 left."""
        words = (*PLACE, "--herniation", "paracentral", "--seed", 0)

        def make(folder: Path) -> None:
            done = run_kambin("phantom", "-o", folder, *words, "--spacing", spacing_mm)
            assert done.code == 0, done.errors

        return self.find(f"patient-{spacing_mm}", make)

    def made_plan(self, spacing_mm: float) -> Path:
        """Return the folder that ``kambin plan`` made for that patient; copy it to work in it."""
        case = self.made_patient(spacing_mm)

        def make(folder: Path) -> None:
            done = run_kambin("plan", case, *PLACE, "--zone", "paracentral", "-o", folder)
            assert done.code == 0, done.text + done.errors

        return self.find(f"plan-{spacing_mm}", make)

    def real_ct(self, shared_data: Path) -> Path:
        """Return the case of the 3 mm CT with its TotalSegmentator labels, as files give it."""
        folder = shared_data / "ct_ts_abdopelvis_3mm"
        words = ("-i", folder / "ct.nii.gz", "--labels", folder / "labels_totalseg117.nii.gz")

        def make(case: Path) -> None:
            done = run_kambin("import", *words, "-o", case)
            assert done.code == 0, done.errors

        return self.find("real-ct", make)
