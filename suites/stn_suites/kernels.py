"""How much of a check is spent on each kernel: bilinear is what transformers train with, and has been looked at most."""

from stn_verify.exploration.examination import Examination

EVERY = ("bilinear", "nearest", "bicubic")
SMOOTH = ("bilinear", "bicubic")
"""Those in which integers are of interest: kinks of the one, where the other must have none."""

SHARE = 0.2
"""Of the examples, for each other kernel: coordinates and padding are looked into under bilinear."""


def share(examination: Examination, *, many: bool = False) -> float:
    """Of the profile's examples; `many` calls or outputs in each show as much in half of them."""
    if examination.convention.interpolation == "bilinear":
        return 1.0
    return SHARE / 2 if many else SHARE
