"""Calls beyond plain ones: layouts, mixed dtypes, what was seen, and every way of differentiating; here and through a worker."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from stn_verify.contract.errors import ContractError, UnknownChoiceError
from stn_verify.contract.features import FEATURES, LAYOUTS
from stn_verify.contract.implementation import Implementation, undeclared
from stn_verify.contract.loading import load
from stn_verify.contract.target import Call, Target, TargetRaised, TargetReplied
from stn_verify.workers.client import WorkerTarget
from stn_verify.workers.evaluator import InProcessTarget

ZEROS = np.zeros((2, 3, 3, 2))


@pytest.fixture(scope="module", params=["in process", "in a worker"])
def torch_target(request: pytest.FixtureRequest) -> Iterator[Target]:
    pytest.importorskip("torch", reason="the ways of differentiating are a framework's")
    target: Target = (
        InProcessTarget(load("torch"))
        if request.param == "in process"
        else WorkerTarget("torch", deadline=60.0)
    )
    yield target
    target.close()


def numpy_target(function: Callable[..., object], **declared: object) -> InProcessTarget:
    return InProcessTarget(Implementation("i", "numpy", {"sample": function}, **declared))


def strides_of(call: Call) -> dict[str, tuple[int, ...]]:
    """How the arrays of a call lie in memory when a NumPy implementation gets them, and that their values are right."""
    found = {}

    def sample(image: np.ndarray, grid: np.ndarray) -> np.ndarray:
        for name, array in (("image", image), ("grid", grid)):
            assert np.array_equal(array, call.arrays[name])
            found[name] = array.strides
        return ZEROS

    numpy_target(sample, padding="zeros", align_corners=False, dtypes=("float64",)).call(call)
    return found


def test_layouts_of_numpy(call: Call) -> None:
    assert strides_of(replace(call, layouts={"image": "transposed"})) == {
        "image": (480, 160, 8, 40),
        "grid": (96, 32, 16, 8),
    }
    assert strides_of(replace(call, layouts={"image": "channels_last"}))["image"] == (480, 8, 96, 24)
    assert strides_of(replace(call, layouts={"grid": "sliced"}))["grid"] == tuple(
        16 * step for step in (7 * 5 * 5, 5 * 5, 5, 1)
    )


def test_expanded_arrays_have_no_stride_where_they_repeat_themselves(call: Call) -> None:
    image = np.repeat(call.arrays["image"][:1], 2, axis=0)
    laid = replace(call, arrays={**call.arrays, "image": image}, layouts={"image": "expanded"})
    strides = strides_of(laid)["image"]
    assert strides[0] == 0
    assert 0 not in strides[1:]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_torch_change_no_value(layout: str, torch_target: Target, gradient_call: Call) -> None:
    laid = replace(gradient_call, layouts=dict.fromkeys(("image", "grid", "cotangent"), layout))
    plain, other = torch_target.call(gradient_call), torch_target.call(laid)
    np.testing.assert_allclose(other.output, plain.output, rtol=0, atol=1e-14)
    for name in ("image", "grid"):
        np.testing.assert_allclose(other.gradients[name], plain.gradients[name], rtol=0, atol=1e-13)


def test_what_an_implementation_writes_to_is_seen(call: Call) -> None:
    def scales(image: np.ndarray, grid: np.ndarray) -> np.ndarray:
        grid *= 2
        return ZEROS

    declared = {"padding": "zeros", "align_corners": False, "dtypes": ("float64",)}
    watched = replace(call, watched=True)
    assert numpy_target(scales, **declared).call(watched).seen.written == ("grid",)
    assert numpy_target(lambda image, grid: ZEROS, **declared).call(watched).seen.written == ()


def test_dtypes_and_devices_are_seen(torch_target: Target, gradient_call: Call) -> None:
    seen = torch_target.call(replace(gradient_call, watched=True, dtype="float32")).seen
    assert seen.dtypes == {"output": "float32", "image": "float32", "grid": "float32"}
    assert set(seen.devices.values()) == {"cpu"}
    assert seen.written == ()


def test_mixed_dtypes_reach_the_implementation(call: Call) -> None:
    def sample(image: np.ndarray, grid: np.ndarray) -> np.ndarray:
        assert (image.dtype, grid.dtype) == (np.float64, np.float32)
        return ZEROS

    declared = {"padding": "zeros", "align_corners": False, "dtypes": ("float64",)}
    numpy_target(sample, **declared).call(replace(call, dtypes={"grid": "float32"}))


def test_vmapped_and_compiled_calls_give_what_plain_ones_do(
    torch_target: Target, gradient_call: Call
) -> None:
    plain = torch_target.call(gradient_call)
    for way in ("vmapped", "compiled"):
        other = torch_target.call(replace(gradient_call, way=way))
        np.testing.assert_allclose(other.output, plain.output, rtol=0, atol=1e-14)
        for name in ("image", "grid"):
            np.testing.assert_allclose(other.gradients[name], plain.gradients[name], rtol=0, atol=1e-13)


def test_double_backward_is_the_derivative_of_the_first(torch_target: Target, gradient_call: Call) -> None:
    """S is linear in the cotangent and, through grad_grid, in the image: its derivatives are contracted back into it."""
    random = np.random.default_rng(1)
    seconds = {name: random.standard_normal(gradient_call.arrays[name].shape) for name in ("image", "grid")}
    # Off the integers, where nothing jumps.
    arrays = {**gradient_call.arrays, "grid": gradient_call.arrays["grid"] * 0.9 + 0.013}
    reply = torch_target.call(replace(gradient_call, arrays=arrays, seconds=seconds))
    total = sum((reply.gradients[name] * seconds[name]).sum() for name in seconds)
    through_grid = (reply.gradients["grid"] * seconds["grid"]).sum()
    assert (reply.seconds["cotangent"] * gradient_call.cotangent).sum() == pytest.approx(total, rel=1e-12)
    assert (reply.seconds["image"] * arrays["image"]).sum() == pytest.approx(through_grid, rel=1e-12)
    assert set(reply.seconds) == {"image", "grid", "cotangent"}


def test_forward_mode_of_what_torch_can_differentiate_forward() -> None:
    torch = pytest.importorskip("torch", reason="forward mode is a framework's")

    def mean(image: object, grid: object) -> object:
        return image.mean((2, 3))[:, :, None, None].expand(-1, -1, *grid.shape[1:3]) + 0 * torch.ones(())

    target = InProcessTarget(undeclared(mean, "mean", "torch"))
    tangent = np.arange(120.0).reshape(2, 3, 5, 4)
    made = partial(
        Call, "sample", {"image": np.ones((2, 3, 5, 4)), "grid": np.zeros((2, 3, 2, 2))}, "float64"
    )
    from stn_verify.contract.convention import Convention

    reply = target.call(made(Convention(), tangents={"image": tangent}))
    expected = np.broadcast_to(tangent.mean((2, 3))[:, :, None, None], (2, 3, 3, 2))
    np.testing.assert_allclose(reply.tangent, expected, rtol=1e-14)


def test_what_torch_lacks_is_an_exception(torch_target: Target, call: Call) -> None:
    with pytest.raises(TargetRaised, match="forward AD") as caught:
        torch_target.call(replace(call, tangents={"grid": np.ones(call.arrays["grid"].shape)}))
    assert caught.value.call.tangents.keys() == {"grid"}


def test_limited_threads_are_limited_for_the_call_alone(torch_target: Target, call: Call) -> None:
    torch = pytest.importorskip("torch", reason="threads are a framework's")
    before = torch.get_num_threads()
    one, two = (torch_target.call(replace(call, threads=n)).output for n in (1, 2))
    np.testing.assert_allclose(one, two, rtol=0, atol=1e-14)
    assert torch.get_num_threads() == before


def test_a_free_call_may_bring_any_shape(call: Call) -> None:
    declared = {"padding": "zeros", "align_corners": False, "dtypes": ("float64",)}
    target = numpy_target(lambda image, grid: np.ones(7), **declared)
    assert target.call(replace(call, free=True)).output.shape == (7,)
    with pytest.raises(TargetReplied, match=r"shape \(7,\)"):
        target.call(call)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threads": 1}, "cannot be asked for threads"),
        ({"way": "compiled"}, "cannot be asked for compile"),
        ({"way": "vmapped"}, "cannot be asked for vmap"),
        ({"tangents": {"image": np.ones((2, 3, 5, 4))}}, "cannot be asked for forward mode"),
    ],
)
def test_what_numpy_lacks_is_refused_by_name(changes: dict[str, object], message: str, call: Call) -> None:
    declared = {"padding": "zeros", "align_corners": False, "dtypes": ("float64",)}
    target = numpy_target(lambda image, grid: ZEROS, **declared)
    assert set(target.description.features) < set(FEATURES)
    with pytest.raises(ContractError, match=message):
        target.call(replace(call, **changes))


def test_calls_that_contradict_themselves_are_refused(torch_target: Target, gradient_call: Call) -> None:
    with pytest.raises(ContractError, match="one second cotangent for each gradient"):
        torch_target.call(
            replace(gradient_call, seconds={"grid": np.ones(gradient_call.arrays["grid"].shape)})
        )
    with pytest.raises(ContractError, match="no gradients"):
        torch_target.call(
            replace(gradient_call, tangents={"grid": np.ones(gradient_call.arrays["grid"].shape)})
        )


def test_an_unknown_claim_is_refused_with_the_known() -> None:
    with pytest.raises(UnknownChoiceError, match="unknown claim 'flying'; known: mixed dtypes, forward mode"):
        Implementation("i", "numpy", {"sample": lambda image, grid: ZEROS}, claims=("flying",))
