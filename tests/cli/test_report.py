"""The command `report`: from folders with records or results to their reports."""

from pathlib import Path

import pytest

from stn_verify.cli import report as command
from stn_verify.cli.app import main
from stn_verify.cli.reporting import RECORDS_GROUP, installed_reports
from stn_verify.records import Records, write
from stn_verify.records.examples import example_records

pytest.importorskip("altair", reason="the extra `report` is not installed")


def run(*folders: Path) -> object:
    with pytest.raises(SystemExit) as ended:
        main(["report", *map(str, folders)])
    return ended.value.code


def test_records_become_a_page_and_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        write(Records(example_records().environment, example_records().records[:1]), folder)
    assert run(*folders) == 0
    out = capsys.readouterr().out
    assert out.count("performance.html, performance.md in ") == 2
    for folder in folders:
        assert (folder / "performance.html").read_text(encoding="utf-8").startswith("<!doctype html>")
        assert (
            (folder / "performance.md").read_text(encoding="utf-8").startswith("# Performance of production")
        )
        assert list((folder / "performance").glob("figure-*.svg"))


def test_they_are_installed_by_name() -> None:
    assert [entry.name for entry in installed_reports(RECORDS_GROUP)] == [
        "performance.html",
        "performance.md",
    ]


@pytest.mark.parametrize("name", ["environment.json", "results.json"])
def test_a_broken_file_is_one_line_and_2(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = tmp_path / "good"
    write(example_records(), good)
    (tmp_path / name).write_text('{"schema": ', encoding="utf-8")
    assert run(good, tmp_path) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert name in captured.err
    # All are read before any is written.
    assert not (good / "performance.md").exists()


def test_a_folder_without_either_is_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 2
    assert "neither results.json of `check` nor environment.json of `bench`" in capsys.readouterr().err


def test_a_report_that_breaks_is_1_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(told: object, folder: Path, complain: object) -> list[str]:
        assert callable(complain)
        complain("the report performance.md broke: no reason")
        return ["performance.html"]

    monkeypatch.setattr(command, "write_reports", broken)
    write(example_records(), tmp_path)
    assert run(tmp_path) == 1
    captured = capsys.readouterr()
    assert "performance.html in" in captured.out
    assert "performance.md broke" in captured.err
