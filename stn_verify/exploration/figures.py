"""Figures of a run: pictures of arrays that it really made, in the output folder."""

from collections.abc import Sequence
from pathlib import Path

from stn_verify.exploration.examination import Examination
from stn_verify.verdicts.results import Verdict


def write_figure(examined: Examination, verdicts: Sequence[Verdict], output: Path) -> list[Verdict]:
    """The verdicts, with the figure of their check if it drew one; where it cannot be written, without."""
    if examined.figure is None:
        return list(verdicts)
    place = "-".join((examined.check, examined.dtype, *str(examined.convention).split("/")))
    name = f"{examined.suite}/{place.replace(' ', '-')}.png"
    try:
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(examined.figure)
    except OSError:
        # A full disk does not end a run, and the verdict stands without a picture.
        return list(verdicts)
    return [verdict.model_copy(update={"figure": name}) for verdict in verdicts]
