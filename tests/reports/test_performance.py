"""The performance report: everything is told, nothing is called that is undecided, and names stay text."""

import base64
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stn_reports.performance import html, markdown
from stn_reports.performance.drawing import MOST_TICKS, drawn, svg, ticks
from stn_reports.performance.figure import MOST_FIGURES, MOST_ROWS
from stn_reports.performance.heat_map import cell
from stn_reports.performance.names import LONGEST, short
from stn_reports.performance.quantities import ratio, seconds
from stn_reports.performance.story import story
from stn_verify.records import Decision, Record, Records, Timing
from stn_verify.records.environment import Measured
from stn_verify.records.examples import example_environment, example_record, example_records

pytest.importorskip("altair", reason="the extra `report` is not installed")

HOSTILE = (
    "</style><script>alert(1)</script><img src=x onerror=alert(2)> \"'{{ 7*7 }} {% raw %} | `a` *i* [l](http://x)"
    " ![p](http://y)\n\n# h\n\x1b[31m \u202e &lt; ${x} datum.who <!-- ]]> &#x3c;"
)


HOSTILE_NAME = "](http://z) ![q](w) <b onclick=c> | `d` *e*\x1b[31m"
"""Short enough to be shown whole."""


class Page(HTMLParser):
    """What a browser would see of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]

    def pictures(self) -> list[str]:
        """The plots that are in it."""
        held = [str(image["src"]).partition(";base64,") for image in self.of("img")]
        assert all(kind == "data:image/svg+xml" for kind, _, _ in held)
        return [base64.b64decode(data).decode() for _, _, data in held]


def checks_of(name: str = "stn-verify", peer: str = "gradcheck") -> list[Record]:
    """Rows of the verifier's own speed."""
    made = []
    for side, time in ((4, 0.007), (8, 0.008), (16, 0.01)):
        sizes = dict.fromkeys(("H", "W", "Ho", "Wo"), side)
        made.append(
            example_record(
                case=f"check {side}", function="check", direction="entrywise", N=2, C=3, dtype="float64", **sizes,
                target=name, against=peer, time_seconds=time, against_time_seconds=time * side, forwards=9, backwards=1,
                against_forwards=20 * side * side, against_backwards=12 * side * side, against_judged="passed 3 of 4",
                moved_bytes=None, bandwidth_bytes_per_second=None,
            )
        )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def records() -> Records:
    whole = example_records()
    return Records(whole.environment, [*whole.records, *checks_of()], whole.growth)


@pytest.fixture(scope="module")
def page(records: Records) -> Page:
    return Page(html.render(records))


@pytest.fixture(scope="module")
def hostile() -> Records:
    """Every text that a file of records may hold means harm."""
    about = example_environment()
    name = HOSTILE[:200]
    place = about.environment.model_copy(
        update={"processor": name, "platform": name, "packages": {name: name}, "python": name}
    )
    member = Measured(
        name=name, framework=name, framework_version=name, python_version=name, unavailable=HOSTILE
    )
    environment = about.model_copy(
        update={
            "environment": place, "device": name, "gpu": name, "driver": name, "variables": {name: name}, "commit": name,
            "profile": name, "started": name, "targets": [member.model_copy(update={"unavailable": None})],
            "peers": [member],
        }
    )  # fmt: skip
    changed = {
        "case": name, "dtype": name, "theta": name, "padding": name, "interpolation": name, "device": name,
        "target": HOSTILE_NAME, "against": "peer " + name[:190], "reason": HOSTILE, "judged": HOSTILE, "against_judged": HOSTILE,
    }  # fmt: skip
    rows = [
        row.model_copy(update=changed | {"case": f"{k}{name}"[:200]})
        for k, row in enumerate([*example_records().records, *checks_of()])
    ]
    growth = [
        grown.model_copy(update={"target": HOSTILE_NAME, "dtype": name, "theta": name, "device": name})
        for grown in example_records().growth
    ]
    return Records(environment, rows, growth)


