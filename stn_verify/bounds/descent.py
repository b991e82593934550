"""How far two trainings may drift apart, when one's gradients are known to within rounding.

Gradient descent with momentum m and rates r is linear in the gradients: v' = m v + g, p' = p - r v'. With p and q the parameters
of two trainings, p' - q' follows the same recurrence from the difference of their gradients,

    g(p) - h(q) = (g(p) - h(p)) + (h(p) - h(q)),

g the target's gradient and h the reference's. Rounding explains the first part, to within its bound at p; the second is what
the network makes of parameters that differ already, and is computed. So nothing has to be assumed of how fast trainings
diverge, and the drift is known to within what the first part can add up to.
"""

from dataclasses import dataclass

import numpy as np

from stn_verify.bounds.training import OWN
from stn_verify.bounds.uncertain import Uncertain, known
from stn_verify.formats import Array


@dataclass(frozen=True)
class Descent:
    """Where gradient descent is: parameters [P], and how fast they move."""

    position: Array
    velocity: Array

    @classmethod
    def at(cls, position: Array) -> "Descent":
        """At rest."""
        return cls(position, np.zeros_like(position))

    def stepped(self, gradient: Array, rates: Array, momentum: float) -> "Descent":
        """One step on."""
        velocity = momentum * self.velocity + gradient
        return Descent(self.position - rates * velocity, velocity)

    def roundings(self, gradient: Array, rates: Array, momentum: float) -> tuple[Array, Array]:
        """What float64 may lose in that step, of the velocity and of the position: a product and a sum each.

        `OWN.u` counts twice, for the same step of the drift; there the gradients are subtracted first.
        """
        moving = momentum * np.abs(self.velocity) + np.abs(gradient)
        return 2 * OWN.u * moving, OWN.u * (np.abs(self.position) + 2 * rates * moving)


@dataclass(frozen=True)
class Drift:
    """Where one descent is, seen from another."""

    position: Uncertain
    velocity: Uncertain

    @classmethod
    def none(cls, count: int) -> "Drift":
        """Both start at rest at the same place."""
        return cls(known(np.zeros(count)), known(np.zeros(count)))

    def stepped(
        self, difference: Uncertain, rates: Array, momentum: float, roundings: tuple[Array, Array]
    ) -> "Drift":
        """One step on.

        Args:
            difference: of both gradients.
            rates: of each parameter.
            momentum: m.
            roundings: what both descents' own steps lose, of velocity and position.
        """
        of_velocity, of_position = roundings
        velocity = Uncertain(
            momentum * self.velocity.value + difference.value,
            momentum * self.velocity.radius + difference.radius + of_velocity,
        )
        position = Uncertain(
            self.position.value - rates * velocity.value,
            self.position.radius + rates * velocity.radius + of_position,
        )
        return Drift(position, velocity)
