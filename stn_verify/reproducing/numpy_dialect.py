"""Scripts in NumPy."""

from stn_verify.contract.features import Layout
from stn_verify.contract.target import Call
from stn_verify.formats import Array
from stn_verify.reproducing import network
from stn_verify.reproducing.dialect import (
    TELL,
    Manner,
    arguments,
    every_gradient,
    every_second,
    kept,
    unpacked,
)


class NumpyDialect:
    """Functions with vector-Jacobian products of their own."""

    def imports(self, manner: Manner, *, numpy: bool) -> list[str]:
        """NumPy in any case."""
        return ["import numpy as np", *(["import stn_reference"] if manner.inline else [])]

    def made(self, name: str, source: str, call: Call, device: str) -> list[str]:
        """An array."""
        dtype = f"dtype=np.{call.dtypes.get(name, call.dtype)}"
        if "\n" in source or source.startswith("["):
            return [f"{name} = np.array(", f"    {source},", f"    {dtype},", ")"]
        return [f"{name} = np.array({source}, {dtype})"]

    def arranged(self, name: str, layout: Layout | None, array: Array) -> list[str]:
        """As the adapter does."""
        match layout:
            case "transposed":
                return [f"{name} = np.ascontiguousarray({name}.swapaxes(-1, -2)).swapaxes(-1, -2)"]
            case "channels_last":
                return [f"{name} = np.moveaxis(np.ascontiguousarray(np.moveaxis({name}, 1, -1)), -1, 1)"]
            case "expanded":
                first, shape = kept(array)
                return [f"{name} = np.broadcast_to({name}{first}, {shape})"]
            case "sliced":
                index = every_second(array.ndim)
                return [
                    f"wide = np.full([2 * side + 1 for side in {name}.shape], np.nan, {name}.dtype)",
                    f"wide{index} = {name}",
                    f"{name} = wide{index}",
                ]
            case None:
                return []

    def moved(self, array: str, source: int, destination: int) -> str:
        """A view."""
        return f"np.moveaxis({array}, {source}, {destination})"

    def contiguous(self, array: str) -> str:
        """In the order of C."""
        return f"np.ascontiguousarray({array})"

    def double(self, array: str) -> str:
        """A copy, also of float64."""
        return f"{array}.astype(np.float64)"

    def rounded(self, array: str, like: str) -> str:
        """To the nearest."""
        return f"{array}.astype({like}.dtype)"

    def coordinates(self, array: str) -> str:
        """To be unpacked."""
        return f"np.moveaxis({array}, -1, 0)"

    def flipped(self, array: str) -> str:
        """A copy in the order of the array's own."""
        return f'np.flip({array}, -1).copy(order="K")'

    def stacked(self, coordinates: str) -> str:
        """A copy."""
        return f"np.stack([{coordinates}], axis=-1)"

    def kept_apart(self, name: str, lines: list[str]) -> list[str]:
        """NumPy differentiates nothing."""
        return lines

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
        if call.function == "network":
            return [*self._network(call, manner), *told, *self._back(call, manner)]
        if not manner.inline:
            output = [f"output = {manner.function(call)}({arguments(call)}{keywords}", *told]
            return [*output, *unpacked(call, manner.vjp(call), manner)] if call.gradients else output
        name = f"{call.family}_grid" if call.function == "generate" else call.function
        output = [f"output = stn_reference.{name}({arguments(call)}{keywords}", *told]
        if not call.gradients:
            return output
        product = f"stn_reference.{name}_vjp({arguments(call)}, cotangent{keywords}"
        return [*output, f"{', '.join(every_gradient(call))} = {product}"]

    def _network(self, call: Call, manner: Manner) -> list[str]:
        transform = "stn_reference.transform" if manner.inline else manner.function(call)
        return network.forward(call, lambda given: f"{transform}({given}{manner.keywords(call)})")

    def _back(self, call: Call, manner: Manner) -> list[str]:
        if not call.gradients:
            return []
        product = "stn_reference.transform_vjp" if manner.inline else manner.vjp(call)
        return network.backward(call, lambda given: f"{product}({given}{manner.keywords(call)})")

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
