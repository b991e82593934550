"""What the outputs of a program say of theta or of the grid."""

import triton
import triton.language as tl

from stn_production.cuda.coordinates import middle, pixel_scale
from stn_production.cuda.theta_kernels import store_part


@triton.jit
def store_source_gradient(
    source_gradient: tl.tensor,
    along_x: tl.tensor,
    along_y: tl.tensor,
    slope_x: tl.tensor,
    slope_y: tl.tensor,
    finite: tl.tensor,
    i: tl.tensor,
    j: tl.tensor,
    inside: tl.tensor,
    slot: tl.tensor,
    plane: tl.tensor,
    H: tl.tensor,
    W: tl.tensor,
    Ho: tl.tensor,
    Wo: tl.tensor,
    ALIGNED: tl.constexpr,
    FUSED: tl.constexpr,
) -> None:
    """Where FUSED six sums at parts [slot, 8]; else a share's grad_grid at [plane, Ho, Wo, 2]. NaN where not finite."""
    along_x = tl.where(finite, along_x * slope_x, float("nan"))
    along_y = tl.where(finite, along_y * slope_y, float("nan"))
    if FUSED:
        # Lanes beyond the output have no part in the sums.
        along_x, along_y = tl.where(inside, along_x, 0.0), tl.where(inside, along_y, 0.0)
        store_part(source_gradient, slot, along_x, along_y, j - middle(Wo), i - middle(Ho))
    else:
        point = source_gradient + 2 * (plane.to(tl.int64) * Ho * Wo + i.to(tl.int64) * Wo + j)
        kind = source_gradient.dtype.element_ty
        tl.store(point, (along_x * pixel_scale(W, ALIGNED)).to(kind), mask=inside)
        tl.store(point + 1, (along_y * pixel_scale(H, ALIGNED)).to(kind), mask=inside)
