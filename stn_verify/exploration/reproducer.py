"""A standalone script for each failure, which needs only the framework of the target, as a bug report does."""

import io
import math
import re
import textwrap
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from stn_verify.bounds.comparison import Worst
from stn_verify.cases.case import Case, SampleCase
from stn_verify.contract.dialect import PLAIN
from stn_verify.contract.implementation import ARGUMENTS, DIFFERENTIABLE
from stn_verify.exploration.examination import Examination
from stn_verify.formats import Array
from stn_verify.judging.reference import SUBJECTS
from stn_verify.verdicts.results import Status, Verdict
from stn_verify.workers.client import EXEC
from stn_verify.workers.expectations import output_shape
from stn_verify.workers.protocol import evaluation

FOLDER = "reproducers"

MANY = 2_000
"""Numbers beyond which the arrays lie in a file beside the script."""

STEM, TEXT, REASON = 100, 2_000, 20_000
"""Characters of a file's name, of a text in a docstring, and of a verdict's reason."""

WIDTH = 100

INLINE = {"torch": "torch", "reference": "numpy"}
"""Targets whose calls are written out, and their frameworks."""

_EVENTS = {
    "crashed": "crashes",
    "timed out": "does not return",
    "raised": "raises an exception",
    "failed": "returns what is no result",
}


def write_reproducers(
    name: str, examined: Examination, verdicts: list[Verdict], output: Path
) -> list[Verdict]:
    """The verdicts, each failure with the script that shows it.

    Args:
        name: the target, as it was asked for.
        output: the folder of the run; scripts go into `reproducers/` there.
    """
    attempts: dict[str, tuple[str | None, str]] = {}
    told = []
    for verdict in verdicts:
        fault = _fault(name, examined, verdict)
        if fault is None:
            told.append(verdict)
            continue
        # The subjects of a call that brought no result share its script.
        if fault.stem not in attempts:
            attempts[fault.stem] = _attempt(fault, output)
        link, problem = attempts[fault.stem]
        update = {"reproducer": link} if link else {"reason": _extended(verdict.reason, problem)}
        told.append(verdict.model_copy(update=update))
    return told


def array_literal(array: Array, indent: int = 4) -> str:
    """The array as nested lists of numbers that round-trip, its further lines indented by at least `indent`.

    An array without elements becomes `np.zeros(shape)`: nested lists would lose its shape.
    """
    if not array.size:
        return f"np.zeros({array.shape})"
    if array.ndim == 0:
        return repr(float(array))
    rows = [array_literal(row, indent + 4) for row in array]
    line = f"[{', '.join(rows)}]"
    if "\n" not in line and indent + len(line) <= WIDTH:
        return line
    pad = " " * (indent + 4)
    if array.ndim == 1:
        body = _wrapped(", ".join(rows), pad)
    else:
        body = [f"{pad}{row}," for row in rows]
    return "\n".join(["[", *body, f"{' ' * indent}]"])


@dataclass(frozen=True)
class Place:
    """Where a target's code is: a built-in name, a module or a file, and what in it."""

    kind: str
    """inline, built-in, file or module."""
    place: str
    attribute: str

    @classmethod
    def of(cls, target: str) -> "Place":
        """Read a target as `contract.loading.load` does."""
        place, _, attribute = target.rpartition(":")
        if not place:
            place, attribute = target, ""
        if place.endswith(".py"):
            return cls("file", place, attribute)
        if attribute:
            return cls("module", place, attribute)
        return cls("inline" if target in INLINE else "built-in", target, "")


@dataclass(frozen=True)
class Fault:
    """One failure to be shown: a wrong number, or a call that brought no result (`worst` is None)."""

    target: str
    examined: Examination
    label: str
    """What sets it apart from the other failures of the check."""
    case: Case
    worst: Worst | None

    @cached_property
    def stem(self) -> str:
        """The script's name: readable, bounded, and different for different failures."""
        examined = self.examined
        parts = (examined.suite, examined.check, self.label, examined.dtype, str(examined.convention))
        readable = re.sub(r"[^A-Za-z0-9_]+", "-", "-".join(parts)).strip("-")[:STEM]
        exact = "\0".join(parts).encode("utf-8", "surrogatepass")
        return f"{readable}-{zlib.crc32(exact):08x}"

    @cached_property
    def gradients(self) -> tuple[str, ...]:
        """The inputs that the check differentiates: the same call, because another may take another path."""
        function = self.case.function
        if function not in self.examined.target.description.differentiable:
            return ()
        return tuple(name for name in DIFFERENTIABLE[function] if SUBJECTS[name] in self.examined.subjects)

    @cached_property
    def arrays(self) -> dict[str, Array]:
        """The call's arrays by name."""
        return {**self.case.arrays, **({"cotangent": self.case.cotangent} if self.gradients else {})}

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of every result of the call, by the name that it has in the script."""
        call = self.case.call(self.gradients)
        shapes = {"output": output_shape(call)}
        return shapes | {SUBJECTS[name]: self.arrays[name].shape for name in self.gradients}

    @property
    def explained(self) -> bool:
        """Whether the script cannot make the call: a program's, or a framework's without a template."""
        framework = self.examined.target.description.framework
        return framework not in INLINE.values() or self.target.startswith(EXEC)

    @property
    def template(self) -> str:
        """The framework's, or the one that only explains."""
        return f"{'explained' if self.explained else self.examined.target.description.framework}.py.jinja"

    @property
    def filed(self) -> bool:
        """Whether the arrays lie in a file."""
        return self.explained or sum(array.size for array in self.arrays.values()) > MANY


