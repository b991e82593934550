"""Whether a target is right on the very case that it is to be timed on: nobody cares how fast a wrong kernel is."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.directions import directed
from stn_verify.contract.target import Call, Reply, Target
from stn_verify.judging.arithmetics import claimed
from stn_verify.judging.reference import compare_gradients, compare_output
from stn_verify.judging.second_order import compare_second
from stn_verify.timing.workload import Workload

Chosen = npt.NDArray[np.intp]

ENTRIES = 4_000_000
"""Of image or output, whichever is larger, that are judged: a few seconds' work. Of a larger batch, that many images."""


@dataclass(frozen=True)
class Verdict:
    """What was judged of a case, and how it went."""

    judged: str
    budget_used: float
    wrong: str | None = None
    """The worst entry of what is outside its bound; None where everything is right."""


def asked(work: Workload, case: SampleCase | TransformCase, target: Target) -> Call:
    """The call of a case, as it is judged and timed."""
    call = case.call(work.gradients)
    if work.direction == "double_backward":
        directions = directed(case, claimed(target.description, case.dtype))
        call = replace(directions.case.call(work.gradients), seconds=directions.by_name)
    if work.layout == "channels_last":
        laid = ("image", "cotangent") if work.gradients else ("image",)
        call = replace(call, layouts=dict.fromkeys(laid, work.layout))
    return call


def judge(case: SampleCase | TransformCase, call: Call, reply: Reply, target: Target) -> Verdict:
    """Hold everything that a reply brought against the oracle: the output, and every gradient that was asked for."""
    arithmetic = claimed(target.description, case.dtype)
    chosen = _chosen(case)
    comparisons = _compared(case, call, reply, target, chosen)
    used = {comparison.subject: comparison.budget_used(arithmetic) for comparison in comparisons}
    whole = len(chosen) == case.image.shape[0]
    where = "at every entry" if whole else f"of {len(chosen)} of {case.image.shape[0]} images"
    outside = [comparison for comparison in comparisons if used[comparison.subject] > 1]
    return Verdict(
        f"{', '.join(used)} {where}",
        min(max(used.values(), default=0.0), 1e300),
        "; ".join(str(comparison.worst(arithmetic)) for comparison in outside) or None,
    )


def _compared(
    case: SampleCase | TransformCase, call: Call, reply: Reply, target: Target, chosen: Chosen
) -> list[Comparison]:
    rule = target.description.subgradient
    part, told = _part(case, chosen), _part_of_reply(reply, chosen)
    found = [compare_output(part, told.output)]
    if not call.seconds:
        return [*found, *compare_gradients(part, told, rule)]
    moved = directed(case, claimed(target.description, case.dtype))
    # Its cotangent is silent where points of a fused transformer are beside a kink.
    quiet = replace(
        moved, case=_part(moved.case, chosen), image=moved.image[chosen], points=moved.points[chosen]
    )
    return [
        *found,
        *compare_gradients(quiet.case, told, rule),
        *compare_second(quiet, call, told, rule),
    ]


def _chosen(case: SampleCase | TransformCase) -> Chosen:
    """The images that are judged: all, or the first, the last and some between."""
    batch = case.image.shape[0]
    one = max(case.image[:1].size, case.cotangent[:1].size, 1)
    fit = max(1, min(batch, ENTRIES // one))
    return np.unique(np.linspace(0, batch - 1, fit).round().astype(int)) if batch else np.arange(0)


def _part(case: SampleCase | TransformCase, chosen: Chosen) -> SampleCase | TransformCase:
    if len(chosen) == case.image.shape[0]:
        return case
    image, cotangent = case.image[chosen], case.cotangent[chosen]
    if isinstance(case, SampleCase):
        return replace(case, image=image, grid=case.grid[chosen], cotangent=cotangent)
    return replace(case, image=image, theta=case.theta[chosen], cotangent=cotangent)


def _part_of_reply(reply: Reply, chosen: Chosen) -> Reply:
    if len(chosen) == reply.output.shape[0]:
        return reply
    return Reply(
        reply.output[chosen],
        reply.dtype,
        {name: values[chosen] for name, values in reply.gradients.items()},
        seconds={name: values[chosen] for name, values in reply.seconds.items()},
    )
