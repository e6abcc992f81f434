"""Two real patients, and herniations placed in them."""

from dataclasses import replace
from pathlib import Path

from kambin.anatomy import Anatomy, Case, Level, complete
from kambin.anatomy.fragment import (
    FragmentNote,
    find_note,
    put_fragment,
    tag_fragment,
    yield_to_fragment,
)
from kambin.anatomy.fragment_model import place_fragment
from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.anatomy.structures import Origin, Structure
from kambin.anatomy.working import REGION_MARGIN_VOXELS
from kambin.exchange import import_case, read_case, settle_case
from kambin.frames import Side
from kambin.imaging import region_from_mask

PATIENTS = {
    "atlas": (
        None,
        (
            "atlas_vhp_male/vhp_male_lumbar_labels_1mm.nii.gz",
            "skin=atlas_vhp_male/vhp_male_body_skin_1mm.nii.gz",
        ),
    ),
    "ct": (
        "ct_ts_abdopelvis_3mm/ct.nii.gz",
        ("ct_ts_abdopelvis_3mm/labels_totalseg117.nii.gz",),
    ),
}
"""Image and label files of each patient, under the folder of the shared data."""

LEVELS = ("L3-L4", "L4-L5", "L5-S1")
HERNIATIONS = {
    "paracentral": ("paracentral", "none", "extrusion"),
    "central": ("central", "none", "extrusion"),
    "foraminal": ("foraminal", "none", "extrusion"),
    "extraforaminal": ("extraforaminal", "none", "extrusion"),
    "down-migrated": ("paracentral", "near-down", "sequestration"),
}
"""Zone, migration and morphology of each class (evidence 2.2)."""

SIZE = 2
"""MSU size of every herniation."""


def read_patient(data: Path, name: str, folder: Path) -> Case:
    """Import a patient as the command line does, or read what was imported into a folder before."""
    image, labels = PATIENTS[name]
    files = []
    for word in labels:
        key, _, file = word.rpartition("=")
        files.append(f"{key}={data / file}" if key else data / file)
    out = folder / name
    if not (out / "case.json").is_file():
        import_case(image=data / image if image else None, labels=files, out=out)
    return read_case(out)


def place(case: Case, anatomy: Anatomy, level: Level, side: Side, kind: str) -> Case:
    """Return a case with a herniation of one class in it."""
    zone, migration, morphology = HERNIATIONS[kind]
    wish = FragmentWish(level, side, zone, migration, SIZE, morphology)
    placed = place_fragment(case, anatomy, wish)
    note = FragmentNote(Origin.MODELLED, wish.as_words())
    return settle_case(put_fragment(case, placed.mask, note))


def complete_placed(anatomy: Anatomy, placed: Case) -> Anatomy:
    """Return the anatomy of a case with a placed fragment.

    Parameters
    ----------
    anatomy : Anatomy, completed from the case without it
    placed : Case with it

    Notes
    -----
    A fragment that covers nothing but the body of the skin changes nothing but the modelled sac,
    which gives way to it. Where it covers another label (the canal's of the CT), everything is
    completed anew.
    """
    note = find_note(placed.source)
    if note is None or any(placed.names[label].kind != "skin" for _, _, label in note.covered):
        return complete(placed)
    number = next(n for n, key in placed.names.items() if key == FRAGMENT_KEY)
    region = region_from_mask(placed.labels.values == number, placed.labels, REGION_MARGIN_VOXELS)
    sigma_mm = surface_sigma_mm(FRAGMENT_KEY.kind, anatomy.label_spacing_mm)
    fragment = Structure(FRAGMENT_KEY, region, Origin.SEGMENTED, sigma_mm, method="Segmented.")
    structures, said = yield_to_fragment(
        tag_fragment({**anatomy.structures, FRAGMENT_KEY: fragment}, placed.source)
    )
    return replace(anatomy, structures=structures, findings=(*anatomy.findings, *said))
