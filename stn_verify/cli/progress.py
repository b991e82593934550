"""How far a run is: a live bar for a person, a line now and then for a log."""

import time
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from stn_verify.verdicts.untrusted import visible

SECONDS_BETWEEN_LINES = 15.0


class Progress(Protocol):
    """What the run tells while it goes on."""

    def collected(self, total: int) -> None:
        """So many checks are to be done."""

    def started(self, check: str) -> None:
        """This check begins."""

    def ended(self, failed: bool) -> None:
        """One check came to its end."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


def progress_on(console: Console, what: str = "checks", *, left: bool = False) -> Progress:
    """A bar where someone watches, lines where not; `left` tells the time left, where all take about as long."""
    return Bar(console, left=left) if console.is_terminal else Lines(console, what, left=left)


class Bar:
    """A live bar that leaves nothing behind."""

    def __init__(self, console: Console, *, left: bool = False) -> None:
        self._failed = 0
        self._rich = RichProgress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]}", style="bold red", markup=False),
            TimeElapsedColumn(),
            *([TextColumn("left"), TimeRemainingColumn()] if left else []),
            # Names come from files of others: no markup, and cut rather than wrapped.
            TextColumn(
                "{task.fields[check]}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            console=console,
            transient=True,
            expand=True,
            # pytest owns the standard streams meanwhile.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._rich.add_task("", total=None, check="starting", failed="")

    def collected(self, total: int) -> None:
        self._rich.update(self._task, total=total)

    def started(self, check: str) -> None:
        self._rich.update(self._task, check=visible(check))

    def ended(self, failed: bool) -> None:
        self._failed += failed
        self._rich.update(self._task, advance=1, failed=f"{self._failed} failed" if self._failed else "")

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._rich.stop()


class Lines:
    """A plain line at the first failure and every few seconds."""

    def __init__(self, console: Console, what: str = "checks", *, left: bool = False) -> None:
        self._console = console
        self._what, self._left = what, left
        self._begin = self._last = time.monotonic()
        self._total = self._done = self._failed = 0
        self._check = ""

    def collected(self, total: int) -> None:
        self._total = total

    def started(self, check: str) -> None:
        self._check = visible(check)

    def ended(self, failed: bool) -> None:
        self._done += 1
        self._failed += failed
        now = time.monotonic()
        if now - self._last >= SECONDS_BETWEEN_LINES or (failed and self._failed == 1):
            self._last = now
            spent = now - self._begin
            done = f"{self._done} of {self._total} {self._what}, {self._failed} failed, {spent:.0f} s"
            if self._left:
                done += f", about {spent / self._done * (self._total - self._done):.0f} s left"
            self._console.print(Text(f"{done} ({self._check})"), soft_wrap=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None
