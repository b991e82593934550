"""torch.autograd.gradcheck as a checker that is timed, in its slow and in its fast mode, on torch's own sampler."""

from functools import partial
from typing import Any

import torch
from torch.nn.functional import grid_sample

from stn_verify.cases.case import SampleCase
from stn_verify.timing.checks.checker import About, Checked


class GradCheck:
    """Step and tolerances are gradcheck's own."""

    def __init__(self, threads: int, *, fast: bool) -> None:
        """Pins the threads of this process."""
        torch.set_num_threads(threads)
        self._fast = fast
        self.about = About(
            framework="torch", framework_version=torch.__version__, threads=torch.get_num_threads()
        )  # fmt: skip

    def check(self, case: SampleCase) -> Checked:
        """Both gradients; gradcheck looks at no value. A backward pass is counted where a gradient comes to the output."""
        image, grid = (torch.from_numpy(array.copy()).requires_grad_() for array in (case.image, case.grid))
        counts = {"forwards": 0, "backwards": 0}

        def counted(gradient: Any) -> None:
            counts["backwards"] += 1

        def sample(image: Any, grid: Any) -> Any:
            counts["forwards"] += 1
            output = grid_sample(
                image, grid, padding_mode=case.convention.padding, align_corners=case.convention.align_corners
            )
            if output.requires_grad:
                output.register_hook(counted)
            return output

        passed = torch.autograd.gradcheck(sample, (image, grid), fast_mode=self._fast, raise_exception=False)
        return Checked(passed=passed, **counts)

    def close(self) -> None:
        """Nothing was started."""


SLOW = partial(GradCheck, fast=False)
FAST = partial(GradCheck, fast=True)
