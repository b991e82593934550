"""How much is explored."""

from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, settings

from stn_verify.contract.errors import UnknownChoiceError


@dataclass(frozen=True)
class Profile:
    """Examples per check, how many more are spent on making a failing one smaller, and whether large cases run."""

    name: str
    examples: int
    shrinks: int
    target: bool
    large: bool

    def settings(self, share: float = 1.0) -> settings:
        """The same in Hypothesis' terms, or that share of the examples: derandomised, so that a run can be repeated."""
        phases = [Phase.explicit, Phase.generate, Phase.shrink]
        if self.target:
            phases.insert(2, Phase.target)
        return settings(
            # The first example is the smallest of all, and shows little.
            max_examples=max(2, round(share * self.examples)),
            phases=phases,
            deadline=None,
            database=None,
            derandomize=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )

    @property
    def thorough(self) -> bool:
        """Whether a known failure that does not show is gone: fewer examples may just have missed it."""
        return self.large and self.examples >= PROFILES["default"].examples


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", examples=3, shrinks=40, target=False, large=False),
        Profile("default", examples=30, shrinks=120, target=True, large=True),
        Profile("full", examples=400, shrinks=500, target=True, large=True),
    )
}


def profile_named(name: str) -> Profile:
    """The profile of that name.

    Raises:
        UnknownChoiceError: there is none.
    """
    if name not in PROFILES:
        raise UnknownChoiceError(f"unknown profile {name!r}; known: {', '.join(PROFILES)}")
    return PROFILES[name]
