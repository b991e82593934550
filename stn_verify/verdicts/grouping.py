"""Verdicts summed up for a reader: rows by check and subject, findings by cause."""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from stn_verify.formats import FORMATS
from stn_verify.verdicts.results import Results, Status, Verdict
from stn_verify.verdicts.untrusted import visible, visible_lines

Key = TypeVar("Key", bound=Hashable)

SEVERITY = (
    Status.CRASHED,
    Status.TIMED_OUT,
    Status.RAISED,
    Status.FAILED,
    Status.UNDECIDED,
    Status.KNOWN,
    Status.PASSED,
    Status.UNSUPPORTED,
)
"""Worst first; a check that is unsupported for one dtype and passes for another has passed."""

SHORT = {"float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16"}
COARSENESS = {name: rank for rank, name in enumerate((*FORMATS, "none"))}
NOWHERE = "-"
"""The dtype, convention and subject of a verdict on a check that broke before it had any."""

VARIABLE = re.compile(r"\[[^][]*\]|[-+]?\d[\d.]*(?:e[-+]?\d+)?|[-+]?\b(?:nan|inf)\b", re.IGNORECASE)
"""Numbers, and what stands in brackets: indices, shapes, the kind of case."""


@dataclass(frozen=True)
class Row:
    """One check of one subject over every dtype and convention."""

    suite: str
    check: str
    subject: str
    status: Status
    passed: int
    judged: int
    unsupported: int
    budget_used: float | None
    precisions: str
    """f64→f64 f32→tf32: per claimed dtype the coarsest arithmetic that was found."""
    rules: tuple[str, ...]
    """Conventions that follow the same rules: place, rule, ..."""


@dataclass(frozen=True)
class Finding:
    """Verdicts that are not passed and say the same of one check."""

    suite: str
    check: str
    status: Status
    subjects: str
    places: tuple[str, ...]
    count: int
    reason: tuple[str, ...]
    """The lines of the first verdict's reason; the others differ in numbers and places at most."""
    reproducers: tuple[str, ...]


@dataclass(frozen=True)
class Notice:
    """A text that several verdicts share: a warning, what is known of a failure, or why something is unsupported."""

    text: tuple[str, ...]
    checks: str
    dtypes: str
    count: int


@dataclass(frozen=True)
class Observation:
    """What was seen where nothing is prescribed, in one check."""

    suite: str
    check: str
    what: str
    seen: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """A picture that a check drew."""

    suite: str
    check: str
    places: tuple[str, ...]
    path: str
    """In the output folder; a pattern of the results' schema holds it."""


@dataclass(frozen=True)
class Totals:
    """Work done. The subjects of a check share its examples and evaluations."""

    examples: int
    forwards: int
    backwards: int


def rows(verdicts: Iterable[Verdict]) -> list[Row]:
    """One row per suite, check and subject, in the order of their first verdicts."""
    return [_row(group) for group in _grouped(verdicts, lambda v: (v.suite, v.check, v.subject))]


def findings(verdicts: Iterable[Verdict]) -> list[Finding]:
    """What went wrong, worst first; reasons that differ only in numbers and places are one finding."""
    wrong = (verdict for verdict in verdicts if not verdict.status.conforms)
    groups = _grouped(wrong, lambda v: (v.suite, v.check, v.status, _shape(v, v.reason)))
    return sorted((_finding(group) for group in groups), key=lambda finding: SEVERITY.index(finding.status))


def warnings(verdicts: Iterable[Verdict]) -> list[Notice]:
    """What was warned about, whether or not the verdict passed."""
    warned = (verdict for verdict in verdicts if verdict.warning)
    return [_notice(group, group[0].warning) for group in _grouped(warned, lambda v: _shape(v, v.warning))]


def known(verdicts: Iterable[Verdict]) -> list[Notice]:
    """What failed as it is known to, by what is known of it."""
    groups = _grouped(
        (verdict for verdict in verdicts if verdict.known),
        lambda v: (v.known.reason, v.known.upstream) if v.known else None,
    )
    return [_notice(group, _excuse(group)) for group in groups]


