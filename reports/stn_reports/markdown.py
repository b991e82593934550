"""Untrusted text inside Markdown."""

import html

from stn_verify.verdicts.untrusted import visible

# What CommonMark and GitHub give a meaning inside a line; at the start of a line no untrusted text stands.
SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]()#~|!@$"})


def escaped(text: object) -> str:
    """One line that shows as it is: no Markdown, HTML, link or table cell of its own, no terminal control."""
    return html.escape(visible(str(text)).translate(SPECIAL), quote=False)


def fenced(text: str) -> str:
    """A code block that its own content cannot close."""
    lines = [visible(line) for line in text.splitlines()]
    longest = max((len(run) for line in lines for run in _backtick_runs(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *lines, fence])


def _backtick_runs(line: str) -> list[str]:
    return "".join(c if c == "`" else " " for c in line).split()
