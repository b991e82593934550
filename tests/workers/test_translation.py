"""A target in any dialect answers as one that takes the harness' own: bit for bit where coordinates convert exactly."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stn_adapters.reference import REFERENCE
from stn_reference import sample, sample_vjp, to_normalised
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.dialect import AXIS_ORDERS, IMAGE_LAYOUTS, PLAIN, UNITS, Dialect
from stn_verify.contract.errors import UnknownChoiceError
from stn_verify.contract.implementation import Implementation, implementation
from stn_verify.contract.target import Call, TargetReplied
from stn_verify.workers.evaluator import InProcessTarget
from stn_verify.workers.translation import Route, TranslatedTarget

DIALECTS = st.builds(
    Dialect, st.sampled_from(IMAGE_LAYOUTS), st.sampled_from(AXIS_ORDERS), st.sampled_from(UNITS)
)
CONVENTIONS = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans())


def native(dialect: Dialect, convention: Convention) -> Implementation:
    """The reference, turned round to take the dialect: converted the other way, by formulas of its own."""
    aligned = convention.align_corners
    choices = {"padding": convention.padding, "align_corners": aligned}

    def plain_image(image: Any) -> Any:
        return np.moveaxis(image, -1, 1) if dialect.layout == "NHWC" else image

    def spelt(output: Any) -> Any:
        return np.moveaxis(output, 1, -1) if dialect.layout == "NHWC" else output

    def plain_grid(grid: Any, image: Any) -> Any:
        grid = grid[..., ::-1] if dialect.axis_order == "yx" else grid
        if dialect.units == "unit":
            return 2 * grid - 1
        if dialect.units == "pixels":
            parts = [to_normalised(grid[..., k], image.shape[3 - k], aligned) for k in (0, 1)]
            return np.stack(parts, axis=-1)
        return grid

    def taken(image: Any, grid: Any) -> Any:
        image = plain_image(image)
        return spelt(sample(image, plain_grid(grid, image), **choices))

    def product(image: Any, grid: Any, cotangent: Any) -> Any:
        image, cotangent = plain_image(image), plain_image(cotangent)
        grad_image, grad_grid = sample_vjp(image, plain_grid(grid, image), cotangent, **choices)
        if dialect.units == "unit":
            grad_grid = grad_grid * 2
        if dialect.units == "pixels":
            grad_grid = grad_grid / [(image.shape[3 - k] - aligned) / 2 for k in (0, 1)]
        return spelt(grad_image), grad_grid[..., ::-1] if dialect.axis_order == "yx" else grad_grid

    return Implementation(
        "native", "numpy", {"sample": taken}, {"sample": product}, dtypes=("float64",), **vars(dialect)
    )


def exact_call(convention: Convention, seed: int) -> Call:
    """Quarter pixels on sizes whose scale is a power of two, small whole numbers elsewhere."""
    random = np.random.default_rng(seed)
    height, width = (5, 9) if convention.align_corners else (4, 8)
    pixels = [random.integers(-8, 4 * size + 8, (2, 3, 7)) / 4 for size in (width, height)]
    parts = [
        to_normalised(p, size, convention.align_corners)
        for p, size in zip(pixels, (width, height), strict=True)
    ]
    image = random.integers(-8, 9, (2, 3, height, width)).astype(np.float64)
    cotangent = random.integers(-8, 9, (2, 3, 3, 7)).astype(np.float64)
    arrays = {"image": image, "grid": np.stack(parts, axis=-1)}
    return Call("sample", arrays, "float64", convention, cotangent=cotangent, gradients=("image", "grid"))


def translated(target: InProcessTarget, dialect: Dialect) -> TranslatedTarget:
    """Through its declared dialect."""
    assert target.description.dialect == dialect
    return TranslatedTarget(target, target.description, {})


@given(DIALECTS, CONVENTIONS, st.integers(0, 2**16))
@settings(max_examples=60)
def test_every_dialect_there_and_back(dialect: Dialect, convention: Convention, seed: int) -> None:
    call = exact_call(convention, seed)
    expected = InProcessTarget(REFERENCE).call(call)
    found = translated(InProcessTarget(native(dialect, convention)), dialect).call(call)
    np.testing.assert_array_equal(found.output, expected.output)
    for name in call.gradients:
        np.testing.assert_array_equal(found.gradients[name], expected.gradients[name])


# torch's own first forward derivative warns of what it uses.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
@pytest.mark.parametrize("dialect", [Dialect("NHWC", "yx", "pixels"), Dialect(units="unit")], ids=str)
def test_tangents_and_second_cotangents_scale_with_the_coordinate(dialect: Dialect) -> None:
    torch = pytest.importorskip("torch", reason="only a framework that differentiates has these")
    functional = torch.nn.functional
    convention = Convention("border", align_corners=False)

    def plain(image: Any, grid: Any) -> Any:
        # By dense products: torch's own sampler has no forward mode.
        height, width = image.shape[2:]
        x, y = (grid[..., 0] + 1) * (width / 2) - 0.5, (grid[..., 1] + 1) * (height / 2) - 0.5
        x, y = x.clamp(0, width - 1), y.clamp(0, height - 1)
        columns = torch.arange(width, dtype=x.dtype)
        rows = torch.arange(height, dtype=x.dtype)
        across = functional.relu(1 - (x[..., None] - columns).abs())
        down = functional.relu(1 - (y[..., None] - rows).abs())
        return torch.einsum("ncij,nhwi,nhwj->nchw", image, down, across)

    def taken(image: Any, grid: Any) -> Any:
        nhwc = dialect.layout == "NHWC"
        image = image.permute(0, 3, 1, 2) if nhwc else image
        grid = grid.flip(-1) if dialect.axis_order == "yx" else grid
        sides = torch.tensor([image.shape[3], image.shape[2]])
        grid = (2 * grid + 1) / sides - 1 if dialect.units == "pixels" else 2 * grid - 1
        output = plain(image, grid)
        return output.permute(0, 2, 3, 1) if nhwc else output

    def held(function: Any, **declared: Any) -> InProcessTarget:
        made = Implementation("i", "torch", {"sample": function}, dtypes=("float64",), **declared)
        return InProcessTarget(made)

    call = exact_call(convention, 3)
    # Off the kinks: an eighth of a pixel from every quarter.
    inside = call.arrays["grid"] + np.array([0.125 / 4, 0.125 / 2])
    random = np.random.default_rng(4)
    directions = {name: random.integers(-4, 5, a.shape).astype(float) for name, a in call.arrays.items()}
    arrays = {**call.arrays, "grid": inside}
    forward = Call("sample", arrays, "float64", convention, tangents=directions)
    double = Call(
        "sample",
        arrays,
        "float64",
        convention,
        cotangent=call.cotangent,
        gradients=("image", "grid"),
        seconds=directions,
    )
    own, other = held(plain), translated(held(taken, **vars(dialect)), dialect)
    np.testing.assert_array_equal(own.call(forward).tangent, other.call(forward).tangent)
    expected, found = own.call(double), other.call(double)
    assert set(found.seconds) == {"image", "grid", "cotangent"}
    for name, values in expected.seconds.items():
        np.testing.assert_array_equal(found.seconds[name], values, err_msg=name)


def test_the_convention_that_is_asked_for_may_be_another() -> None:
    seen = []

    def taken(image: Any, grid: Any, *, align_corners: bool) -> Any:
        seen.append(align_corners)
        return sample(image, grid, padding="zeros", align_corners=not align_corners)

    target = InProcessTarget(Implementation("turned", "numpy", {"sample": taken}, dtypes=("float64",)))
    judged = Convention("zeros", True)
    routes = {("sample", judged): Route(Convention("zeros", False), PLAIN)}
    call = Call("sample", exact_call(judged, 1).arrays, "float64", judged)
    found = TranslatedTarget(target, target.description, routes).call(call)
    assert seen == [False]
    np.testing.assert_array_equal(found.output, InProcessTarget(REFERENCE).call(call).output)


def test_a_wrong_shape_is_told_in_the_targets_own_axes() -> None:
    def taken(image: Any, grid: Any) -> Any:
        return image

    made = Implementation("i", "numpy", {"sample": taken}, dtypes=("float64",), layout="NHWC")
    target = InProcessTarget(made)
    call = exact_call(Convention(), 1)
    plain = Call("sample", call.arrays, "float64", call.convention)
    with pytest.raises(TargetReplied, match=r"output has shape \(2, 4, 8, 3\), not \(2, 3, 7, 3\)") as caught:
        TranslatedTarget(target, target.description, {}).call(plain)
    assert caught.value.call is not None
    assert caught.value.call == plain


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ({"layout": "CHWN"}, "unknown layout 'CHWN'; known: NCHW, NHWC"),
        ({"axis_order": "ij"}, "unknown axis_order 'ij'; known: xy, yx"),
        ({"units": "inches"}, "unknown units 'inches'; known: normalised, pixels, unit"),
    ],
)
def test_an_unknown_dialect_is_refused_with_the_known(declaration: dict[str, str], message: str) -> None:
    with pytest.raises(UnknownChoiceError, match=message):
        implementation(framework="numpy", **declaration)(lambda image, grid: image)
