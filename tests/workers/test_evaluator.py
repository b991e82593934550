"""Calls in this process: the right arguments in, values and gradients out, and what a description says."""

import numpy as np
import pytest

from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import ContractError, UnknownChoiceError
from stn_verify.contract.implementation import Implementation, undeclared
from stn_verify.contract.loading import load
from stn_verify.contract.target import Call, TargetRaised, TargetReplied
from stn_verify.workers.evaluator import Evaluator, InProcessTarget


def zeros(image, grid):
    return np.zeros(image.shape[:2] + grid.shape[1:3], image.dtype)


def a_call(function: str = "sample", **changes: object) -> Call:
    arrays = {"image": np.ones((2, 3, 5, 4)), "grid": np.zeros((2, 3, 2, 2)), "theta": np.zeros((2, 2, 3))}
    names = {"sample": ("image", "grid"), "transform": ("image", "theta"), "generate": ("theta",)}[function]
    size = None if function == "sample" else (3, 2)
    given = {
        "arrays": {n: arrays[n] for n in names},
        "dtype": "float64",
        "convention": Convention(),
        "size": size,
    }
    return Call(function, **(given | changes))


@pytest.mark.parametrize("function", ["sample", "transform", "generate"])
def test_a_function_gets_its_arguments_and_the_choices_that_it_takes(function):
    seen = {}

    def sample(image, grid, *, align_corners):
        seen.update(shapes=(image.shape, grid.shape), align_corners=align_corners)
        return zeros(image, grid)

    def transform(image, theta, size, *, padding, interpolation):
        seen.update(shapes=(image.shape, theta.shape, size), padding=padding, interpolation=interpolation)
        return np.zeros(image.shape[:2] + size)

    def generate(theta, size):
        seen.update(shapes=(theta.shape, size))
        return np.zeros((theta.shape[0], *size, 2))

    held = Implementation("i", "numpy", {"sample": sample, "transform": transform, "generate": generate})
    Evaluator(held).evaluate(a_call(function, convention=Convention("border", True)))
    expected = {
        "sample": {"shapes": ((2, 3, 5, 4), (2, 3, 2, 2)), "align_corners": True},
        "transform": {
            "shapes": ((2, 3, 5, 4), (2, 2, 3), (3, 2)),
            "padding": "border",
            "interpolation": "bilinear",
        },
        "generate": {"shapes": ((2, 2, 3), (3, 2))},
    }
    assert seen == expected[function]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_arrays_arrive_in_the_dtype_asked_for(dtype):
    def sample(image, grid):
        assert image.dtype.name == grid.dtype.name == dtype
        return zeros(image, grid)

    assert InProcessTarget(undeclared(sample, "i", "numpy")).call(a_call(dtype=dtype)).dtype == dtype


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (a_call("generate"), "i has no generate; it has sample"),
        (a_call(arrays={"image": np.ones((1, 1, 2, 2))}), "sample takes image, grid; given: image"),
        (a_call(arrays={}), "sample takes image, grid; given: nothing"),
        (a_call(size=(2, 2)), "sample takes no size"),
        (a_call(gradients=("theta",), cotangent=np.zeros((2, 3, 3, 2))), "sample has no gradient of theta"),
        (a_call(gradients=("grid",)), "a cotangent goes with gradients"),
        (a_call(cotangent=np.zeros((2, 3, 3, 2))), "a cotangent goes with gradients"),
        (
            a_call(gradients=("grid",), cotangent=np.zeros((2, 3, 3, 2))),
            "numpy does not differentiate, and no sample_vjp",
        ),
    ],
)
def test_a_call_that_cannot_be_made_is_refused(call, message):
    with pytest.raises(ContractError, match=message):
        InProcessTarget(undeclared(zeros, "i", "numpy")).call(call)


def test_numpy_has_no_bfloat16():
    with pytest.raises(UnknownChoiceError, match="numpy has no bfloat16; it has float64, float32, float16"):
        InProcessTarget(undeclared(zeros, "i", "numpy")).call(a_call(dtype="bfloat16"))


