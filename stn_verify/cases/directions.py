"""Directions along which inputs move, for tangents and for second gradients: none where a kink is within reach."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.directions import near_kinks, of_grid, of_theta
from stn_verify.bounds.scene import Axis
from stn_verify.bounds.second_order import Pairing
from stn_verify.cases import grids, thetas
from stn_verify.cases.case import SampleCase, TransformCase, storage
from stn_verify.cases.strategies import Frame, sample_case, transform_case
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array

CLEARANCE = 0.1
"""How far, in pixels, a point of a fused transformer keeps from kinks to take part in differences by theta."""


@dataclass(frozen=True, eq=False)
class Directed:
    """A case, and a direction for each of its inputs, of its shape; they are zero where second derivatives are not defined."""

    case: SampleCase | TransformCase
    image: Array
    points: Array
    """Of the grid or theta."""

    @property
    def by_name(self) -> Mapping[str, Array]:
        """Of every input, by its name."""
        return {"image": self.image, self.other: self.points}

    @property
    def other(self) -> str:
        """The input beside the image: grid or theta."""
        return "grid" if isinstance(self.case, SampleCase) else "theta"

    @cached_property
    def pairing(self) -> Pairing:
        """The first gradients, paired with the directions."""
        return self.along(self.image, self.points)

    def along(self, image: Array, points: Array) -> Pairing:
        """The same for other directions."""
        case = self.case
        lit = replace(case, image=image).scene
        if isinstance(case, SampleCase):
            return Pairing(case.scene, lit, of_grid(case.scene, points))
        return Pairing(case.scene, lit, of_theta(case.scene, points, case.base))


def directed(case: SampleCase | TransformCase, arithmetic: Arithmetic, *, clearance: float = 0.0) -> Directed:
    """Directions for a case.

    A grid stands still at points beside a kink. Points of a fused transformer cannot stand still one by one: there the cotangent
    is zero instead.

    Args:
        clearance: what counts as beside, in pixels, on top of what rounding may carry.
    """
    random = np.random.default_rng(zlib.crc32(case.image.tobytes() + case.cotangent.tobytes()))
    still = near_kinks(case.scene, arithmetic)
    if clearance:
        still |= _within(case.scene.x, clearance) | _within(case.scene.y, clearance)
    held = still.reshape(case.image.shape[0], *case.output_size)
    image = storage(case).round(random.standard_normal(case.image.shape))
    if isinstance(case, SampleCase):
        points = storage(case).round(_either_sign(case.grid.shape, random))
        return Directed(case, image, np.where(held[..., None], 0.0, points))
    points = storage(case).round(_either_sign(case.theta.shape, random))
    quiet = replace(case, cotangent=np.where(held[:, None], 0.0, case.cotangent))
    return Directed(quiet, image, points)


def _either_sign(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """None of them small: every point takes part."""
    return random.uniform(0.25, 1.0, shape) * np.where(random.random(shape) < 0.5, -1.0, 1.0)


def _within(axis: Axis, clearance: float) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(axis.position - np.rint(axis.position)) < clearance)


SHAPES = (
    (2, 2, (5, 7), (4, 3)),
    (1, 1, (1, 4), (3, 3)),
    (3, 1, (4, 4), (2, 5)),
    (1, 2, (8, 3), (5, 6)),
)
"""(N, C, (H, W), (Ho, Wo))"""


def sample_shapes(dtype: str, convention: Convention) -> Iterator[SampleCase]:
    """A case of `sample` of every shape above, with points inside, outside and on kinks."""
    kinds = ("inside", "around", "single integers", "outside")
    for seed, (shape, kind) in enumerate(zip(SHAPES, kinds, strict=True)):
        yield sample_case(Frame(*shape, convention, dtype), kind, grids.ALL[kind], seed)


def transform_shapes(dtype: str, convention: Convention) -> Iterator[TransformCase]:
    """The same of `transform`."""
    kinds = ("near identity", "general", "zoom", "identity")
    for seed, (shape, kind) in enumerate(zip(SHAPES, kinds, strict=True)):
        yield transform_case(Frame(*shape, convention, dtype), kind, thetas.ALL[kind], seed)
