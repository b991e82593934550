"""The convolution of a network: a correlation with learnt kernels."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from stn_reference.arguments import Array, as_axes, as_length, as_real, check_shape
from stn_reference.networks.layer import Parameters, parameter, uniform
from stn_reference.networks.windows import overlapped, windows


class Convolution:
    """y[n,d,i,j] = b[d] + sum_ckl W[d,c,k,l] x[n,c,s i + k - p,s j + l - p]; x is zero outside.

    x [N, C, H, W], W [D, C, K, K], b [D], y [N, D, Ho, Wo], Ho = floor((H + 2p - K) / s) + 1, and Wo likewise.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, padding: int = 0) -> None:
        """C, D, K, s and p. Raises: ReferenceArgumentError: a length below 1, a padding below 0."""
        self.inputs = as_length("inputs", inputs, least=1)
        self.outputs = as_length("outputs", outputs, least=1)
        self.kernel = as_length("kernel", kernel, least=1)
        self.stride = as_length("stride", stride, least=1)
        self.padding = as_length("padding", padding, least=0)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """W and b."""
        return {"weight": (self.outputs, self.inputs, self.kernel, self.kernel), "bias": (self.outputs,)}

    def initial(self, random: np.random.Generator) -> dict[str, Array]:
        """Uniform."""
        fan_in = self.inputs * self.kernel**2
        return {name: uniform(random, shape, fan_in) for name, shape in self.shapes.items()}

    def left(self, length: int) -> int:
        """Ho of H; below 1 where the kernel is larger than the padded image."""
        return (length + 2 * self.padding - self.kernel) // self.stride + 1

    def forward(self, parameters: Parameters, values: npt.ArrayLike) -> Array:
        """[N,C,H,W] -> [N,D,Ho,Wo].

        Raises:
            ReferenceArgumentError: as Layer.forward; a kernel larger than the padded image.
        """
        weight, bias = (parameter(parameters, name, shape) for name, shape in self.shapes.items())
        seen = windows(self._padded(values), self.kernel, self.stride)
        # [N, Ho, Wo, D]
        summed = np.tensordot(seen, weight, axes=([1, 4, 5], [1, 2, 3]))
        return np.moveaxis(summed + bias, 3, 1)

    def vjp(
        self, parameters: Parameters, values: npt.ArrayLike, cotangent: npt.ArrayLike
    ) -> tuple[Array, dict[str, Array]]:
        """Each is a sum over the windows. Raises: ReferenceArgumentError: as Layer.vjp."""
        weight = parameter(parameters, "weight", self.shapes["weight"])
        image, v = self._padded(values), as_real("cotangent", cotangent)
        seen = windows(image, self.kernel, self.stride)
        check_shape("cotangent", v, (len(image), self.outputs, *seen.shape[2:4]))
        # dL/dW[d,c,k,l] = sum_nij v[n,d,i,j] x[n,c,s i + k,s j + l]
        grad_weight = np.tensordot(v, seen, axes=([0, 2, 3], [0, 2, 3]))
        # dL/dx: each window receives sum_d v[n,d,i,j] W[d], [N, Ho, Wo, C, K, K].
        shares = np.moveaxis(np.tensordot(v, weight, axes=([1], [0])), 3, 1)
        grad_image = overlapped(shares, image.shape, self.stride)
        height, width = (length - 2 * self.padding for length in image.shape[2:])
        inner = grad_image[:, :, self.padding : self.padding + height, self.padding : self.padding + width]
        return inner, {"weight": np.asarray(grad_weight), "bias": v.sum(axis=(0, 2, 3))}

    def _padded(self, values: npt.ArrayLike) -> Array:
        image = as_axes("values", values, f"N {self.inputs} H W")
        return np.pad(image, [(0, 0), (0, 0), *[(self.padding, self.padding)] * 2])