def _fault(name: str, examined: Examination, verdict: Verdict) -> Fault | None:
    """What there is to show of a verdict; its status follows the same order in `Examination`."""
    if verdict.status.conforms or verdict.status is Status.UNDECIDED:
        return None
    if examined.target.description.dialect != PLAIN:
        # The scripts speak no other: what they would call is not what was called.
        return None
    for record in examined.failing():
        if record.name == verdict.subject and record.case is not None:
            return Fault(name, examined, record.name, record.case, record.worst)
    if examined.contradiction or examined.failure is None or examined.failed_case is None:
        return None
    return Fault(name, examined, examined.failure.status, examined.failed_case, None)


def _attempt(fault: Fault, output: Path) -> tuple[str | None, str]:
    """The script's path relative to `output`, or else why there is none: a full disk does not end a run."""
    try:
        return _write(fault, output), ""
    except OSError as error:
        return None, f"Its reproducer could not be written: {error.strerror or error}."


def _write(fault: Fault, output: Path) -> str:
    """Write a failure's files; the script's path relative to `output`. Raises: OSError: it is not written."""
    folder = output / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / f"{fault.stem}.py"
    data = script.with_suffix(".npz")
    text = _templates().get_template(fault.template).render(_context(fault))
    if fault.filed:
        _save(data, _archive(fault))
    else:
        # Of an earlier run into the same folder.
        data.unlink(missing_ok=True)
    try:
        _save(script, text.encode("utf-8"))
    except OSError:
        data.unlink(missing_ok=True)
        raise
    return script.relative_to(output).as_posix()


