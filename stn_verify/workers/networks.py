"""A target's `transform` in networks of its own: theta is predicted from the image that it is read through, as often as asked.

Written in operators that arrays of every framework have, so that a framework that differentiates does so from end to end; where
the implementation gives its own vector-Jacobian product, it is chained with closed forms.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stn_verify.contract.errors import ContractError
from stn_verify.contract.target import Call

PARTS = ("hidden.weight", "hidden.bias", "regression.weight", "regression.bias")
"""Parameters of one localisation network: [G, C H W], [G], [6, G], [6]."""

PARAMETER = r"^[0-9]{1,2}\.(hidden|regression)\.(weight|bias)$"
"""The number of a transformer, from 0, and one of PARTS."""


def identifier(name: str) -> str:
    """What Python may call an image or a parameter: `hidden_weight_0` for `0.hidden.weight`."""
    number, dot, part = name.partition(".")
    return f"{part.replace('.', '_')}_{number}" if dot else name


def array_names(call: Call) -> list[str]:
    """The arrays of a network's call, in the order in which `Network` takes them.

    Raises:
        ContractError: other arrays than an image and whole localisation networks, a gradient of none of them, no size.
    """
    count = (len(call.arrays) - 1) // len(PARTS)
    names = ["image", *(f"{number}.{part}" for number in range(count) for part in PARTS)]
    if not count or set(call.arrays) != set(names):
        given = ", ".join(call.arrays) or "nothing"
        raise ContractError(f"network takes image and {', '.join(PARTS)} of each transformer; given: {given}")
    if unknown := set(call.gradients) - set(names):
        raise ContractError(f"network has no gradient of {', '.join(sorted(unknown))}")
    if call.size is None or len(call.size) != 2:
        raise ContractError(f"network takes a size (Ho, Wo); given: {call.size}")
    return names


@dataclass(frozen=True)
class Network:
    """Transformers one after another; all but the last keep the image's size."""

    size: tuple[int, ...]
    transform: Callable[..., Any]
    product: Callable[..., Any] | None
    """The implementation's own vector-Jacobian product of `transform`."""
    choices: Mapping[str, Any]

    def forward(self, *arrays: Any) -> Any:
        """The last transformer's output."""
        image, *parameters = arrays
        for number in range(len(parameters) // len(PARTS)):
            theta = _localised(image, self._own(parameters, number))[-1]
            image = self.transform(image, theta, self._size(parameters, number, image), **self.choices)
        return image

    def backward(self, cotangent: Any, *arrays: Any) -> tuple[Any, dict[str, Any]]:
        """The output, and the gradients of <output, cotangent> by every array.

        Raises:
            ContractError: there is no product of `transform`.
        """
        if self.product is None:
            raise ContractError("network: the implementation gives no product of transform to chain")
        image, *parameters = arrays
        images = [image]
        for number in range(len(parameters) // len(PARTS)):
            theta = _localised(images[-1], self._own(parameters, number))[-1]
            size = self._size(parameters, number, images[-1])
            images.append(self.transform(images[-1], theta, size, **self.choices))
        gradients: dict[str, Any] = {}
        for number in reversed(range(len(images) - 1)):
            own, image = self._own(parameters, number), images[number]
            pixels, hidden, theta = _localised(image, own)
            size = self._size(parameters, number, image)
            read, by_theta = self.product(image, theta, size, cotangent, **self.choices)
            received = by_theta.reshape(len(by_theta), 6)
            inner = (received @ own[2]) * (hidden > 0)
            parts = (inner.T @ pixels, inner.sum(0), received.T @ hidden, received.sum(0))
            gradients |= {f"{number}.{part}": each for part, each in zip(PARTS, parts, strict=True)}
            cotangent = read + (inner @ own[0]).reshape(image.shape)
        return images[-1], {"image": cotangent, **gradients}

    def _own(self, parameters: Sequence[Any], number: int) -> Sequence[Any]:
        return parameters[number * len(PARTS) : (number + 1) * len(PARTS)]

    def _size(self, parameters: Sequence[Any], number: int, image: Any) -> tuple[int, ...]:
        last = (number + 1) * len(PARTS) == len(parameters)
        return self.size if last else tuple(image.shape[2:])


def _localised(image: Any, own: Sequence[Any]) -> tuple[Any, Any, Any]:
    """Pixels [N, C H W], hidden values [N, G] and theta [N, 2, 3]."""
    weight, bias, regression, start = own
    pixels = image.reshape(image.shape[0], weight.shape[1])
    hidden = pixels @ weight.T + bias
    # ReLU whose derivative at 0 is 0, in every framework's own comparison and product.
    hidden = hidden * (hidden > 0)
    return pixels, hidden, (hidden @ regression.T + start).reshape(image.shape[0], 2, 3)
