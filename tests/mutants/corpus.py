"""Every mutant and every right but unusual sampler: importing the modules registers them."""

import importlib
import sys
from pathlib import Path

import faulty_calls
import faulty_conventions
import faulty_families
import faulty_grad_grid
import faulty_grad_input
import faulty_grad_theta
import faulty_interpolation
import faulty_laws
import faulty_layouts
import faulty_poison
import faulty_precision
import faulty_processes
import faulty_promises
import faulty_sizes
import faulty_values
import faulty_volumes
import unusual_arithmetics
import unusual_dialects
import unusual_families
import unusual_habits
import unusual_interpolation
import unusual_kinks
import unusual_volumes
from faults import MUTANTS
from unusual import UNUSUAL

MODULES = (
    faulty_values,
    faulty_sizes,
    faulty_conventions,
    faulty_grad_grid,
    faulty_grad_input,
    faulty_grad_theta,
    faulty_interpolation,
    faulty_laws,
    faulty_layouts,
    faulty_precision,
    faulty_processes,
    faulty_poison,
    faulty_calls,
    faulty_promises,
    faulty_volumes,
    faulty_families,
    unusual_families,
    unusual_kinks,
    unusual_arithmetics,
    unusual_dialects,
    unusual_habits,
    unusual_interpolation,
    unusual_volumes,
)

TORCH_FILES = ("corpus_torch", "faulty_determinism", "faulty_second_order", "unusual_torch")
"""What needs torch: loaded when it is asked for."""

HERE = Path(__file__).parent

__all__ = ["MODULES", "MUTANTS", "UNUSUAL", "load_torch", "place"]


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
    """A mutant or a right sampler as a target, `file.py:Name`.

    Raises:
        LookupError: no file of the corpus holds it.
    """
    for module in (*MODULES, *(sys.modules[name] for name in TORCH_FILES if name in sys.modules)):
        if hasattr(module, name):
            return f"{module.__file__}:{name}"
    raise LookupError(f"no module of the corpus holds {name}")
