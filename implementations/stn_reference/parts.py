"""A call in parts, whose intermediates a core's cache holds: groups of images, and cuts of their points."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

NUMBERS_AT_ONCE = 2**18
"""Of an intermediate array: 2 MiB. Smaller ones would fit a nearer cache, but threads wait for each other between calls."""


def groups(count: int, channels: int, points: int) -> list[slice]:
    """`count` images with `points` points each, as many at once as make an intermediate array full, or one by one."""
    images = max(NUMBERS_AT_ONCE // max(channels * points, 1), 1)
    return [slice(first, min(first + images, count)) for first in range(0, count, images)]


def cuts(channels: int, points: int) -> list[slice]:
    """The points of an image, as many at once as make an intermediate array full."""
    at_once = max(NUMBERS_AT_ONCE // max(channels, 1), 1)
    return [slice(start, min(start + at_once, points)) for start in range(0, points, at_once)]


def each(work: Callable[[slice], None], images: list[slice]) -> None:
    """Do the work for each group: groups share nothing, so that no result depends on the number of threads."""
    if len(images) < 2:
        for group in images:
            work(group)
        return
    with ThreadPoolExecutor(min(len(images), os.cpu_count() or 1)) as threads:
        # The list asks for every result, so that what a thread raises is raised here.
        list(threads.map(work, images))
