"""summary.md, also of results that mean harm."""

import shlex

import pytest
from markdown_it import MarkdownIt

from stn_reports.markdown import escaped, fenced
from stn_reports.summary import command, render, write
from stn_verify.contract.description import Description
from stn_verify.verdicts.results import Environment, Results, Verdict

HOSTILE = (
    "[bold]x[/nope] | `a` <script>b</script> *i* [l](http://x) ![p](y)\n\n# h\n"
    "\x1b[31mred \u202eevil &amp; \\| ```"
)


def results_of(*verdicts: Verdict, name: str = "fake", **fields) -> Results:
    environment = Environment(
        stn_verify="1.0",
        python="3.11",
        platform=name,
        processor=name,
        cores=2,
        packages={name: "1", "numpy": name},
    )
    description = Description(
        name=name,
        framework=name,
        framework_version=name,
        python_version="3.11",
        functions={"sample": []},
        differentiable=[],
        paddings=["zeros"],
        alignments=[False, True],
        interpolations=["bilinear"],
        dtypes=["float64"],
        unsupported={},
        compute_dtype=None,
        subgradient=None,
        device=name,
    )
    common = {
        "environment": environment,
        "target": name,
        "description": description,
        "profile": "quick",
        "seed": 3,
    }
    common |= {
        "started": "2025-01-01T00:00:00+00:00",
        "seconds": 1.5,
        "finished": True,
        "verdicts": list(verdicts),
    }
    return Results(**(common | fields))


def verdict(**fields) -> Verdict:
    common = {"suite": "values", "check": "c", "subject": "output", "dtype": "float64", "convention": "one"}
    return Verdict(**(common | {"status": "passed"} | fields))


def tokens_of(markdown: str):
    return MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)


def test_it_tells_everything():
    text = render(
        results_of(
            verdict(budget_used=0.5, effective_precision="float64", rule={"integer": "right"}, examples=3),
            verdict(
                suite="gradients",
                subject="grad_grid",
                status="failed",
                reason="off by 1",
                reproducer="r/one.py",
            ),
            verdict(suite="gradients", check="d", status="unsupported", reason="no float16", warning="slow"),
        )
    )
    assert text.startswith("# fake\n\n**fake does not conform: 1 verdict passed, 1 failed, 1 unsupported;")
    for told in ("r/one.py", "off by 1", "no float16", "slow", "f64→f64", "integer: right", "0.500"):
        assert told.replace("_", "\\_") in text
    chosen = "--suite values --suite gradients --dtype float64 --device fake --seed 3 --quick"
    assert f"stn-verify check fake {chosen}" in text
    assert "\n\n\n" not in text


def test_known_failures_have_a_section():
    told = {"status": "raised", "reason": HOSTILE, "upstream": HOSTILE}
    text = render(
        results_of(
            verdict(),
            verdict(status="known failure", known=told, reason="no half"),
            verdict(suite="known failures", check="c", status="failed", reason="stale: now passes"),
            known_failures="my file.toml",
        )
    )
    assert text.count("\n## Known failures\n") == 1
    assert "- raised: \\[bold\\]x" in text
    assert "1 known failure;" in text
    assert "<script" not in text
    # The file is repeated; what was said of it is no suite.
    words = shlex.split(command(results_of(verdict(suite="known failures"), known_failures="my file.toml")))
    assert words[words.index("--known-failures") + 1] == "my file.toml"
    assert "--suite" not in words


def test_what_was_seen_has_a_table():
    text = render(
        results_of(
            verdict(observed={"nan": "output nan", HOSTILE: HOSTILE}),
            verdict(subject="grad_grid", observed={"nan": "output nan"}),
            verdict(convention="two", observed={"nan": "output nan"}),
            verdict(convention="three", observed={"nan": "output 0"}),
        )
    )
    assert text.count("## Seen where nothing is prescribed") == 1
    assert "| values: c | nan | output nan | float64: one, two |" in text
    assert "| values: c | nan | output 0 | float64: three |" in text
    assert "<script" not in text


def test_figures_are_shown_once():
    drawn = {"suite": "training", "check": "error lowered", "figure": "training/digits-float32.png"}
    shown = render(results_of(verdict(**drawn), verdict(**drawn, subject="other"), verdict()))
    images = [
        token.attrs["src"]
        for block in tokens_of(shown)
        for token in block.children or ()
        if token.type == "image"
    ]
    assert images == ["training/digits-float32.png"]
    assert "## Figures" not in render(results_of(verdict()))


@pytest.mark.parametrize(
    "path",
    [
        "https://x/y.png",
        "training/a/b.png",
        "/etc/x.png",
        "../x.png",
        "training/x.png) [l](http://x",
        "training/x.svg",
    ],
)
def test_a_figure_is_a_file_of_the_folder(path):
    with pytest.raises(ValueError, match="figure"):
        verdict(figure=path)


def test_the_tables_are_tables():
    tokens = tokens_of(
        render(results_of(verdict(), verdict(status="failed", reason="r"), verdict(suite="kinks")))
    )
    # Head, two suites of checks, two of verdicts, environment.
    assert sum(token.type == "table_open" for token in tokens) == 6


def test_hostile_text_stays_text(tmp_path):
    hostile = [
        verdict(
            suite=HOSTILE,
            check=HOSTILE,
            subject=HOSTILE,
            dtype=HOSTILE,
            convention=HOSTILE,
            status=status,
            rule={HOSTILE: HOSTILE},
            effective_precision=HOSTILE,
            reason=HOSTILE,
            warning=HOSTILE,
            reproducer=HOSTILE,
        )
        for status in ("failed", "unsupported")
    ]
    results = results_of(*hostile, name=HOSTILE, profile=HOSTILE, started=HOSTILE)
    write(results, tmp_path / "summary.md")
    text = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert not set(text) & {"\x1b", "\u202e"}
    tokens = tokens_of(text)
    inline = [child for token in tokens for child in token.children or ()]
    # Code is what the template itself says.
    assert {child.content for child in inline if child.type == "code_inline"} == {
        "passed",
        "budget",
        "precision",
    }
    allowed = {"text", "text_special", "softbreak", "strong_open", "strong_close", "code_inline"}
    assert {child.type for child in inline} <= allowed
    raw = {line for token in tokens if token.type == "html_block" for line in token.content.splitlines()}
    assert all(
        line.startswith(("<details><summary>", "</details>")) and "<script" not in line for line in raw
    )
    # As many columns in each row as in the heading: no cell broke out.
    plain = tokens_of(render(results_of(verdict(status="failed", reason="r"), verdict(status="unsupported"))))
    assert [t.type for t in tokens].count("th_open") == [t.type for t in plain].count("th_open")
    headings = [tokens[i + 1] for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert "".join(child.content for child in headings[0].children).startswith(
        "[bold]x[/nope] | `a` <script>b</script> *i*"
    )


@pytest.mark.parametrize("text", ["a`b", "```\n````", "", "\x1b[0m\n<b>", "~~~"])
def test_a_code_block_holds_its_content(text):
    (block,) = tokens_of(fenced(text))
    assert block.type == "fence"
    assert block.content.rstrip("\n") == text.replace("\x1b", r"\x1b")


def test_escaping():
    assert escaped("a|b_c\n<d>&") == r"a\|b\_c\\n&lt;d&gt;&amp;"
    assert escaped(3) == "3"


def test_the_command_is_one_line_for_a_shell():
    words = shlex.split(command(results_of(name="exec:./my run; rm -rf 'x'")))
    assert words[2] == "exec:./my run; rm -rf 'x'"
