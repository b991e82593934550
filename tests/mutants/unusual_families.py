"""Right grid generators of every family that compute in another way."""

import numpy as np
from family_generator import FAMILIES, FamilyGenerator
from sampler import Array
from unusual import unusual

Points = tuple[Array, Array]


@unusual("families in the dtype of theta, systems inverted", functions=("generate",), families=FAMILIES)
class PlainFamilies(FamilyGenerator):
    pass


@unusual(
    "splines whose systems are solved for each theta, depths multiplied by as reciprocals",
    functions=("generate",),
    families=FAMILIES,
)
class SolvedFamilies(FamilyGenerator):
    def thin_plate(self, theta: Array, x: Array, y: Array) -> Points:
        control = self.lattice(theta.shape[1], x.dtype)
        rows = self.spread(control[:, 0], control[:, 1], control)
        system = np.concatenate([rows, np.pad(rows[:, -3:].T, ((0, 0), (0, 3)))])
        found = np.linalg.solve(system, np.pad(theta, ((0, 0), (0, 3), (0, 0))))
        grid = self.spread(x, y, control) @ found
        return grid[..., 0], grid[..., 1]

    def projective(self, theta: Array, x: Array, y: Array) -> Points:
        above, below, depth = self.homogeneous(theta, x, y)
        reciprocal = 1 / depth
        return above * reciprocal, below * reciprocal


@unusual(
    "half the kernel, r^2 log r, and the lattice's points in another order inside",
    functions=("generate",),
    families=FAMILIES,
)
class HalfKernel(FamilyGenerator):
    def kernel(self, squared: Array) -> Array:
        return super().kernel(squared) / 2

    def weights(self, count: int, x: Array, y: Array) -> Array:
        control = self.lattice(count, x.dtype)[::-1]
        return (self.spread(x, y, control) @ self.inverse(control))[:, ::-1]


@unusual("splines by orthogonal factors of their system", functions=("generate",), families=("thin_plate",))
class OrthogonalSplines(FamilyGenerator):
    def inverse(self, control: Array) -> Array:
        rows = self.spread(control[:, 0], control[:, 1], control)
        system = np.concatenate([rows, np.pad(rows[:, -3:].T, ((0, 0), (0, 3)))])
        q, r = np.linalg.qr(system)
        return np.linalg.solve(r, q.T)[:, : len(control)]


@unusual("one family alone, without the parameter", functions=("generate",), families=("thin_plate",))
class SplinesAlone:
    def generate(self, theta: Array, size: tuple[int, int], *, align_corners: bool) -> Array:
        return FamilyGenerator().generate(theta, size, align_corners=align_corners, family="thin_plate")

    def generate_vjp(
        self, theta: Array, size: tuple[int, int], cotangent: Array, *, align_corners: bool
    ) -> Array:
        return FamilyGenerator().generate_vjp(
            theta, size, cotangent, align_corners=align_corners, family="thin_plate"
        )
