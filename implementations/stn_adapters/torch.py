"""PyTorch: autograd differentiates; `torch.nn.functional` is an implementation itself."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from stn_adapters import cuda_timing
from stn_verify.contract.errors import UnknownChoiceError
from stn_verify.contract.features import FEATURES, Layout
from stn_verify.contract.implementation import Implementation
from stn_verify.formats import Array
from stn_verify.frameworks import LackingError, Run, Stopwatch, WallClock

_DTYPES = MappingProxyType(
    {"float64": torch.float64, "float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
)
_NAMES = MappingProxyType({dtype: name for name, dtype in _DTYPES.items()})


class TorchFramework:
    """Tensors on any device of torch, differentiated by autograd."""

    name = "torch"
    differentiates = True
    features = FEATURES

    @property
    def version(self) -> str:
        """Of torch, with its build."""
        return torch.__version__

    def warm(self) -> None:
        """Import what torch leaves to its first backward: a third of a second."""
        with contextlib.suppress(ImportError):
            import_module("torch.fx.experimental.symbolic_shapes")

    def threads(self) -> int | None:
        """Threads of one operation on the CPU."""
        return torch.get_num_threads()

    def devices(self) -> tuple[str, ...]:
        """The CPU and what torch's accelerator interface counts."""
        accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        if accelerator is None:
            return ("cpu",)
        numbered = (f"{accelerator.type}:{i}" for i in range(torch.accelerator.device_count()))
        return ("cpu", accelerator.type, *numbered)

    def check_device(self, device: str) -> None:
        """Raises: UnknownChoiceError: torch does not see that device here."""
        if device not in self.devices():
            raise UnknownChoiceError(
                f"unknown device {device!r} for torch; here: {', '.join(self.devices())}"
            )

    def usable(self, device: str) -> bool:
        """False once the accelerator's context is lost, as after an illegal memory access."""
        try:
            torch.zeros(1, device=device).add_(1).item()
        except RuntimeError:
            return False
        return True

    def array(self, carrier: Array, dtype: str, device: str) -> Tensor:
        """A contiguous copy on the device. Raises: UnknownChoiceError: no such dtype."""
        if dtype not in _DTYPES:
            raise UnknownChoiceError(f"unknown dtype {dtype!r} for torch; known: {', '.join(_DTYPES)}")
        # A target may have entered inference mode for good; such tensors could never require gradients.
        with torch.inference_mode(mode=False):
            return torch.tensor(np.ascontiguousarray(carrier), dtype=_DTYPES[dtype], device=device)

    def carrier(self, native: Any) -> tuple[Array, str]:
        """Waits for the device. Raises: TypeError: no dense floating-point tensor."""
        if not isinstance(native, Tensor):
            raise TypeError(f"a {type(native).__name__}, not a torch tensor")
        if native.dtype not in _NAMES:
            raise TypeError(f"a tensor of {native.dtype}, not of {', '.join(_NAMES.values())}")
        if native.layout is not torch.strided:
            raise TypeError(f"a tensor of layout {native.layout}, not a dense one")
        values = torch.empty(native.shape, dtype=torch.float64, device="cpu").copy_(native.detach())
        return values.numpy(), _NAMES[native.dtype]

    def vjp(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        choices: Mapping[str, Any],
        cotangent: Any,
        wanted: Sequence[int],
    ) -> tuple[Any, tuple[Any, ...]]:
        """Only the wanted inputs require gradients, as in a network whose other input is data."""
        # The target may have switched gradients off, for itself or for all.
        with torch.inference_mode(mode=False), torch.enable_grad():
            leaves = [inputs[position].detach().requires_grad_() for position in wanted]
            given = dict(zip(wanted, leaves, strict=True))
            arguments = [given.get(position, value) for position, value in enumerate(inputs)]
            output = function(*arguments, **choices)
            if not output.requires_grad:
                return output, (None,) * len(leaves)
            gradients = torch.autograd.grad(output, leaves, cotangent.to(output.dtype), allow_unused=True)
        return output, tuple(gradients)

    def arranged(self, native: Tensor, layout: Layout) -> Tensor:
        """A view of new memory."""
        match layout:
            case "transposed":
                return native.transpose(-1, -2).contiguous().transpose(-1, -2)
            case "sliced":
                wide = native.new_full([2 * length + 1 for length in native.shape], float("nan"))
                view = wide[(slice(1, None, 2),) * native.ndim]
                return view.copy_(native)
            case "channels_last":
                return native.movedim(1, -1).contiguous().movedim(-1, 1)
            case "expanded":
                axes = range(native.ndim)
                same = [bool((native == native.narrow(a, 0, min(1, native.shape[a]))).all()) for a in axes]
                kept = [slice(0, 1) if alike else slice(None) for alike in same]
                return native[tuple(kept)].clone().expand(native.shape)

    def device_of(self, native: Tensor) -> str:
        """As torch prints it."""
        return str(native.device)

    @contextlib.contextmanager
    def limited(self, threads: int) -> Iterator[None]:
        """Of one operation on the CPU."""
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def jvp(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        choices: Mapping[str, Any],
        tangents: Mapping[int, Any],
    ) -> tuple[Any, Any]:
        """By torch.func.jvp."""

        def of_moved(*moved: Tensor) -> Tensor:
            arguments = list(inputs)
            for position, value in zip(tangents, moved, strict=True):
                arguments[position] = value
            return function(*arguments, **choices)

        primals = tuple(inputs[position] for position in tangents)
        return torch.func.jvp(of_moved, primals, tuple(tangents.values()))

    def second(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        choices: Mapping[str, Any],
        cotangent: Any,
        wanted: Sequence[int],
        seconds: Sequence[Any],
    ) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
        """By autograd with create_graph. Raises: LackingError: no gradient depends on anything."""
        with torch.inference_mode(mode=False), torch.enable_grad():
            leaves = [inputs[position].detach().requires_grad_() for position in wanted]
            given = dict(zip(wanted, leaves, strict=True))
            arguments = [given.get(position, value) for position, value in enumerate(inputs)]
            received = cotangent.detach().requires_grad_()
            output = function(*arguments, **choices)
            if not output.requires_grad:
                raise LackingError("the output does not require a gradient")
            gradients = torch.autograd.grad(
                output, leaves, received.to(output.dtype), create_graph=True, allow_unused=True
            )
            pairs = [
                (g, s) for g, s in zip(gradients, seconds, strict=True) if g is not None and g.requires_grad
            ]
            if not pairs:
                raise LackingError("its gradients do not require gradients themselves")
            further = torch.autograd.grad(
                [g for g, _ in pairs], [*leaves, received], [s for _, s in pairs], allow_unused=True
            )
        dependent = [*leaves, received]
        filled = tuple(
            torch.zeros_like(leaf) if value is None else value
            for leaf, value in zip(dependent, further, strict=True)
        )
        return output, tuple(gradients), filled

    def compiled(self, function: Callable[..., Any], *, dynamic: bool | None = None) -> Callable[..., Any]:
        """By torch.compile, which raises where it would give up compiling and call the function as it is.

        `dynamic` is torch's: False compiles for each shape, None for the first and then for any.
        """
        from torch._dynamo import config as dynamo
        from torch._inductor import config as inductor

        # Compilers of its own would outlive a worker that is killed, and a handful of small graphs need none.
        inductor.compile_threads = 1
        # A target has a dozen conventions, each in several dtypes.
        dynamo.recompile_limit, dynamo.fail_on_recompile_limit_hit = 64, True
        return torch.compile(function, dynamic=dynamic)

    def vmapped(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        choices: Mapping[str, Any],
        cotangent: Any | None,
        wanted: Sequence[int],
    ) -> tuple[Any, tuple[Any, ...]]:
        """By torch.vmap over batches of one, with torch.func.vjp inside where gradients are asked for."""
        mapped = [position for position, value in enumerate(inputs) if isinstance(value, Tensor)]
        samples = [inputs[position].unsqueeze(1) for position in mapped]

        def alone(*sample: Tensor) -> Tensor:
            given = dict(zip(mapped, sample, strict=True))
            arguments = [given.get(position, value) for position, value in enumerate(inputs)]
            return function(*arguments, **choices)

        def derived(received: Tensor, *sample: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
            def of_wanted(*leaves: Tensor) -> Tensor:
                given = dict(zip(wanted, leaves, strict=True))
                return alone(*(given.get(p, value) for p, value in zip(mapped, sample, strict=True)))

            by_position = dict(zip(mapped, sample, strict=True))
            output, pull = torch.func.vjp(of_wanted, *(by_position[position] for position in wanted))
            return output, pull(received)

        if cotangent is None:
            return torch.vmap(alone)(*samples).squeeze(1), ()
        output, gradients = torch.vmap(derived)(cotangent.unsqueeze(1), *samples)
        return output.squeeze(1), tuple(gradient.squeeze(1) for gradient in gradients)

    def stopwatch(self, device: str, clock: str) -> Stopwatch:
        """CUDA's events and graphs, and the wall clock until the device has done its work."""
        if device.startswith("cuda"):
            return cuda_timing.stopwatch(device, clock)
        if clock != "wall":
            raise LackingError(f"torch has no clock {clock!r} for {device}")
        return WallClock()

    def copying(self, moved: int, device: str) -> Run:
        """By copy_, in as many threads as an operation may use."""
        with torch.inference_mode(mode=False):
            source = torch.ones(max(1, moved // 8), device=device)
            destination = torch.empty_like(source)
        return lambda _: destination.copy_(source)

    def cache_bytes(self, device: str) -> int | None:
        """Of CUDA's L2."""
        return cuda_timing.cache_bytes(device) if device.startswith("cuda") else None

    def peak_device_bytes(self, run: Run, device: str) -> int | None:
        """By the caching allocator of CUDA."""
        return cuda_timing.peak_bytes(run, device) if device.startswith("cuda") else None


def sample(image: Tensor, grid: Tensor, *, padding: str, align_corners: bool, interpolation: str) -> Tensor:
    """[N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo]; with volumes bilinear is trilinear."""
    return functional.grid_sample(
        image, grid, mode=interpolation, padding_mode=padding, align_corners=align_corners
    )


def generate(theta: Tensor, size: tuple[int, ...], *, align_corners: bool) -> Tensor:
    """[N,2,3], (Ho, Wo) -> [N,Ho,Wo,2]; [N,3,4], (Do, Ho, Wo) -> [N,Do,Ho,Wo,3]."""
    return functional.affine_grid(theta, [theta.shape[0], 1, *size], align_corners=align_corners)


def transform(
    image: Tensor,
    theta: Tensor,
    size: tuple[int, ...],
    *,
    padding: str,
    align_corners: bool,
    interpolation: str,
) -> Tensor:
    """[N,C,H,W], [N,2,3], (Ho, Wo) -> [N,C,Ho,Wo], and likewise of volumes."""
    grid = generate(theta, size, align_corners=align_corners)
    return sample(image, grid, padding=padding, align_corners=align_corners, interpolation=interpolation)


TORCH = Implementation(
    name="torch",
    framework="torch",
    functions={"sample": sample, "transform": transform, "generate": generate},
    spatial=(2, 3),
    dtypes=("float64", "float32", "float16", "bfloat16"),
    # Compiling needs a C++ compiler, which not every machine has.
    claims=("double backward", "vmap"),
)


def _compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Compiled with its first call, and for each shape: as quick as it gets."""
    made: list[Callable[..., Tensor]] = []

    @wraps(function)
    def compiled(*arguments: Any, **choices: Any) -> Tensor:
        if not made:
            made.append(TorchFramework().compiled(function, dynamic=False))
        return made[0](*arguments, **choices)

    return compiled


TORCH_COMPILED = replace(
    TORCH,
    name="torch-compiled",
    functions={name: _compiled(function) for name, function in TORCH.functions.items()},
    claims=("compile",),
    compiles=True,
)
