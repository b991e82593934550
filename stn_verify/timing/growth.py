"""How the time grows with the batch, the channels and the pixels: least squares of logarithms."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from stn_verify.records.growth import Growth
from stn_verify.records.record import Record
from stn_verify.timing.decision import students_quantile

CONFIDENCE = 0.95
FEWEST = 3

_LIKE = ("function", "direction", "dtype", "layout", "theta", "device")


def growth(records: Sequence[Record]) -> list[Growth]:
    """The exponents along every axis that at least three sizes tell apart, all else equal."""
    found = []
    for (who, axis, held, like), sizes in _series(records).items():
        if len(sizes) < FEWEST:
            continue
        exponent, half = fitted(sizes)
        found.append(
            Growth.model_validate(
                {
                    **dict(zip(_LIKE, like, strict=True)),
                    "target": who,
                    "axis": axis,
                    "held": held,
                    "points": len(sizes),
                    "smallest": min(sizes),
                    "largest": max(sizes),
                    "exponent": exponent,
                    "exponent_low": None if half is None else exponent - half,
                    "exponent_high": None if half is None else exponent + half,
                }
            )
        )
    return found


def fitted(seconds: dict[int, float]) -> tuple[float, float | None]:
    """The exponent of time over size, and half of its 95 % interval; None of two points."""
    x = np.log(np.array(list(seconds), dtype=np.float64))
    y = np.log(np.array(list(seconds.values())))
    x -= x.mean()
    slope = float(x @ y / (x @ x))
    degrees = len(seconds) - 2
    if degrees < 1:
        return slope, None
    residual = y - y.mean() - slope * x
    error = math.sqrt(float(residual @ residual) / degrees / float(x @ x))
    return slope, students_quantile(CONFIDENCE, degrees) * error


_Key = tuple[str, str, str, tuple[object, ...]]


def _series(records: Sequence[Record]) -> dict[_Key, dict[int, float]]:
    series: dict[_Key, dict[int, float]] = defaultdict(dict)
    for record in records:
        if record.function == "check" or (record.cache, record.clock) != ("warm", "wall"):
            continue
        like = tuple(getattr(record, name) for name in _LIKE)
        for who, seconds in (
            (record.target, record.time_seconds),
            (record.against, record.against_time_seconds),
        ):
            if who is None or not seconds:
                continue
            for axis, size, held in _along(record):
                series[who, axis, held, like][size] = seconds
    return series


def _along(record: Record) -> Iterator[tuple[str, int, str]]:
    sizes = f"H={record.H} W={record.W} Ho={record.Ho} Wo={record.Wo}"
    yield "N", record.N, f"C={record.C} {sizes}"
    yield "C", record.C, f"N={record.N} {sizes}"
    if (record.Ho, record.Wo) == (record.H, record.W):
        yield "HW", record.H * record.W, f"N={record.N} C={record.C}, output as large as the image"
