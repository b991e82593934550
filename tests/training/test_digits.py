"""The digits, and the case that is made of them."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the digits are scikit-learn's")

from stn_verify.cases.digits import GREYS, HELD_OUT, digits
from stn_verify.cases.training import BATCH, PARTS, identity_start, moved_digits
from stn_verify.contract.convention import Convention
from stn_verify.formats import FORMATS, STORAGE_DTYPES

ALIGNED, HALF = Convention("zeros", True), Convention("zeros", False)


def test_every_dtype_holds_them() -> None:
    found = digits(40)
    assert found.images.shape == (1797, 1, 40, 40)
    assert found.images.min() == 0.0
    assert found.images.max() <= 1.0
    assert np.array_equal(found.images * GREYS, np.rint(found.images * GREYS))
    for dtype in STORAGE_DTYPES:
        assert np.array_equal(FORMATS[dtype].round(found.images), found.images)


def test_they_are_whole() -> None:
    """Hardly any digit touches the canvas' border, and each is there."""
    images = digits(40).images
    inner = images[:, :, 1:-1, 1:-1]
    touching = images.sum(axis=(1, 2, 3)) > inner.sum(axis=(1, 2, 3))
    assert np.count_nonzero(touching) < len(images) / 100
    assert images.max(axis=(1, 2, 3)).min() > 0.3


def test_nothing_is_learnt_from_what_is_held_out() -> None:
    found = digits(40)
    held_out, labels = found.held_out
    assert len(labels) == HELD_OUT
    assert {tuple(image.ravel()) for image in held_out}.isdisjoint(
        {tuple(image.ravel()) for image in found.images[: found.learnt]}
    )
    case = moved_digits("transform", 10, "float32", HALF)
    images, _ = case.minibatch(3)
    assert images.shape == (BATCH, 1, 40, 40)
    assert {tuple(image.ravel()) for image in images} <= {
        tuple(image.ravel()) for image in found.images[: found.learnt]
    }


def test_minibatches_and_parameters_repeat() -> None:
    first, second = (moved_digits("transform", 10, "float32", HALF) for _ in range(2))
    assert np.array_equal(first.minibatch(3)[0], second.minibatch(3)[0])
    assert not np.array_equal(first.minibatch(3)[0], first.minibatch(4)[0])
    assert np.array_equal(first.initial(), second.initial())


def test_split_and_joined_are_inverse() -> None:
    case = moved_digits("transform", 10, "float32", HALF)
    vector = np.arange(float(len(case.initial())))
    split = case.split(vector)
    assert np.array_equal(case.joined(split), vector)
    for part in PARTS:
        assert sum(array.size for array in split[part].values()) == case.of(part).sum()


@pytest.mark.parametrize("convention", [ALIGNED, HALF])
def test_identity_start_lies_on_kinks(convention: Convention) -> None:
    """Every point is read at an integer, in float32 too."""
    case = identity_start("sample", 10, "float32", convention)
    images, _ = case.minibatch(0)
    theta = case.theta(case.split(case.initial()), images)
    assert np.array_equal(theta, np.broadcast_to(np.eye(2, 3), theta.shape))
    side = case.size[0]
    places = np.arange(float(side))
    normalised = 2 * places / (side - 1) - 1 if convention.align_corners else (2 * places + 1) / side - 1
    assert np.array_equal(FORMATS["float32"].round(normalised), normalised)
