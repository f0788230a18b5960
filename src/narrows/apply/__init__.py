"""A trained model on one's own pictures: apply, encode, decode, evaluate, probe."""

from narrows.apply.codes import decode_to_files, encode_to_file
from narrows.apply.few_labels import Probed, probe
from narrows.apply.files import Applied, apply_files
from narrows.apply.gather import Gathered, gather
from narrows.apply.judge import Judged, judge
from narrows.apply.run import Run

__all__ = [
    "Applied",
    "Gathered",
    "Judged",
    "Probed",
    "Run",
    "apply_files",
    "decode_to_files",
    "encode_to_file",
    "gather",
    "judge",
    "probe",
]
