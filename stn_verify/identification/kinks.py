"""Which derivative a sampler returns at exactly integer coordinates."""

from stn_verify.cases.exact import exact_cases
from stn_verify.contract.convention import Convention
from stn_verify.contract.target import Target
from stn_verify.judging.arithmetics import claimed
from stn_verify.judging.rules import named_rules


def found_kinks(target: Target, convention: Convention, dtype: str) -> dict[str, str]:
    """Place -> rule, of a target that takes the harness' dialect; a few calls.

    Raises: TargetFailure: one brought no result.
    """
    arithmetic = claimed(target.description, dtype)
    found: dict[str, set[str]] = {}
    for case in exact_cases(dtype, convention):
        reply = target.call(case.call(("grid",)))
        for place, names in named_rules(case, reply.gradients["grid"], arithmetic).items():
            found.setdefault(place, set()).update(names)
    return {place: " or ".join(sorted(names)) for place, names in found.items()}
