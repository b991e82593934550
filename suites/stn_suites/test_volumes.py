"""Volumes: the trilinear and the nearest sampler on [N,C,D,H,W], their values, gradients, kinks, and poisoned coordinates."""

import pytest

from stn_suites import checks, differenced, kernels
from stn_suites.poisoned import grids_unharmed, images_unharmed, points_unharmed
from stn_suites.rules import name_rules
from stn_suites.ties import name_ties
from stn_verify.cases import grids, poison, thetas, volumes
from stn_verify.cases.halves import tie_cases
from stn_verify.exploration.examination import Examination

SAMPLE = ("output", "grad_input", "grad_grid")
TRANSFORM = ("output", "grad_input", "grad_theta")

DIFFERENCED = ("float64", "float32", "float16")
"""In bfloat16 a coordinate is uncertain by a good part of a cell, and a slope between two of them says nothing."""

POISONED_GRIDS = {kind: poison.grids(values) for kind, values in poison.KINDS.items()}
POISONED_THETAS = {kind: poison.thetas(values) for kind, values in poison.KINDS.items()}

KERNELS = ("bilinear", "nearest")
"""Bilinear along three axes is trilinear; of cubic kernels nobody has volumes."""

HALF, THIRD = 1 / 2, 1 / 3
"""Of the examples that an image's check has: what volumes have in common with images is looked at there."""


@pytest.mark.stn_check("sample", ("output",), spatial=3, interpolations=KERNELS)
def test_sample(examination: Examination) -> None:
    """Grids inside, around and outside the volume."""
    cases = volumes.samples(examination.dtype, examination.convention, grids.GENERIC)
    examination.explore(cases, checks.values, share=THIRD * kernels.share(examination))


@pytest.mark.stn_check("sample", ("grad_input", "grad_grid"), spatial=3, interpolations=KERNELS)
def test_sample_gradients(examination: Examination) -> None:
    """The same against the closed form of equations 6 and 7."""
    cases = volumes.samples(examination.dtype, examination.convention, grids.GENERIC)
    examination.explore(cases, checks.gradients, share=THIRD * kernels.share(examination))


@pytest.mark.stn_check(
    "sample",
    SAMPLE,
    differentiated=True,
    dtypes=DIFFERENCED,
    alike="wholly",
    spatial=3,
    interpolations=KERNELS,
)
def test_sample_differences(examination: Examination) -> None:
    """Against exact differences of the target's own forward, on generic grids and on kinks."""
    cases = volumes.samples(examination.dtype, examination.convention, volumes.ALL_GRIDS)
    examination.explore(cases, differenced.sample, share=THIRD * kernels.share(examination))


@pytest.mark.stn_check("transform", TRANSFORM, spatial=3, interpolations=KERNELS)
def test_transform(examination: Examination) -> None:
    """General thetas, near-identities and resizes."""
    cases = volumes.transforms(examination.dtype, examination.convention, thetas.GENERIC)
    examination.explore(cases, checks.everything, share=THIRD * kernels.share(examination))


@pytest.mark.stn_check(
    "transform", TRANSFORM, differentiated=True, dtypes=DIFFERENCED, alike="wholly", spatial=3
)
def test_transform_differences(examination: Examination) -> None:
    """Against exact differences of the target's own forward by all twelve parameters."""
    cases = volumes.transforms(examination.dtype, examination.convention, volumes.ALL_THETAS)
    examination.explore(cases, checks.transform_differences, share=THIRD, most=5)


@pytest.mark.stn_check("generate", ("grid", "grad_theta"), padded=False, spatial=3)
def test_generate(examination: Examination) -> None:
    """Grids made from every kind of theta, and the chain grad_theta = J^T grad_grid."""
    cases = volumes.generates(examination.dtype, examination.convention, volumes.ALL_THETAS)
    examination.explore(cases, checks.generator)


@pytest.mark.stn_check("transform", TRANSFORM, alike="wholly", large=True, spatial=3)
def test_single_slice(examination: Examination) -> None:
    """Outputs of one slice, row or column, where a grid generator divides by nothing."""
    cases = volumes.transforms(
        examination.dtype, examination.convention, volumes.ALL_THETAS, outputs=volumes.SINGLE
    )
    examination.explore(cases, checks.everything, share=THIRD)


