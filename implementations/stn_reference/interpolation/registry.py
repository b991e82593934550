"""The kernels by name."""

import math

from stn_reference.arguments import as_real, check_choice
from stn_reference.errors import ReferenceArgumentError
from stn_reference.interpolation.cubic import Cubic
from stn_reference.interpolation.kernel import Kernel
from stn_reference.interpolation.linear import SUBGRADIENTS, Linear
from stn_reference.interpolation.nearest import TIES, Nearest

INTERPOLATIONS = ("bilinear", "nearest", "bicubic")
"""torch's names. In a volume bilinear is trilinear, and there is no bicubic."""

VOLUME_INTERPOLATIONS = ("bilinear", "nearest")


def as_kernel(interpolation: str, *, ties: str, cubic: float, subgradient: str, axes: int) -> Kernel:
    """The kernel of that name for images of 2 or 3 axes; what does not concern it is checked, and not used.

    Raises:
        ReferenceArgumentError: an unknown interpolation, ties or subgradient, a cubic that is not finite, bicubic in a volume.
    """
    check_choice("interpolation", interpolation, INTERPOLATIONS)
    check_choice("ties", ties, TIES)
    check_choice("subgradient", subgradient, SUBGRADIENTS)
    a = as_real("cubic", cubic)
    if a.ndim or not math.isfinite(a):
        raise ReferenceArgumentError(f"cubic={cubic!r}; known: finite numbers")
    if axes == 3 and interpolation not in VOLUME_INTERPOLATIONS:
        known = ", ".join(map(repr, VOLUME_INTERPOLATIONS))
        raise ReferenceArgumentError(
            f"interpolation={interpolation!r} in a volume [N, C, D, H, W]; known: {known}"
        )
    kernels: dict[str, Kernel] = {
        "bilinear": Linear(subgradient),
        "nearest": Nearest(ties),
        "bicubic": Cubic(float(a)),
    }
    return kernels[interpolation]
