"""The float64 NumPy reference as an implementation, so that it is checked like any other."""

import stn_reference
from stn_verify.contract.implementation import Implementation

REFERENCE = Implementation(
    name="reference",
    framework="numpy",
    functions={
        "sample": stn_reference.sample,
        "transform": stn_reference.transform,
        "generate": stn_reference.affine_grid,
    },
    vjps={
        "sample": stn_reference.sample_vjp,
        "transform": stn_reference.transform_vjp,
        "generate": stn_reference.affine_grid_vjp,
    },
    spatial=(2, 3),
    ties="even",
    dtypes=("float64",),
    compute_dtype="float64",
    subgradient="right",
)
