"""What known failures excuse, and when they are stale."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_verify.verdicts.excuses import SUITE, excused, stale
from stn_verify.verdicts.known import EXCUSABLE, Entry, KnownFailures
from stn_verify.verdicts.results import Status, Verdict

JUDGED = [status for status in Status if status is not Status.KNOWN]


def verdict(**fields: Any) -> Verdict:
    common = {"suite": "values", "check": "c", "subject": "output", "dtype": "float64", "convention": "one"}
    return Verdict(**(common | {"status": "passed"} | fields))


def known(*entries: dict[str, Any]) -> KnownFailures:
    common = {"check": "c", "reason": "why", "upstream": "where"}
    return KnownFailures("f.toml", tuple(Entry(**(common | entry)) for entry in entries))


verdicts = st.builds(
    verdict,
    check=st.sampled_from("cd"),
    dtype=st.sampled_from(["float64", "float16"]),
    convention=st.sampled_from(["bilinear/zeros/aligned", "bilinear/border/aligned"]),
    status=st.sampled_from(JUDGED),
    reason=st.sampled_from([None, "off by one"]),
    budget_used=st.sampled_from([None, 2.5]),
    reproducer=st.sampled_from([None, "r.py"]),
)
entries = st.fixed_dictionaries(
    {"check": st.sampled_from(["c", "d", "*", "[c]"])},
    optional={
        "suite": st.sampled_from(["values", "kinks"]),
        "dtype": st.sampled_from(["float64", "float16"]),
        "convention": st.sampled_from(["*/zeros/*", "*/border/*", "zeros"]),
        "status": st.sampled_from([str(status) for status in EXCUSABLE]),
        "message": st.sampled_from(["*by*", "on"]),
        "sometimes": st.just("memory"),
        "version": st.sampled_from(["==2.*", "==1.*"]),
    },
)


@given(st.lists(verdicts, max_size=6), st.lists(entries, max_size=3))
def test_only_the_status_changes_and_only_of_failures_that_are_known(
    judged: list[Verdict], tables: list[dict[str, Any]]
) -> None:
    file = known(*tables)
    for before, after in zip(judged, excused(judged, file), strict=True):
        named = any(
            entry.names(before)
            and (not entry.status or before.status in entry.status)
            and (not entry.message or (entry.message == ("*by*",) and before.reason))
            for entry in file.entries
        )
        if before.status in EXCUSABLE and named:
            assert after.status is Status.KNOWN
            assert after.known is not None
            assert (after.known.status, after.known.reason, after.known.upstream) == (
                before.status,
                "why",
                "where",
            )
        else:
            assert after == before
        unchanged = {"status", "known"}
        assert after.model_dump(exclude=unchanged) == before.model_dump(exclude=unchanged)
        assert Verdict.model_validate_json(after.model_dump_json()) == after


@given(st.lists(verdicts, max_size=6), entries, st.booleans())
def test_stale_is_what_excuses_nothing(judged: list[Verdict], table: dict[str, Any], whole: bool) -> None:
    file = known(table)
    after = excused(judged, file)
    named = [v.status for v in judged if file.entries[0].names(v)]
    passed = Status.PASSED in named and set(named) <= {Status.PASSED, Status.UNSUPPORTED}
    spoken_of = table.get("version") != "==1.*" and not file.entries[0].sometimes
    expected = spoken_of and (passed or (whole and not named))
    found = stale(after, file, whole=whole, version="2.1.0")
    assert len(found) == expected
    for row in found:
        assert (row.suite, row.check, row.status) == (SUITE, str(file.entries[0]), Status.FAILED)
        assert "take it out of f.toml" in (row.reason or "")


def test_another_failure_than_the_known_one_is_told() -> None:
    file = known({"status": "raised"})
    (crashed,) = excused([verdict(status="crashed")], file)
    assert crashed.status is Status.CRASHED
    assert stale([crashed], file, whole=True, version="2.1.0") == []


def test_another_exception_than_the_known_one_is_told() -> None:
    file = known({"status": "raised", "message": '*"tensor_cpu" not implemented*'})
    said = ["NotImplementedError: \"tensor_cpu\" not implemented for 'Half' in x", "IndexError: 5", None]
    told = excused([verdict(status="raised", reason=reason) for reason in said], file)
    assert [one.status for one in told] == [Status.KNOWN, Status.RAISED, Status.RAISED]
    assert stale(told, file, whole=True, version="2.1.0") == []


def test_the_first_entry_that_fits_is_told() -> None:
    file = known(
        {"dtype": "float16", "reason": "not this"}, {"reason": "this"}, {"check": "*", "reason": "nor this"}
    )
    (one,) = excused([verdict(status="timed out")], file)
    assert one.known is not None
    assert one.known.reason == "this"


@pytest.mark.parametrize(
    "wrong", [{"status": "known failure"}, {"known": {"status": "failed", "reason": "r", "upstream": "u"}}]
)
def test_a_known_failure_has_its_reason(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="says what is known of it"):
        verdict(**wrong)
