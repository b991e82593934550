"""Work in parts and threads gives the bits of work at once."""

import numpy as np
import pytest

from stn_reference import parts, transform, transform_vjp
from stn_reference.parts import cuts, each, groups


@pytest.mark.parametrize("interpolation", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("at_once", [1, 40, 100, 700])
def test_no_result_depends_on_the_parts(monkeypatch, interpolation, at_once):
    random = np.random.default_rng(0)
    # Integers, and coordinates in quarters: no sum is rounded, whatever its order.
    image, cotangent = random.integers(-9, 9, (2, 9, 2, 8, 8)).astype(np.float64)
    theta = np.eye(2, 3) + random.integers(-2, 3, (9, 2, 3)) / 2

    def results():
        keywords = {"padding": "zeros", "align_corners": False, "interpolation": interpolation}
        values = transform(image, theta, (8, 8), **keywords)
        return [values, *transform_vjp(image, theta, (8, 8), cotangent, **keywords)]

    whole = results()
    assert len(groups(9, 2, 64)) == 1
    monkeypatch.setattr(parts, "NUMBERS_AT_ONCE", at_once)
    assert len(groups(9, 2, 64)) > 1
    for ours, expected in zip(results(), whole, strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_no_result_depends_on_the_number_of_threads(monkeypatch):
    monkeypatch.setattr(parts, "NUMBERS_AT_ONCE", 100)
    random = np.random.default_rng(0)
    image, cotangent = random.standard_normal((2, 9, 2, 8, 8))
    theta = np.eye(2, 3) + 0.3 * random.standard_normal((9, 2, 3))
    results = []
    for cores in (1, 2, 5):
        monkeypatch.setattr(parts.os, "cpu_count", lambda cores=cores: cores)
        results.append(
            transform_vjp(image, theta, (8, 8), cotangent, padding="reflection", align_corners=True)
        )
    for grad_image, grad_theta in results[1:]:
        np.testing.assert_array_equal(grad_image, results[0][0])
        np.testing.assert_array_equal(grad_theta, results[0][1])


@pytest.mark.parametrize(
    ("count", "channels", "points"), [(1, 1, 1), (7, 3, 50), (3, 0, 5), (4, 2, 0), (0, 2, 3)]
)
def test_parts_cover_everything_once(monkeypatch, count, channels, points):
    monkeypatch.setattr(parts, "NUMBERS_AT_ONCE", 64)
    seen = np.zeros((count, points), dtype=int)
    for images in groups(count, channels, points):
        for cut in cuts(channels, points):
            seen[images, cut] += 1
    assert np.all(seen == 1)


def test_what_a_thread_raises_is_raised():
    def work(images):
        raise ValueError(images)

    with pytest.raises(ValueError, match="slice"):
        each(work, [slice(0, 1), slice(1, 2)])
