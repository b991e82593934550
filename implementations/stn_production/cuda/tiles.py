"""Which pixels the lanes of a program have."""

import triton
import triton.language as tl


@triton.jit
def tile(
    number: tl.tensor,
    Ho: tl.tensor,
    Wo: tl.tensor,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DIM: tl.constexpr,
) -> tuple[tl.tensor, tl.tensor, tl.tensor]:
    """(i, j, inside) of the lanes of a tile, [ROWS COLUMNS], rows first; as a column [., 1] where DIM is 2."""
    across = tl.cdiv(Wo, COLUMNS)
    lane = tl.arange(0, ROWS * COLUMNS)
    if DIM == 2:
        lane = lane[:, None]
    i = (number // across) * ROWS + lane // COLUMNS
    j = (number % across) * COLUMNS + lane % COLUMNS
    return i, j, (i < Ho) & (j < Wo)
