"""What a target can be asked beyond plain calls, by name; what it lacks is unsupported by that name."""

from typing import Literal, get_args

Feature = Literal[
    "layouts",
    "mixed dtypes",
    "watching",
    "threads",
    "forward mode",
    "double backward",
    "vmap",
    "compile",
    "networks",
    "timing",
]

FEATURES: tuple[Feature, ...] = get_args(Feature)

CLAIMABLE: tuple[Feature, ...] = ("mixed dtypes", "forward mode", "double backward", "vmap", "compile")
"""Features that a target may lack though its framework has them: what raises is unsupported, unless it was claimed."""

Layout = Literal["transposed", "expanded", "sliced", "channels_last"]

LAYOUTS: tuple[Layout, ...] = get_args(Layout)
"""How an array may lie in memory: the last two axes swapped; stride 0 along every axis that repeats itself; every second
element of a larger array whose gaps are NaN; channels innermost."""

Way = Literal["plain", "compiled", "vmapped"]
"""How a function is called: as it is; through the framework's compiler; mapped over the batch, one image at a time."""