def observations(verdicts: Iterable[Verdict]) -> list[Observation]:
    """By check and by what was looked at, each thing that was seen there and where; the subjects of a check share theirs."""
    seen = {
        (v.suite, v.check, v.dtype, v.convention, what): (v, seen)
        for v in verdicts
        for what, seen in v.observed.items()
    }
    alike: dict[tuple[str, str, str, str], list[Verdict]] = {}
    for (suite, check, _, _, what), (verdict, told) in seen.items():
        alike.setdefault((suite, check, what, told), []).append(verdict)
    return [
        Observation(visible(suite), visible(check), visible(what), visible(told), _places(group))
        for (suite, check, what, told), group in sorted(alike.items(), key=lambda item: item[0][:3])
    ]


def figures(verdicts: Iterable[Verdict]) -> list[Figure]:
    """Every picture once; the subjects of a check share theirs."""
    groups = _grouped((verdict for verdict in verdicts if verdict.figure), lambda v: v.figure)
    return [
        Figure(visible(group[0].suite), visible(group[0].check), _places(group), group[0].figure or "")
        for group in groups
    ]


def unsupported(verdicts: Iterable[Verdict]) -> list[Notice]:
    """What the implementation declares not to do, by reason."""
    declared = (verdict for verdict in verdicts if verdict.status is Status.UNSUPPORTED)
    return [_notice(group, group[0].reason) for group in _grouped(declared, lambda v: _shape(v, v.reason))]


def totals(verdicts: Iterable[Verdict]) -> Totals:
    """Examples and evaluations of the whole run, each counted once."""
    shared = _grouped(verdicts, lambda v: (v.suite, v.check, v.dtype, v.convention))
    return Totals(
        examples=sum(max(v.examples for v in group) for group in shared),
        forwards=sum(max(v.evaluations.get("forwards", 0) for v in group) for group in shared),
        backwards=sum(max(v.evaluations.get("backwards", 0) for v in group) for group in shared),
    )


def sentence(results: Results) -> str:
    """The verdict on the target in one line."""
    counts = {status: sum(v.status is status for v in results.verdicts) for status in Status}
    told = [f"{counted(counts[Status.PASSED], 'verdict')} passed", f"{counts[Status.FAILED]} failed"]
    apart = (Status.PASSED, Status.FAILED, Status.KNOWN)
    told += [f"{counts[status]} {status}" for status in Status if counts[status] and status not in apart]
    told += [counted(counts[Status.KNOWN], Status.KNOWN)] if counts[Status.KNOWN] else []
    if results.conforms:
        outcome = "conforms"
    elif not results.finished:
        outcome = "was not judged to the end"
    elif all(verdict.status.conforms for verdict in results.verdicts):
        outcome = "does not conform, for nothing could be judged"
    else:
        outcome = "does not conform"
    done = totals(results.verdicts)
    work = [
        counted(done.examples, "example"),
        counted(done.forwards, "forward"),
        counted(done.backwards, "backward"),
    ]
    return (
        f"{visible(results.target)} {outcome}: {', '.join(told)}; {', '.join(work)}, {results.seconds:.1f} s"
    )


def budget(used: float | None) -> str:
    """A budget used, to be read beside others; what is not finite where it must be is carried as 1.8e308."""
    if used is None:
        return ""
    if used > 1e300:
        return "not finite"
    return f"{used:.3f}" if 0.001 <= used < 1000 or used == 0 else f"{used:.1e}"


