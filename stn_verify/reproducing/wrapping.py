"""A function around the target's own, which takes and returns what the harness does: for targets in a dialect of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from stn_verify.contract import dialect as spoken
from stn_verify.contract.features import Layout
from stn_verify.contract.implementation import ARGUMENTS, DIFFERENTIABLE
from stn_verify.contract.target import Call
from stn_verify.formats import Array
from stn_verify.judging.reference import SUBJECTS
from stn_verify.reproducing.literals import unpacking
from stn_verify.workers.translation import Route, Spelling

_CONVERTED = ("grid", "theta")
"""Inputs that are computed anew, so that how they lie in memory is settled inside the function."""


class Operations(Protocol):
    """A framework's own operations, as source; `array` is any expression."""

    def moved(self, array: str, source: int, destination: int) -> str:
        """A view with one axis elsewhere."""
        ...

    def contiguous(self, array: str) -> str:
        """In memory that has no gaps."""
        ...

    def double(self, array: str) -> str:
        """In float64."""
        ...

    def rounded(self, array: str, like: str) -> str:
        """In the dtype of another array."""
        ...

    def coordinates(self, array: str) -> str:
        """Both entries along the last axis."""
        ...

    def flipped(self, array: str) -> str:
        """A copy with the last axis in reverse, which lies in memory as the array does."""
        ...

    def stacked(self, coordinates: str) -> str:
        """Arrays, separated by commas, along a new last axis."""
        ...

    def arranged(self, name: str, layout: Layout | None, array: Array) -> list[str]:
        """Lines that lay a variable, which holds such an array, into memory."""
        ...

    def kept_apart(self, name: str, lines: list[str]) -> list[str]:
        """The same where the variable has been computed: its gradient is that of each element."""
        ...


