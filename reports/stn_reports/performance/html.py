"""performance.html: one file that needs no network, for a phone as for a screen, in light and in dark."""

import base64
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from stn_reports.performance import drawing
from stn_reports.performance.figure import Figure
from stn_reports.performance.story import story
from stn_verify.records.folder import Records
from stn_verify.verdicts.untrusted import visible


def write(records: Records, path: Path) -> None:
    """Write the page. Raises: MissingExtraError: what draws is not installed."""
    path.write_text(render(records), encoding="utf-8")


def render(records: Records) -> str:
    """The page. Raises: MissingExtraError: what draws is not installed."""
    drawing.require_altair()
    templates = Environment(
        loader=PackageLoader("stn_reports"),
        autoescape=True,
        finalize=_told,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    templates.filters["picture"] = picture
    return templates.get_template("performance.html.jinja").render(told=story(records))


def _told(value: object) -> object:
    """Text of others in one visible line; what a macro made is no text any more."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def picture(figure: Figure) -> str:
    """The address of an image that holds the plot itself: as an image it can run nothing, whatever names are in it."""
    held = base64.b64encode(drawing.svg(figure.chart()).encode("utf-8", "backslashreplace"))
    return f"data:image/svg+xml;base64,{held.decode('ascii')}"
