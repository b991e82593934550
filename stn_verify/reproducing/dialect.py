"""What a framework's scripts are written with: one file each says how its arrays are made and its functions called."""

from dataclasses import dataclass
from typing import Protocol

from stn_verify.contract.description import Description
from stn_verify.contract.implementation import ARGUMENTS, DIFFERENTIABLE
from stn_verify.contract.target import Call
from stn_verify.formats import Array
from stn_verify.judging.reference import SUBJECTS
from stn_verify.reproducing.fault import Fault
from stn_verify.reproducing.literals import python, unpacking
from stn_verify.reproducing.place import Place
from stn_verify.reproducing.wrapping import Operations, Wrapping
from stn_verify.workers.evaluator import DERIVED
from stn_verify.workers.expectations import second_names

TELL = 'print("output   ", type(output).__name__, getattr(output, "shape", ""), flush=True)'
"""Of a call that may not come to its end: its output is told before it is differentiated."""


@dataclass(frozen=True)
class Manner:
    """How the functions of one target are called in one script."""

    fault: Fault
    operations: Operations

    @property
    def place(self) -> Place:
        """Where its code is."""
        return self.fault.place

    @property
    def description(self) -> Description:
        """What it says of itself."""
        return self.fault.description

    @property
    def several(self) -> bool:
        """Whether variables are named after its functions: the script calls more than one, or one inside a network."""
        called = {call.called for call in self.fault.scripted}
        return len(called) > 1 or any(call.function == "network" for call in self.fault.scripted)

    @property
    def inline(self) -> bool:
        """Whether the calls are written out: those of the framework itself."""
        return self.place.kind == "inline"

    @property
    def product(self) -> bool:
        """Whether the target may give its own gradients where its framework differentiates."""
        return not set(DERIVED) & set(self.description.features)

    def function(self, call: Call) -> str:
        """The variable of the target's function."""
        return f"{call.called if self.several else 'function'}{self._suffix(call)}"

    def vjp(self, call: Call) -> str:
        """The variable of its vector-Jacobian product."""
        return f"{f'{call.called}_vjp' if self.several else 'product'}{self._suffix(call)}"

    def keywords(self, call: Call) -> str:
        """The choices of the convention that the function takes, after a comma."""
        taken = self.description.choices(call.called)
        asked = self.fault.route(call).asked if self.fault.converting else call.convention
        choices = {**vars(asked), **({} if self.inline else {"family": call.family})}
        given = {name: value for name, value in choices.items() if name in taken}
        return "".join(f", {name}={python(value)}" for name, value in given.items())

    def wrapping(self, call: Call) -> Wrapping | None:
        """What is put around the target's function; None where it takes the call as it is."""
        if not self.fault.converting or self.inline:
            return None
        return Wrapping.of(call, self.fault.route(call), self.operations)

    def wrapped(self, function: str) -> list[Call]:
        """A call of each way in which the function is wrapped; none where it never is."""
        calls = {self.wrapping(call): call for call in self.fault.scripted if call.function == function}
        return [] if set(calls) == {None} else list(calls.values())

    def natives(self, call: Call) -> tuple[str, str]:
        """The variables of the target's own function and product: those that are called, unless they are wrapped."""
        if not self.wrapped(call.function):
            return self.function(call), self.vjp(call)
        function, product = (
            (call.function, f"{call.function}_vjp") if self.several else ("function", "product")
        )
        return f"native_{function}", f"native_{product}"

    def _suffix(self, call: Call) -> str:
        """Of the names of functions that are wrapped in several ways."""
        ways = [self.wrapping(one) for one in self.wrapped(call.function)]
        number = 1 + ways.index(self.wrapping(call)) if ways else 1
        return "" if number == 1 else f"_{number}"


