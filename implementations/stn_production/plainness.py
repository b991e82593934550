"""Whether autograd alone watches a call: then its kernels can run at once, without the operators between.

An operator costs two passes through torch's dispatcher in Python, more than the work on a small image. Whoever else watches
needs it: function transforms, forward mode, dispatch modes, tracers, and tensors that are more than their memory.
"""

from functools import cache

import torch
from torch import Tensor
from torch.autograd import forward_ad

_KINDS = (Tensor, torch.nn.Parameter)


def plain(*tensors: Tensor) -> bool:
    """True where nothing is lost if the tensors' memory is read at once."""
    for tensor in tensors:
        if type(tensor) not in _KINDS:
            return False
        if torch._C._dispatch_keys(tensor).raw_repr() not in _ordinary(tensor.device.type):
            return False
    return (
        torch._C._functorch.peek_interpreter_stack() is None
        and forward_ad._current_level < 0
        and torch._C._len_torch_dispatch_stack() == 0
        and torch._C._len_torch_function_stack() == 0
        and torch._C._get_tracing_state() is None
    )


@cache
def _ordinary(device_type: str) -> frozenset[int]:
    """How the dispatcher sees tensors that are no more than memory: not batched, not lazily negated."""
    if device_type not in {"cpu", "cuda"}:
        return frozenset()
    with torch.inference_mode(mode=False):
        one = torch.empty(0, device=device_type)
    with torch.inference_mode():
        other = torch.empty(0, device=device_type)
    return frozenset(torch._C._dispatch_keys(each).raw_repr() for each in (one, other))
