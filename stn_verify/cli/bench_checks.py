"""The part of `bench` that times the verifier itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from stn_verify.cli.check import say
from stn_verify.records.environment import BenchEnvironment, Measured
from stn_verify.records.record import Record
from stn_verify.timing.checks.measuring import CheckSession
from stn_verify.timing.session import Choices


@dataclass(frozen=True)
class ChecksTimed:
    """What came of it; nothing where it was interrupted."""

    finished: bool
    rows: Sequence[Record] = ()
    own: Sequence[Measured] = ()
    others: Sequence[Measured] = ()

    def told(self, about: BenchEnvironment) -> BenchEnvironment:
        """The run's environment with those who took part here."""
        return about.model_copy(
            update={"targets": [*about.targets, *self.own], "peers": [*about.peers, *self.others]}
        )


def time_checks(choices: Choices, err: Console) -> ChecksTimed:
    """Time whole checks against gradcheck; a minute or less in the profile `quick`. To be called where threads are pinned."""
    try:
        with err.status("timing the verifier: starting") as status:
            session = CheckSession(choices.profile, choices.threads, choices.seed)
            session.tell = lambda line: status.update(f"timing the verifier: {line}")
            try:
                own, others = session.measured()
                for each in (own, *others):
                    if each.unavailable:
                        say(err, f"{each.name} is left out: {each.unavailable}")
                rows = [row for rows in session.measure() for row in rows]
            finally:
                session.close()
    except KeyboardInterrupt:
        return ChecksTimed(finished=False)
    return ChecksTimed(True, rows, [own], others)
