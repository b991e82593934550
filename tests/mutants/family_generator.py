"""Right grid generators of every family in NumPy, in the dtype of theta; each method is one place where a fault can sit.

The gradients go through the points one family at a time, where the reference goes through affine matrices and solves systems.
"""

import numpy as np
from sampler import Array

FAMILIES = ("affine", "translation", "attention", "similarity", "projective", "thin_plate", "displacement")


class FamilyGenerator:
    """theta as stn_reference/generators has it, (Ho, Wo) -> [N, Ho, Wo, 2]."""

    def target(self, length: int, aligned: bool, dtype: np.dtype) -> Array:
        """Normalised coordinates of one axis."""
        if length == 1:
            return np.zeros(1, dtype)
        ends = 1.0 if aligned else (length - 1) / length
        return np.linspace(-ends, ends, length).astype(dtype)

    def points(self, size: tuple[int, int], aligned: bool, dtype: np.dtype) -> tuple[Array, Array]:
        """X and Y, [M] each."""
        y, x = np.meshgrid(
            self.target(size[0], aligned, dtype), self.target(size[1], aligned, dtype), indexing="ij"
        )
        return x.ravel(), y.ravel()

    def generate(self, theta: Array, size: tuple[int, int], *, align_corners: bool, family: str) -> Array:
        """[N, Ho, Wo, 2]"""
        if family == "affine" and theta.shape[1:] != (2, 3):
            raise ValueError(f"theta has shape {theta.shape}; known: [N, 2, 3]")
        x, y = self.points(size, align_corners, theta.dtype)
        with np.errstate(all="ignore"):
            grid = getattr(self, family)(theta, x, y)
        return np.stack(grid, axis=-1).reshape(len(theta), *size, 2)

    def generate_vjp(
        self, theta: Array, size: tuple[int, int], cotangent: Array, *, align_corners: bool, family: str
    ) -> Array:
        """The gradient of theta."""
        x, y = self.points(size, align_corners, theta.dtype)
        received = cotangent.reshape(len(theta), len(x), 2)
        with np.errstate(all="ignore"):
            gradient = getattr(self, f"{family}_gradient")(theta, x, y, received[..., 0], received[..., 1])
        return gradient.reshape(theta.shape)

    def affine(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
        t = theta[..., None]
        return t[:, 0, 0] * x + t[:, 0, 1] * y + t[:, 0, 2], t[:, 1, 0] * x + t[:, 1, 1] * y + t[:, 1, 2]

    def affine_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        rows = [np.stack([(w * x).sum(1), (w * y).sum(1), w.sum(1)], axis=1) for w in (u, v)]
        return np.stack(rows, axis=1)

    def translation(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
        return x + theta[:, 0, None], y + theta[:, 1, None]

    def translation_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        return np.stack([u.sum(1), v.sum(1)], axis=1)

    def attention(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
        s, tx, ty = theta.T[..., None]
        return s * x + tx, s * y + ty

    def attention_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        return np.stack([(u * x + v * y).sum(1), u.sum(1), v.sum(1)], axis=1)

    def similarity(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
        a, b, tx, ty = theta.T[..., None]
        return a * x - b * y + tx, b * x + a * y + ty

    def similarity_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        return np.stack([(u * x + v * y).sum(1), (v * x - u * y).sum(1), u.sum(1), v.sum(1)], axis=1)

    def homogeneous(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array, Array]:
        h = theta.T[..., None]
        return h[0] * x + h[1] * y + h[2], h[3] * x + h[4] * y + h[5], h[6] * x + h[7] * y + 1

    def projective(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
        above, below, depth = self.homogeneous(theta, x, y)
        return above / depth, below / depth

    def projective_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        above, below, depth = self.homogeneous(theta, x, y)
        u, v = u / depth, v / depth
        w = -(u * above + v * below) / depth
        return np.stack(
            [(t * c).sum(1) for t in (u, v) for c in (x, y, 1)] + [(w * x).sum(1), (w * y).sum(1)], axis=1
        )

    def lattice(self, count: int, dtype: np.dtype) -> Array:
        """Control points [K, 2]."""
        line = np.linspace(-1, 1, round(count**0.5)).astype(dtype)
        y, x = np.meshgrid(line, line, indexing="ij")
        return np.stack([x.ravel(), y.ravel()], axis=1)

    def kernel(self, squared: Array) -> Array:
        """r^2 log r^2."""
        return squared * np.log(np.where(squared > 0, squared, 1))

    def spread(self, x: Array, y: Array, control: Array) -> Array:
        """phi(p), [M, K + 3]."""
        near = self.kernel((x[:, None] - control[:, 0]) ** 2 + (y[:, None] - control[:, 1]) ** 2)
        return np.concatenate([near, np.ones_like(x)[:, None], x[:, None], y[:, None]], axis=1)

    def inverse(self, control: Array) -> Array:
        """[K + 3, K]"""
        rows = self.spread(control[:, 0], control[:, 1], control)
        system = np.concatenate([rows, np.pad(rows[:, -3:].T, ((0, 0), (0, 3)))])
        return np.linalg.inv(system)[:, : len(control)]

    def weights(self, count: int, x: Array, y: Array) -> Array:
        """B(p), [M, K]."""
        control = self.lattice(count, x.dtype)
        return self.spread(x, y, control) @ self.inverse(control)

    def thin_plate(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
        weights = self.weights(theta.shape[1], x, y)
        return theta[..., 0] @ weights.T, theta[..., 1] @ weights.T

    def thin_plate_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        weights = self.weights(theta.shape[1], x, y)
        return np.stack([u @ weights, v @ weights], axis=-1)

    def displacement(self, theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
        return x + theta[..., 0].reshape(len(theta), -1), y + theta[..., 1].reshape(len(theta), -1)

    def displacement_gradient(self, theta: Array, x: Array, y: Array, u: Array, v: Array) -> Array:
        return np.stack([u, v], axis=-1)
