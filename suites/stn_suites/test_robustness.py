"""Robustness: numbers that are not finite, shapes without elements, layouts, dtypes, wrong calls, what lasts between calls."""

from collections.abc import Sequence

import pytest
from hypothesis.strategies import SearchStrategy

from stn_suites import checks, kernels, layouts
from stn_suites.poisoned import grids_unharmed, images_unharmed, points_unharmed
from stn_suites.promises import kept
from stn_suites.spoilt import cotangents_stay, pixels_stay
from stn_suites.wrong_calls import refused
from stn_verify.cases import empty, grids, poison, thetas
from stn_verify.cases.case import GenerateCase, SampleCase, TransformCase
from stn_verify.cases.strategies import TWO_OR_MORE, GridMaker, generate_cases, sample_cases, transform_cases
from stn_verify.contract.features import Layout
from stn_verify.exploration.examination import Examination

SAMPLE = ("output", "grad_input", "grad_grid")
TRANSFORM = ("output", "grad_input", "grad_theta")
GENERATE = ("grid", "grad_theta")
MIXABLE = tuple(layouts.WIDER)

FEW = 4
"""Examples of checks that ask the same of a target in every example, by several calls."""

READING: dict[str, GridMaker] = {
    "around": grids.around,
    "integers": grids.integers,
    "single integers": grids.single_integers,
}

POISONED_THETAS = {kind: poison.thetas(values) for kind, values in poison.KINDS.items()}


def _samples(examination: Examination) -> SearchStrategy[SampleCase]:
    return sample_cases(examination.dtype, examination.convention, grids.GENERIC, batches=TWO_OR_MORE)


def _transforms(examination: Examination) -> SearchStrategy[TransformCase]:
    return transform_cases(examination.dtype, examination.convention, thetas.GENERIC, batches=TWO_OR_MORE)


def _generators(examination: Examination) -> SearchStrategy[GenerateCase]:
    return generate_cases(examination.dtype, examination.convention, thetas.GENERIC, batches=TWO_OR_MORE)


def _poison_coordinates(examination: Examination, kind: str) -> None:
    kinds = {kind: poison.grids(poison.KINDS[kind])}
    cases = sample_cases(examination.dtype, examination.convention, kinds)
    examination.explore(cases, points_unharmed(examination), share=kernels.share(examination))


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly", interpolations=kernels.EVERY)
def test_nan_coordinates(examination: Examination) -> None:
    """A few coordinates are NaN."""
    _poison_coordinates(examination, "nan")


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly")
def test_infinite_coordinates(examination: Examination) -> None:
    """A few coordinates are infinite."""
    _poison_coordinates(examination, "infinite")


@pytest.mark.stn_check("sample", SAMPLE)
def test_large_coordinates(examination: Examination) -> None:
    """A few coordinates are 1e10, 1e20 or the largest finite number, as far as the dtype goes."""
    _poison_coordinates(examination, "large")


@pytest.mark.stn_check("transform", TRANSFORM, alike="nearly")
def test_poisoned_thetas(examination: Examination) -> None:
    """A few coefficients of one image's theta are NaN, infinite or huge."""
    cases = transform_cases(examination.dtype, examination.convention, POISONED_THETAS, batches=TWO_OR_MORE)
    examination.explore(cases, images_unharmed(examination))


@pytest.mark.stn_check("generate", GENERATE, padded=False, alike="nearly")
def test_poisoned_grids(examination: Examination) -> None:
    """A few coefficients of one theta are NaN, infinite or huge."""
    cases = generate_cases(examination.dtype, examination.convention, POISONED_THETAS, batches=TWO_OR_MORE)
    examination.explore(cases, grids_unharmed(examination))


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly")
def test_spoilt_pixels(examination: Examination) -> None:
    """A few pixels are NaN or infinite."""
    cases = sample_cases(examination.dtype, examination.convention, READING, batches=TWO_OR_MORE).map(
        poison.pixels
    )
    examination.explore(cases, pixels_stay(examination))


@pytest.mark.stn_check("transform", TRANSFORM, unless="sample", alike="nearly")
def test_fused_spoilt_pixels(examination: Examination) -> None:
    """The same through theta."""
    cases = transform_cases(examination.dtype, examination.convention, thetas.ALL, batches=TWO_OR_MORE).map(
        poison.pixels
    )
    examination.explore(cases, pixels_stay(examination))


