"""Beyond first gradients in reverse mode: second gradients, forward mode, and functions that are mapped or compiled.

Subjects: `grad2_input`, `grad2_grid`, `grad2_theta` and `grad2_cotangent` are the gradients of <grad_input, a> + <grad_grid, b>
(or grad_theta) by the input and the cotangent so named; `tangent` is the output's derivative along directions of the inputs.
What a target lacks is unsupported, unless it claims it.
"""

import pytest

from stn_suites import double_backward, forward_mode, ways
from stn_suites.spoilt import pixels_stay_twice
from stn_verify.cases import compiling, directions, grids, poison, thetas
from stn_verify.cases.strategies import TWO_OR_MORE, GridMaker, sample_cases, transform_cases
from stn_verify.exploration.examination import Examination

SAMPLE = ("output", "grad_input", "grad_grid")
TRANSFORM = ("output", "grad_input", "grad_theta")
SECOND_SAMPLE = ("grad2_input", "grad2_grid", "grad2_cotangent")
SECOND_TRANSFORM = ("grad2_input", "grad2_theta", "grad2_cotangent")

CELLS = ("float64", "float32", "float16")
"""In bfloat16 nearly every point may lie in another cell, and there is no second gradient to speak of."""

FINE = ("float64", "float32")
"""In 16 bits sums over all points are too uncertain to be divided by a step that keeps each in its cell."""

WIDE = ("float64", "float32")
"""Mapping moves axes, whatever their dtype."""

READING: dict[str, GridMaker] = {"around": grids.around, "single integers": grids.single_integers}

FEW = 8
"""Examples of checks that look for what any case shows: most points of the first images lie beside a spoilt pixel."""


@pytest.mark.stn_check(
    "sample", SECOND_SAMPLE, differentiated=True, feature="double backward", dtypes=CELLS, alike="nearly"
)
def test_double_backward(examination: Examination) -> None:
    """Second gradients against the closed form, on generic grids and beside kinks."""
    cases = sample_cases(examination.dtype, examination.convention, grids.ALL)
    examination.explore(cases, double_backward.closed_form)


@pytest.mark.stn_check(
    "sample", SECOND_SAMPLE, differentiated=True, feature="double backward", dtypes=CELLS, large=True
)
def test_double_backward_differences(examination: Examination) -> None:
    """Second gradients against exact differences of the target's own first gradients."""
    cases = directions.sample_shapes(examination.dtype, examination.convention)
    examination.judge(cases, double_backward.sample_differences)


@pytest.mark.stn_check(
    "transform",
    SECOND_TRANSFORM,
    differentiated=True,
    feature="double backward",
    dtypes=CELLS,
    alike="nearly",
)
def test_double_backward_transform(examination: Examination) -> None:
    """The same of fused transformers, with two identities between their gradients."""
    cases = transform_cases(examination.dtype, examination.convention, thetas.ALL)
    examination.explore(cases, double_backward.closed_form)


@pytest.mark.stn_check(
    "transform", ("grad2_theta",), differentiated=True, feature="double backward", dtypes=FINE, large=True
)
def test_double_backward_transform_differences(examination: Examination) -> None:
    """The second gradient by theta against exact differences of the target's own first gradients."""
    cases = directions.transform_shapes(examination.dtype, examination.convention)
    examination.judge(cases, double_backward.transform_differences)


@pytest.mark.stn_check("sample", SECOND_SAMPLE, differentiated=True, feature="double backward", dtypes=CELLS)
def test_double_backward_spoilt_pixels(examination: Examination) -> None:
    """A few pixels are NaN or infinite."""
    cases = sample_cases(examination.dtype, examination.convention, READING, batches=TWO_OR_MORE)
    examination.explore(cases.map(poison.pixels), pixels_stay_twice(examination), most=FEW)


@pytest.mark.stn_check(
    "transform",
    SECOND_TRANSFORM,
    differentiated=True,
    unless="sample",
    feature="double backward",
    dtypes=CELLS,
)
def test_double_backward_fused_spoilt_pixels(examination: Examination) -> None:
    """The same through theta."""
    cases = transform_cases(examination.dtype, examination.convention, thetas.GENERIC, batches=TWO_OR_MORE)
    examination.explore(cases.map(poison.pixels), pixels_stay_twice(examination), most=FEW)


@pytest.mark.stn_check(
    "sample", ("output", "tangent"), differentiated=True, feature="forward mode", dtypes=CELLS, alike="nearly"
)
def test_forward_mode(examination: Examination) -> None:
    """The tangent along image and grid, and along each, against the closed form and reverse mode."""
    cases = sample_cases(examination.dtype, examination.convention, grids.ALL)
    examination.explore(cases, forward_mode.tangents)


@pytest.mark.stn_check(
    "transform",
    ("output", "tangent"),
    differentiated=True,
    feature="forward mode",
    dtypes=CELLS,
    alike="nearly",
)
def test_forward_mode_transform(examination: Examination) -> None:
    """The same of fused transformers, along image and theta."""
    cases = transform_cases(examination.dtype, examination.convention, thetas.ALL)
    examination.explore(cases, forward_mode.tangents)


@pytest.mark.stn_check("sample", SAMPLE, differentiated=True, feature="vmap", dtypes=WIDE, alike="wholly")
def test_vmap(examination: Examination) -> None:
    """Mapped over the batch, one image at a time."""
    cases = sample_cases(examination.dtype, examination.convention, grids.ALL)
    examination.explore(cases, ways.vmapped)


@pytest.mark.stn_check(
    "transform", TRANSFORM, differentiated=True, feature="vmap", dtypes=WIDE, alike="wholly"
)
def test_vmap_transform(examination: Examination) -> None:
    """The same of fused transformers."""
    cases = transform_cases(examination.dtype, examination.convention, thetas.ALL)
    examination.explore(cases, ways.vmapped)


@pytest.mark.stn_check(
    "sample", SAMPLE, differentiated=True, feature="compile", dtypes=("float32",), large=True
)
def test_compile(examination: Examination) -> None:
    """Through the framework's compiler, one shape for each convention: compiling takes seconds."""
    cases = compiling.sample_shape(examination.dtype, examination.convention)
    examination.judge(cases, ways.compiled)


@pytest.mark.stn_check(
    "transform",
    TRANSFORM,
    padded=False,
    differentiated=True,
    feature="compile",
    dtypes=("float64",),
    large=True,
)
def test_compile_transform(examination: Examination) -> None:
    """The same of fused transformers."""
    cases = compiling.transform_shape(examination.dtype, examination.convention)
    examination.judge(cases, ways.compiled)