def test_an_exception_is_the_cause_and_exit_is_one():
    def sample(image, grid):
        raise SystemExit(3)

    with pytest.raises(TargetRaised, match="SystemExit: 3") as caught:
        InProcessTarget(undeclared(sample, "i", "numpy")).call(a_call())
    assert isinstance(caught.value.__cause__, SystemExit)


def test_ctrl_c_in_this_process_is_ctrl_c():
    def sample(image, grid):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        InProcessTarget(undeclared(sample, "i", "numpy")).call(a_call())


def test_calls_are_counted_also_when_they_fail(targets):
    target = InProcessTarget(load(f"{targets / 'samplers.py'}:SAMPLER"))
    target.call(a_call())
    target.call(a_call(gradients=("image",), cotangent=np.ones((2, 3, 3, 2))))
    with pytest.raises(TargetRaised):
        target.call(a_call(arrays={"image": np.ones((2, 3, 5, 4)), "grid": np.full((3, 1, 1, 2), 0.5)}))
    assert (target.evaluations.forwards, target.evaluations.backwards) == (2, 1)


def test_only_the_gradients_asked_for_come_back(targets):
    target = InProcessTarget(load(f"{targets / 'samplers.py'}:SAMPLER"))
    reply = target.call(a_call(gradients=("grid",), cotangent=np.ones((2, 3, 3, 2))))
    assert list(reply.gradients) == ["grid"]


def test_dtypes_that_raise_are_unsupported_with_the_reason():
    def sample(image, grid):
        if image.dtype == np.float16:
            raise TypeError("no half\nprecision")
        return zeros(image, grid)

    description = InProcessTarget(undeclared(sample, "i", "numpy")).description
    assert description.dtypes == ["float64", "float32"]
    assert description.unsupported["float16"] == "TypeError: no half"
    assert description.unsupported["bfloat16"] == "numpy has no bfloat16; it has float64, float32, float16"


def test_what_raises_always_supports_everything_so_that_it_is_checked():
    def sample(image, grid):
        raise TypeError("never")

    description = InProcessTarget(undeclared(sample, "i", "numpy")).description
    assert description.dtypes == ["float64", "float32", "float16", "bfloat16"]
    assert description.unsupported == {}


def test_a_wrong_reply_is_no_unsupported_dtype():
    description = InProcessTarget(undeclared(lambda image, grid: None, "i", "numpy")).description
    assert description.dtypes == ["float64", "float32", "float16"]


def test_a_declaration_is_not_probed():
    def sample(image, grid):
        raise AssertionError

    held = Implementation(
        "i", "numpy", {"sample": sample}, dtypes=("float32",), padding="zeros", compute_dtype="float64"
    )
    description = InProcessTarget(held).description
    assert description.dtypes == ["float32"]
    assert set(description.unsupported.values()) == {"not declared"}
    assert (description.paddings, description.alignments) == (["zeros"], None)
    assert description.differentiable == []
    assert description.compute_dtype == "float64"


@pytest.mark.parametrize("function", ["sample", "transform", "generate"])
def test_the_reference_and_torch_agree(function):
    """Every function, gradient and choice passes through both adapters."""
    pytest.importorskip("torch")
    random = np.random.default_rng(3)
    theta = np.array([[0.9, 0.2, 0.1], [-0.3, 0.8, 0.2]])[None] + 0.1 * random.standard_normal((2, 2, 3))
    arrays = {
        "image": random.standard_normal((2, 3, 5, 4)),
        "grid": random.uniform(-1.3, 1.3, (2, 3, 2, 2)),
        "theta": theta,
    }
    reference, torch = InProcessTarget(load("reference")), InProcessTarget(load("torch"))
    assert set(reference.description.conventions()) <= set(torch.description.conventions())
    assert set(torch.description.differentiable) == set(reference.description.differentiable)
    for convention in reference.description.conventions():
        plain = a_call(function, convention=convention)
        call = a_call(
            function,
            convention=convention,
            arrays={name: arrays[name] for name in plain.arrays},
            gradients=tuple(plain.arrays),
            cotangent=random.standard_normal((2, 3, 2, 2) if function == "generate" else (2, 3, 3, 2)),
        )
        expected, found = reference.call(call), torch.call(call)
        np.testing.assert_allclose(found.output, expected.output, rtol=1e-11, atol=1e-12)
        for name in call.gradients:
            np.testing.assert_allclose(
                found.gradients[name], expected.gradients[name], rtol=1e-10, atol=1e-11
            )