def counted(count: int, noun: str) -> str:
    """'1 verdict', '2,000 verdicts'."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _grouped(verdicts: Iterable[Verdict], key: Callable[[Verdict], Key]) -> list[list[Verdict]]:
    groups: dict[Key, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(key(verdict), []).append(verdict)
    return list(groups.values())


def _row(group: Sequence[Verdict]) -> Row:
    first = group[0]
    used = [verdict.budget_used for verdict in group if verdict.budget_used is not None]
    unsupported_here = sum(verdict.status is Status.UNSUPPORTED for verdict in group)
    return Row(
        suite=visible(first.suite),
        check=visible(first.check),
        subject=visible(first.subject),
        status=min((verdict.status for verdict in group), key=SEVERITY.index),
        passed=sum(verdict.status is Status.PASSED for verdict in group),
        judged=len(group) - unsupported_here,
        unsupported=unsupported_here,
        budget_used=max(used, default=None),
        precisions=" ".join(_precisions(group)),
        rules=tuple(_rules(group)),
    )


def _rules(group: Sequence[Verdict]) -> list[str]:
    alike: dict[str, dict[str, None]] = {}
    for verdict in group:
        if verdict.rule:
            told = ", ".join(
                f"{visible(place)} {visible(rule)}" for place, rule in sorted(verdict.rule.items())
            )
            alike.setdefault(told, {})[visible(verdict.convention)] = None
    return [f"{', '.join(conventions)}: {told}" for told, conventions in alike.items()]


def _precisions(group: Sequence[Verdict]) -> list[str]:
    coarsest: dict[str, str] = {}
    for verdict in group:
        found = verdict.effective_precision
        if found is not None:
            # A name from a newer harness counts as the coarsest: it must not hide.
            worst = max(
                coarsest.get(verdict.dtype, found), found, key=lambda n: COARSENESS.get(n, len(COARSENESS))
            )
            coarsest[verdict.dtype] = worst
    ordered = sorted(coarsest.items(), key=lambda item: COARSENESS.get(item[0], len(COARSENESS)))
    return [
        f"{visible(SHORT.get(dtype, dtype))}→{visible(SHORT.get(found, found))}" for dtype, found in ordered
    ]


def _finding(group: Sequence[Verdict]) -> Finding:
    first = group[0]
    return Finding(
        suite=visible(first.suite),
        check=visible(first.check),
        status=first.status,
        subjects=", ".join(_listed(verdict.subject for verdict in group)),
        places=_places(group),
        count=len(group),
        reason=tuple(visible_lines(first.reason or "no reason was given")),
        reproducers=tuple(_listed(verdict.reproducer for verdict in group if verdict.reproducer)),
    )


def _notice(group: Sequence[Verdict], text: str | None) -> Notice:
    return Notice(
        text=tuple(visible_lines(text or "no reason was given")),
        checks=", ".join(_listed(verdict.check for verdict in group)),
        dtypes=", ".join(_listed(verdict.dtype for verdict in group)),
        count=len(group),
    )


def _excuse(group: Sequence[Verdict]) -> str:
    """How they failed, why, and where that was reported."""
    excuses = [verdict.known for verdict in group if verdict.known]
    how = ", ".join(_listed(excuse.status for excuse in excuses))
    return f"{how}: {excuses[0].reason}; upstream: {excuses[0].upstream}"


def _places(group: Sequence[Verdict]) -> tuple[str, ...]:
    """Dtypes with their conventions; dtypes that share their conventions stand together."""
    conventions: dict[str, list[str]] = {}
    for verdict in group:
        if (verdict.dtype, verdict.convention) != (NOWHERE, NOWHERE):
            conventions.setdefault(verdict.dtype, []).append(verdict.convention)
    dtypes: dict[tuple[str, ...], list[str]] = {}
    for dtype, found in conventions.items():
        dtypes.setdefault(tuple(sorted(_listed(found))), []).append(visible(dtype))
    return tuple(f"{', '.join(names)}: {', '.join(found)}" for found, names in dtypes.items())


def _shape(verdict: Verdict, text: str | None) -> str:
    """What is left of a text's first line without the numbers and the place that it speaks of."""
    line = next(iter((text or "").splitlines()), "")
    for word in (verdict.subject, verdict.dtype, verdict.convention):
        line = line.replace(word, "#")
    return VARIABLE.sub("#", line)


def _listed(texts: Iterable[str]) -> list[str]:
    return [visible(text) for text in dict.fromkeys(texts)]
