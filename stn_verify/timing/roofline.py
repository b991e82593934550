"""The limit that memory sets: what has to move, whatever the implementation, at the bandwidth of a copy."""

import math

from stn_verify.timing.workload import WIDTHS, Workload


def moved_bytes(work: Workload) -> int:
    """Bytes of every input read once and every result written once, in each pass.

    A forward pass reads image and points and writes the output. A backward pass reads cotangent and points and writes the
    gradients; only that of the points needs the image again. A double backward is both of these, and reads and writes once more
    what belongs to the second gradients: both directions, and the gradients by image, points and cotangent.
    """
    image = work.N * work.C * math.prod(work.size)
    output = work.pixels
    points = work.N * (2 * math.prod(work.output_size) if work.function == "sample" else 6)
    forward = image + points + output
    by_image, by_points = "image" in work.gradients, len(work.gradients) > int("image" in work.gradients)
    backward = output + points + image * by_image + (image + points) * by_points if work.gradients else 0
    second = 0
    if work.direction == "double_backward":
        # Read: image, points, cotangent, both directions; written: a gradient for each of the first three.
        second = (image + points + output) + (image + points) + (image + points + output)
    return WIDTHS[work.dtype] * (forward + backward + second)
