"""Altair charts as SVG files that look after themselves: offline, in light and in dark, with names that stay text."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from stn_verify.contract.errors import MissingExtraError

INK = "#1f2328"
MUTED = "#6e7781"
GRID = "#e3e6ea"

PALETTE = ("#2f7ec2", "#e07b2a", "#2f9e6e", "#c04f8a", "#8c6bd1", "#b0912a", "#3aa6b0", "#9a6a4f")
"""Told apart on white and on near black, also by who sees fewer colours; shapes differ as well."""
SHAPES = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-left",
    "triangle-right",
)

WIDTH, HEIGHT = 330, 240
"""Of a plot, in CSS pixels: with its axes it fits a phone without being made smaller."""

HALF = 20
"""Letters of a legend's entry that leave room for another beside it."""

LEAST, LARGEST = 1e-18, 1e24
"""Of what is drawn."""

MOST_TICKS = 8
"""Of an axis that spans many powers of ten."""

LOOK = """<style>
svg{background:#ffffff}
@media (prefers-color-scheme:dark){
svg{background:#15181d}
.role-axis-label text,.role-axis-title text,.role-legend-label text,.role-legend-title text,.role-title text{fill:#e3e6ea}
.role-axis-grid line{stroke:#333a43}
.role-axis-domain line,.role-axis-tick line{stroke:#7d8590}
}
</style>"""

ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "path",
        "text",
        "tspan",
        "line",
        "rect",
        "defs",
        "clipPath",
        "linearGradient",
        "stop",
        "style",
    ]
)
"""What a plot is made of; anything else would be no plot of ours."""


def require_altair() -> Any:
    """The module altair.

    Raises:
        MissingExtraError: it, or vl-convert, is not here.
    """
    try:
        import altair
        import vl_convert  # noqa: F401  renders what altair describes
    except ImportError as error:
        raise MissingExtraError(
            f"plots need altair and vl-convert-python ({error}): pip install 'stn-verify[report]'"
        ) from None
    return altair


def svg(chart: Any) -> str:
    """The chart as an SVG document. All its text is to be visible: what no XML may hold ends the process in the renderer.

    Raises:
        MissingExtraError: vl-convert is not here.
        ValueError: the document holds what no plot has.
    """
    altair = require_altair()
    import vl_convert

    looks = chart.configure(**_configuration())
    version = altair.SCHEMA_VERSION.rpartition(".")[0]
    # No address is allowed: what is drawn is in the chart.
    text: str = vl_convert.vegalite_to_svg(looks.to_dict(), vl_version=version, allowed_base_urls=[])
    _checked(text)
    # Vega numbers its clip paths anew in each document: those of two images on one page do not meet.
    return re.sub(r"(<svg\b[^>]*>)", lambda found: found[1] + LOOK, text, count=1)


def colours(alt: Any, everyone: Sequence[str], labels: Mapping[str, str], title: str = "") -> dict[str, Any]:
    """Encodings of `who` by colour and by shape: a participant has the same of both in every figure of a report.

    Args:
        alt: the module altair.
        everyone: all participants of the report.
        labels: of those in this figure, what `who` holds and the legend says.
        title: of the legend.
    """
    there = [(k, labels[name]) for k, name in enumerate(everyone) if name in labels]
    domain = [label for _, label in there]
    columns = 2 if max(map(len, domain), default=0) <= HALF else 1
    legend = alt.Legend(
        orient="bottom", columns=columns, title=title or None, symbolSize=80, columnPadding=28
    )  # fmt: skip
    palette = [PALETTE[k % len(PALETTE)] for k, _ in there]
    marks = [SHAPES[k % len(SHAPES)] for k, _ in there]
    return {
        "color": alt.Color("who:N", scale=alt.Scale(domain=domain, range=palette), legend=legend),
        "shape": alt.Shape("who:N", scale=alt.Scale(domain=domain, range=marks), legend=legend),
    }


def drawn(rows: Sequence[dict[str, Any]], *fields: str) -> list[dict[str, Any]]:
    """The rows whose numbers of these names a logarithmic axis has room for; files may hold any number."""
    floats = [row | {name: float(row[name]) for name in fields} for row in rows]
    return [row for row in floats if all(LEAST <= row[name] <= LARGEST for name in fields)]


def logarithmic(
    alt: Any, channel: str, field: str, title: str, values: Sequence[float], form: str = "~s"
) -> Any:
    """An axis that grows by factors, with its unit in its title; `values` are what has to fit."""
    kind = getattr(alt, channel)
    marks = ticks(values)
    return kind(
        f"{field}:Q",
        scale=alt.Scale(type="log", nice=False, domain=[marks[0], marks[-1]], padding=10),
        axis=alt.Axis(title=title, format=form, values=marks, labelOverlap=False),
    )


def ticks(values: Sequence[float]) -> list[float]:
    """From below the least to above the largest: 1, 2, 5, 10, 20... or fewer of them."""
    there = [value for value in values if LEAST <= value <= LARGEST] or [1.0]
    low, high = min(there), max(there)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first <= 3 else (1,)
    every = max(1, math.ceil((last - first) / MOST_TICKS))
    marks = [step * 10.0**power for power in range(first, last + every, every) for step in steps]
    below = max((mark for mark in marks if mark <= low * (1 + 1e-9)), default=marks[0])
    above = min((mark for mark in marks if mark >= high * (1 - 1e-9) and mark > below), default=marks[-1])
    return [mark for mark in marks if below <= mark <= above]


def _configuration() -> dict[str, Any]:
    return {
        "background": "transparent",
        "font": "sans-serif",
        "padding": {"left": 20, "right": 24, "top": 8, "bottom": 8},
        "view": {"stroke": None},
        "axis": {
            "labelColor": INK,
            "titleColor": INK,
            "gridColor": GRID,
            "domainColor": MUTED,
            "tickColor": MUTED,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "labelLimit": 0,
        },
        # Names are short already, and where Vega cuts one between the halves of a character it ends in an error.
        "legend": {
            "labelLimit": 0,
            "labelColor": INK,
            "titleColor": INK,
            "labelFontSize": 12,
            "titleFontSize": 12,
        },
    }


def _checked(text: str) -> None:
    # Our own renderer's output: no entities, no document type.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("a plot with a document type")
    for element in ElementTree.fromstring(text).iter():  # noqa: S314  no entity can be in it
        name = element.tag.rpartition("}")[2]
        links = [
            key for key in element.attrib if key.rpartition("}")[2] in ("href", "src") or key.startswith("on")
        ]
        if name not in ELEMENTS or links:
            raise ValueError(f"a plot with {name} {links}")
