"""Every mutant: importing the modules registers them."""

import faulty_conventions
import faulty_grad_grid
import faulty_grad_input
import faulty_grad_theta
import faulty_precision
import faulty_processes
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
    faulty_precision,
    faulty_processes,
)

__all__ = ["MODULES", "MUTANTS"]
