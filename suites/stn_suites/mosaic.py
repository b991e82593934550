"""Images side by side, as one PNG."""

import io
from collections.abc import Sequence

import numpy as np

from stn_verify.formats import Array

SIDE = 80
"""Pixels of each image in the picture, whatever its own size."""

GAP = 4
PAPER = 200
"""Around the images, so that it is seen where each ends."""

WHITE = 255


def mosaic(rows: Sequence[Array]) -> bytes:
    """Rows of images [N, 1, H, W] whose pixels lie in [0, 1], each drawn as large as the others; what is bright is dark ink.

    Raises:
        ImportError: Pillow is not installed.
    """
    from PIL import Image

    pitch = SIDE + GAP
    count = max(len(row) for row in rows)
    canvas = Image.new("L", (GAP + pitch * count, GAP + pitch * len(rows)), color=PAPER)
    for top, row in enumerate(rows):
        for left, image in enumerate(row):
            shades = np.rint(WHITE * (1 - np.clip(np.nan_to_num(image[0]), 0.0, 1.0))).astype(np.uint8)
            # What was computed is shown: no pixel is smoothed.
            square = Image.fromarray(shades).resize((SIDE, SIDE), Image.Resampling.NEAREST)
            canvas.paste(square, (GAP + pitch * left, GAP + pitch * top))
    written = io.BytesIO()
    canvas.quantize(32).save(written, format="PNG", optimize=True)
    return written.getvalue()
