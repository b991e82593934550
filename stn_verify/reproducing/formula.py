"""The formula by which judged values follow from a reply: which names it needs."""

import ast
from functools import cache

RESULTS = (
    "output",
    "grad_input",
    "grad_grid",
    "grad_theta",
    "grad_parameters",
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
