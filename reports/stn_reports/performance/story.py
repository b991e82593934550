"""What a report says, in the order in which it says it; HTML and Markdown only lay it out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from stn_reports.performance import checks, growth, heat_map, quantities, roofline, throughput
from stn_reports.performance.figure import Chapter, Table
from stn_reports.performance.heat_map import visible_case
from stn_reports.performance.names import outcome, short
from stn_verify.records.environment import Measured
from stn_verify.records.folder import Records
from stn_verify.records.record import Decision, Record, Timing

WRONG = (Timing.WRONG, Timing.FAILED)
REASON = 500
"""Characters of a reason that are shown."""


@dataclass(frozen=True)
class Story:
    """Everything, as plain text that is not trusted."""

    title: str
    sentence: str
    notes: Sequence[str]
    """What a reader has to know before anything else."""
    pairs: Table
    machine: Table
    took_part: Table
    wrong: Table
    untimed: Table
    chapters: Sequence[Chapter]
    rows: Table


def story(told: Records) -> Story:
    """From the records alone."""
    rows = told.records
    targets = ", ".join(short(each.name) for each in told.environment.targets) or "nothing"
    return Story(
        f"Performance of {targets}",
        sentence([row for row in rows if row.function != "check"]),
        _notes(told),
        _pairs(rows),
        _machine(told),
        _took_part(told),
        _not_timed([row for row in rows if row.timing in WRONG]),
        _not_timed([row for row in rows if row.timing not in (Timing.TIMED, *WRONG)]),
        [part.chapter(told) for part in (heat_map, throughput, roofline, growth, checks)],
        _rows(rows),
    )


def sentence(rows: Sequence[Record]) -> str:
    """How many rows are decided and how; nothing is made of those that are not."""
    decisions = Counter(str(row.decision) for row in rows if row.decision is not None)
    timings = Counter(str(row.timing) for row in rows if row.timing is not Timing.TIMED)
    told = [f"{count} {name}" for name, count in (*decisions.items(), *timings.items())]
    return f"{len(rows)} rows: {', '.join(told) or 'all timed'}."


def _notes(told: Records) -> list[str]:
    about = told.environment
    notes = [] if about.finished else ["The run was not finished: the rows are those that it came to."]
    load = about.load_before
    if load is not None and load > 0.5 * about.environment.cores:
        notes.append(
            f"The machine was busy when the run began: a load of {load:.1f} on {about.environment.cores} cores."
        )
    notes += [
        f"{short(each.name)} took no part: {each.unavailable[:REASON]}"
        for each in about.peers
        if each.unavailable
    ]
    return notes


def _pairs(rows: Sequence[Record]) -> Table:
    """Each target against each peer: only what is decided has a range."""
    pairs: dict[tuple[str, str], list[Record]] = {}
    for row in rows:
        if row.against is not None and row.time_ratio is not None:
            pairs.setdefault((short(row.target), short(row.against)), []).append(row)
    return Table(
        ("target", "against", "faster", "slower", "undecided", "median ratio of the decided", "from", "to"),
        [(*pair, *_counted(group)) for pair, group in pairs.items()],
    )


def _counted(group: Sequence[Record]) -> list[str]:
    counts = Counter(row.decision for row in group)
    decided = [row.time_ratio for row in group if row.decided and row.time_ratio is not None]
    told = [str(counts[each]) for each in (Decision.FASTER, Decision.SLOWER, Decision.UNDECIDED)]
    middle = median(decided) if decided else None
    return told + [
        quantities.ratio(value) for value in (middle, min(decided, default=None), max(decided, default=None))
    ]


def _machine(told: Records) -> Table:
    about, place = told.environment, told.environment.environment
    loads = " then ".join(f"{load:.2f}" for load in (about.load_before, about.load_after) if load is not None)
    rows = [
        ("processor", f"{place.processor}, {place.cores} cores"),
        ("threads of one operation", str(about.threads)),
        ("device", about.device),
        ("GPU", f"{about.gpu}, driver {about.driver}" if about.gpu else ""),
        ("load before and after", loads),
        ("platform", place.platform),
        ("stn-verify", f"{place.stn_verify}{f', commit {about.commit}' if about.commit else ''}"),
        ("Python", place.python),
        ("packages", ", ".join(f"{name} {version}" for name, version in place.packages.items())),
        ("set for every process", ", ".join(f"{name}={value}" for name, value in about.variables.items())),
        ("profile, seed", f"{about.profile}, {about.seed}"),
        ("started", f"{about.started}, took {quantities.seconds(about.seconds)}"),
    ]
    return Table(("what", "value"), [row for row in rows if row[1]])


def _took_part(told: Records) -> Table:
    about = told.environment
    return Table(
        ("name", "as", "framework", "Python", "threads"),
        [_participant(each, "target") for each in about.targets]
        + [_participant(each, "peer") for each in about.peers],
    )


def _participant(each: Measured, role: str) -> tuple[str, ...]:
    if each.unavailable:
        return (short(each.name), role, "not available", "", "")
    threads = "" if each.threads is None else str(each.threads)
    return (
        short(each.name),
        role,
        f"{each.framework} {each.framework_version}",
        each.python_version,
        threads,
    )


def _not_timed(rows: Sequence[Record]) -> Table:
    seen: dict[tuple[str, ...], None] = {}
    for row in rows:
        seen[visible_case(row), short(row.target), str(row.timing), (row.reason or "")[:REASON]] = None
    kinds = ["wrong" if cells[2] in WRONG else "untimed" for cells in seen]
    return Table(("case", "target", "status", "why"), list(seen), kinds)


def _rows(rows: Sequence[Record]) -> Table:
    return Table(
        ("case", "target", "time of a call (20 to 80 %)", "first call", "throughput", "share of a copy", "peak memory",
         "against", "its time", "time ratio, 99 % interval", "noise floor", "decided"),
        [_cells(row) for row in rows],
        [heat_map.cell(row)[1] for row in rows],
    )  # fmt: skip


def _cells(row: Record) -> tuple[str, ...]:
    spread = f" ({quantities.seconds(row.time_low_seconds)} to {quantities.seconds(row.time_high_seconds)})"
    memory = row.peak_host_bytes if row.peak_device_bytes is None else row.peak_device_bytes
    return (
        visible_case(row),
        short(row.target),
        quantities.seconds(row.time_seconds) + (spread if row.time_low_seconds else ""),
        quantities.seconds(row.first_call_seconds),
        quantities.per_second(row.throughput_pixels_per_second, "pixel"),
        quantities.share(row.roofline_share),
        quantities.amount_of_bytes(memory),
        short(row.against or quantities.NOTHING),
        quantities.seconds(row.against_time_seconds),
        quantities.ratio(row.time_ratio, row.time_ratio_low, row.time_ratio_high),
        quantities.NOTHING if row.noise_floor_ratio is None else quantities.share(row.noise_floor_ratio - 1),
        outcome(row),
    )
