"""In which layout a target takes images and returns outputs: told by the shape that comes back."""

from dataclasses import replace

import numpy as np

from stn_verify.contract.dialect import IMAGE_LAYOUTS, ImageLayout
from stn_verify.contract.target import Call, TargetFailure, TargetReplied
from stn_verify.identification.probe import Probe

N, C, H, W, HO, WO = 2, 3, 5, 7, 4, 6
"""All different, so that no axis can be taken for another."""


def found_layout(probe: Probe) -> Probe:
    """The probe with the layouts of images and outputs.

    Raises:
        TargetFailure: images of neither layout brought a result.
        TargetReplied: the shape that came back is that of none.
    """
    first: TargetFailure | None = None
    for layout in IMAGE_LAYOUTS:
        # A target of the other layout takes the axes for what they are not; the shape says so. It may refuse instead.
        image = np.ones((N, C, H, W) if layout == "NCHW" else (N, H, W, C))
        arrays = {"image": image, "grid": np.full((N, HO, WO, 2), 0.25), "theta": np.full((N, 2, 3), 0.125)}
        names = ("image", "theta") if probe.fused else ("image", "grid")
        call = Call(
            probe.function,
            {name: arrays[name] for name in names},
            probe.dtype,
            probe.asked,
            size=(HO, WO) if probe.fused else None,
            free=True,
        )
        try:
            output = probe.target.call(call).output
        except TargetFailure as failure:
            if failure.status not in ("raised", "failed"):
                raise
            first = first or failure
            continue
        for taken, channels in (("NCHW", image.shape[1]), ("NHWC", image.shape[3])):
            for given, shape in (("NCHW", (N, channels, HO, WO)), ("NHWC", (N, HO, WO, channels))):
                if output.shape == shape:
                    return replace(probe, image_layout=_layout(taken), output_layout=_layout(given))
        first = first or TargetReplied(
            f"{probe.function}: for an image {image.shape} and {HO} x {WO} points the output has shape {output.shape}:"
            " neither NCHW nor NHWC"
        )
    raise first if first is not None else TargetReplied("no layout was tried")


def _layout(name: str) -> ImageLayout:
    return "NCHW" if name == "NCHW" else "NHWC"
