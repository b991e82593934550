"""Text that an implementation, a file name or a library wrote, made safe to show."""


def visible(text: str) -> str:
    """One line in which nothing acts on a terminal: escapes, newlines and bidi overrides are spelt out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def visible_lines(text: str) -> list[str]:
    """The lines of a text that are not blank, each made visible."""
    return [visible(line.replace("\t", "    ")) for line in text.splitlines() if line.strip()]


def storable(text: str, length: int) -> str:
    """What a results file can hold: no lone surrogates, at most that many characters; the cut shows."""
    text = text.encode("utf-8", errors="backslashreplace").decode("utf-8")
    return text if len(text) <= length else text[: length - 1] + "…"
