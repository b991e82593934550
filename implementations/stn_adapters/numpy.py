"""NumPy: arrays on the CPU, no bfloat16, no automatic differentiation."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from stn_verify.contract.errors import ContractError, UnknownChoiceError
from stn_verify.contract.features import Feature, Layout
from stn_verify.formats import Array
from stn_verify.frameworks import Framework, Run

_DTYPES = MappingProxyType({"float64": np.float64, "float32": np.float32, "float16": np.float16})


class NumpyFramework(Framework):
    """Implementations give their own vector-Jacobian products."""

    name = "numpy"
    differentiates = False
    features: tuple[Feature, ...] = ("layouts", "mixed dtypes", "watching", "networks", "timing")

    @property
    def version(self) -> str:
        """Of NumPy."""
        return np.__version__

    def warm(self) -> None:
        """NumPy is imported whole."""

    def threads(self) -> int | None:
        """NumPy does not say."""
        return None

    def devices(self) -> tuple[str, ...]:
        """The CPU."""
        return ("cpu",)

    def check_device(self, device: str) -> None:
        """Raises: UnknownChoiceError: any device but the CPU."""
        if device != "cpu":
            raise UnknownChoiceError(f"unknown device {device!r} for numpy; known: cpu")

    def usable(self, device: str) -> bool:
        """The CPU does not wear out."""
        return True

    def array(self, carrier: Array, dtype: str, device: str) -> Any:
        """A C-contiguous copy. Raises: UnknownChoiceError: bfloat16."""
        if dtype not in _DTYPES:
            raise UnknownChoiceError(f"numpy has no {dtype}; it has {', '.join(_DTYPES)}")
        with np.errstate(all="ignore"):
            return np.array(carrier, dtype=_DTYPES[dtype], order="C")

    def carrier(self, native: Any) -> tuple[Array, str]:
        """A copy: the implementation may use its buffer again. Raises: TypeError: no floating-point array."""
        if not isinstance(native, np.ndarray):
            raise TypeError(f"a {type(native).__name__}, not a numpy array")
        dtype = native.dtype.name
        if dtype not in _DTYPES:
            raise TypeError(f"an array of {dtype}, not of {', '.join(_DTYPES)}")
        with np.errstate(all="ignore"):
            return np.array(native, dtype=np.float64, order="C"), dtype

    def vjp(
        self,
        function: Callable[..., Any],
        inputs: Sequence[Any],
        choices: Mapping[str, Any],
        cotangent: Any,
        wanted: Sequence[int],
    ) -> tuple[Any, tuple[Any, ...]]:
        """Raises: ContractError: always; NumPy cannot differentiate."""
        raise ContractError("numpy does not differentiate: give the vector-Jacobian product (vjps=...)")

    def arranged(self, native: Any, layout: Layout) -> Any:
        """A view of new memory; an expanded one is read-only, as NumPy makes it."""
        match layout:
            case "transposed":
                return np.array(native.swapaxes(-1, -2), order="C").swapaxes(-1, -2)
            case "sliced":
                wide = np.full([2 * length + 1 for length in native.shape], np.nan, native.dtype)
                view = wide[(slice(1, None, 2),) * native.ndim]
                view[...] = native
                return view
            case "channels_last":
                return np.moveaxis(np.array(np.moveaxis(native, 1, -1), order="C"), -1, 1)
            case "expanded":
                return np.broadcast_to(native[repeated(native)], native.shape)

    def device_of(self, native: Any) -> str:
        """The CPU."""
        return "cpu"

    def copying(self, moved: int, device: str) -> Run:
        """In one thread."""
        source, destination = np.ones((2, max(1, moved // 2)), np.uint8)
        return lambda _: np.copyto(destination, source)


def repeated(values: Any) -> tuple[slice, ...]:
    """What is left of an array when each axis along which it repeats itself is cut to its first element."""
    axes = range(values.ndim)
    same = [bool((values == values[(slice(None),) * a + (slice(0, 1),)]).all()) for a in axes]
    return tuple(slice(0, 1) if alike else slice(None) for alike in same)
