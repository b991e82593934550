"""How Hypothesis draws cases: shapes and kinds are drawn (and shrunk), the numbers come from a drawn seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from stn_verify.cases.case import GenerateCase, SampleCase, TransformCase
from stn_verify.cases.images import cotangents, images
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array, named

GridMaker = Callable[["Frame", np.random.Generator], Array]
"""Makes a normalised grid [N, Ho, Wo, 2] (or [N, Do, Ho, Wo, 3]) in float64; it is stored in the case's dtype afterwards."""

ThetaMaker = Callable[["Frame", np.random.Generator], Array]
"""Makes theta [N, 2, 3] (or [N, 3, 4]) likewise."""

Size = tuple[int, ...]
"""(H, W) or (D, H, W)."""

SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17)
"""Axis lengths: small ones, and those around vector widths."""

ANY: st.SearchStrategy[Size] = st.tuples(st.sampled_from(SIZES), st.sampled_from(SIZES))

BATCHES = st.integers(1, 3)

SEVERAL: st.SearchStrategy[Size] = st.tuples(st.sampled_from(SIZES[1:]), st.sampled_from(SIZES[1:]))
"""Outputs of more than one row and column: generators treat a single one apart, and so do the suites."""

TWO_OR_MORE = st.integers(2, 3)
"""Batches in which one image can be told from another."""

SINGLE = ANY.filter(lambda size: 1 in size)
"""Outputs of one row or one column."""


@dataclass(frozen=True)
class Frame:
    """The shape of a case and what its coordinates mean."""

    batch: int
    channels: int
    image_size: Size
    output_size: Size
    convention: Convention
    dtype: str

    @property
    def axes(self) -> int:
        """2 of an image, 3 of a volume."""
        return len(self.image_size)

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """(N, Ho, Wo) or (N, Do, Ho, Wo)."""
        return (self.batch, *self.output_size)


def frames(
    dtype: str,
    convention: Convention,
    *,
    same_size: bool = False,
    images: st.SearchStrategy[Size] = ANY,
    outputs: st.SearchStrategy[Size] = ANY,
    batches: st.SearchStrategy[int] = BATCHES,
) -> st.SearchStrategy[Frame]:
    """Shapes; `same_size` makes the image as large as the output, as a freshly initialised STN has it."""

    def build(batch: int, channels: int, image: Size, output: Size) -> Frame:
        return Frame(batch, channels, output if same_size else image, output, convention, dtype)

    return st.builds(build, batches, st.integers(1, 4), images, outputs)


@st.composite
def sample_cases(
    draw: st.DrawFn,
    dtype: str,
    convention: Convention,
    kinds: Mapping[str, GridMaker],
    *,
    images: st.SearchStrategy[Size] = ANY,
    outputs: st.SearchStrategy[Size] = ANY,
    batches: st.SearchStrategy[int] = BATCHES,
) -> SampleCase:
    """Cases of `sample` whose grids are of one of these kinds."""
    frame = draw(frames(dtype, convention, images=images, outputs=outputs, batches=batches))
    kind = draw(st.sampled_from(sorted(kinds)))
    return sample_case(frame, kind, kinds[kind], draw(st.integers(0, 2**16)))


def sample_case(frame: Frame, kind: str, maker: GridMaker, seed: int) -> SampleCase:
    """One case, from its shape, its kind of grid and a seed."""
    random = np.random.default_rng(seed)
    storage = named(frame.dtype)
    grid = storage.round(maker(frame, random))
    image = images(frame.batch, frame.channels, frame.image_size, storage, random)
    cotangent = cotangents((frame.batch, frame.channels, *frame.output_size), storage, random)
    return SampleCase(image, grid, cotangent, frame.dtype, frame.convention, kind)


@st.composite
def transform_cases(
    draw: st.DrawFn,
    dtype: str,
    convention: Convention,
    kinds: Mapping[str, ThetaMaker],
    *,
    same_size: bool = False,
    images: st.SearchStrategy[Size] = ANY,
    outputs: st.SearchStrategy[Size] = SEVERAL,
    batches: st.SearchStrategy[int] = BATCHES,
) -> TransformCase:
    """Cases of `transform` whose thetas are of one of these kinds."""
    frame = draw(
        frames(dtype, convention, same_size=same_size, images=images, outputs=outputs, batches=batches)
    )
    kind = draw(st.sampled_from(sorted(kinds)))
    return transform_case(frame, kind, kinds[kind], draw(st.integers(0, 2**16)))


def transform_case(frame: Frame, kind: str, maker: ThetaMaker, seed: int) -> TransformCase:
    """One case, from its shape, its kind of theta and a seed."""
    random = np.random.default_rng(seed)
    storage = named(frame.dtype)
    theta = storage.round(maker(frame, random))
    image = images(frame.batch, frame.channels, frame.image_size, storage, random)
    cotangent = cotangents((frame.batch, frame.channels, *frame.output_size), storage, random)
    return TransformCase(image, theta, frame.output_size, cotangent, frame.dtype, frame.convention, kind)


@st.composite
def generate_cases(
    draw: st.DrawFn,
    dtype: str,
    convention: Convention,
    kinds: Mapping[str, ThetaMaker],
    *,
    images: st.SearchStrategy[Size] = ANY,
    outputs: st.SearchStrategy[Size] = SEVERAL,
    batches: st.SearchStrategy[int] = BATCHES,
) -> GenerateCase:
    """Cases of `generate` whose thetas are of one of these kinds."""
    frame = draw(frames(dtype, convention, images=images, outputs=outputs, batches=batches))
    kind = draw(st.sampled_from(sorted(kinds)))
    return generate_case(frame, kind, kinds[kind], draw(st.integers(0, 2**16)))


def generate_case(frame: Frame, kind: str, maker: ThetaMaker, seed: int) -> GenerateCase:
    """One case, from its shape (of which the output and the batch count), its kind of theta and a seed."""
    random = np.random.default_rng(seed)
    storage = named(frame.dtype)
    theta = storage.round(maker(frame, random))
    cotangent = cotangents((*frame.grid_shape, frame.axes), storage, random)
    return GenerateCase(theta, frame.output_size, cotangent, frame.dtype, frame.convention, kind)
