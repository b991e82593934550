"""Every mutant: importing the modules registers them."""

import faulty_grad_grid
import faulty_grad_input
import faulty_grad_theta
import faulty_layouts
import faulty_precision
import faulty_processes
import faulty_robustness
import faulty_values
from faults import MUTANTS

MODULES = (
    faulty_values,
    faulty_grad_grid,
    faulty_grad_input,
    faulty_grad_theta,
    faulty_layouts,
    faulty_precision,
    faulty_processes,
    faulty_robustness,
)

__all__ = ["MODULES", "MUTANTS"]
