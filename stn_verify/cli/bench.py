"""The command `bench`: judge, time, write the records, tell what is decided."""

import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from stn_verify.cli.bench_engine import run
from stn_verify.cli.bench_table import print_records
from stn_verify.cli.check import say
from stn_verify.cli.progress import progress_on
from stn_verify.cli.request import writable_output
from stn_verify.records.environment import SCHEMA, BenchEnvironment
from stn_verify.records.folder import ENVIRONMENT, GROWTH, RECORDS, Records, write
from stn_verify.records.journal import Heading, Journal
from stn_verify.records.record import Timing
from stn_verify.records.table import require_pandas
from stn_verify.timing import machine
from stn_verify.timing.decision import decided
from stn_verify.timing.growth import growth
from stn_verify.timing.session import BenchSession, Choices
from stn_verify.verdicts.environment import environment
from stn_verify.verdicts.untrusted import storable, visible

RIGHT, WRONG, INTERRUPTED = 0, 1, 130


def bench(choices: Choices, output: Path, out: Console, err: Console) -> int:
    """Run it; the exit status.

    Raises:
        RequestError: pandas is missing, there is no such target, or the output cannot be written or gone on with.
    """
    require_pandas()
    folder = writable_output(output)
    started, begin = datetime.now(UTC), time.monotonic()
    load = machine.load_average()
    with machine.pinned(choices.threads):
        session = BenchSession(choices)
        try:
            with err.status("starting the implementations"):
                session.begin()
            about = _environment(session, started, load)
            heading = _heading(about)
            journal = Journal(folder, heading)
            if journal.rows:
                say(err, f"going on: {len(journal.cases)} of {len(session.workloads)} cases are done")
            for peer in about.peers:
                if peer.unavailable:
                    say(err, f"{peer.name} is left out: {peer.unavailable}")
            with progress_on(err, "cases", left=True) as progress:
                finished = run(session, journal, folder, progress)
        finally:
            session.close()
    # From the file: Ctrl-C may have come between its last line and what is held here.
    journal = Journal(folder, heading)
    rows = decided(journal.rows)
    records = Records(
        about.model_copy(
            update={
                "seconds": time.monotonic() - begin,
                "load_after": machine.load_average(),
                "finished": finished,
            }
        ),
        rows,
        growth(rows),
    )
    write(records, folder)
    if not finished:
        say(err, f"interrupted; {len(journal.cases)} cases are done, and the same command goes on")
        return INTERRUPTED
    journal.finish()
    print_records(out, records)
    files = f"{RECORDS}.parquet, {RECORDS}.csv, {GROWTH}.parquet, {GROWTH}.csv, {ENVIRONMENT}"
    out.print(Text(f"{files} in {visible(str(folder))}"), soft_wrap=True)
    wrong = any(row.timing in (Timing.WRONG, Timing.FAILED) for row in rows)
    return WRONG if wrong else RIGHT


def _environment(session: BenchSession, started: datetime, load: float | None) -> BenchEnvironment:
    choices = session.choices
    targets, peers = session.measured()
    gpu, driver = machine.gpu(choices.device)
    return BenchEnvironment(
        environment=environment(machine.PACKAGES),
        commit=machine.commit(),
        device=storable(choices.device, 200),
        gpu=gpu,
        driver=driver,
        threads=choices.threads,
        variables=machine.variables(choices.threads),
        load_before=load,
        profile=choices.profile,
        seed=choices.seed,
        started=started.isoformat(timespec="seconds"),
        seconds=0.0,
        finished=False,
        targets=targets,
        peers=peers,
    )


def _heading(about: BenchEnvironment) -> Heading:
    return Heading(
        schema_version=SCHEMA,
        machine=about.machine,
        targets=tuple(f"{each.name} {each.framework_version}"[:200] for each in about.targets),
        peers=tuple(f"{each.name} {each.framework_version}"[:200] for each in about.peers),
        profile=about.profile,
        seed=about.seed,
        commit=about.commit,
    )
