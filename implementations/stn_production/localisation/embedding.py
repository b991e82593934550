"""Families of transformations by their number of parameters, each embedded linearly in theta [N, 2, 3]."""

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor

from stn_production.errors import UnknownChoiceError


class Family(NamedTuple):
    """A family of affine transformations from output to image, in normalised units."""

    name: str
    identity: tuple[float, ...]
    rows: Callable[..., tuple[Tensor, ...]]
    """Columns of parameters, [N] each -> theta's six entries, row by row.

    Entries are placed, not multiplied by a matrix: a matrix product may round to tf32."""


def _translation(tx: Tensor, ty: Tensor) -> tuple[Tensor, ...]:
    zero, one = torch.zeros_like(tx), torch.ones_like(tx)
    return one, zero, tx, zero, one, ty


def _attention(s: Tensor, tx: Tensor, ty: Tensor) -> tuple[Tensor, ...]:
    # Jaderberg et al. 2015, equation 2: [s 0 tx; 0 s ty].
    zero = torch.zeros_like(s)
    return s, zero, tx, zero, s, ty


def _similarity(a: Tensor, b: Tensor, tx: Tensor, ty: Tensor) -> tuple[Tensor, ...]:
    # a = s cos(phi), b = s sin(phi): [a -b tx; b a ty].
    return a, -b, tx, b, a, ty


def _affine(*entries: Tensor) -> tuple[Tensor, ...]:
    return entries


FAMILIES = MappingProxyType(
    {
        2: Family("translation", (0.0, 0.0), _translation),
        3: Family("attention", (1.0, 0.0, 0.0), _attention),
        4: Family("similarity", (1.0, 0.0, 0.0, 0.0), _similarity),
        6: Family("affine", (1.0, 0.0, 0.0, 0.0, 1.0, 0.0), _affine),
    }
)
"""By the number of parameters."""


def family(parameters: int) -> Family:
    """Raises: UnknownChoiceError: no family has so many parameters."""
    if type(parameters) is not int or parameters not in FAMILIES:
        known = ", ".join(f"{count} ({each.name})" for count, each in FAMILIES.items())
        raise UnknownChoiceError(f"unknown number of parameters {parameters!r}; known: {known}")
    return FAMILIES[parameters]


def embedded(parameters: Tensor) -> Tensor:
    """theta [N, 2, 3] of parameters [N, P].

    Raises:
        UnknownChoiceError: no family has P parameters.
    """
    rows = family(parameters.shape[1]).rows(*parameters.unbind(1))
    return torch.stack(rows, 1).unflatten(1, (2, 3))
