"""The cases of a run: few that tell most, each choice on its own around two bases, or everything."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product

from stn_verify.contract.errors import UnknownChoiceError
from stn_verify.formats import STORAGE_DTYPES
from stn_verify.records.record import Cache, Clock, Direction, Layout, Work
from stn_verify.timing.workload import POINTS, THETAS, Workload

LAYOUTS: tuple[Layout, ...] = ("NCHW", "channels_last")
FUNCTIONS: tuple[Work, ...] = ("transform", "sample")
MAIN: tuple[Direction, ...] = ("forward", "all")

ON_CPU: tuple[tuple[Cache, Clock], ...] = (("warm", "wall"),)
ON_DEVICE: tuple[tuple[Cache, Clock], ...] = (
    ("cold", "events"),
    ("warm", "events"),
    ("warm", "graph"),
    ("warm", "wall"),
)


@dataclass(frozen=True)
class Profile:
    """How much is measured, and how long one case may take in rounds, in seconds."""

    name: str
    budget: float


PROFILES = {
    profile.name: profile
    for profile in (Profile("quick", 1.2), Profile("default", 2.0), Profile("full", 2.0))
}

SMALL = Workload("transform", "forward", 8, 3, (64, 64), (64, 64))
PHOTOS = replace(SMALL, size=(224, 224), output_size=(224, 224))
FEATURES = replace(SMALL, C=64, size=(56, 56), output_size=(56, 56))

SHAPES = (
    (64, 1, (28, 28), (28, 28)),
    (8, 3, (64, 64), (64, 64)),
    (8, 3, (224, 224), (224, 224)),
    (8, 3, (224, 224), (112, 112)),
    (8, 3, (64, 64), (128, 128)),
    (32, 3, (224, 224), (224, 224)),
    (8, 64, (56, 56), (56, 56)),
    (32, 64, (56, 56), (56, 56)),
    (4, 256, (32, 32), (32, 32)),
    (1, 1, (1024, 1024), (1024, 1024)),
    (1, 3, (2048, 2048), (2048, 2048)),
)


def profile_named(name: str) -> Profile:
    """Raises: UnknownChoiceError: there is none of that name."""
    if name not in PROFILES:
        raise UnknownChoiceError(f"unknown profile {name!r}; known: {', '.join(PROFILES)}")
    return PROFILES[name]


def matrix(profile: str, device: str) -> list[Workload]:
    """Every case of a profile, each once. Raises: UnknownChoiceError: no such profile."""
    cases = {"quick": _quick, "default": _default, "full": _full}[profile_named(profile).name]()
    hows = ON_CPU if device == "cpu" else ON_DEVICE
    if device != "cpu" and profile == "quick":
        hows = (hows[0], hows[-1])
    return list(
        dict.fromkeys(
            replace(work, cache=cache, clock=clock) for work in cases for cache, clock in hows
        )
    )  # fmt: skip


def _quick() -> Iterator[Workload]:
    yield SMALL
    yield PHOTOS
    yield _turned(PHOTOS, "all")
    yield from _grown(SMALL, batches=(2, 32), channels=(16, 64), sides=(32, 128))
    yield _turned(SMALL, "all")
    yield _turned(SMALL, "grad_theta")
    yield _turned(SMALL, "double_backward")
    yield _of("sample", SMALL)
    yield _turned(_of("sample", SMALL), "all")
    yield replace(SMALL, theta="45 degrees")
    yield replace(_turned(FEATURES, "all"), layout="channels_last")


def _default() -> Iterator[Workload]:
    yield from _quick()
    yield from _grown(SMALL, batches=(1, 2, 32, 128), channels=(1, 16, 64), sides=(16, 32, 128, 224, 512))
    both = _turned(SMALL, "all")
    yield from _grown(both, batches=(2, 32, 128), channels=(1, 16, 64), sides=(32, 128, 224))
    for base, function in product((SMALL, PHOTOS, FEATURES), FUNCTIONS):
        work = _of(function, base)
        yield from (_turned(work, direction) for direction in _directions(function))
    for base, direction in product((PHOTOS, FEATURES), MAIN):
        work = _turned(base, direction)
        yield from (replace(work, theta=theta) for theta in THETAS)
        yield from (replace(work, dtype=dtype) for dtype in STORAGE_DTYPES)
        yield replace(work, layout="channels_last")
    for shape, direction in product(SHAPES, MAIN):
        yield _turned(_shaped(shape), direction)


def _full() -> Iterator[Workload]:
    yield from _default()
    for shape, function, layout, dtype, theta in product(SHAPES, FUNCTIONS, LAYOUTS, STORAGE_DTYPES, THETAS):
        work = replace(_of(function, _shaped(shape)), layout=layout, dtype=dtype, theta=theta)
        yield from (_turned(work, direction) for direction in _directions(function))


def _grown(
    base: Workload, *, batches: Iterable[int], channels: Iterable[int], sides: Iterable[int]
) -> Iterator[Workload]:
    yield from (replace(base, N=batch) for batch in batches)
    yield from (replace(base, C=count) for count in channels)
    yield from (replace(base, size=(side, side), output_size=(side, side)) for side in sides)


def _shaped(shape: tuple[int, int, tuple[int, int], tuple[int, int]]) -> Workload:
    N, C, size, output_size = shape
    return Workload("transform", "forward", N, C, size, output_size)


def _of(function: Work, base: Workload) -> Workload:
    return replace(base, function=function)


def _turned(base: Workload, direction: Direction) -> Workload:
    return replace(base, direction=direction)


def _directions(function: Work) -> tuple[Direction, ...]:
    points: Direction = "grad_grid" if POINTS[function] == "grid" else "grad_theta"
    return ("forward", "grad_input", points, "all", "double_backward")