@pytest.mark.stn_check(
    "generate", ("grid", "grad_theta"), padded=False, alike="wholly", large=True, spatial=3
)
def test_single_slice_grid(examination: Examination) -> None:
    """The same for the generator alone."""
    cases = volumes.generates(
        examination.dtype, examination.convention, volumes.ALL_THETAS, outputs=volumes.SINGLE
    )
    examination.explore(cases, checks.generator, share=HALF)


@pytest.mark.stn_check("sample", ("grad_grid",), alike="wholly", spatial=3)
def test_rule(examination: Examination) -> None:
    """The derivative at exactly integer coordinates lies between the one-sided ones, and is named."""
    examination.judge(
        volumes.exact_volumes(examination.dtype, examination.convention), name_rules(examination)
    )


@pytest.mark.stn_check("sample", ("output",), alike="wholly", spatial=3, interpolations=("nearest",))
def test_ties(examination: Examination) -> None:
    """Exactly half-way between two pixels along x, y or z one of them is taken, and the rule is named."""
    cases = tie_cases(examination.dtype, examination.convention, axes=3)
    examination.judge(cases, name_ties(examination))


@pytest.mark.stn_check("sample", SAMPLE, alike="wholly", spatial=3, interpolations=("nearest",))
def test_half_integers(examination: Examination) -> None:
    """Samples on and beside half-integers, where nearest jumps from one pixel to the next."""
    cases = volumes.samples(examination.dtype, examination.convention, volumes.HALVES)
    examination.explore(cases, checks.everything, share=HALF * kernels.share(examination))


@pytest.mark.stn_check("sample", SAMPLE, alike="wholly", spatial=3)
def test_kinks(examination: Examination) -> None:
    """Samples on and beside integers and borders, just outside and far outside."""
    cases = volumes.samples(examination.dtype, examination.convention, volumes.KINK_GRIDS)
    examination.explore(cases, checks.everything, share=HALF)


@pytest.mark.stn_check("transform", TRANSFORM, alike="wholly", spatial=3)
def test_identity(examination: Examination) -> None:
    """The identity: where every transformer starts; and the identity moved by whole and half pixels."""
    kinds = {
        "half-pixel shift": thetas.half_pixel_shift,
        "identity": thetas.identity,
        "whole-pixel shift": thetas.whole_pixel_shift,
    }
    cases = volumes.transforms(examination.dtype, examination.convention, kinds, same_size=True)
    examination.explore(cases, checks.everything, share=HALF)


@pytest.mark.stn_check("transform", TRANSFORM, alike="wholly", large=True, spatial=3)
def test_turn(examination: Examination) -> None:
    """Every way in which a cube lies in itself, and thetas of lower rank: many outputs read one point."""
    kinds = {"degenerate": volumes.degenerate, "turn": volumes.turn}
    cases = volumes.transforms(examination.dtype, examination.convention, kinds)
    examination.explore(cases, checks.everything, share=HALF)


@pytest.mark.stn_check("sample", SAMPLE, alike="wholly", large=True, spatial=3)
def test_poisoned_coordinates(examination: Examination) -> None:
    """A few coordinates are NaN, infinite or huge."""
    cases = volumes.samples(examination.dtype, examination.convention, POISONED_GRIDS)
    examination.explore(cases, points_unharmed(examination), share=THIRD)


@pytest.mark.stn_check("transform", TRANSFORM, alike="wholly", large=True, spatial=3)
def test_poisoned_thetas(examination: Examination) -> None:
    """A few coefficients of one volume's theta are NaN, infinite or huge."""
    cases = volumes.transforms(examination.dtype, examination.convention, POISONED_THETAS)
    examination.explore(cases, images_unharmed(examination), share=THIRD)


@pytest.mark.stn_check(
    "generate", ("grid", "grad_theta"), padded=False, alike="wholly", large=True, spatial=3
)
def test_poisoned_generators(examination: Examination) -> None:
    """The same where only a grid is made."""
    cases = volumes.generates(examination.dtype, examination.convention, POISONED_THETAS)
    examination.explore(cases, grids_unharmed(examination), share=THIRD)
