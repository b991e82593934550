"""Known failures held against verdicts: what they excuse, and which of them no longer fail."""

from collections.abc import Iterable, Sequence

from stn_verify.verdicts.grouping import NOWHERE, counted
from stn_verify.verdicts.known import Entry, KnownFailures
from stn_verify.verdicts.results import KnownFailure, Status, Verdict
from stn_verify.verdicts.untrusted import storable

SUITE = "known failures"
"""The suite of the verdicts on the file itself."""


def excused(verdicts: Iterable[Verdict], known: KnownFailures) -> list[Verdict]:
    """The same verdicts; those that fail as an entry says are known failures, with all that they told."""
    return [_excused(verdict, known.entries) for verdict in verdicts]


def stale(verdicts: Sequence[Verdict], known: KnownFailures, *, whole: bool, version: str) -> list[Verdict]:
    """A failed verdict for each entry that excuses nothing any more.

    Such an entry names verdicts that were judged, and all of them passed. Where the run was `whole`, narrowed by nothing,
    so is one that names no verdict at all. An entry that shows only `sometimes` never is, nor is one that was not seen in
    this `version` of the framework: that it passes there says nothing of the versions that it speaks of.
    """
    found = []
    for entry in known.entries:
        judged = entry.seen_in(version) and not entry.sometimes
        reason = _stale(entry, verdicts, whole=whole) if judged else None
        if reason:
            found.append(_failed(entry, f"stale: {reason}; take it out of {known.file}"))
    return found


def _excused(verdict: Verdict, entries: Iterable[Entry]) -> Verdict:
    entry = next((entry for entry in entries if entry.excuses(verdict)), None)
    if entry is None:
        return verdict
    excuse = KnownFailure(status=verdict.status, reason=entry.reason, upstream=entry.upstream)
    return verdict.model_copy(update={"status": Status.KNOWN, "known": excuse})


def _stale(entry: Entry, verdicts: Iterable[Verdict], *, whole: bool) -> str | None:
    named = [verdict for verdict in verdicts if entry.names(verdict)]
    if not named:
        return "names no verdict" if whole else None
    judged = [verdict for verdict in named if verdict.status is not Status.UNSUPPORTED]
    if judged and all(verdict.status is Status.PASSED for verdict in judged):
        return f"now passes ({counted(len(judged), 'verdict')})"
    return None


def _failed(entry: Entry, reason: str) -> Verdict:
    return Verdict(
        suite=SUITE,
        check=storable(str(entry), 200),
        subject=NOWHERE,
        dtype=NOWHERE,
        convention=NOWHERE,
        status=Status.FAILED,
        reason=storable(reason, 4000),
    )
