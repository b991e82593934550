"""PyTorch: autograd differentiates; `torch.nn.functional` is an implementation itself."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from stn_verify.contract.errors import UnknownChoiceError
from stn_verify.contract.implementation import Implementation
from stn_verify.formats import Array

_DTYPES = MappingProxyType(
    {"float64": torch.float64, "float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
)
_NAMES = MappingProxyType({dtype: name for name, dtype in _DTYPES.items()})


class TorchFramework:
    """Tensors on any device of torch, differentiated by autograd."""

    name = "torch"
    differentiates = True

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


def sample(image: Tensor, grid: Tensor, *, padding: str, align_corners: bool) -> Tensor:
    """[N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo]."""
    return functional.grid_sample(
        image, grid, mode="bilinear", padding_mode=padding, align_corners=align_corners
    )


def generate(theta: Tensor, size: tuple[int, int], *, align_corners: bool) -> Tensor:
    """[N,2,3], (Ho, Wo) -> [N,Ho,Wo,2]."""
    return functional.affine_grid(theta, [theta.shape[0], 1, *size], align_corners=align_corners)


def transform(
    image: Tensor, theta: Tensor, size: tuple[int, int], *, padding: str, align_corners: bool
) -> Tensor:
    """[N,C,H,W], [N,2,3], (Ho, Wo) -> [N,C,Ho,Wo]."""
    grid = generate(theta, size, align_corners=align_corners)
    return sample(image, grid, padding=padding, align_corners=align_corners)


TORCH = Implementation(
    name="torch",
    framework="torch",
    functions={"sample": sample, "transform": transform, "generate": generate},
    dtypes=("float64", "float32", "float16", "bfloat16"),
)
