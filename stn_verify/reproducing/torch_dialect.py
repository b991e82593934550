"""Scripts in PyTorch."""

from dataclasses import replace

from stn_verify.contract.features import Layout
from stn_verify.contract.target import Call
from stn_verify.formats import Array
from stn_verify.reproducing import network
from stn_verify.reproducing.dialect import (
    TELL,
    Manner,
    arguments,
    arrays_of,
    every_second,
    gradient,
    indented,
    kept,
    unpacked,
)
from stn_verify.reproducing.literals import listed, python, unpacking
from stn_verify.reproducing.sequence import DIRECTION, TANGENT


class TorchDialect:
    """Autograd, torch.func and torch.compile, as the adapter uses them."""

    def imports(self, manner: Manner, *, numpy: bool) -> list[str]:
        """NumPy where it is needed, torch, and its functions where they are called."""
        functional = ["from torch.nn import functional as F"] if manner.inline else []
        return [*(["import numpy as np"] if numpy else []), "import torch", *functional]

    def made(self, name: str, source: str, call: Call, device: str) -> list[str]:
        """A tensor."""
        where = "" if device == "cpu" else f", device={python(device)}"
        dtype = f"dtype=torch.{call.dtypes.get(name, call.dtype)}{where}"
        if "\n" in source or source.startswith("["):
            return [f"{name} = torch.tensor(", f"    {source},", f"    {dtype},", ")"]
        return [f"{name} = torch.tensor({source}, {dtype})"]

    def arranged(self, name: str, layout: Layout | None, array: Array) -> list[str]:
        """As the adapter does."""
        match layout:
            case "transposed":
                return [f"{name} = {name}.transpose(-1, -2).contiguous().transpose(-1, -2)"]
            case "channels_last":
                return [f"{name} = {name}.movedim(1, -1).contiguous().movedim(-1, 1)"]
            case "expanded":
                first, shape = kept(array)
                return [f"{name} = {name}{first}.clone().expand({shape})"]
            case "sliced":
                index = every_second(array.ndim)
                return [
                    f'wide = {name}.new_full([2 * side + 1 for side in {name}.shape], float("nan"))',
                    f"wide{index} = {name}",
                    f"{name} = wide{index}",
                ]
            case None:
                return []

    def moved(self, array: str, source: int, destination: int) -> str:
        """A view."""
        return f"{array}.movedim({source}, {destination})"

    def contiguous(self, array: str) -> str:
        """In the order of C."""
        return f"{array}.contiguous()"

    def double(self, array: str) -> str:
        """Differentiable."""
        return f"{array}.double()"

    def rounded(self, array: str, like: str) -> str:
        """Differentiable: the gradient is float64 on the other side."""
        return f"{array}.to({like}.dtype)"

    def coordinates(self, array: str) -> str:
        """To be unpacked."""
        return f"{array}.unbind(-1)"

    def flipped(self, array: str) -> str:
        """A copy, whose gradient is one too."""
        return f"{array}.flip(-1)"

    def stacked(self, coordinates: str) -> str:
        """Along the last axis."""
        return f"torch.stack([{coordinates}], dim=-1)"

    def kept_apart(self, name: str, lines: list[str]) -> list[str]:
        """An operation of its own: the gradient of an expanded view would gather in the elements that are kept."""
        return [
            "class Laid(torch.autograd.Function):",
            "    @staticmethod",
            f"    def forward(context, {name}):",
            *indented([*lines, f"return {name}"], 8),
            "",
            "    @staticmethod",
            "    def backward(context, gradient):",
            "        return gradient",
            "",
            f"{name} = Laid.apply({name})",
        ]

    def own(self, call: Call, manner: Manner) -> bool:
        """Only of a plain call, and where it is not known that there is none."""
        plain = call.way == "plain" and not call.seconds
        return bool(call.gradients) and plain and manner.product and not manner.inline

    def prelude(self, call: Call, manner: Manner, suffix: str) -> list[str]:
        """What is compiled, mapped or moved along a direction is a function of tensors alone."""
        if call.function == "network":
            return self._transform(call, manner, suffix) if manner.inline else []
        if call.way == "plain" and not call.tangents:
            return []
        compiled = ["@torch.compile"] if call.way == "compiled" else []
        header = f"def apply{suffix}({arrays_of(call)}):"
        batch = 1 if call.way == "vmapped" else None
        applied = [*compiled, header, *indented(self._applied(call, manner, "return ", batch))]
        if call.way != "vmapped" or not call.gradients:
            return applied
        wanted = ", ".join(call.gradients)
        return [
            *applied,
            "",
            "",
            f"def derived{suffix}(cotangent, {arrays_of(call)}):",
            f"    output, pull = torch.func.vjp(lambda {wanted}: {_alone(call, suffix)}, {wanted})",
            "    return output, pull(cotangent)",
        ]

    def _transform(self, call: Call, manner: Manner, suffix: str) -> list[str]:
        """What stands in a network: a function, because it is called more than once."""
        once = replace(call, function="transform", size=None)
        aligned = f"align_corners={call.convention.align_corners}"
        return [
            f"def transform{suffix}(image, theta, size):",
            f"    grid = F.affine_grid(theta, (len(theta), 1, *size), {aligned})",
            *indented(self._applied(once, manner, "return ")),
        ]

    def _applied(self, call: Call, manner: Manner, to: str, batch: int | None = None) -> list[str]:
        """The target's function at the call's arrays; `to` takes the output."""
        if not manner.inline:
            return [f"{to}{manner.function(call)}({arguments(call)}{manner.keywords(call)})"]
        aligned = f"align_corners={call.convention.align_corners}"
        generated: list[str] = []
        if call.size is not None:
            shape = (len(call.arrays["theta"]) if batch is None else batch, 1, *map(int, call.size))
            target = to if call.function == "generate" else "grid = "
            generated = [f"{target}F.affine_grid(theta, {shape}, {aligned})"]
        if call.function == "generate":
            return generated
        return [
            *generated,
            f"{to}F.grid_sample(",
            "    image,",
            "    grid,",
            f"    mode={python(call.convention.interpolation)},",
            f"    padding_mode={python(call.convention.padding)},",
            f"    {aligned},",
            ")",
        ]

    def body(self, call: Call, manner: Manner, suffix: str, *, tell: bool) -> list[str]:
        """As the adapter makes the call."""
        told = [TELL] if tell else []
        if call.function == "network":
            return self._network(call, manner, suffix, told)
        if call.tangents or call.way == "vmapped":
            made = self._forward_mode(call, suffix) if call.tangents else self._mapped(call, suffix)
            return [*made, *told]
        output = [f"output = apply{suffix}({arrays_of(call)})"]
        if call.way == "plain":
            output = self._applied(call, manner, "output = ")
        output += told
        if call.seconds:
            return [*self._required(call, "cotangent"), *output, *self._twice(call, manner)]
        if not call.gradients:
            return output
        gradients = [gradient(name) for name in call.gradients]
        wanted = ", ".join(call.gradients)
        differentiated = (
            f"{unpacking(gradients)} = torch.autograd.grad(output, [{wanted}], {self._received(manner)})"
        )
        # Loading the target may have switched gradients off.
        enabled = [] if manner.inline else ["torch.set_grad_enabled(True)"]
        required = self._required(call)
        if not self.own(call, manner):
            return [*enabled, *required, *output, differentiated]
        product = manner.vjp(call)
        return [
            f"if {product} is None:",
            "    with torch.enable_grad():",
            *indented([*required, *output], 8),
            *indented([differentiated]),
            "else:",
            *indented([*output, *unpacked(call, product, manner)]),
        ]

    def _network(self, call: Call, manner: Manner, suffix: str, told: list[str]) -> list[str]:
        keywords = "" if manner.inline else manner.keywords(call)
        name = f"transform{suffix}" if manner.inline else manner.function(call)
        output = [*network.forward(call, lambda given: f"{name}({given}{keywords})"), *told]
        if not call.gradients:
            return output
        leaves = ["leaves = [", *network.rows(list(call.gradients)), "]"]
        enabled = [] if manner.inline else ["torch.set_grad_enabled(True)"]
        required = [*enabled, "for leaf in leaves:", "    leaf.requires_grad_()"]
        # Of a call that brings no result, each gradient that is none is told.
        unused = ", allow_unused=True" if told else ""
        differentiated = [
            "(",
            *network.rows([gradient(each) for each in call.gradients]),
            f") = torch.autograd.grad(output, leaves, {self._received(manner)}{unused})",
        ]
        if not self.own(call, manner):
            return [*leaves, *required, *output, *differentiated]
        product = manner.vjp(call)
        return [
            *leaves,
            f"if {product} is None:",
            *indented(required),
            *output,
            f"if {product} is None:",
            *indented(differentiated),
            "else:",
            *indented(network.backward(call, lambda given: f"{product}({given}{keywords})")),
        ]

    def _received(self, manner: Manner) -> str:
        return "cotangent" if manner.inline else "cotangent.to(output.dtype)"

    def _required(self, call: Call, *further: str) -> list[str]:
        return [f"{name}.requires_grad_()" for name in (*call.gradients, *further)]

    def _twice(self, call: Call, manner: Manner) -> list[str]:
        gradients = [gradient(name) for name in call.gradients]
        wanted = ", ".join(call.gradients)
        seconds = [f"second_{name}" for name in (*call.gradients, "cotangent")]
        terms = [f"({gradient(name)} * {DIRECTION}{name}).sum()" for name in call.gradients]
        return [
            f"{unpacking(gradients)} = torch.autograd.grad(",
            f"    output, [{wanted}], {self._received(manner)}, create_graph=True",
            ")",
            f"pairing = {' + '.join(terms)}",
            f"{unpacking(seconds)} = torch.autograd.grad(",
            f"    pairing, [{wanted}, cotangent], materialize_grads=True",
            ")",
        ]

    def _forward_mode(self, call: Call, suffix: str) -> list[str]:
        moved = list(call.tangents)
        return [
            "output, tangent = torch.func.jvp(",
            f"    lambda {', '.join(moved)}: apply{suffix}({arrays_of(call)}),",
            f"    {listed(moved)},",
            f"    {listed([f'{TANGENT}{name}' for name in moved])},",
            ")",
        ]

    def _mapped(self, call: Call, suffix: str) -> list[str]:
        """Over the batch, in batches of one."""
        names = arrays_of(call)
        if not call.gradients:
            return [f"output = torch.vmap(lambda {names}: {_alone(call, suffix)})({names})"]
        gradients = listed([gradient(name) for name in call.gradients])
        return [f"output, {gradients} = torch.vmap(derived{suffix})(cotangent, {names})"]

    def threads(self, count: str) -> list[str]:
        """Of one operation on the CPU."""
        return [f"torch.set_num_threads({count})"]

    def available(self) -> str:
        """Of one operation on the CPU."""
        return "torch.get_num_threads()"

    def number(self, name: str) -> str:
        """Also of bfloat16, which NumPy does not have."""
        return f"{name}.detach().cpu().double().numpy()"

    def item(self, entry: str) -> str:
        """A Python number."""
        return f"{entry}.item()"

    def copied(self, name: str) -> str:
        """Detached, because an input may require gradients."""
        return f"{name}.detach().clone()"

    def same(self, first: str, second: str) -> str:
        """Bit for bit, but for the sign of zero and the payload of NaN."""
        return f"torch.allclose({first}, {second}, rtol=0, atol=0, equal_nan=True)"

    def whereabouts(self, name: str) -> str:
        """What a result shares with the input that it belongs to."""
        return f"{name}.dtype, str({name}.device)"

    def unlike(self, result: str, name: str, *, finer: bool) -> str:
        """The smaller the spacing of a dtype at 1, the finer it is."""
        coarser = f"torch.finfo({result}.dtype).eps > torch.finfo({name}.dtype).eps"
        other = coarser if finer else f"{result}.dtype != {name}.dtype"
        return f"{other} or {result}.device != {name}.device"

    def is_result(self) -> list[str]:
        """Of any of the four dtypes."""
        return [
            "def is_result(result, shape):",
            "    dtypes = (torch.float64, torch.float32, torch.float16, torch.bfloat16)",
            "    return isinstance(result, torch.Tensor) and result.dtype in dtypes and result.shape == shape",
        ]


def _alone(call: Call, suffix: str) -> str:
    """The function at one image of the batch, given a batch of one."""
    return f"apply{suffix}({', '.join(f'{name}[None]' for name in call.arrays)})[0]"
