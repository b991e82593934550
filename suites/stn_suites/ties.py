"""The check that names what nearest takes half-way between two pixels."""

from collections.abc import Callable

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import SampleCase
from stn_verify.contract.convention import TIES
from stn_verify.contract.target import Target
from stn_verify.exploration.examination import Examination
from stn_verify.judging.reference import compare_output
from stn_verify.judging.ties import compare_ties, named_ties


def name_ties(examination: Examination) -> Callable[[Target, SampleCase], list[Comparison]]:
    """A check that writes the rules it finds into the examination, and holds them against the declared one."""
    found: dict[str, set[str]] = {}

    def check(target: Target, case: SampleCase) -> list[Comparison]:
        values = target.call(case.call()).output
        for place, names in named_ties(case, values).items():
            found[place] = (found.get(place, names) & names) or {"other"}
            examination.rule[place] = " or ".join(rule for rule in (*TIES, "other") if rule in found[place])
        declared, inside = target.description.ties, found.get("inside")
        if declared and inside and declared not in inside:
            told = examination.rule["inside"]
            reason = f"declares ties={declared!r} half-way between two pixels and follows {told!r}"
            shown = compare_ties(case, values, declared)
            if shown.budget_used(examination.arithmetic) > 1:
                examination.contradict(reason, case, by=shown)
            examination.contradiction = reason
        return [compare_output(case, values)]

    return check
