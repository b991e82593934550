"""Scripts in NumPy."""

from stn_verify.contract.target import Call
from stn_verify.reproducing.dialect import (
    TELL,
    Manner,
    arguments,
    every_gradient,
    every_second,
    kept,
    unpacked,
)
from stn_verify.reproducing.sequence import parameters


class NumpyDialect:
    """Functions with vector-Jacobian products of their own."""

    def imports(self, manner: Manner, *, numpy: bool) -> list[str]:
        """NumPy in any case."""
        return ["import numpy as np", *(["import stn_reference"] if manner.inline else [])]

    def made(self, name: str, source: str, call: Call, device: str) -> list[str]:
        """An array; a layout takes lines of its own."""
        dtype = f"dtype=np.{call.dtypes.get(name, call.dtype)}"
        if "\n" in source or source.startswith("["):
            lines = [f"{name} = np.array(", f"    {source},", f"    {dtype},", ")"]
        else:
            lines = [f"{name} = np.array({source}, {dtype})"]
        return [*lines, *self._arranged(name, call)]

    def _arranged(self, name: str, call: Call) -> list[str]:
        match call.layouts.get(name):
            case "transposed":
                return [f"{name} = np.ascontiguousarray({name}.swapaxes(-1, -2)).swapaxes(-1, -2)"]
            case "channels_last":
                return [f"{name} = np.moveaxis(np.ascontiguousarray(np.moveaxis({name}, 1, -1)), -1, 1)"]
            case "expanded":
                first, shape = kept(parameters(call)[name])
                return [f"{name} = np.broadcast_to({name}{first}, {shape})"]
            case "sliced":
                index = every_second(parameters(call)[name].ndim)
                return [
                    f"wide = np.full([2 * side + 1 for side in {name}.shape], np.nan, {name}.dtype)",
                    f"wide{index} = {name}",
                    f"{name} = wide{index}",
                ]
            case None:
                return []

    def own(self, call: Call, manner: Manner) -> bool:
        """NumPy differentiates nothing."""
        return bool(call.gradients) and not manner.inline

    def prelude(self, call: Call, manner: Manner, suffix: str) -> list[str]:
        """NumPy compiles and maps nothing."""
        return []

    def body(self, call: Call, manner: Manner, suffix: str, *, tell: bool) -> list[str]:
        """The function, and its product where gradients are asked for."""
        keywords = f"{manner.keywords(call)})"
        told = [TELL] if tell else []
        if not manner.inline:
            output = [f"output = {manner.function(call)}({arguments(call)}{keywords}", *told]
            return [*output, *unpacked(call, manner.vjp(call), manner)] if call.gradients else output
        name = "affine_grid" if call.function == "generate" else call.function
        output = [f"output = stn_reference.{name}({arguments(call)}{keywords}", *told]
        if not call.gradients:
            return output
        product = f"stn_reference.{name}_vjp({arguments(call)}, cotangent{keywords}"
        return [*output, f"{', '.join(every_gradient(call))} = {product}"]

    def threads(self, count: str) -> list[str]:
        """Never asked for: NumPy does not say how."""
        return []

    def available(self) -> str:
        """Likewise."""
        return "1"

    def number(self, name: str) -> str:
        """Exactly."""
        return f"{name}.astype(np.float64)"

    def item(self, entry: str) -> str:
        """A Python number."""
        return f"float({entry})"

    def copied(self, name: str) -> str:
        """In memory of its own."""
        return f"{name}.copy()"

    def same(self, first: str, second: str) -> str:
        """But for the sign of zero and the payload of NaN."""
        return f"np.array_equal({first}, {second}, equal_nan=True)"

    def whereabouts(self, name: str) -> str:
        """What a result shares with the input that it belongs to."""
        return f"{name}.dtype"

    def unlike(self, result: str, name: str, *, finer: bool) -> str:
        """The smaller the spacing of a dtype at 1, the finer it is."""
        coarser = f"np.finfo({result}.dtype).eps > np.finfo({name}.dtype).eps"
        other = coarser if finer else f"{result}.dtype != {name}.dtype"
        return f"{other}"

    def is_result(self) -> list[str]:
        """Of any of the three dtypes."""
        return [
            "def is_result(result, shape):",
            "    dtypes = (np.float64, np.float32, np.float16)",
            "    return isinstance(result, np.ndarray) and result.dtype in dtypes and result.shape == shape",
        ]