def _save(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.partial")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _archive(fault: Fault) -> bytes:
    """The arrays as .npz, in the case's dtype; NumPy has no bfloat16, whose numbers float32 holds exactly."""
    dtype = "float32" if fault.case.dtype == "bfloat16" else fault.case.dtype
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {name: array.astype(dtype) for name, array in fault.arrays.items()}
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("stn_verify.exploration"),
        # What is made is Python, not HTML; whatever is untrusted goes in by repr() or through `_docstring`.
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["py"] = _python
    return templates


def _context(fault: Fault) -> dict[str, Any]:
    case, description = fault.case, fault.examined.target.description
    place = Place.of(fault.target)
    literals = {} if fault.filed else {name: array_literal(array) for name, array in fault.arrays.items()}
    taken = description.functions.get(case.function, [])  # type: ignore[call-overload]
    choices = {name: value for name, value in vars(case.convention).items() if name in taken}
    results = [SUBJECTS[name] for name in DIFFERENTIABLE[case.function]]
    arguments = [repr(_size(case)) if name == "size" else name for name in ARGUMENTS[case.function]]
    return {
        "docstring": _docstring(fault, place),
        "target": fault.target,
        "place": place,
        "function": case.function,
        "convention": case.convention,
        "batch": len(next(iter(case.arrays.values()))),
        "size": _size(case),
        "dtype": case.dtype,
        "where": "" if description.device == "cpu" else f", device={_python(description.device)}",
        "filed": fault.filed,
        "literals": literals,
        "names": list(fault.arrays),
        "arguments": ", ".join(arguments),
        "keywords": "".join(f", {name}={_python(value)}" for name, value in choices.items()),
        "wanted": fault.gradients,
        "every_target": _targets(results),
        "wanted_targets": _targets([SUBJECTS[name] for name in fault.gradients]),
        "all_results": ", ".join(results),
        "shapes": fault.shapes,
        "event": _EVENTS.get(fault.label, fault.label),
        "request": _request(fault) if fault.explained else None,
        "numpy_needed": fault.filed or any("np." in literal for literal in literals.values()),
        "constants": _constants(fault),
        **_judgement(fault.worst),
    }


def _request(fault: Fault) -> str:
    """What a worker is sent beside the arrays."""
    return evaluation(fault.case.call(fault.gradients), 1)[0].model_dump_json()


def _targets(names: list[str]) -> str:
    """The left side of an assignment that unpacks a tuple."""
    return f"({names[0]},)" if len(names) == 1 else ", ".join(names)


def _judgement(worst: Worst | None) -> Mapping[str, Any]:
    if worst is None:
        return {"worst": None}
    return {
        "worst": worst,
        # The result of a generator is its output, and the subject is called grid.
        "result": "output" if worst.subject == "grid" else worst.subject,
        "index": ", ".join(map(str, worst.index)) or "()",
        "exact": worst.low == worst.high,
        "nan_is_right": math.isnan(worst.low),
    }


def _constants(fault: Fault) -> list[str]:
    """What the script needs of `math`, because repr() of a float may name it."""
    numbers = [] if fault.filed else [float(v) for array in fault.arrays.values() for v in array.ravel()]
    if fault.worst is not None:
        numbers += [fault.worst.low, fault.worst.high, fault.worst.bound]
    infinite, nan = any(map(math.isinf, numbers)), any(map(math.isnan, numbers))
    tested = fault.worst is not None and math.isnan(fault.worst.low)
    return [name for name, needed in (("inf", infinite), ("isnan", tested), ("nan", nan)) if needed]


def _docstring(fault: Fault, place: Place) -> str:
    examined, case, description = fault.examined, fault.case, fault.examined.target.description
    if fault.worst is not None:
        title = f"{fault.worst.subject} of `{case.function}` is outside its bound."
        found = str(fault.worst)
        status = "Expected and bound are those of the check. Exit status: 1 outside the bound, 0 inside."
    else:
        title = f"`{case.function}` {_EVENTS.get(fault.label, fault.label)}."
        # Further lines are a worker's last words, with paths of the machine that it ran on.
        found = str(examined.failure).partition("\n")[0]
        status = "The exit status is 0 where the call returns results of the right shapes."
    if fault.explained:
        status = "It prints the case; it cannot make the call itself, and the exit status is always 2."
    paragraphs = [
        f"Target: {_shown(fault.target)}",
        f"Call: {_shown(repr(case))}, gradients: {', '.join(fault.gradients) or 'none'}",
        f"Found: {_shown(found)}",
        f"By: stn-verify check, suite {_shown(examined.suite)}, check {_shown(examined.check)}",
        f"With: Python {_shown(description.python_version)}, {_shown(description.framework)}"
        f" {_shown(description.framework_version)}, on {_shown(description.device)}",
        f"{_how(fault, place)} {status}",
    ]
    lines = [line for paragraph in paragraphs for line in _wrapped(paragraph, "", "    ")]
    text = "\n".join([title, "", *lines])
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _how(fault: Fault, place: Place) -> str:
    beside = f" The .npz beside it holds the arrays{_as_float32(fault)}." if fault.filed else ""
    if fault.explained:
        return f"Needs numpy.{beside}"
    match place.kind:
        case "inline":
            needs = "torch" if place.place == "torch" else "numpy and stn_reference"
            return f"Needs {needs}.{beside}"
        case "built-in":
            framework = fault.examined.target.description.framework
            return f"Needs {framework} and stn-verify with that target.{beside}"
        case _:
            return f"Run it from the folder in which `stn-verify check` was run: it loads the target.{beside}"


def _as_float32(fault: Fault) -> str:
    return ", the bfloat16 numbers as float32" if fault.case.dtype == "bfloat16" else ""


def _python(value: object) -> str:
    """repr(), with the double quotes that Python is mostly written in where nothing needs escaping."""
    plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_./:-]*", value)
    return f'"{value}"' if plain else repr(value)


def _size(case: Case) -> tuple[int, int] | None:
    return None if isinstance(case, SampleCase) else (int(case.size[0]), int(case.size[1]))


def _shown(text: str) -> str:
    """One line of bounded length in which nothing acts on a terminal."""
    cut = text if len(text) <= TEXT else f"{text[:TEXT]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def _wrapped(text: str, first: str, further: str | None = None) -> list[str]:
    """Lines that break at spaces alone: neither 1e-05 nor a path is torn."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if further is None else further,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _extended(reason: str | None, sentence: str) -> str:
    """A reason with one more sentence, within what a verdict may hold."""
    return f"{(reason or '')[: REASON - len(sentence) - 2]}. {sentence}" if reason else sentence