class TestTorch:
    """What only a framework with its own derivatives can do."""

    @pytest.fixture(autouse=True)
    def _torch(self) -> None:
        self.torch = pytest.importorskip("torch")

    def target(self, function) -> InProcessTarget:
        return InProcessTarget(undeclared(function, "i", "torch"))

    def gradient_call(self, *gradients: str, dtype: str = "float64") -> Call:
        return a_call(gradients=gradients, cotangent=np.ones((2, 3, 3, 2)), dtype=dtype)

    def test_a_gradient_that_does_not_arrive(self):
        def sample(image, grid):
            return self.torch.nn.functional.grid_sample(image, grid.detach(), align_corners=False)

        target = self.target(sample)
        assert target.call(self.gradient_call("image")).gradients["image"].sum() == pytest.approx(36)
        with pytest.raises(TargetReplied, match="sample: no gradient reaches grid"):
            target.call(self.gradient_call("image", "grid"))
        with pytest.raises(TargetReplied, match="sample: no gradient reaches grid"):
            target.call(self.gradient_call("grid"))

    def test_only_the_inputs_asked_for_require_gradients(self):
        seen = []

        def sample(image, grid):
            seen.append((image.requires_grad, grid.requires_grad))
            return self.torch.nn.functional.grid_sample(image, grid, align_corners=False)

        target = self.target(sample)
        target.call(a_call())
        target.call(self.gradient_call("grid"))
        target.call(self.gradient_call("image", "grid"))
        assert seen == [(False, False), (False, True), (True, True)]

    def test_gradients_work_where_the_target_switched_them_off(self):
        def sample(image, grid):
            return self.torch.nn.functional.grid_sample(image, grid, align_corners=False)

        with self.torch.no_grad():
            assert "grid" in self.target(sample).call(self.gradient_call("grid")).gradients
        with self.torch.inference_mode():
            assert "grid" in self.target(sample).call(self.gradient_call("grid")).gradients

    @pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
    def test_every_dtype_goes_there_and_back(self, dtype):
        reply = self.target(lambda image, grid: image[:, :, :3, :2] * 1).call(a_call(dtype=dtype))
        assert reply.dtype == dtype
        assert (reply.output == 1).all()

    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda t: t.numpy(), "a ndarray, not a torch tensor"),
            (lambda t: t.to(int), "a tensor of torch.int64, not of float64"),
            (lambda t: t.to_sparse(), "a tensor of layout torch.sparse_coo, not a dense one"),
            (lambda t: t.to(complex), "a tensor of torch.complex128"),
            (lambda t: t[0], r"shape \(3, 3, 2\), not \(2, 3, 3, 2\)"),
        ],
    )
    def test_an_output_that_is_none(self, spoil, message):
        with pytest.raises(TargetReplied, match=message):
            self.target(lambda image, grid: spoil(image[:, :, :3, :2])).call(a_call())

    def test_a_wrong_shape_is_told_before_autograd_complains(self):
        with pytest.raises(TargetReplied, match="output has shape"):
            self.target(lambda image, grid: image).call(self.gradient_call("image"))

    def test_the_callers_arrays_are_not_written_to(self):
        def sample(image, grid):
            output = image[:, :, :3, :2] * 1
            image.fill_(7)
            return output

        call = a_call()
        self.target(sample).call(call)
        assert (call.arrays["image"] == 1).all()

    def test_an_absent_device_is_told(self):
        with pytest.raises(UnknownChoiceError, match="unknown device 'cuda:99' for torch; here: cpu"):
            InProcessTarget(undeclared(lambda image, grid: image, "i", "torch"), "cuda:99")
