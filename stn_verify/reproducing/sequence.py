"""The arrays of some calls: each of them once, under a name of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from stn_verify.contract.target import Call
from stn_verify.formats import STORAGE_DTYPES, Array

TANGENT, DIRECTION = "tangent_", "direction_"
"""What the arrays of forward mode, and the second cotangents of a double backward, are called in a script."""


def parameters(call: Call) -> dict[str, Array]:
    """Every array of a call, by what the script calls it."""
    received = {} if call.cotangent is None else {"cotangent": call.cotangent}
    tangents = {f"{TANGENT}{name}": array for name, array in call.tangents.items()}
    directions = {f"{DIRECTION}{name}": array for name, array in call.seconds.items()}
    return {**call.arrays, **received, **tangents, **directions}


@dataclass(frozen=True)
class Variables:
    """Of a script: `arrays` by name, and for each call the name that stands for each of its parameters."""

    arrays: dict[str, Array] = field(default_factory=dict)
    dtypes: dict[str, str] = field(default_factory=dict)
    """The finest dtype in which a call takes the array."""
    of: list[dict[str, str]] = field(default_factory=list)

    @classmethod
    def named_apart(cls, calls: Sequence[Call]) -> "Variables":
        """image, image_2, ...: the same numbers have the same name."""
        made = cls()
        known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        counts: dict[str, int] = {}
        for call in calls:
            made.of.append({})
            for parameter, array in parameters(call).items():
                key = (parameter, array.shape, array.tobytes())
                if key not in known:
                    counts[parameter] = count = counts.get(parameter, 0) + 1
                    known[key] = parameter if count == 1 else f"{parameter}_{count}"
                made._add(known[key], array, call.dtypes.get(parameter, call.dtype))
                made.of[-1][parameter] = known[key]
        return made

    @property
    def numbers(self) -> int:
        """How many there are in all arrays together."""
        return sum(array.size for array in self.arrays.values())

    def _add(self, name: str, array: Array, dtype: str) -> None:
        self.arrays[name] = array
        known = self.dtypes.get(name, dtype)
        self.dtypes[name] = min(known, dtype, key=STORAGE_DTYPES.index)
