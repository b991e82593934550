"""The check that moves by whole pixels bring out pixels, and how exactly they do."""

from collections.abc import Callable

import numpy as np

from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.laws import reproduced
from stn_verify.cases.reproduced import MovedCase, moved
from stn_verify.contract.target import Target
from stn_verify.exploration.examination import Examination


def reproduce_pixels(examination: Examination) -> Callable[[Target, MovedCase], list[Comparison]]:
    """A check that writes into the examination, for each kind of move, whether every pixel was exact: 1 forward."""
    used: dict[str, float] = {}

    def check(target: Target, case: MovedCase) -> list[Comparison]:
        values, expected = target.call(case.call()).output, moved(case)
        nominal = case.move.columns.astype(np.float64), case.move.rows.astype(np.float64)
        comparison = Comparison(
            "output",
            values,
            lambda arithmetic: reproduced(case.scene, expected, nominal, arithmetic),
            law=f"{case.kind}: the output shows pixels of the image",
        )
        used[case.kind] = max(used.get(case.kind, 0.0), comparison.budget_used(examination.arithmetic))
        examination.observed[case.kind] = _seen(used[case.kind])
        return [comparison]

    return check


def _seen(used: float) -> str:
    if used == 0.0:
        return "exact"
    return f"within {used:.2g} of the bound" if used <= 1 else "outside the bound"
