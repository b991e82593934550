"""Cases run through the kernels in Triton's interpreter, and judged by the bounds of float64 coordinates and float32 pixels."""

import numpy as np
import torch
from hypothesis import strategies as st

from stn_production.cuda import sample_backward, sample_forward, transform_backward, transform_forward
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.target import Reply
from stn_verify.formats import Array, named
from stn_verify.judging.reference import compare_gradients, compare_output

CONVENTIONS = st.builds(Convention, st.sampled_from(PADDINGS), st.booleans())
LAYOUTS = st.sampled_from([torch.contiguous_format, torch.channels_last])


def tensor(values: Array, dtype: str) -> torch.Tensor:
    """Of a dtype that holds the values exactly."""
    return torch.from_numpy(np.ascontiguousarray(values)).to(getattr(torch, dtype))


def array(values: torch.Tensor) -> Array:
    return values.detach().to(torch.float64).contiguous().numpy()


def forward(case: SampleCase | TransformCase, layout: torch.memory_format) -> torch.Tensor:
    """The output, in the image's dtype."""
    image = tensor(case.image, case.dtype).contiguous(memory_format=layout)
    choices = case.convention.align_corners, case.convention.padding
    if isinstance(case, TransformCase):
        return transform_forward(image, tensor(case.theta, case.dtype), case.size, *choices)
    return sample_forward(image, tensor(case.grid, case.dtype), *choices)


def backward(case: SampleCase | TransformCase, layout: torch.memory_format) -> Reply:
    """Both gradients, by the way that is chosen for the case."""
    image = tensor(case.image, case.dtype).contiguous(memory_format=layout)
    received = tensor(case.cotangent, case.dtype)
    choices = case.convention.align_corners, case.convention.padding
    if isinstance(case, TransformCase):
        source = tensor(case.theta, case.dtype)
        found = transform_backward(received, image, source, case.size, *choices, True, True)
    else:
        found = sample_backward(received, image, tensor(case.grid, case.dtype), *choices, True, True)
    return reply(case, *found)


def reply(case: SampleCase | TransformCase, image: torch.Tensor | None, source: torch.Tensor | None) -> Reply:
    """Gradients as a target would answer."""
    assert image is not None
    assert source is not None
    name = "theta" if isinstance(case, TransformCase) else "grid"
    return Reply(array(image), {"image": array(image), name: array(source)})


def judge(comparison: Comparison, dtype: str) -> None:
    """Fails where an error is beyond its bound."""
    arithmetic = Arithmetic(named("float64" if dtype == "float64" else "float32"), named(dtype))
    used = comparison.budget_used(arithmetic)
    assert used <= 1, comparison.worst(arithmetic)


def judge_output(case: SampleCase | TransformCase, output: torch.Tensor) -> None:
    judge(compare_output(case, array(output)), case.dtype)


def judge_gradients(case: SampleCase | TransformCase, found: Reply) -> None:
    for comparison in compare_gradients(case, found, None):
        judge(comparison, case.dtype)
