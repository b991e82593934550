"""NumPy: arrays on the CPU, no bfloat16, no automatic differentiation."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from stn_verify.contract.errors import ContractError, UnknownChoiceError
from stn_verify.formats import Array

_DTYPES = MappingProxyType({"float64": np.float64, "float32": np.float32, "float16": np.float16})


class NumpyFramework:
    """Implementations give their own vector-Jacobian products."""

    name = "numpy"
    differentiates = False

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
