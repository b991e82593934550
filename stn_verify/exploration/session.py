"""One run of the suites against one target: the target's process, the choices of the run, and what is asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from stn_verify.contract.convention import Convention
from stn_verify.contract.description import Description
from stn_verify.contract.dialect import PLAIN
from stn_verify.contract.errors import RequestError, UnknownChoiceError
from stn_verify.contract.features import Feature
from stn_verify.contract.target import Target
from stn_verify.exploration.examination import Examination
from stn_verify.exploration.extras import not_installed
from stn_verify.exploration.figures import write_figure
from stn_verify.exploration.profiles import Profile, profile_named
from stn_verify.exploration.reproducer import write_reproducers
from stn_verify.formats import STORAGE_DTYPES
from stn_verify.identification.convention import Judgement, settled
from stn_verify.verdicts.excuses import excused
from stn_verify.verdicts.known import NOTHING_KNOWN, KnownFailures
from stn_verify.verdicts.known_files import known_failures
from stn_verify.verdicts.results import Status, Verdict
from stn_verify.workers.client import WorkerTarget

WIDE, NARROW = ("float32", "float64"), ("float16", "bfloat16")
"""The dtype of each width that stands for the others, if it is asked for and taken, or else the next."""

SPATIAL_NAMES = {2: "images", 3: "volumes"}

Alike = Literal["never", "nearly", "wholly"]

_KEY = pytest.StashKey["Session"]()


@dataclass(frozen=True)
class Request:
    """One check that is asked of the target, or why it cannot be."""

    dtype: str
    convention: Convention | None
    subjects: tuple[str, ...]
    unsupported: str | None = None
    feature: Feature | None = None
    judgement: Judgement | None = None
    """Where the convention itself is what is judged."""

    def __str__(self) -> str:
        convention = str(self.convention).replace("/", "-") if self.convention else "any"
        return f"{self.dtype}-{convention}"


class Session:
    """The choices of a run and the target that they apply to."""

    def __init__(
        self,
        name: str,
        target: Target,
        *,
        profile: Profile,
        dtypes: Sequence[str] = STORAGE_DTYPES,
        seed: int = 0,
        output: Path | None = None,
        known: KnownFailures = NOTHING_KNOWN,
    ):
        self.name = name
        self.profile = profile
        self.dtypes = tuple(dtypes)
        self.seed = seed
        self.output = output
        self.known = known
        self.settled = settled(target, self.dtypes)
        self.description: Description = self.settled.description
        self.target: Target = self.settled.target(target)
        self._latest: tuple[str, str] | None = None

    def requests(
        self,
        function: str,
        subjects: tuple[str, ...],
        *,
        padded: bool = True,
        large: bool = False,
        differentiated: bool = False,
        unless: str | None = None,
        feature: Feature | None = None,
        dtypes: Sequence[str] = STORAGE_DTYPES,
        declared: bool = False,
        alike: Alike = "never",
        interpolations: Sequence[str] = ("bilinear",),
        spatial: int = 2,
        family: str = "affine",
        extra: str | None = None,
    ) -> list[Request]:
        """Every dtype and convention to check a function with; a single unsupported one where it is not given at all.

        Args:
            padded: whether padding matters to the function.
            large: whether the check is left out of profiles without large cases.
            differentiated: whether the check says nothing at all without gradients.
            unless: a function that makes the check needless where the target gives it.
            feature: what the check asks beyond plain calls.
            dtypes: those for which the check says something.
            declared: whether it judges what the target says of itself, once for each convention.
            alike: whether what it finds is the same in all dtypes, so that a wide one and a narrow one are enough: never, nearly
                (enough where few examples are asked for: a dtype that is wrong by itself shows in others), or wholly.
            interpolations: those that the check covers; a grid generator has none.
            spatial: 2 of images, 3 of volumes.
            family: that of a grid generator's thetas.
            extra: the optional dependencies that the check needs (EXTRAS).
        """
        if declared:
            return self.declarations(function, subjects)
        given = self.description.functions.keys()
        lacking = self._lacking(function, feature, spatial, family)
        if lacking is not None:
            return [Request("any", None, subjects, lacking)]
        missing: tuple[str, ...] = ()
        if function not in self.description.differentiable:
            missing = tuple(s for s in subjects if differentiated or s.startswith("grad_"))
            subjects = tuple(s for s in subjects if s not in missing)
        unsupported = [Request("any", None, missing, f"gives no gradients of {function}")] if missing else []
        if not subjects:
            return unsupported
        if (large and not self.profile.large) or unless in given:
            return []
        if extra is not None and (absent := not_installed(extra)) is not None:
            return [*unsupported, Request("any", None, subjects, absent)]
        followed = self.settled.conventions[function]
        covered = (followed[0].interpolation,) if function == "generate" else interpolations
        conventions = tuple(convention for convention in followed if convention.interpolation in covered)
        if not padded:
            conventions = tuple({(c.align_corners, c.interpolation): c for c in conventions}.values())
        asked = [dtype for dtype in self.dtypes if dtype in dtypes]
        if alike == "wholly" or (alike == "nearly" and not self.profile.large):
            asked = self._standing_for(asked)
        # Where few examples are asked for, kernels beside bilinear are looked at in fewer dtypes.
        few = asked if self.profile.large else self._standing_for(asked)
        return unsupported + [
            Request(dtype, convention, subjects, self.description.why_not(dtype), feature)
            for dtype in asked
            for convention in conventions
            if convention.interpolation == "bilinear" or dtype in few
        ]

    def _lacking(self, function: str, feature: Feature | None, spatial: int, family: str) -> str | None:
        """What a check needs and the target has not; None where it can be asked."""
        described = self.description
        families = f"its generate makes grids of these families only: {', '.join(described.families)}"
        untranslated = f"are not translated into its dialect: {described.dialect}"
        foreign = described.dialect != PLAIN
        reasons = {
            f"gives no {function}": function not in described.functions,
            families: function == "generate" and family not in described.families,
            f"families beside affine {untranslated}": family != "affine" and foreign,
            f"takes no {SPATIAL_NAMES[spatial]}": spatial not in described.spatial,
            f"volumes {untranslated}": spatial == 3 and foreign,
            f"networks {untranslated}": feature == "networks" and foreign,
            f"cannot be asked for {feature}": feature is not None and feature not in described.features,
        }
        return next((reason for reason, lacking in reasons.items() if lacking), None)

    def _standing_for(self, dtypes: list[str]) -> list[str]:
        """Of some dtypes a wide one and a narrow one that the target takes; where it takes none, all of them."""
        taken = [dtype for dtype in dtypes if self.description.why_not(dtype) is None]
        of_each = [[dtype for dtype in kind if dtype in taken] for kind in (WIDE, NARROW)]
        return [kind[0] for kind in of_each if kind] or dtypes

    def declarations(self, function: str, subjects: tuple[str, ...]) -> list[Request]:
        """Every convention that the target says a function follows, to be held against what it does follow."""
        judged = {c: j for (name, c), j in self.settled.judgements.items() if name == function}
        if not judged:
            return [Request("any", None, subjects, f"gives no {function}")]
        return [Request(j.dtype, c, subjects, judgement=j) for c, j in judged.items()]

    def examination(self, request: Request, suite: str, check: str) -> Examination:
        """Begin a check."""
        if request.convention is None:
            raise ValueError(f"{request} has no convention to check")
        if (suite, check) != self._latest:
            self._latest = (suite, check)
            self.target.forgive()
        return Examination(
            suite,
            check,
            request.dtype,
            request.convention,
            request.subjects,
            self.target,
            self.profile,
            self.seed,
            request.feature,
            judgement=request.judgement,
            known=self._known,
        )

    def _known(self, verdict: Verdict) -> bool:
        return any(entry.excuses(verdict) for entry in self.known.entries)

    def unsupported(self, request: Request, suite: str, check: str) -> list[Verdict]:
        """The verdicts of a check that the target does not offer."""
        return [
            Verdict(
                suite=suite,
                check=check,
                subject=subject,
                dtype=request.dtype,
                convention=str(request.convention) if request.convention else "any",
                status=Status.UNSUPPORTED,
                reason=request.unsupported,
            )
            for subject in request.subjects
        ]

    def verdicts(self, examined: Examination) -> list[Verdict]:
        """The verdicts of a check, each failure with its reproducer if there is an output folder."""
        verdicts = examined.verdicts()
        if any(verdict.status in (Status.FAILED, Status.RAISED) for verdict in verdicts):
            # A kernel that is wrong may have written where it should not: what follows is not to be blamed for it.
            self.target.renew()
        if self.output is not None:
            verdicts = write_reproducers(self.name, examined, verdicts, self.output)
            verdicts = write_figure(examined, verdicts, self.output)
        return excused(verdicts, self.known)

    def excuse(self, examined: Examination) -> str | None:
        """Why a check that failed is excused; None where something failed of which nothing is known."""
        verdicts = excused(examined.verdicts(), self.known)
        known = [verdict.known for verdict in verdicts if verdict.known]
        if not known or not all(verdict.status.conforms for verdict in verdicts):
            return None
        return "; ".join(dict.fromkeys(f"{one.reason} ({one.upstream})" for one in known))


def session_of(config: pytest.Config) -> Session:
    """The session of a pytest run; its target's process starts with the first use.

    Raises:
        pytest.UsageError: the request was wrong.
    """
    if _KEY not in config.stash:
        try:
            config.stash[_KEY] = _begin(config)
        except RequestError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[_KEY]


def close(config: pytest.Config) -> None:
    """End the session's target."""
    if _KEY in config.stash:
        config.stash[_KEY].target.close()


def _begin(config: pytest.Config) -> Session:
    name = config.getoption("--stn")
    if not name:
        raise UnknownChoiceError("the suites need a target: --stn TARGET")
    dtypes = config.getoption("--stn-dtype") or STORAGE_DTYPES
    for dtype in dtypes:
        if dtype not in STORAGE_DTYPES:
            raise UnknownChoiceError(f"unknown dtype {dtype!r}; known: {', '.join(STORAGE_DTYPES)}")
    output = config.getoption("--stn-output")
    profile = profile_named(config.getoption("--stn-profile"))
    device = config.getoption("--stn-device")
    known = known_failures(name, config.getoption("--stn-known-failures"), device)
    target = WorkerTarget(
        name,
        device=device,
        deadline=config.getoption("--stn-deadline"),
        interpreter=config.getoption("--stn-python"),
    )
    return Session(
        name,
        target,
        profile=profile,
        dtypes=dtypes,
        seed=config.getoption("--stn-seed"),
        output=Path(output) if output else None,
        known=known,
    )
