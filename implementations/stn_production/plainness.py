"""Whether autograd alone watches a call: then its kernels can run at once, without the operators between.

An operator costs two passes through torch's dispatcher in Python, more than the work on a small image. Whoever else watches
needs it: function transforms, forward mode, dispatch modes, tracers, and tensors that are more than their memory.
"""

from functools import cache

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn import Parameter
from torch.utils._device import DeviceContext


def plain(*tensors: Tensor) -> bool:
    """True where nothing is lost if the tensors' memory is read at once."""
    if (
        torch._C._functorch.peek_interpreter_stack() is not None
        or forward_ad._current_level >= 0
        or torch._C._len_torch_dispatch_stack()
        or torch._C._get_tracing_state() is not None
        or (torch._C._len_torch_function_stack() and _functions_watched())
    ):
        return False
    for tensor in tensors:
        kind = type(tensor)
        if kind is not Tensor and kind is not Parameter:
            return False
        device_type = (
            "cpu" if tensor.is_cpu else tensor.device.type
        )  # a device's name takes longer than all else here
        if torch._C._dispatch_keys(tensor).raw_repr() not in _ordinary(device_type):
            return False
    return True


def _functions_watched() -> bool:
    """Whether a function mode is more than a default device, which kernels do not ask for."""
    modes = (torch._C._get_function_stack_at(k) for k in range(torch._C._len_torch_function_stack()))
    return any(type(mode) is not DeviceContext for mode in modes)


@cache
def _ordinary(device_type: str) -> frozenset[int]:
    """How the dispatcher sees tensors that are no more than memory: not batched, not lazily negated.

    Asked once, and only where nobody watches: what is made here must not be any mode's.
    """
    if device_type not in {"cpu", "cuda"}:
        return frozenset()
    with torch.inference_mode(mode=False):
        one = torch.empty(0, device=device_type)
    with torch.inference_mode():
        other = torch.empty(0, device=device_type)
    return frozenset(torch._C._dispatch_keys(each).raw_repr() for each in (one, other))