@pytest.mark.stn_check("sample", ("grad_input", "grad_grid"), differentiated=True, alike="nearly")
def test_spoilt_cotangents(examination: Examination) -> None:
    """A few numbers of the cotangent are NaN or infinite."""
    cases = sample_cases(examination.dtype, examination.convention, READING, batches=TWO_OR_MORE).map(
        poison.cotangents
    )
    examination.explore(cases, cotangents_stay(examination))


@pytest.mark.stn_check(
    "transform", ("grad_input", "grad_theta"), differentiated=True, unless="sample", alike="nearly"
)
def test_fused_spoilt_cotangents(examination: Examination) -> None:
    """The same through theta."""
    cases = transform_cases(examination.dtype, examination.convention, thetas.ALL, batches=TWO_OR_MORE).map(
        poison.cotangents
    )
    examination.explore(cases, cotangents_stay(examination))


def _judge_shapes(examination: Examination, shapes: Sequence[empty.Shape]) -> None:
    cases = empty.samples(shapes, examination.dtype, examination.convention)
    examination.judge(cases, checks.everything)


@pytest.mark.stn_check("sample", SAMPLE, padded=False, alike="nearly")
def test_no_images(examination: Examination) -> None:
    """A batch of none: results without elements, of the right shapes."""
    _judge_shapes(examination, empty.NO_IMAGES)


@pytest.mark.stn_check("sample", SAMPLE, padded=False, alike="nearly")
def test_no_channels(examination: Examination) -> None:
    """Images of no channels: the grid's gradient is zero."""
    _judge_shapes(examination, empty.NO_CHANNELS)


@pytest.mark.stn_check("sample", SAMPLE, padded=False, alike="nearly")
def test_no_outputs(examination: Examination) -> None:
    """Grids of no rows, of no columns, of neither: the image's gradient is zero."""
    _judge_shapes(examination, empty.NO_OUTPUTS)


@pytest.mark.stn_check("sample", SAMPLE, alike="nearly")
def test_single_elements(examination: Examination) -> None:
    """One image, one channel, axes of one pixel and one output."""
    _judge_shapes(examination, empty.SINGLE)


@pytest.mark.stn_check("transform", TRANSFORM, padded=False, alike="nearly")
def test_no_fused_images(examination: Examination) -> None:
    """A batch of none."""
    cases = empty.transforms(empty.NO_IMAGES, examination.dtype, examination.convention)
    examination.judge(cases, checks.everything)


@pytest.mark.stn_check("transform", TRANSFORM, padded=False, alike="nearly")
def test_no_fused_channels(examination: Examination) -> None:
    """Images of no channels: theta's gradient is zero."""
    cases = empty.transforms(empty.NO_CHANNELS, examination.dtype, examination.convention)
    examination.judge(cases, checks.everything)


@pytest.mark.stn_check("generate", GENERATE, padded=False, alike="nearly")
def test_no_thetas(examination: Examination) -> None:
    """A batch of none."""
    cases = empty.generators(empty.NO_IMAGES, examination.dtype, examination.convention)
    examination.judge(cases, checks.generator)


def _lay_out(examination: Examination, layout: Layout) -> None:
    examination.explore(_samples(examination), layouts.laid_out(layout), most=FEW)


@pytest.mark.stn_check("sample", SAMPLE, padded=False, feature="layouts", alike="wholly")
def test_transposed(examination: Examination) -> None:
    """Arrays whose last two axes are swapped in memory, all of them and each alone."""
    _lay_out(examination, "transposed")


@pytest.mark.stn_check("sample", SAMPLE, padded=False, feature="layouts", alike="wholly")
def test_sliced(examination: Examination) -> None:
    """Every second element of larger arrays."""
    _lay_out(examination, "sliced")


@pytest.mark.stn_check("sample", SAMPLE, padded=False, feature="layouts", alike="wholly")
def test_channels_last(examination: Examination) -> None:
    """Channels innermost in memory."""
    _lay_out(examination, "channels_last")


@pytest.mark.stn_check("sample", SAMPLE, padded=False, feature="layouts", alike="wholly")
def test_expanded(examination: Examination) -> None:
    """Stride 0: one channel for all, one grid for the batch, and the cotangent of ones that sum().backward() hands over."""
    cases = _samples(examination).map(layouts.repeating)
    examination.explore(cases, layouts.laid_out("expanded"), most=FEW)


@pytest.mark.stn_check("transform", TRANSFORM, padded=False, feature="layouts", large=True, alike="wholly")
def test_fused_transposed(examination: Examination) -> None:
    """Images, thetas and cotangents whose last two axes are swapped in memory."""
    examination.explore(_transforms(examination), layouts.laid_out("transposed"), most=FEW)


