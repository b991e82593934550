"""A target called in its own dialect: calls and replies are translated at its boundary, so that no suite need know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from stn_reference import pixel_scale
from stn_verify.contract.convention import Convention
from stn_verify.contract.description import Description
from stn_verify.contract.dialect import PLAIN, Dialect
from stn_verify.contract.target import Call, Evaluations, Reply, Target, TargetFailure, TargetReplied
from stn_verify.formats import Array, named
from stn_verify.workers.expectations import output_shape


@dataclass(frozen=True)
class Route:
    """How a target is made to follow a convention: what it is asked for, and in which dialect."""

    asked: Convention
    dialect: Dialect


class TranslatedTarget:
    """Satisfies `contract.target.Target`: NCHW, (x, y), normalised, whatever the target itself takes."""

    def __init__(
        self, target: Target, description: Description, routes: Mapping[tuple[str, Convention], Route]
    ) -> None:
        """`routes` by function and the convention that is followed; a call that none is given for goes the declared way."""
        self.evaluations: Evaluations = target.evaluations
        self._target = target
        self._description = description
        self._routes = dict(routes)

    @property
    def description(self) -> Description:
        """As it was found."""
        return self._description

    def call(self, call: Call) -> Reply:
        """Evaluate.

        Raises:
            TargetFailure: no result came back; its `call` is the one that is given here.
        """
        route = self.route(call)
        try:
            if route.dialect == PLAIN:
                return self._target.call(replace(call, convention=route.asked))
            spelt = Spelling(call, route)
            return spelt.reply(self._target.call(spelt.native()))
        except TargetFailure as failure:
            failure.call = call
            raise

    def route(self, call: Call) -> Route:
        """How it is made to follow the call's convention."""
        declared = Route(call.convention, self._description.dialect)
        return self._routes.get((call.called, call.convention), declared)

    def forgive(self) -> None:
        """Another check begins."""
        self._target.forgive()

    def renew(self) -> None:
        """Answer the next call from a fresh process, if there is one."""
        self._target.renew()

    def close(self) -> None:
        """End the process, if there is one."""
        self._target.close()


def route_of(target: Target, call: Call) -> Route:
    """How a target is made to follow a call's convention; one that is not translated is called as it is."""
    return target.route(call) if isinstance(target, TranslatedTarget) else Route(call.convention, PLAIN)


class Spelling:
    """One call in a dialect, and the way back."""

    def __init__(self, call: Call, route: Route) -> None:
        self.call = call
        self.route = route

    def native(self) -> Call:
        """The call as the target takes it. Coordinates are converted in float64 and rounded once, to their dtype."""
        call = self.call
        return replace(
            call,
            convention=self.route.asked,
            arrays={
                name: self._rounded(name, self._spelt(name, array)) for name, array in call.arrays.items()
            },
            cotangent=None if call.cotangent is None else self._moved("output", call.cotangent),
            tangents={name: self._derived(name, array) for name, array in call.tangents.items()},
            seconds={name: self._derived(name, array) for name, array in call.seconds.items()},
            # The shape that comes back is told of in the words of the call as it was made.
            free=True,
        )

    def output_shape(self) -> tuple[int, ...]:
        """Of the output that the target is to return."""
        expected = output_shape(self.call)
        return self._moved("output", np.empty(expected)).shape

    def reply(self, native: Reply) -> Reply:
        """The reply in the harness' terms. Raises: TargetReplied: an output of another shape."""
        output = self._returned("output", native.output)
        if not self.call.free and output.shape != output_shape(self.call):
            told = native.output.shape if native.output.ndim != 4 else self.output_shape()
            raise TargetReplied(f"{self.call.function}: output has shape {native.output.shape}, not {told}")
        return replace(
            native,
            output=output,
            gradients={name: self._undone(name, array) for name, array in native.gradients.items()},
            tangent=None if native.tangent is None else self._returned("output", native.tangent),
            seconds={name: self._undone(name, array) for name, array in native.seconds.items()},
        )

    def _spelt(self, name: str, array: Array) -> Array:
        if name == "grid" and self._has_points(array):
            array = np.stack([self._in_units(array[..., k], k) for k in (0, 1)], axis=-1)
        return self._moved(name, array)

    def _in_units(self, coordinates: Array, axis: int) -> Array:
        with np.errstate(invalid="ignore", over="ignore"):
            match self.route.dialect.units:
                case "pixels":
                    size = self._size(axis)
                    scale = pixel_scale(size, self.call.convention.align_corners)
                    return coordinates * scale + (size - 1) / 2
                case "unit":
                    return (coordinates + 1) / 2
                case "normalised":
                    return coordinates

    def _derived(self, name: str, array: Array) -> Array:
        """A direction, or a cotangent of a gradient: both scale as the coordinate does."""
        return self._rounded(name, self._moved(name, self._scaled(name, array)))

    def _undone(self, name: str, array: Array) -> Array:
        """A gradient: dL/dg = dL/dx dx/dg, in float64, where the target would have rounded it."""
        return self._scaled(name, self._returned("output" if name == "cotangent" else name, array))

    def _scaled(self, name: str, array: Array) -> Array:
        if name != "grid" or not self._has_points(array):
            return array
        match self.route.dialect.units:
            case "pixels":
                aligned = self.call.convention.align_corners
                return array * [pixel_scale(self._size(axis), aligned) for axis in (0, 1)]
            case "unit":
                return array / 2
            case "normalised":
                return array

    def _moved(self, name: str, array: Array) -> Array:
        """Axes and order alone; `output` stands for the cotangent too."""
        return self._ordered(name, self._laid(name, array, 1, -1))

    def _returned(self, name: str, array: Array) -> Array:
        return self._ordered(name, self._laid(name, array, -1, 1))

    def _laid(self, name: str, array: Array, source: int, destination: int) -> Array:
        imaged = name == "image" or (name == "output" and self.call.function != "generate")
        if imaged and self.route.dialect.layout == "NHWC" and array.ndim == 4:
            return np.moveaxis(array, source, destination)
        return array

    def _ordered(self, name: str, array: Array) -> Array:
        """Its own inverse."""
        if self.route.dialect.axis_order == "xy":
            return array
        if name == "theta" and array.shape[-2:] == (2, 3):
            return array[..., [1, 0], :][..., [1, 0, 2]]
        pointed = name == "grid" or (name == "output" and self.call.function == "generate")
        return array[..., ::-1] if pointed and self._has_points(array) else array

    def _rounded(self, name: str, array: Array) -> Array:
        dtype = self.call.dtypes.get(name, self.call.dtype)
        return named(dtype).round(array) if name == "grid" else np.ascontiguousarray(array)

    def _size(self, axis: int) -> int:
        # Without a pixel there is nothing to scale by; the target is to refuse, or to return as little.
        return max(1, int(self.call.arrays["image"].shape[3 - axis]))

    def _has_points(self, array: Array) -> bool:
        """Whether there are two coordinates to convert: calls that are wrong on purpose pass as they are."""
        image = self.call.arrays.get("image")
        return bool(array.ndim) and array.shape[-1] == 2 and (image is None or image.ndim == 4)
