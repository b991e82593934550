"""What a session asks of a target: which dtypes stand for the others, images or volumes."""

from dataclasses import replace
from typing import Any

import pytest

import stn_reference
from stn_adapters.reference import REFERENCE
from stn_verify.exploration.profiles import PROFILES
from stn_verify.exploration.session import Alike, Session
from stn_verify.formats import STORAGE_DTYPES
from stn_verify.workers.evaluator import InProcessTarget

WIDE = ("float64", "float32", "float16")


def asked(
    profile: str, alike: Alike, taken: tuple[str, ...] = WIDE, wanted: tuple[str, ...] = WIDE
) -> list[str]:
    """The dtypes that a check is asked for."""
    target = InProcessTarget(replace(REFERENCE, dtypes=taken))
    session = Session("reference", target, profile=PROFILES[profile], dtypes=wanted)
    requests = session.requests("sample", ("output",), padded=False, alike=alike)
    return list(dict.fromkeys(request.dtype for request in requests))


@pytest.mark.parametrize(
    ("profile", "alike", "dtypes"),
    [
        ("quick", "never", [*WIDE]),
        ("quick", "nearly", ["float32", "float16"]),
        ("quick", "wholly", ["float32", "float16"]),
        ("default", "nearly", [*WIDE]),
        ("default", "wholly", ["float32", "float16"]),
    ],
)
def test_a_wide_dtype_and_a_narrow_one_stand_for_all(profile: str, alike: Alike, dtypes: list[str]) -> None:
    assert asked(profile, alike) == dtypes


def test_another_stands_in_for_one_that_is_not_taken_or_not_asked_for() -> None:
    assert asked("quick", "wholly", taken=("float64",)) == ["float64"]
    assert asked("quick", "wholly", wanted=("float64", "bfloat16")) == ["float64"]


def test_where_none_is_taken_each_is_told_to_be_unsupported() -> None:
    assert asked("quick", "wholly", taken=("float64",), wanted=("float16", "bfloat16")) == [
        "float16",
        "bfloat16",
    ]


@pytest.mark.parametrize("alike", ["nearly", "wholly"])
@pytest.mark.parametrize("dtype", STORAGE_DTYPES[:3])
def test_a_dtype_that_is_asked_for_alone_is_checked(dtype: str, alike: Alike) -> None:
    assert asked("quick", alike, wanted=(dtype,)) == [dtype]


@pytest.mark.parametrize(
    ("declared", "spatial", "reason"),
    [
        ({"spatial": (2,)}, 3, "takes no volumes"),
        ({"spatial": (3,)}, 2, "takes no images"),
        ({"spatial": (2, 3)}, 2, None),
        ({"spatial": (2, 3)}, 3, None),
        (
            {"spatial": (2, 3), "layout": "NHWC"},
            3,
            "volumes are not translated into its dialect: NHWC, (x, y), normalised",
        ),
    ],
)
def test_images_and_volumes_are_asked_of_what_takes_them(
    declared: dict[str, Any], spatial: int, reason: str | None
) -> None:
    generator = {"generate": stn_reference.affine_grid}
    held = replace(REFERENCE, functions=generator, vjps={}, families=("affine",), **declared)
    target = InProcessTarget(replace(held, padding="zeros"))
    session = Session("reference", target, profile=PROFILES["quick"])
    requests = session.requests("generate", ("grid",), spatial=spatial)
    assert {request.unsupported for request in requests if request.dtype in ("any", "float64")} == {reason}
