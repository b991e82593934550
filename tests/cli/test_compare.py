"""The command `compare`: what it prints, and its exit status for CI."""

from pathlib import Path

import pytest

from stn_verify.cli.app import main
from stn_verify.records import Record, Records, write
from stn_verify.records.examples import example_environment, example_records

pytest.importorskip("pandas", reason="the extra `bench` is not installed")

RATIOS = (
    "time_ratio",
    "time_ratio_low",
    "time_ratio_high",
    "time_ratio_least_pass",
    "time_ratio_largest_pass",
)


def slowed(record: Record, factor: float) -> Record:
    values = {name: getattr(record, name) for name in RATIOS}
    return record.model_copy(update={name: value and factor * value for name, value in values.items()})


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for a whole interval in a line, whatever the terminal has."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    whole = example_records()
    write(whole, root / "before")
    write(Records(whole.environment, [slowed(row, 1.5) for row in whole.records]), root / "slower")
    place = example_environment().environment.model_copy(update={"processor": "[red]Other\x1b[0m CPU"})
    other = whole.environment.model_copy(update={"environment": place})
    write(Records(other, whole.records[1:]), root / "elsewhere")
    write(
        Records(whole.environment.model_copy(update={"finished": False}), whole.records[:1]),
        root / "unfinished",
    )
    return root


class Done:
    """What one command came to."""

    def __init__(self, folders: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        told = [
            str(folders / part) if not part.startswith("-") and not part.isdigit() else part
            for part in arguments
        ]
        with pytest.raises(SystemExit) as ended:
            main(["compare", *told])
        self.status = ended.value.code
        captured = capsys.readouterr()
        self.out, self.err = captured.out, captured.err


def test_the_same_is_within_what_is_allowed(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = Done(folders, capsys, "before", "before")
    assert done.status == 0
    assert "slower" not in done.out


def test_slower_than_allowed_is_1_and_within_is_0(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = Done(folders, capsys, "before", "slower")
    assert done.status == 1
    assert "slower than allowed" in done.out
    assert "+50.0 % (+" in done.out
    assert Done(folders, capsys, "before", "slower", "--allow", "40").status == 0
    back = Done(folders, capsys, "slower", "before")
    assert back.status == 0
    assert "-33.3 %" in back.out


def test_other_machines_are_refused_in_one_line_and_compared_by_force(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = Done(folders, capsys, "before", "elsewhere")
    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert "processor: Example CPU @ 2.60GHz, then [red]Other\\x1b[0m CPU" in done.err
    assert "--force" in done.err
    forced = Done(folders, capsys, "before", "elsewhere", "--force")
    assert forced.status == 0
    assert "only in the first run: production against torch" in forced.out
    assert "differs: processor" in forced.err
    assert "\x1b" not in forced.err


def test_a_run_that_is_not_finished_is_told(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "not finished" in Done(folders, capsys, "before", "unfinished").err


@pytest.mark.parametrize(
    "arguments",
    [("before", "nowhere"), ("nowhere", "before"), ("before",), ("before", "slower", "--allow", "-3")],
)
def test_a_wrong_request_is_2(
    arguments: tuple[str, ...], folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = Done(folders, capsys, *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.count("\n") == 1


def test_a_corrupt_folder_is_2(folders: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(example_records(), tmp_path)
    (tmp_path / "records.parquet").write_bytes(b"PAR1 and nothing else")
    done = Done(folders, capsys, "before", str(tmp_path))
    assert done.status == 2
    assert "records.parquet" in done.err
