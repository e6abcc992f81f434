"""The patient of boxes of the report's unit tests, used here for whole documents."""

import importlib.util
from pathlib import Path

_FILE = Path(__file__).parents[1] / "unit" / "report" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("patient_of_boxes", _FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
_BOXES = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_BOXES)

a_small_anatomy = _BOXES.a_small_anatomy
a_label_only_case = _BOXES.a_label_only_case
a_small_case = _BOXES.a_small_case
a_plan = _BOXES.a_plan
a_refusal = _BOXES.a_refusal