class Dialect(Operations, Protocol):
    """One framework's way to write a script."""

    def imports(self, manner: Manner, *, numpy: bool) -> list[str]:
        """The frameworks that it needs; `numpy`: whether NumPy is among them."""
        ...

    def made(self, name: str, source: str, call: Call, device: str) -> list[str]:
        """An array of a call from numbers, in its dtype and device."""
        ...

    def own(self, call: Call, manner: Manner) -> bool:
        """Whether the target's own vector-Jacobian product may be called."""
        ...

    def prelude(self, call: Call, manner: Manner, suffix: str) -> list[str]:
        """Functions of arrays alone that the call needs, if any; their names end in the suffix."""
        ...

    def body(self, call: Call, manner: Manner, suffix: str, *, tell: bool) -> list[str]:
        """The call; afterwards each of its results has its name. `tell`: print `TELL` as soon as there is an output."""
        ...

    def threads(self, count: str) -> list[str]:
        """Let one operation use so many threads: a number, or `threads`."""
        ...

    def available(self) -> str:
        """How many threads one operation uses otherwise."""
        ...

    def number(self, name: str) -> str:
        """A result or an input as a NumPy array of float64."""
        ...

    def item(self, entry: str) -> str:
        """One entry of a result as a Python number."""
        ...

    def copied(self, name: str) -> str:
        """A copy of an array."""
        ...

    def same(self, first: str, second: str) -> str:
        """Whether two arrays hold the same values, NaN counted as equal to itself."""
        ...

    def is_result(self) -> list[str]:
        """The function `is_result(result, shape)`."""
        ...

    def whereabouts(self, name: str) -> str:
        """The dtype and the device of an array, to be printed."""
        ...

    def unlike(self, result: str, name: str, *, finer: bool) -> str:
        """Whether a result is of another dtype or device than an input; `finer`: a finer dtype is as good."""
        ...


def shapes(call: Call, output: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Of every result of a call, by the name that it has in a script, in the order of the reply; the output's is given."""
    found = {"output": output}
    found |= {gradient(name): call.arrays[name].shape for name in call.gradients}
    if call.tangents:
        found["tangent"] = found["output"]
    inputs = dict(call.arrays) | ({} if call.cotangent is None else {"cotangent": call.cotangent})
    return found | {f"second_{name}": inputs[name].shape for name in second_names(call)}


def gradient(name: str) -> str:
    """The variable of the gradient of an input, or of a network's parameter."""
    return SUBJECTS.get(name, f"grad_{name}")


def results(call: Call) -> list[str]:
    """The names of its results, without a look at its arrays: those of a wrong call may have any shape."""
    gradients = [gradient(name) for name in call.gradients]
    tangent = ["tangent"] if call.tangents else []
    return ["output", *gradients, *tangent, *(f"second_{name}" for name in second_names(call))]


def arrays_of(call: Call) -> str:
    """What a function of arrays alone takes."""
    return ", ".join(call.arrays)


def arguments(call: Call) -> str:
    """What the function takes by position."""
    size = None if call.size is None else tuple(map(int, call.size))
    return ", ".join(repr(size) if name == "size" else name for name in ARGUMENTS[call.function])


def every_gradient(call: Call) -> list[str]:
    """What a vector-Jacobian product returns, whatever was asked for."""
    return [SUBJECTS[name] for name in DIFFERENTIABLE[call.function]]


def unpacked(call: Call, product: str, manner: Manner) -> list[str]:
    """A target's own gradients, one or several."""
    return [
        f"gradients = {product}({arguments(call)}, cotangent{manner.keywords(call)})",
        f"{unpacking(every_gradient(call))} = gradients if isinstance(gradients, (tuple, list)) else (gradients,)",
    ]


def kept(array: Array) -> tuple[str, tuple[int, ...]]:
    """Of an expanded array: what is left when each axis along which it repeats itself is cut to one, and its shape."""
    firsts = [array[(slice(None),) * axis + (slice(0, 1),)] for axis in range(array.ndim)]
    slices = [":1" if bool((array == first).all()) else ":" for first in firsts]
    return f"[{', '.join(slices)}]" if slices else "", array.shape


def every_second(rank: int) -> str:
    """The index of every second element along each axis."""
    return f"[{', '.join(['1::2'] * rank)}]"


def indented(lines: list[str], by: int = 4) -> list[str]:
    """Further in; blank lines stay blank. Literals inside brackets may move."""
    pad = " " * by
    return [f"{pad}{line}" if line else line for text in lines for line in text.split("\n")]