def test_the_page_needs_no_network_and_runs_nothing(page: Page) -> None:
    assert page.of("script") == page.of("link") == page.of("iframe") == []
    assert all(str(image["src"]).startswith("data:image/svg+xml;base64,") for image in page.of("img"))
    assert all(str(link["href"]).startswith("#") for link in page.of("a"))
    policies = [
        meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    for plot in page.pictures():
        addresses = set(re.findall(r"https?://[^\"'\s]+", plot))
        assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_it_fits_a_phone_and_the_dark(page: Page) -> None:
    assert any(meta.get("name") == "viewport" for meta in page.of("meta"))
    assert "prefers-color-scheme: dark" in page.text
    for plot in page.pictures():
        assert "prefers-color-scheme:dark" in plot
        ElementTree.fromstring(plot)


def test_every_figure_has_words_and_a_table(page: Page, records: Records) -> None:
    told = story(records)
    figures = list(markdown.figures(told))
    # Heat maps of two peers, two throughputs, a roofline, a growth, time and evaluations of checks.
    assert len(figures) == 8
    assert len(page.of("img")) == len(figures)
    assert all(
        str(image["alt"]) == figure.about for image, figure in zip(page.of("img"), figures, strict=True)
    )
    assert all(len(figure.about) > 40 and figure.table.rows for figure in figures)
    # A table for each figure; pairs, wrong, untimed, all rows, machine, who took part.
    assert len(page.of("table")) == len(figures) + 6
    axes = "".join(page.pictures())
    for unit in (
        "pixels per second",
        "output pixels",
        "bytes per second",
        "time of one call in ms",
        "seconds of one check",
    ):
        assert unit in axes


def test_what_is_wrong_stands_apart_with_its_verdict(page: Page, records: Records) -> None:
    told = story(records)
    assert [cells[2] for _, cells in told.wrong.shown] == ["not timed: wrong"]
    assert "grad_input[0, 0, 1, 2] is 0.5" in told.wrong.rows[0][3]
    assert [cells[2] for _, cells in told.untimed.shown] == ["not timed: unsupported"]
    assert any(row.get("class") == "wrong" for row in page.of("tr"))
    assert "Not timed: wrong or failing" in page.text
    right = story(Records(records.environment, [example_record()]))
    assert not right.wrong.rows
    assert "wrong or failing" not in html.render(Records(records.environment, [example_record()]))


@given(st.floats(0.5, 2.0))
def test_what_is_undecided_is_not_called(value: float) -> None:
    row = example_record(time_ratio=value, decision=Decision.UNDECIDED)
    said, kind = cell(row)
    assert (said[-2:], kind) == (" ?", "undecided")
    (pair,) = story(Records(example_environment(), [row])).pairs.rows
    # Neither faster nor slower, and no range.
    assert list(pair[2:]) == ["0", "0", "1", "-", "-", "-"]


def test_names_with_html_stay_text(hostile: Records, page: Page) -> None:
    shown = Page(html.render(hostile))
    assert {tag for tag, _ in shown.tags} <= {tag for tag, _ in page.tags}
    assert shown.of("script") == []
    assert not any(name.startswith("on") for _, attributes in shown.tags for name in attributes)
    # As text it is there, in the end.
    assert "<script>alert(1)</script>" in shown.text
    assert "{{ 7*7 }}" in shown.text
    assert not set(shown.text) & {"\x1b", "\u202e"}
    plots = shown.pictures()
    assert plots
    for plot in plots:
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(plot).iter()}
        assert not tags & {"script", "image", "img", "a", "foreignObject", "use"}


def test_names_with_markdown_stay_text(hostile: Records, tmp_path: Path) -> None:
    markdown.write(hostile, tmp_path / "performance.md")
    text = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert not set(text) & {"\x1b", "\u202e"}
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    allowed = {"text", "text_special", "softbreak", "strong_open", "strong_close", "image"}
    assert {child.type for child in inline} <= allowed
    names = [str(child.attrs["src"]) for child in inline if child.type == "image"]
    assert names
    assert all(re.fullmatch(r"performance/figure-\d+\.svg", name) for name in names)
    raw = {line for token in tokens if token.type == "html_block" for line in token.content.splitlines()}
    assert all(re.fullmatch(r"</?details>(<summary>[\w ]+</summary>)?", line) for line in raw)


def test_the_text_and_its_plots_are_files_and_old_ones_go(records: Records, tmp_path: Path) -> None:
    (tmp_path / "performance").mkdir()
    (tmp_path / "performance" / "figure-99.svg").write_text("old", encoding="utf-8")
    markdown.write(records, tmp_path / "performance.md")
    text = (tmp_path / "performance.md").read_text(encoding="utf-8")
    plots = sorted(path.name for path in (tmp_path / "performance").iterdir())
    assert plots == sorted(re.findall(r"\]\(performance/(figure-\d+\.svg)\)", text))
    assert "figure-99.svg" not in plots
    assert "passed 3 of 4" in text
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    # A table that is broken is none.
    assert sum(token.type == "table_open" for token in tokens) == len(plots) + 6


def test_many_rows_are_cut_and_said_to_be(records: Records) -> None:
    rows = [
        example_record(case=f"{k} {direction} {dtype}", theta=f"kind {k % 50}", N=1 + k % 45, direction=direction, dtype=dtype)
        for k in range(200)
        for direction in ("forward", "all")
        for dtype in ("float32", "float64")
    ]  # fmt: skip
    told = story(Records(records.environment, rows))
    assert all(len(chapter.figures) <= MOST_FIGURES for chapter in told.chapters)
    assert sum(chapter.left_out for chapter in told.chapters) > 0
    assert len(told.rows.shown) == MOST_ROWS
    assert told.rows.left == len(rows) - MOST_ROWS


