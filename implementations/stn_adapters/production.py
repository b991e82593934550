"""`stn_production`, the project's own sampler, checked like anybody's."""

import stn_production
from stn_verify.contract.implementation import Implementation

PRODUCTION = Implementation(
    name="production",
    framework="torch",
    functions={
        "sample": stn_production.grid_sample,
        "transform": stn_production.spatial_transform,
        "generate": stn_production.affine_grid,
    },
    dtypes=("float64", "float32", "float16", "bfloat16"),
    subgradient="right",
    deterministic=True,
    # Compiling needs a C++ compiler, which not every machine has.
    claims=("mixed dtypes", "forward mode", "double backward", "vmap"),
)
