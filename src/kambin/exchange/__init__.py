"""Files in and out: images, labels, case folders and documents."""

from kambin.exchange.answers import find_answer_file, read_answer, write_refusal
from kambin.exchange.case_files import (
    hash_case,
    is_case_folder,
    read_case,
    read_confirmations,
    record_confirmation,
    require_free,
    settle_case,
    write_case,
)
from kambin.exchange.case_summary import CaseSummary, read_case_summary
from kambin.exchange.dialects import Dialect, find_key, read_dialects
from kambin.exchange.dicom_image import DicomRequest
from kambin.exchange.documents import to_json, to_plain, write_bytes_atomically, write_document
from kambin.exchange.importing import find_import_findings, import_case
from kambin.exchange.nifti_writing import nifti_bytes
from kambin.exchange.phantom_files import read_truth, write_phantom
from kambin.exchange.plan_files import (
    read_plan,
    read_plan_confirmations,
    record_plan_confirmation,
    write_plan,
)
from kambin.exchange.plan_history import (
    History,
    Version,
    keep_answer,
    read_history,
    require_replaceable,
    step_history,
)
from kambin.exchange.plan_sets import (
    SET_FILE,
    read_plan_set,
    read_set_confirmations,
    record_set_confirmation,
    write_plan_set,
)
from kambin.exchange.plan_shelf import PLAN_FILE, REFUSAL_FILE
from kambin.exchange.reading import PATIENT_FRAME, read_label_map, read_volume
from kambin.exchange.segmenters import (
    SEGMENTERS,
    Segmentation,
    Segmenter,
    find_segmenter_call,
    segment,
)
from kambin.exchange.signing import SignRequest, lock_plan_file, read_signatures, sign_plan_file

__all__ = [
    "PATIENT_FRAME",
    "PLAN_FILE",
    "REFUSAL_FILE",
    "SEGMENTERS",
    "SET_FILE",
    "CaseSummary",
    "Dialect",
    "DicomRequest",
    "History",
    "Segmentation",
    "Segmenter",
    "SignRequest",
    "Version",
    "find_answer_file",
    "find_import_findings",
    "find_key",
    "find_segmenter_call",
    "hash_case",
    "import_case",
    "is_case_folder",
    "keep_answer",
    "lock_plan_file",
    "nifti_bytes",
    "read_answer",
    "read_case",
    "read_case_summary",
    "read_confirmations",
    "read_dialects",
    "read_history",
    "read_label_map",
    "read_plan",
    "read_plan_confirmations",
    "read_plan_set",
    "read_set_confirmations",
    "read_signatures",
    "read_truth",
    "read_volume",
    "record_confirmation",
    "record_plan_confirmation",
    "record_set_confirmation",
    "require_free",
    "require_replaceable",
    "segment",
    "settle_case",
    "sign_plan_file",
    "step_history",
    "to_json",
    "to_plain",
    "write_bytes_atomically",
    "write_case",
    "write_document",
    "write_phantom",
    "write_plan",
    "write_plan_set",
    "write_refusal",
]