@dataclass(frozen=True)
class Wrapping:
    """How one function of a target is wrapped; calls that are wrapped alike share the function."""

    function: str
    dialect: spoken.Dialect
    aligned: bool
    arranged: tuple[str, ...]
    """Lines that lay the converted inputs into memory."""
    received: tuple[str, ...]
    """The same of a grid's cotangent, which a product of the target's own is given."""

    @classmethod
    def of(cls, call: Call, route: Route, operations: Operations) -> "Wrapping | None":
        """None: the target takes the call as it is."""
        spelling = route.dialect
        imaged = call.function != "generate" and spelling.layout == "NHWC"
        measured = call.function == "sample" and spelling.units != "normalised"
        if not (imaged or measured or spelling.axis_order == "yx"):
            return None
        lines: list[str] = []
        for name in _CONVERTED:
            if name in call.layouts:
                native = Spelling(call, route).native().arrays[name]
                lines += operations.kept_apart(name, operations.arranged(name, call.layouts[name], native))
        # Only how many pixels a normalised unit has depends on the alignment.
        aligned = measured and spelling.units == "pixels" and call.convention.align_corners
        received: list[str] = []
        if call.function == "generate" and call.cotangent is not None and "cotangent" in call.layouts:
            turned = call.cotangent[..., ::-1]
            received = operations.arranged("cotangent", call.layouts["cotangent"], turned)
        return cls(call.function, spelling, aligned, tuple(lines), tuple(received))

    def laid(self, name: str, array: Array, layout: Layout | None, operations: Operations) -> list[str]:
        """Lines that lay an array of the harness' so that the target has it in memory as it had then."""
        if name in _CONVERTED:
            return []
        if not self._imaged or name not in ("image", "cotangent"):
            return operations.arranged(name, layout, array)
        if layout is None:
            return operations.arranged(name, "channels_last", array)
        return [
            f"{name} = {operations.contiguous(operations.moved(name, 1, -1))}",
            *operations.arranged(name, layout, np.moveaxis(array, 1, -1)),
            f"{name} = {operations.moved(name, -1, 1)}",
        ]

    @property
    def _imaged(self) -> bool:
        return self.function != "generate" and self.dialect.layout == "NHWC"

    @property
    def _pixels(self) -> bool:
        return self.function == "sample" and self.dialect.units == "pixels"

    @property
    def _turned(self) -> bool:
        return self.dialect.axis_order == "yx"

    def lines(
        self, name: str, product: str, native: tuple[str, str | None], operations: Operations
    ) -> list[str]:
        """The function and, where the target's own product is called, that.

        Args:
            name: of the function that is defined.
            product: of the product that is defined.
            native: the variables of the target's own; None where no product is called.
        """
        inputs = ", ".join(ARGUMENTS[self.function])
        conversion = self._conversion(operations)
        output = self._back("output", operations)
        function, own = native
        defined = [
            f"def {name}({inputs}, **choices):  # the target takes {self.dialect}",
            *conversion,
            f"    output = {function}({inputs}, **choices)",
            f"    return {output}",
        ]
        if own is None:
            return defined
        gradients = [SUBJECTS[one] for one in DIFFERENTIABLE[self.function]]
        converted = self._product(own, inputs, gradients, conversion, operations)
        body = [f"def {product}({inputs}, cotangent, **choices):", *converted]
        return [*defined, "", "", *body, "", "", f"{product} = None if {own} is None else {product}"]

    def _product(
        self, own: str, inputs: str, gradients: Sequence[str], conversion: list[str], operations: Operations
    ) -> list[str]:
        cotangent = self._sent("cotangent", operations)
        returned = [
            f"    {gradient} = {back}"
            for gradient in gradients
            if (back := self._undone(gradient, operations)) is not None
        ]
        return [
            *conversion,
            *([] if cotangent == "cotangent" else [f"    cotangent = {cotangent}"]),
            *(f"    {line}" for line in self.received),
            f"    gradients = {own}({inputs}, cotangent, **choices)",
            f"    {unpacking(list(gradients))} = gradients if isinstance(gradients, (tuple, list)) else (gradients,)",
            *[line for text in returned for line in text.split("\n")],
            f"    return {', '.join(gradients)}",
        ]

    def _conversion(self, operations: Operations) -> list[str]:
        lines = ["    height, width = image.shape[2:]"] if self._pixels else []
        if self.function == "sample":
            lines += self._points(operations)
        elif self._turned:
            turned = operations.contiguous("theta[:, [1, 0]][:, :, [1, 0, 2]]")
            lines.append(f"    theta = {turned}")
        if self._imaged:
            lines.append(f"    image = {operations.moved('image', 1, -1)}")
        return [*lines, *(f"    {line}" if line else "" for line in self.arranged)]

    def _points(self, operations: Operations) -> list[str]:
        if self.dialect.units == "normalised" and not self._turned:
            return []
        lines = [f"    x, y = {operations.coordinates(operations.double('grid'))}"]
        match self.dialect.units:
            case "pixels":
                lines += [
                    f"    x = x * {self._scale('width')} + (width - 1) / 2",
                    f"    y = y * {self._scale('height')} + (height - 1) / 2",
                ]
            case "unit":
                lines += ["    x, y = (x + 1) / 2, (y + 1) / 2"]
            case "normalised":
                pass
        stacked = operations.stacked("y, x" if self._turned else "x, y")
        return [*lines, f"    grid = {operations.rounded(stacked, 'grid')}"]

    def _scale(self, side: str) -> str:
        return f"(({side} - 1) / 2)" if self.aligned else f"({side} / 2)"

    def _sent(self, name: str, operations: Operations) -> str:
        """An array like the output as the target takes it."""
        if self.function == "generate":
            return self._swapped(name, operations)
        return operations.moved(name, 1, -1) if self._imaged else name

    def _back(self, name: str, operations: Operations) -> str:
        if self.function == "generate":
            return self._swapped(name, operations)
        return operations.moved(name, -1, 1) if self._imaged else name

    def _swapped(self, name: str, operations: Operations) -> str:
        # Where a framework differentiates, a cotangent that lies densely in memory lies so on the other side.
        return operations.flipped(name) if self._turned else name

    def _undone(self, gradient: str, operations: Operations) -> str | None:
        """The harness' gradient from the target's; None where it is the same."""
        if gradient == "grad_input":
            return operations.moved(gradient, -1, 1) if self._imaged else None
        if gradient == "grad_theta":
            return f"{gradient}[:, [1, 0]][:, :, [1, 0, 2]]" if self._turned else None
        x, y = ("1", "0") if self._turned else ("0", "1")
        if self.dialect.units == "normalised" and not self._turned:
            return None
        terms = {
            "pixels": f"gx * {self._scale('width')}, gy * {self._scale('height')}",
            "unit": "gx / 2, gy / 2",
            "normalised": "gx, gy",
        }[self.dialect.units]
        parts = f"{gradient}[..., {x}], {gradient}[..., {y}]"
        return f"{operations.double(gradient)}\n    gx, gy = {parts}\n    {gradient} = {operations.stacked(terms)}"
