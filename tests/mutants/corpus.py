"""Every mutant: importing the modules registers them."""

import importlib
import sys
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
from unusual import UNUSUAL

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

TORCH_FILES = ("corpus_torch", "faulty_determinism", "faulty_second_order", "unusual_torch")
"""What needs torch: loaded when it is asked for."""

HERE = Path(__file__).parent

__all__ = ["MODULES", "MUTANTS", "load_torch", "place"]


def load_torch() -> None:
    """Register also what needs torch.

    Raises:
        ImportError: torch is not installed.
    """
    for name in TORCH_FILES:
        importlib.import_module(name)
    from torch_faults import TORCH_MUTANTS
    from unusual_torch import TORCH_UNUSUAL

    MUTANTS.update(TORCH_MUTANTS)
    UNUSUAL.update(TORCH_UNUSUAL)


def place(name: str) -> str:
    """A mutant as a target, `file.py:Name`.

    Raises:
        LookupError: no file of the corpus holds it.
    """
    for module in (*MODULES, *(sys.modules[name] for name in TORCH_FILES if name in sys.modules)):
        if hasattr(module, name):
            return f"{module.__file__}:{name}"
    raise LookupError(f"no module of the corpus holds {name}")