@pytest.mark.stn_check("transform", TRANSFORM, padded=False, feature="layouts", large=True, alike="wholly")
def test_fused_sliced(examination: Examination) -> None:
    """Every second element of larger arrays."""
    examination.explore(_transforms(examination), layouts.laid_out("sliced"), most=FEW)


@pytest.mark.stn_check("transform", TRANSFORM, padded=False, feature="layouts", large=True, alike="wholly")
def test_fused_channels_last(examination: Examination) -> None:
    """Channels innermost in memory."""
    examination.explore(_transforms(examination), layouts.laid_out("channels_last"), most=FEW)


@pytest.mark.stn_check("transform", TRANSFORM, padded=False, feature="layouts", large=True, alike="wholly")
def test_fused_expanded(examination: Examination) -> None:
    """Stride 0: one channel for all, one theta for the batch, and a cotangent of ones."""
    cases = _transforms(examination).map(layouts.repeating)
    examination.explore(cases, layouts.laid_out("expanded"), most=FEW)


@pytest.mark.stn_check("generate", GENERATE, padded=False, feature="layouts", alike="wholly")
def test_grid_channels_last(examination: Examination) -> None:
    """A cotangent of the grid with channels innermost in memory, as a convolution hands it over, and such a theta."""
    examination.explore(_generators(examination), layouts.laid_out("channels_last"), most=FEW)


@pytest.mark.stn_check("sample", SAMPLE, feature="mixed dtypes", dtypes=MIXABLE)
def test_mixed_dtypes(examination: Examination) -> None:
    """A grid of a finer dtype than the image's, and the other way round: right as the coarser one's arithmetic has it."""
    examination.explore(_samples(examination), layouts.mixed(examination), most=FEW)


@pytest.mark.stn_check("transform", TRANSFORM, feature="mixed dtypes", dtypes=MIXABLE, large=True)
def test_fused_mixed_dtypes(examination: Examination) -> None:
    """A theta of a finer dtype than the image's, and the other way round."""
    examination.explore(_transforms(examination), layouts.mixed(examination), most=FEW)


@pytest.mark.stn_check("sample", ("output",), padded=False, alike="wholly")
def test_wrong_calls(examination: Examination) -> None:
    """Shapes that do not fit together are refused with an exception."""
    examination.explore(_samples(examination), refused, most=2)


@pytest.mark.stn_check("transform", ("output",), padded=False, alike="wholly")
def test_fused_wrong_calls(examination: Examination) -> None:
    """Images and thetas that do not fit together are refused with an exception."""
    examination.explore(_transforms(examination), refused, most=2)


@pytest.mark.stn_check("generate", ("grid",), padded=False, alike="wholly")
def test_wrong_thetas(examination: Examination) -> None:
    """Thetas that are not [N, 2, 3] are refused with an exception."""
    examination.explore(_generators(examination), refused, most=2)


@pytest.mark.stn_check("sample", SAMPLE, padded=False, feature="watching")
def test_promises(examination: Examination) -> None:
    """Inputs are not written to; results have the dtype and the device of the inputs."""
    examination.explore(_samples(examination), kept, most=FEW)


@pytest.mark.stn_check("transform", TRANSFORM, padded=False, feature="watching", large=True)
def test_fused_promises(examination: Examination) -> None:
    """The same through theta."""
    examination.explore(_transforms(examination), kept, most=FEW)


@pytest.mark.stn_check("generate", GENERATE, padded=False, feature="watching", large=True)
def test_grid_promises(examination: Examination) -> None:
    """The same of grids."""
    examination.explore(_generators(examination), kept, most=FEW)


@pytest.mark.stn_check("sample", SAMPLE, padded=False, alike="nearly")
def test_no_memory(examination: Examination) -> None:
    """A call, others in arrays of the same shapes, and the first again."""
    examination.explore(_samples(examination), checks.repeated, most=FEW)


@pytest.mark.stn_check("transform", TRANSFORM, unless="sample", alike="nearly")
def test_no_fused_memory(examination: Examination) -> None:
    """The same through theta."""
    examination.explore(_transforms(examination), checks.repeated, most=FEW)


@pytest.mark.stn_check(
    "sample", ("grad_input", "grad_grid"), padded=False, differentiated=True, alike="nearly"
)
def test_gradients_in_every_company(examination: Examination) -> None:
    """Each gradient asked for alone, and both together."""
    examination.explore(_samples(examination), checks.gradient_subsets, most=FEW)
