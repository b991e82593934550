"""What a right but unusual implementation is: none of them may fail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stn_verify.contract.implementation import Implementation

BOTH = ("float64", "float32")


@dataclass(frozen=True)
class Unusual:
    """A right implementation, what is unusual about it, and whether a warning must come with its pass."""

    implementation: Implementation
    what: str
    warned: bool
    gap: str | None
    """Why the suites wrongly fail it, where they do."""
    apart: bool = False
    """Whether it disturbs the process that it runs in, and needs one of its own."""


UNUSUAL: dict[str, Unusual] = {}


def unusual(
    what: str,
    *,
    functions: tuple[str, ...] = ("sample",),
    warned: bool = False,
    gap: str | None = None,
    apart: bool = False,
    **declared: Any,
) -> Callable[[type], Implementation]:
    """Register a class as a right implementation that `file.py:Class` names."""

    def register(kind: type) -> Implementation:
        held = kind()
        products = {name: getattr(held, f"{name}_vjp", None) for name in functions}
        made = Implementation(
            name=kind.__name__,
            framework=declared.pop("framework", "numpy"),
            functions={name: getattr(held, name) for name in functions},
            vjps={name: product for name, product in products.items() if product},
            **{"dtypes": BOTH, **declared},
        )
        UNUSUAL[made.name] = Unusual(made, what, warned, gap, apart)
        return made

    return register
