"""Images as flat planes of pixels, one a channel, so that one address finds a pixel of every channel."""

from math import prod

import numpy as np

from stn_reference.arguments import Array


class Planes:
    """The pixels of an image [N, C, H, W] or [N, C, D, H, W] at flat addresses, framed by a line of zeros.

    Along each axis the indices are -1 to S: the frame, at either end, is what the extended image has no pixel for.
    It is read as zero, and what is added to it is dropped.

    Attributes:
        pixels: [C, addresses].
        lengths: W, H[, D]: x first, as in a grid.
        strides: how far apart neighbours along those axes lie.
        starts: the address of each image's first pixel, [N].
    """

    def __init__(self, image: Array):
        count, channels, *size = image.shape
        padded = [length + 2 for length in size]
        self._shape = (channels, count, *padded)
        self._inside = (slice(None), slice(None), *(slice(1, -1) for _ in size))
        self.lengths = tuple(reversed(size))
        self.strides = tuple(prod(padded[axis + 1 :]) for axis in reversed(range(len(size))))
        self.starts = np.arange(count) * prod(padded) + sum(self.strides)
        self.pixels = self.zeros()
        self.pixels.reshape(self._shape)[self._inside] = np.moveaxis(image, 1, 0)

    def zeros(self) -> Array:
        """Zeros at all addresses, [C, addresses]."""
        return np.zeros((self._shape[0], prod(self._shape[1:])))

    def image(self, pixels: Array) -> Array:
        """The image whose pixels [C, addresses] these are; a view."""
        return np.moveaxis(pixels.reshape(self._shape)[self._inside], 0, 1)
