"""Measured numbers as people read them: three digits and a unit."""

import math

_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_BYTES = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B"))
_COUNTS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))

NOTHING = "-"
"""Of what was not measured."""


def seconds(value: float | None) -> str:
    """2.00 ms."""
    return _scaled(value, _TIMES)


def amount_of_bytes(value: float | None) -> str:
    """1.20 MiB."""
    return _scaled(value, _BYTES)


def per_second(value: float | None, unit: str) -> str:
    """3.45 Gpixel/s: decimal prefixes, as bandwidths have."""
    scaled = _scaled(value, _COUNTS)
    if scaled == NOTHING:
        return scaled
    number, _, prefix = scaled.partition(" ")
    return f"{number} {prefix}{unit}/s"


def ratio(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """0.52 (0.50 to 0.54)."""
    if value is None:
        return NOTHING
    told = _digits(value)
    return told if low is None or high is None else f"{told} ({_digits(low)} to {_digits(high)})"


def share(value: float | None) -> str:
    """87 %."""
    return NOTHING if value is None else f"{100 * value:.3g} %"


def _scaled(value: float | None, units: tuple[tuple[float, str], ...]) -> str:
    if value is None or not math.isfinite(value):
        return NOTHING
    scale, unit = next((each for each in units if abs(value) >= each[0]), units[-1])
    return f"{_digits(value / scale)} {unit}".rstrip()


def _digits(value: float) -> str:
    if value == 0 or not 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
