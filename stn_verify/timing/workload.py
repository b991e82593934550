"""What is timed: a function, in one direction, of arrays of one shape, dtype, layout and kind of theta."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np

from stn_verify.bounds.affine import affine_grid
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.strategies import Frame, ThetaMaker, sample_case, transform_case
from stn_verify.cases.thetas import identity, identity_of, near_identity
from stn_verify.contract.convention import Convention
from stn_verify.formats import Array
from stn_verify.records.record import Cache, Clock, Direction, Layout, Work


def _turned(degrees: float, frame: Frame, random: np.random.Generator) -> Array:
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0]])
    return np.repeat(turn[None], frame.batch, axis=0)


def _scaled(scale: float, frame: Frame, random: np.random.Generator) -> Array:
    """Coordinates times `scale`: half of them show the middle of the image, twice as large."""
    theta = identity_of(2)
    theta[:, :2] *= scale
    return np.repeat(theta[None], frame.batch, axis=0)


def _mostly_outside(frame: Frame, random: np.random.Generator) -> Array:
    """A near identity, moved so far that a tenth of the points read the image."""
    theta = near_identity(frame, random)
    theta[:, :, 2] += [1.35, 1.35]
    return theta


THETAS: Mapping[str, ThetaMaker] = MappingProxyType(
    {
        "identity": identity,
        "near identity": near_identity,
        "45 degrees": partial(_turned, 45.0),
        "90 degrees": partial(_turned, 90.0),
        "0.5x": partial(_scaled, 0.5),
        "2x": partial(_scaled, 2.0),
        "mostly outside": _mostly_outside,
    }
)

POINTS = MappingProxyType({"sample": "grid", "transform": "theta"})
"""The input of a function beside the image."""

WIDTHS = MappingProxyType({"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2})


@dataclass(frozen=True)
class Workload:
    """One case of the matrix."""

    function: Work
    direction: Direction
    N: int
    C: int
    size: tuple[int, int]
    """(H, W)"""
    output_size: tuple[int, int]
    """(Ho, Wo)"""
    dtype: str = "float32"
    layout: Layout = "NCHW"
    theta: str = "near identity"
    cache: Cache = "warm"
    clock: Clock = "wall"

    @property
    def name(self) -> str:
        """Equal for equal work alone."""
        (H, W), (Ho, Wo) = self.size, self.output_size
        sizes = f"{self.N}x{self.C}x{H}x{W} to {Ho}x{Wo}"
        how = "" if (self.cache, self.clock) == ("warm", "wall") else f" {self.cache} {self.clock}"
        return f"{self.function} {self.direction} {self.dtype} {self.layout} {self.theta} {sizes}{how}"

    @property
    def gradients(self) -> tuple[str, ...]:
        """The inputs to differentiate."""
        points = POINTS[self.function]
        match self.direction:
            case "forward":
                return ()
            case "grad_input":
                return ("image",)
            case "grad_grid" | "grad_theta":
                return (points,)
            case _:
                return ("image", points)

    @property
    def pixels(self) -> int:
        """Of the output."""
        return self.N * self.C * self.output_size[0] * self.output_size[1]

    @property
    def held_bytes(self) -> int:
        """Of inputs that a process keeps, at most: image, cotangent, grid, and as much again for second gradients."""
        image = self.N * self.C * math.prod(self.size)
        values = image + self.pixels + 2 * self.N * math.prod(self.output_size)
        return 2 * WIDTHS[self.dtype] * values

    def case(self, convention: Convention, seed: int) -> SampleCase | TransformCase:
        """Its inputs."""
        frame = Frame(self.N, self.C, self.size, self.output_size, convention, self.dtype)
        maker = THETAS[self.theta]
        if self.function == "transform":
            return transform_case(frame, self.theta, maker, seed)

        def grid(frame: Frame, random: np.random.Generator) -> Array:
            theta = maker(frame, random)
            return affine_grid(theta, frame.output_size, align_corners=convention.align_corners)

        return sample_case(frame, self.theta, grid, seed)
