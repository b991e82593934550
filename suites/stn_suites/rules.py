"""The check that names the rule at kinks."""

from collections.abc import Callable

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import SampleCase
from stn_verify.contract.target import Target
from stn_verify.exploration.examination import Examination
from stn_verify.judging.reference import compare_gradients
from stn_verify.judging.rules import STALLING, compare_rule, named_rules


def name_rules(examination: Examination) -> Callable[[Target, SampleCase], list[Comparison]]:
    """A check that writes the rules it finds into the examination, and holds them against the declared one."""
    found: dict[str, set[str]] = {}

    def check(target: Target, case: SampleCase) -> list[Comparison]:
        reply = target.call(case.call(("grid",)))
        for place, names in named_rules(case, reply.gradients["grid"], examination.arithmetic).items():
            found.setdefault(place, set()).update(names)
            examination.rule[place] = " or ".join(sorted(found[place]))
        declared, inside = target.description.subgradient, examination.rule.get("inside")
        if inside == "zero":
            examination.warning = STALLING
        if declared and inside and declared != inside:
            reason = f"declares the rule {declared!r} at integer coordinates and follows {inside!r}"
            shown = compare_rule(case, reply.gradients["grid"], declared)
            if shown.budget_used(examination.arithmetic) > 1:
                examination.contradict(reason, case, by=shown)
            examination.contradiction = reason
        return compare_gradients(case, reply, declared)

    return check
