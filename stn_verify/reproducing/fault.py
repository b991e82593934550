"""One failure to be shown, whatever found it."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from stn_verify.bounds.comparison import Worst
from stn_verify.contract.convention import Convention
from stn_verify.contract.description import Description
from stn_verify.contract.dialect import PLAIN
from stn_verify.contract.target import Call
from stn_verify.reproducing.formula import RESULTS
from stn_verify.reproducing.network import entry, spelt
from stn_verify.reproducing.place import INLINE, Place
from stn_verify.workers.client import EXEC
from stn_verify.workers.translation import Route, Spelling

Kind = Literal["number", "no result", "answered", "seen", "told"]
"""A number outside its bound; a call that brings no result; a wrong call that is answered; inputs written to, or results of
another dtype or device; anything else, of which a script can only print the results."""

MANY = 2_000
"""Numbers beyond which the arrays lie in a file beside the script."""

STEM = 100
"""Characters of a file's name."""

_ENDED = ("crashed", "timed out")


@dataclass(frozen=True)
class Fault:
    """What was asked of a target, and what was wrong with the last reply."""

    target: str
    """As it was asked for."""
    description: Description
    suite: str
    check: str
    dtype: str
    convention: str
    label: str
    """What sets it apart from the other failures of the check: a subject, a call's status, or "contradicted"."""
    found: str
    """For a person."""
    calls: tuple[Call, ...]
    """At least one, in order; in NCHW, (x, y) and normalised coordinates, whatever the target takes."""
    routes: Mapping[tuple[str, Convention], Route] = field(default_factory=dict)
    """By function and convention: what the target was really asked for, where that differs."""
    worst: Worst | None = None
    formula: str | None = None
    law: str | None = None
    stopped: bool = False
    """Whether the last call brought no result; `label` is then its status."""
    case_kind: str = ""
    """What kind of case it was found on."""

    @property
    def last(self) -> Call:
        """The call whose reply is wrong."""
        return self.calls[-1]

    @property
    def place(self) -> Place:
        """Where the target's code is."""
        return Place.of(self.target)

    @cached_property
    def stem(self) -> str:
        """The script's name: readable, bounded, and different for different failures."""
        parts = (self.suite, self.check, self.label, self.dtype, self.convention)
        readable = re.sub(r"[^A-Za-z0-9_]+", "-", "-".join(parts)).strip("-")[:STEM]
        exact = "\0".join(parts).encode("utf-8", "surrogatepass")
        return f"{readable}-{zlib.crc32(exact):08x}"

    @cached_property
    def kind(self) -> Kind:
        """What the script judges."""
        if self.worst is not None:
            return "number" if self.expression or self.result in RESULTS else "told"
        if self.stopped:
            # What ends the process may still be expected to refuse the call.
            return "answered" if self.last.free and self.label in _ENDED else "no result"
        if self.last.free:
            return "answered"
        return "seen" if self.last.watched else "told"

    @property
    def subject(self) -> str:
        """What the wrong number belongs to; nothing where there is none."""
        return self.worst.subject if self.worst else ""

    @property
    def result(self) -> str:
        """The result that is judged, where no expression says so: of a generator it is its output, called grid."""
        named = self.formula or self.subject
        return "output" if named == "grid" else named

    @property
    def entry(self) -> tuple[str, tuple[int, ...]] | None:
        """Whose gradient a wrong number of `grad_parameters` is: the parameter and the index in it."""
        if self.worst is None or self.result != "grad_parameters":
            return None
        return entry(self.last, self.worst.index[0])

    @property
    def expression(self) -> str | None:
        """The formula, where it is more than the name of a result."""
        return None if self.formula is None or self.formula in RESULTS else self.formula

    @property
    def converting(self) -> bool:
        """Whether the script holds the numbers of the check and converts them to what the target takes, and back.

        Where no number is judged the target is called with its own: how they lie in memory may decide what it does.
        """
        return self.kind in ("number", "told") and not self.explained

    @cached_property
    def scripted(self) -> tuple[Call, ...]:
        """The calls that the script makes: what is no number's is seen in the last one alone."""
        calls = self.calls if self.kind in ("number", "told") else self.calls[-1:]
        if self.converting:
            return tuple(spelt(call) for call in calls)
        native = tuple(self._native(call) for call in calls)
        # A request has the harness' own names.
        return native if self.explained else tuple(spelt(call) for call in native)

    def route(self, call: Call) -> Route:
        """How the target was asked to follow the convention of one of `calls`."""
        return self.routes.get((call.function, call.convention), Route(call.convention, PLAIN))

    def _native(self, call: Call) -> Call:
        route = self.route(call)
        if route.dialect == PLAIN:
            return replace(call, convention=route.asked)
        return replace(Spelling(call, route).native(), free=call.free)

    @property
    def explained(self) -> bool:
        """Whether the script cannot make the call: a program's, or a framework's that none is written for."""
        return self.description.framework not in INLINE.values() or self.target.startswith(EXEC)
