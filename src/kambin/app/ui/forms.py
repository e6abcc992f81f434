"""What a person types or picks before it is asked for: it lives in the browser alone.

The server never reads these names; a value comes to it only with the call that needs it.
"""

from typing import Final

FORMS: Final[dict[str, object]] = {
    "ui_silence_ms": 0,
    "ui_camera": None,
    "ui_full": 0,
    "ui_selected": "entry",
    "ui_more": "",
    "ui_folder": "",
    "ui_image": "",
    "ui_labels": "",
    "ui_into": "",
    "ui_phantom_level": "L4-L5",
    "ui_phantom_side": "left",
    "ui_phantom_into": "",
    "ui_level": "",
    "ui_side": "",
    "ui_zone": "",
    "ui_by": "",
    "ui_answers": [],
    "ui_replace_key": "",
    "ui_replace_file": "",
    "ui_fragment_zone": "",
    "ui_fragment_size": "2",
    "ui_brush_mm": "3",
    "ui_brush_erases": False,
    "ui_technique": "",
    "ui_cannula": "",
    "ui_left": "",
    "ui_right": "",
    "ui_ticks": [],
}
"""Name and first value; no level and no side is chosen beforehand."""
