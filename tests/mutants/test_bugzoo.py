"""Every defect of the bug collection has a mutant or a reason, and its table holds whatever its cells say."""

from collections import Counter

import pytest
from bugzoo import linked, page
from bugzoo_rows import REASONS, REMARKS, rebuilt, rows
from corpus import MUTANTS, load_torch
from faults import GROUPS
from hypothesis import given
from hypothesis import strategies as st
from killing import Outcome
from markdown_it import MarkdownIt

PIECES = ["a/b#1", "#2", "c.d/e-f:", "path/x", "|", "`", "<b>", "[x](y)", "http://x", "\\", " ", "\n"]

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})


@pytest.fixture(scope="module", autouse=True)
def _torch() -> None:
    pytest.importorskip("torch", reason="some defects can only be rebuilt in torch")
    load_torch()


def test_every_defect_has_a_mutant_or_a_reason() -> None:
    for row in rows():
        has_mutant, has_reason = bool(rebuilt(row, MUTANTS.values())), row.id in REASONS
        assert has_mutant != has_reason, f"{row.id}: {row.defect}: mutant: {has_mutant}, reason: {has_reason}"


def test_the_corpus_is_of_every_group() -> None:
    groups = Counter(mutant.group for mutant in MUTANTS.values())
    assert groups.keys() == set(GROUPS)
    assert groups.total() >= 100


def test_no_unknown_defect_is_named() -> None:
    known = [row.id for row in rows()]
    assert len(known) == len(set(known)) == 65
    sources = {source for mutant in MUTANTS.values() for source in mutant.sources}
    assert sources | REASONS.keys() | REMARKS.keys() <= set(known)
    assert REMARKS.keys() <= sources


def test_the_table_has_a_row_for_each() -> None:
    nothing = {name: Outcome(name=name, verdicts=[], failed_at={}) for name in MUTANTS}
    text = page(nothing, "quick")
    tokens = MARKDOWN.parse(text)
    assert [token.type for token in tokens].count("tr_open") == 1 + len(rows())
    assert [token.type for token in tokens].count("td_open") == 6 * len(rows())
    # Nothing was reported, so nothing was caught.
    assert "of which 0 are caught" in text
    assert "**FlippedSign survived**" not in text
    assert "**WideScale survived**" in text


@pytest.mark.parametrize(
    ("source", "links"),
    [
        ("a/b#1, fix #2; c/d#3", ["a/b/issues/1", "a/b/issues/2", "c/d/issues/3"]),
        ("a/b.c:src/x_y.py vs z.cu", ["a/b.c"]),
        ("#5 of nowhere", []),
    ],
)
def test_sources_are_links(source: str, links: list[str]) -> None:
    (paragraph,) = [token for token in MARKDOWN.parse(linked(source)) if token.children]
    opened = [child.attrs["href"] for child in paragraph.children or () if child.type == "link_open"]
    assert opened == [f"https://github.com/{link}" for link in links]
    shown = "".join(child.content for child in paragraph.children or ())
    assert shown == source


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=8).map("".join))
def test_a_source_opens_nothing_but_links_to_the_code_host(source: str) -> None:
    children = [
        child
        for token in MARKDOWN.parse(f"| a |\n|---|\n| {linked(source)} |")
        for child in token.children or ()
    ]
    assert {child.type for child in children} <= {"text", "text_special", "link_open", "link_close"}
    assert all(
        child.attrs["href"].startswith("https://github.com/")
        for child in children
        if child.type == "link_open"
    )
