"""Values as Python source, and texts that are safe inside it."""

import re
import textwrap
from collections.abc import Sequence

from stn_verify.formats import Array

WIDTH = 100

TEXT = 2_000
"""Characters of a text in a docstring."""


def array_literal(array: Array, indent: int = 4) -> str:
    """The array as nested lists of numbers that round-trip, its further lines indented by at least `indent`.

    An array without elements becomes `np.zeros(shape)`: nested lists would lose its shape.
    """
    if not array.size:
        return f"np.zeros({array.shape})"
    if array.ndim == 0:
        return repr(float(array))
    rows = [array_literal(row, indent + 4) for row in array]
    line = f"[{', '.join(rows)}]"
    if "\n" not in line and indent + len(line) <= WIDTH:
        return line
    pad = " " * (indent + 4)
    if array.ndim == 1:
        body = wrapped(", ".join(rows), pad)
    else:
        body = [f"{pad}{row}," for row in rows]
    return "\n".join(["[", *body, f"{' ' * indent}]"])


def python(value: object) -> str:
    """repr(), with the double quotes that Python is mostly written in where nothing needs escaping."""
    plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_./:-]*", value)
    return f'"{value}"' if plain else repr(value)


def unpacking(names: list[str]) -> str:
    """The left side of an assignment that unpacks a tuple."""
    return f"({names[0]},)" if len(names) == 1 else ", ".join(names)


def listed(names: list[str]) -> str:
    """A tuple of names."""
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def bracketed(head: str, items: Sequence[str], tail: str = "") -> str:
    """Items in parentheses between head and tail, on lines of their own where one is not enough."""
    line = f"{head}({', '.join(items)}){tail}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{head}(", *wrapped(f"{', '.join(items)},", "    "), f"){tail}"])


def shown(text: str) -> str:
    """One line of bounded length in which nothing acts on a terminal."""
    cut = text if len(text) <= TEXT else f"{text[:TEXT]}..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def wrapped(text: str, first: str, further: str | None = None) -> list[str]:
    """Lines that break at spaces alone: neither 1e-05 nor a path is torn."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if further is None else further,
        break_long_words=False,
        break_on_hyphens=False,
    )
