"""performance.md, and its plots as files beside it."""

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from stn_reports.markdown import escaped
from stn_reports.performance import drawing
from stn_reports.performance.figure import Figure
from stn_reports.performance.story import Story, story
from stn_verify.records.folder import Records

FOLDER = "performance"
"""Beside the text: figure-1.svg and so on, by number, since no name is to be trusted as a file's."""


def write(records: Records, path: Path) -> None:
    """Write text and plots. Raises: MissingExtraError: what draws is not installed."""
    drawing.require_altair()
    told = story(records)
    folder = path.parent / FOLDER
    folder.mkdir(exist_ok=True)
    names = {}
    for number, figure in enumerate(figures(told), 1):
        name = f"figure-{number}.svg"
        (folder / name).write_text(drawing.svg(figure.chart()), encoding="utf-8", errors="backslashreplace")
        names[id(figure)] = f"{FOLDER}/{name}"
    for old in folder.glob("figure-*.svg"):
        if f"{FOLDER}/{old.name}" not in names.values():
            old.unlink()
    path.write_text(render(told, names), encoding="utf-8")


def figures(told: Story) -> Iterator[Figure]:
    """In their order."""
    for chapter in told.chapters:
        yield from chapter.figures


def render(told: Story, names: dict[int, str]) -> str:
    """The text; `names` has the file of each figure by its identity."""
    templates = Environment(  # noqa: S701  Markdown, not HTML: every value goes through `md`
        loader=PackageLoader("stn_reports"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    templates.filters |= {"md": escaped, "file": lambda figure: names[id(figure)]}
    return templates.get_template("performance.md.jinja").render(told=told)
