"""The lines of a script that make its calls, one after another or a single one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby

from stn_verify.contract.target import Call
from stn_verify.reproducing.dialect import Dialect, Manner, indented, results
from stn_verify.reproducing.fault import Fault
from stn_verify.reproducing.literals import bracketed
from stn_verify.reproducing.sequence import Variables, parameters


@dataclass
class Steps:
    """The calls of a fault in one dialect.

    A single call is written out. Of several each has fresh arrays, as when the failure was found: equal ones share a function
    of their arrays, whose results `earlier` holds, and `last` those of the last call.
    """

    fault: Fault
    dialect: Dialect
    manner: Manner
    sources: Mapping[str, str]
    """The numbers of each variable as Python."""
    variables: Variables
    preludes: list[str] = field(default_factory=list)
    """What stands before the arrays: functions of arrays alone."""
    functions: list[str] = field(default_factory=list)
    """What stands after them: the functions of several calls."""
    _preluded: dict[tuple[str, ...], str] = field(default_factory=dict)
    _called: dict[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def single(self) -> bool:
        """Whether there is one call alone."""
        return len(self.fault.scripted) == 1

    def arrays(self) -> list[str]:
        """What the arrays are made of; of a single call, the arrays."""
        if not self.single:
            return [f"{name} = {source}" for name, source in self.sources.items()]
        return self._made(self.fault.scripted[-1], self.sources)

    def calls(self) -> list[str]:
        """The calls; afterwards the results of the last have names, or are in `last`."""
        if self.single:
            return self._body(self.fault.scripted[-1])
        steps = [
            self._step(call, names)
            for call, names in zip(self.fault.scripted, self.variables.of, strict=True)
        ]
        *earlier, last = steps
        lines = []
        for step, run in groupby(earlier):
            count = len(list(run))
            lines += indented([f"{step}," if count == 1 else f"*({step} for _ in range({count})),"])
        return ["earlier = [", *lines, "]", f"last = {last}"]

    def _step(self, call: Call, names: Mapping[str, str]) -> str:
        given = parameters(call)
        kept = [f"{name}={name}" for name in results(call)]
        maker = "numbers" if self.fault.expression else "SimpleNamespace"
        body = [
            *self._made(call, {name: name for name in given}),
            *self._body(call),
            bracketed(f"return {maker}", kept),
        ]
        heading = ", ".join(given)
        known = len(self._called)
        name = f"call{_suffix(self._called, [heading, *body])}"
        if len(self._called) > known:
            self.functions += [bracketed(f"def {name}", list(given), ":"), *indented(body), "", ""]
        return bracketed(name, [names[parameter] for parameter in given])

    def _made(self, call: Call, sources: Mapping[str, str]) -> list[str]:
        device = self.manner.description.device
        wrapping = self.manner.wrapping(call)
        lines = []
        for name, array in parameters(call).items():
            lines += self.dialect.made(name, sources[name], call, device)
            layout = call.layouts.get(name)
            if wrapping is None:
                lines += self.dialect.arranged(name, layout, array)
            else:
                lines += wrapping.laid(name, array, layout, self.dialect)
        return lines

    def _body(self, call: Call) -> list[str]:
        tell = self.fault.kind == "no result"
        return [
            *self._threads(call),
            *self.dialect.body(call, self.manner, self._suffix(call), tell=tell),
        ]

    def _threads(self, call: Call) -> list[str]:
        if call.threads is not None:
            return self.dialect.threads(str(call.threads))
        limited = any(other.threads is not None for other in self.fault.scripted)
        return self.dialect.threads("threads") if limited else []

    def _suffix(self, call: Call) -> str:
        """Of the names of the functions that the call's prelude defines."""
        prelude = self.dialect.prelude(call, self.manner, "")
        if not prelude:
            return ""
        known = len(self._preluded)
        suffix = _suffix(self._preluded, prelude)
        if len(self._preluded) > known:
            self.preludes += [*self.dialect.prelude(call, self.manner, suffix), "", ""]
        return suffix


def _suffix(known: dict[tuple[str, ...], str], lines: list[str]) -> str:
    """The same lines have the same: nothing, _2, _3, ..."""
    count = len(known) + 1
    return known.setdefault(tuple(lines), "" if count == 1 else f"_{count}")
