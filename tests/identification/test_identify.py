"""Whatever a sampler follows is told as what it is."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from samplers import MAPS, ROUND, Anything, told_padding

from stn_verify.contract.convention import Convention
from stn_verify.contract.implementation import Implementation, undeclared
from stn_verify.identification.findings import Findings
from stn_verify.identification.identify import identify
from stn_verify.workers.evaluator import InProcessTarget

UNITS = {
    "normalised half-pixel": ("normalised", False),
    "normalised aligned": ("normalised", True),
    "pixels": ("pixels", None),
    "unit half-pixel": ("unit", False),
    "unit aligned": ("unit", True),
}

SAMPLERS = st.builds(
    Anything,
    kernel=st.sampled_from(["bilinear", "nearest", "bicubic"]),
    ties=st.sampled_from(sorted(ROUND)),
    a=st.one_of(st.sampled_from([-0.75, -0.5, -1.0]), st.floats(-1.0, -0.01)),
    padding=st.sampled_from(["zeros", "border", "wrap", "centres", "edges"]),
    fill=st.sampled_from([0.0, 0.0, 3.5, -1.0]),
    map=st.sampled_from(sorted(MAPS)),
    layout=st.sampled_from(["NCHW", "NHWC"]),
    axis_order=st.sampled_from(["xy", "yx"]),
)


def identified(sampler: Anything, dtype: str = "float64") -> Findings:
    """Through a call that hides everything but (image, grid)."""

    def sample(image, grid):
        return sampler(image, grid)

    target = InProcessTarget(Implementation("anything", "numpy", {"sample": sample}, dtypes=(dtype,)))
    return identify(target, "sample", Convention(), dtype)


def hold(sampler: Anything, found: Findings) -> None:
    """Every finding is the choice that was made."""
    assert (found.image_layout, found.output_layout) == (sampler.layout, sampler.layout)
    assert found.axis_order == sampler.axis_order
    if sampler.map in UNITS:
        units, aligned = UNITS[sampler.map]
        mirrored = sampler.padding == "centres" if units == "pixels" else None
        assert found.units == units
        assert found.align_corners in ({aligned} if aligned is not None else {None, mirrored})
    else:
        assert found.units is None
        assert found.remarks[0].endswith("no convention has it")
    assert found.paddings == [told_padding(sampler)]
    if sampler.kernel == "bicubic":
        assert found.cubic_a is not None
        assert found.cubic_a_bound is not None
        assert abs(found.cubic_a - sampler.a) <= found.cubic_a_bound
    else:
        assert found.kernel == sampler.kernel
    if sampler.kernel == "nearest":
        assert sampler.ties in found.ties
        # Only what a negative coordinate tells apart may stay open: border and mirrors give the same pixel for 0 and -1.
        assert set(found.ties) <= {sampler.ties} | {"half up", "half away from zero"} or set(found.ties) <= {
            "half down",
            "half towards zero",
        }
    assert found.calls <= 10


@given(SAMPLERS)
@settings(max_examples=120)
@example(Anything("nearest", "half down", padding="border"))
@example(Anything("bicubic", a=-0.6, padding="wrap", map="pixels", layout="NHWC"))
@example(Anything(map="(W-2)/2", axis_order="yx"))
def test_whatever_was_chosen_is_found(sampler: Anything) -> None:
    hold(sampler, identified(sampler))


@given(SAMPLERS.filter(lambda sampler: sampler.kernel != "bicubic"))
@settings(max_examples=30)
def test_in_float32_too(sampler: Anything) -> None:
    hold(sampler, identified(sampler, "float32"))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda image, grid: image[:, :, :1, :1] + 0 * grid[:, None, :, :, 0], "follow no coordinate"),
        (lambda image, grid: image[:1], "neither NCHW nor NHWC"),
    ],
)
def test_what_follows_nothing_is_told(wrong, told) -> None:
    from stn_verify.identification.whole import identification

    found = identification(InProcessTarget(undeclared(wrong, "wrong", "numpy")), "wrong")
    assert not found.identified
    (findings,) = found.found
    assert told in "; ".join(findings.remarks)


def test_coarse_coordinates_show_in_the_arithmetic_that_explains() -> None:
    import numpy as np

    def sample(image, grid):
        return Anything()(image, np.round(grid * 256) / 256)

    target = InProcessTarget(Implementation("coarse", "numpy", {"sample": sample}, dtypes=("float64",)))
    found = identify(target, "sample", Convention(), "float64")
    assert found.kernel == "bilinear"
    assert found.explained_by["kernel"] in ("tf32", "float16")
