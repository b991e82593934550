"""Every mutant: importing the modules registers them."""

import importlib
from pathlib import Path

import faulty_conventions
import faulty_grad_grid
import faulty_grad_input
import faulty_grad_theta
import faulty_laws
import faulty_layouts
import faulty_precision
import faulty_processes
import faulty_robustness
import faulty_sizes
import faulty_values
from faults import MUTANTS

MODULES = (
    faulty_values,
    faulty_sizes,
    faulty_conventions,
    faulty_grad_grid,
    faulty_grad_input,
    faulty_grad_theta,
    faulty_laws,
    faulty_layouts,
    faulty_precision,
    faulty_processes,
    faulty_robustness,
)

HERE = Path(__file__).parent

__all__ = ["MODULES", "MUTANTS", "load_torch", "place"]


def load_torch() -> None:
    """Register also what needs torch.

    Raises:
        ImportError: torch is not installed.
    """
    for path in sorted(HERE.glob("corpus_torch*.py")):
        importlib.import_module(path.stem)


def place(name: str) -> str:
    """A mutant as a target, `file.py:Name`.

    Raises:
        LookupError: no file of the corpus holds it.
    """
    for module in MODULES:
        if hasattr(module, name):
            return f"{module.__file__}:{name}"
    raise LookupError(f"no module of the corpus holds {name}")
