"""A fault as the text of a script."""

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from stn_verify.contract.target import Call
from stn_verify.formats import Array
from stn_verify.reproducing.dialect import Dialect, Manner, gradient, results, shapes
from stn_verify.reproducing.fault import MANY, Fault
from stn_verify.reproducing.formula import names, normalised
from stn_verify.reproducing.literals import array_literal, python
from stn_verify.reproducing.numpy_dialect import NumpyDialect
from stn_verify.reproducing.sequence import Variables
from stn_verify.reproducing.steps import Steps
from stn_verify.reproducing.story import docstring, event
from stn_verify.reproducing.torch_dialect import TorchDialect
from stn_verify.workers.networks import identifier
from stn_verify.workers.protocol import evaluation
from stn_verify.workers.translation import Spelling

DIALECTS: Mapping[str, Dialect] = MappingProxyType({"torch": TorchDialect(), "numpy": NumpyDialect()})
"""By framework; for any other a script only explains."""


@dataclass(frozen=True)
class Script:
    """What is written for one fault: a text, and maybe an archive of arrays beside it."""

    fault: Fault
    variables: Variables = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", Variables.named_apart(self.fault.scripted))

    @property
    def filed(self) -> bool:
        """Whether the arrays lie in a file."""
        return self.fault.explained or self.variables.numbers > MANY

    def archive(self) -> bytes:
        """The arrays as .npz, in their dtypes; NumPy has no bfloat16, whose numbers float32 holds exactly."""
        arrays: dict[str, Any] = {
            name: array.astype("float32" if (dtype := self.variables.dtypes[name]) == "bfloat16" else dtype)
            for name, array in self.variables.arrays.items()
        }
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    def text(self) -> str:
        """Python."""
        name = "explained" if self.fault.explained else "script"
        context = self._explained() if self.fault.explained else self._written()
        return _templates().get_template(f"{name}.py.jinja").render(self._context() | context)

    def _context(self) -> dict[str, Any]:
        fault, worst = self.fault, self.fault.worst
        return {
            "docstring": docstring(fault, beside=self._beside),
            "fault": fault,
            "filed": self.filed,
            "index": ", ".join(map(str, worst.index)) if worst else "",
            "nan_is_right": worst is not None and math.isnan(worst.low),
            "event": event(fault),
            "constants": self._constants(),
        }

    @property
    def _beside(self) -> str:
        if not self.filed:
            return ""
        narrow = "bfloat16" in self.variables.dtypes.values()
        return f" The .npz beside it holds the arrays{', the bfloat16 numbers as float32' if narrow else ''}."

    def _explained(self) -> dict[str, Any]:
        requests = [evaluation(call, number + 1)[0] for number, call in enumerate(self.fault.scripted)]
        return {
            # What a worker is sent beside the arrays.
            "requests": [request.model_dump_json() for request in requests],
            "given": self.variables.of,
        }

    def _written(self) -> dict[str, Any]:
        fault = self.fault
        dialect = DIALECTS[fault.description.framework]
        manner = Manner(fault, dialect)
        last = fault.scripted[-1]
        steps = Steps(fault, dialect, manner, self._sources(), self.variables)
        arrays, calls = steps.arrays(), steps.calls()
        numeric = fault.expression is not None and not steps.single
        return {
            "dialect": dialect,
            "imports": dialect.imports(manner, numpy=self._needs_numpy(steps)),
            "functions": [(call.called, *manner.natives(call)) for call in _one_each(fault)],
            "products": {call.called for call in fault.scripted if dialect.own(call, manner)},
            "wrapped": _wrapped(fault, dialect, manner),
            "preludes": steps.preludes,
            "arrays": arrays,
            "defined": steps.functions,
            "calls": calls,
            "single": steps.single,
            "numeric": numeric,
            "threads": any(call.threads is None for call in fault.scripted)
            and any(call.threads is not None for call in fault.scripted),
            "last": last,
            "results": results(last),
            "shapes": self._shapes(last) if fault.kind == "no result" and not last.free else None,
            "judged": self._judged(dialect, single=steps.single),
            "likes": _likes(last),
            "inputs": [*last.arrays, *(["cotangent"] if last.gradients else [])],
        }

    def _shapes(self, last: Call) -> dict[str, tuple[int, ...]]:
        """What the last call returns, as the target returns it."""
        asked = self.fault.last
        return shapes(last, Spelling(asked, self.fault.route(asked)).output_shape())

    def _sources(self) -> dict[str, str]:
        """The numbers of each variable as Python."""
        if self.filed:
            return {name: f"arrays[{python(name)}]" for name in self.variables.arrays}
        indent = 4 if len(self.fault.scripted) == 1 else 0
        return {name: array_literal(array, indent) for name, array in self.variables.arrays.items()}

    def _judged(self, dialect: Dialect, *, single: bool) -> list[str]:
        """The lines that make `got`."""
        fault = self.fault
        if fault.kind != "number" or fault.worst is None:
            return []
        index = ", ".join(map(str, fault.worst.index))
        if fault.expression is None:
            result = fault.result
            if fault.entry is not None:
                parameter, place = fault.entry
                result, index = gradient(identifier(parameter)), ", ".join(map(str, place))
            entry = f"{result if single else f'last.{result}'}[{index or '()'}]"
            return [f"got = {dialect.item(entry)}"]
        formula = normalised(fault.expression)
        of_results, of_inputs = self._read(formula)
        if single:
            lines = [f"{name} = {dialect.number(name)}" for name in (*of_results, *of_inputs)]
        else:
            given = self.variables.of[-1]
            lines = [f"{name} = last.{name}" for name in of_results]
            lines += [f"{name} = np.array({given[name]})" for name in of_inputs]
        if not index:
            return [*lines, f"got = float({formula})"]
        return [*lines, f"values = {formula}", f"got = float(values[{index}])"]

    def _read(self, formula: str) -> tuple[list[str], list[str]]:
        """The results and the inputs of the last call that a formula reads."""
        last = self.fault.scripted[-1]
        given = [*last.arrays, *([] if last.cotangent is None else ["cotangent"])]
        named = names(formula)
        return [name for name in results(last) if name in named], [name for name in given if name in named]

    def _needs_numpy(self, steps: Steps) -> bool:
        formula = self.fault.expression
        read = formula is not None and (
            "np" in names(formula) or (not steps.single and bool(self._read(formula)[1]))
        )
        return self.filed or read or any("np." in source for source in steps.sources.values())

    def _constants(self) -> list[str]:
        """What the script needs of `math`, because repr() of a float may name it."""
        arrays: list[Array] = [] if self.filed else list(self.variables.arrays.values())
        worst = self.fault.worst
        if worst is not None:
            arrays.append(np.array([worst.low, worst.high, worst.bound]))
        infinite = any(np.isinf(array).any() for array in arrays)
        nan = any(np.isnan(array).any() for array in arrays)
        tested = worst is not None and math.isnan(worst.low)
        return [name for name, needed in (("inf", infinite), ("isnan", tested), ("nan", nan)) if needed]


def _one_each(fault: Fault) -> list[Call]:
    """A call of every function that the script calls."""
    return list({call.function: call for call in fault.scripted}.values())


def _wrapped(fault: Fault, dialect: Dialect, manner: Manner) -> list[str]:
    """The functions around those of a target in a dialect of its own."""
    lines: list[str] = []
    for one in _one_each(fault):
        owned = any(dialect.own(c, manner) for c in fault.scripted if c.function == one.function)
        for call in manner.wrapped(one.function):
            function, product = manner.natives(call)
            names = (manner.function(call), manner.vjp(call))
            wrapping = manner.wrapping(call)
            if wrapping is not None:
                lines += ["", "", *wrapping.lines(*names, (function, product if owned else None), dialect)]
            else:
                lines += [f"{names[0]} = {function}", *([f"{names[1]} = {product}"] if owned else [])]
    return lines


def _likes(call: Call) -> dict[str, str]:
    """Whose dtype and device each result must have: its input's, the output those of the first."""
    return {"output": next(iter(call.arrays))} | {gradient(name): name for name in call.gradients}


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("stn_verify.reproducing"),
        autoescape=False,  # noqa: S701  Python, not HTML: the untrusted goes in by repr() or through `docstring`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["py"] = python
    return templates