def test_every_pair_has_a_heat_map_where_there_is_no_room_for_all(records: Records) -> None:
    rows = [
        example_record(case=f"{k} {direction}", against=peer, theta=f"kind {k}", direction=direction)
        for peer in ("torch", "scipy", "jax")
        for direction in ("forward", "all", "grad_theta")
        for k in range(30)
    ]
    (ratios, *_) = story(Records(records.environment, rows)).chapters
    assert ratios.left_out == 3
    assert all(any(peer in figure.title for figure in ratios.figures) for peer in ("torch", "scipy", "jax"))


def test_no_rows_are_a_report_too(records: Records) -> None:
    page = Page(html.render(Records(records.environment, [])))
    assert page.of("img") == []
    assert "No work was timed" in page.text


def test_a_peer_that_is_away_is_told_once_and_no_column(records: Records) -> None:
    told = story(records)
    assert [note for note in told.notes if "kornia took no part" in note]
    assert not any("kornia" in figure.title for figure in markdown.figures(told))
    untimed = example_record(against_timing=Timing.UNSUPPORTED, time_ratio=None, decision=None)
    assert cell(untimed) == ("no peer", "untimed")


@given(st.lists(st.floats(0.0, 1.7e308), min_size=1, max_size=20))
def test_ticks_hold_what_has_to_fit(values: list[float]) -> None:
    marks = ticks(values)
    assert marks == sorted(set(marks))
    there = [row["x"] for row in drawn([{"x": value} for value in values], "x")] or [1.0]
    assert marks[0] <= min(there) * (1 + 1e-6)
    assert marks[-1] >= max(there) * (1 - 1e-6)
    assert 2 <= len(marks) <= max(3 * 4 + 1, MOST_TICKS + 2)


@pytest.mark.parametrize("size", [0, 1, 2**40])
@pytest.mark.parametrize("amount", [5e-324, 1.7e308])
def test_numbers_that_no_axis_has_room_for_are_no_end(size: int, amount: float) -> None:
    sizes = dict.fromkeys(("C", "H", "W", "Ho", "Wo"), size)
    rows = [
        example_record(
            case=f"{function} {N}", function=function, **sizes, N=N, time_seconds=amount, time_low_seconds=amount,
            time_high_seconds=1.0, against_time_seconds=1.0, moved_bytes=amount, bandwidth_bytes_per_second=amount,
            forwards=size, backwards=size, time_ratio=amount, noise_floor_ratio=amount,
        )
        for function in ("transform", "check")
        for N in (1, 2, 3)
    ]  # fmt: skip
    for figure in markdown.figures(story(Records(example_environment(), rows, example_records().growth))):
        ElementTree.fromstring(svg(figure.chart()))


@given(st.floats(1e-9, 1e6))
def test_quantities_keep_three_digits(value: float) -> None:
    number, unit = seconds(value).split()
    scale = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}[unit]
    assert float(number) * scale == pytest.approx(value, rel=6e-3)
    assert float(ratio(value)) == pytest.approx(value, rel=6e-3)


@given(st.text(max_size=200))
def test_names_are_one_short_line(name: str) -> None:
    assert len(short(name)) <= LONGEST
    assert short(name).isprintable()


# No row can hold half a surrogate.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)


@settings(max_examples=10)
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_whatever_participants_are_called_they_are_drawn(names: list[str]) -> None:
    rows = [
        example_record(case=f"{k}", N=k + 1, target=name, theta=name, dtype=name, against=None, against_timing=None,
                       decision=None, time_ratio=None)
        for name in names
        for k in range(3)
    ]  # fmt: skip
    for figure in markdown.figures(story(Records(example_environment(), rows))):
        ElementTree.fromstring(svg(figure.chart()))


@pytest.mark.parametrize("name", ["\x1b", "\0", "\ufffe", "\U0001f600 \u0300" * 40, "\u202e\u2028"])
def test_names_that_renderers_do_not_like_are_drawn(name: str) -> None:
    rows = [example_record(target=f"{name}{k}", theta=name) for k in range(2)]
    for figure in markdown.figures(story(Records(example_environment(), rows))):
        ElementTree.fromstring(svg(figure.chart()))


def test_without_the_extra_one_line_says_so() -> None:
    program = """
import sys
sys.modules["vl_convert"] = None
from stn_reports.performance import html
from stn_verify.contract.errors import RequestError
from stn_verify.records.examples import example_records
try:
    html.render(example_records())
except RequestError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'stn-verify[report]'" in done.stdout
    assert done.stdout.count("\n") == 1
