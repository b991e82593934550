"""`list`, `--version` and `--help`."""

import subprocess
import sys

import pytest

from stn_verify.cli import app, listing, suites
from stn_verify.contract.errors import BrokenTargetError


def output_of(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as exit_:
        app.main(arguments)
    assert not exit_.value.code
    return capsys.readouterr().out


def test_what_is_not_usable_is_listed_with_its_reason(tmp_path, monkeypatch, capsys):
    package = tmp_path / "listed_suites"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('must not be imported')\n")
    (package / "test_values.py").write_text('"""Are the values right?\n\nMore."""\nraise RuntimeError\n')
    (package / "test_broken.py").write_text("def (\n")
    (package / "rules.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(suites, "PACKAGE", "listed_suites")
    monkeypatch.setattr(listing, "known_targets", lambda: ("gpu[bold]",))

    def describe(*_, **__):
        raise BrokenTargetError("No module named 'gpu'\x1b[31m")

    monkeypatch.setattr(listing, "describe", describe)
    text = output_of(capsys, "list")
    (line,) = [line for line in text.splitlines() if line.startswith("gpu[bold]")]
    assert line.split()[1:] == ["no", "No", "module", "named", r"'gpu'\x1b[31m"]
    assert "Are the values right?" in text
    assert "cannot be read" in text
    assert "rules" not in text
    assert "dtypes: float64, float32, float16, bfloat16" in text
    assert "quick" in text


def test_version(capsys):
    assert output_of(capsys, "--version").startswith("stn-verify ")


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["list", "--help"]])
def test_help(capsys, arguments):
    assert output_of(capsys, *arguments).startswith("Usage: stn-verify")


def test_the_version_needs_nothing_heavy():
    code = (
        "import sys\nfrom stn_verify.cli import app\n"
        "try:\n    app.main(['--version'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pytest', 'hypothesis', 'rich', 'torch', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
