"""The formula by which judged values follow from a reply: which names it needs."""

import ast
from functools import cache

INPUTS = ("image", "grid", "theta", "cotangent")

RESULTS = (
    "output",
    "grad_input",
    "grad_grid",
    "grad_theta",
    "tangent",
    "second_image",
    "second_grid",
    "second_theta",
    "second_cotangent",
)


@cache
def names(formula: str) -> frozenset[str]:
    """The names that a formula reads.

    Raises:
        SyntaxError: it is no expression.
    """
    tree = ast.parse(formula, mode="eval")
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def normalised(formula: str) -> str:
    """On one line."""
    return ast.unparse(ast.parse(formula, mode="eval"))


def results_in(formula: str) -> list[str]:
    """The results of the last call that a formula reads."""
    return [name for name in RESULTS if name in names(formula)]


def inputs_in(formula: str) -> list[str]:
    """The inputs of the last call that a formula reads."""
    return [name for name in INPUTS if name in names(formula)]
