"""Every wrong request: one line that names the choices, status 2, no traceback."""

import pytest

from stn_verify.cli import app, suites

SUITES = "known: gradients, kinks, values"
DTYPES = "known: float64, float32, float16, bfloat16"


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Run the command in this process; the line with which it refuses. No worker may start."""
    package = tmp_path / "fake_suites"
    package.mkdir()
    for name in ("__init__", "test_values", "test_gradients", "test_kinks", "rules"):
        (package / f"{name}.py").write_text(f'"""About {name}."""\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(suites, "PACKAGE", "fake_suites")
    monkeypatch.setattr("stn_verify.cli.check.WorkerTarget", None)

    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as exit_:
            app.main(arguments)
        assert exit_.value.code == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("stn-verify: ")
        assert err.count("\n") == 1
        return err

    return run


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Missing command"),
        (("chekc",), "No such command 'chekc'"),
        (("check",), "Missing argument 'TARGET'"),
        (("check", ""), "is no target"),
        (("check", "a\0b"), "is no target"),
        (("check", "t", "--suite", "value"), SUITES),
        (("check", "t", "--suite", "values", "--suite", "rules"), SUITES),
        (("check", "t", "--dtype", "float46"), DTYPES),
        (("check", "t", "--dtype", "tf32"), DTYPES),
        (("check", "t", "--quick", "--full"), "--quick and --full exclude each other"),
        (("check", "t", "--jobs", "0"), "'--jobs'"),
        (("check", "t", "--jobs", "many"), "'--jobs'"),
        (("check", "t", "--seed", "-1"), "'--seed'"),
        (("check", "t", "--deadline", "0"), "must be a positive number of seconds"),
        (("check", "t", "--deadline", "nan"), "must be a positive number of seconds"),
        (("check", "t", "--deadline", "inf"), "must be a positive number of seconds"),
        (("check", "t", "--no-such-option"), "--no-such-option"),
        (("check", "t", "--suite", "\x1b[31m\n"), r"\x1b[31m\n"),
        (("check", "t", "extra"), "extra"),
    ],
)
def test_is_refused_before_a_worker_starts(refused, arguments, told):
    assert told in refused(*arguments)


def test_known_failures_that_cannot_be_read_are_refused(refused, tmp_path):
    assert "no file of known failures" in refused("check", "t", "--known-failures", "nowhere.toml")
    entry = '[[known]]\ncheck = "c"\nsuite = "value"\nreason = "r"\nupstream = "u"\n'
    (tmp_path / "known.toml").write_text(entry)
    assert f"entry 1: unknown suite 'value'; {SUITES}" in refused(
        "check", "t", "--known-failures", "known.toml"
    )


def test_missing_suites_are_said(refused, monkeypatch):
    monkeypatch.setattr(suites, "PACKAGE", "no_such_suites")
    assert "no suites are installed" in refused("check", "t")


def test_an_output_that_is_a_file_is_refused(refused, tmp_path):
    (tmp_path / "taken").write_text("mine")
    assert "cannot write to the output folder taken: File exists" in refused(
        "check", "t", "--output", "taken"
    )
    assert "Not a directory" in refused("check", "t", "--output", "taken/below")
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize(
    "reason", [PermissionError(13, "Permission denied"), OSError(28, "No space left on device")]
)
def test_an_output_that_cannot_be_written_is_refused(refused, monkeypatch, reason):
    def refuse(**_):
        raise reason

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert reason.strerror in refused("check", "t", "--output", "out")


def test_a_target_that_does_not_exist_is_refused(world):
    done = world.run("check", "nobody")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "stn-verify: unknown target 'nobody'; known: fake, reference\n"


def test_a_target_that_dies_while_it_is_described_is_refused(world):
    done = world.run("check", "segfault")
    assert done.returncode == 2
    assert done.stderr == "stn-verify: segfault: crashed before anything was checked: signal 11\n"


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("nothing_of_that_name", "no check of values matches -k 'nothing_of_that_name'"),
        ("a b (", "-k"),
        ("=x", "-k"),
    ],
)
def test_a_selection_without_checks_is_refused(world, expression, told):
    done = world.run("check", "fake", "-k", expression)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("stn-verify: ")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("target", "folder"),
    [
        ("torch", "torch"),
        ("my.module:sample", "my.module-sample"),
        ("../up/file.py:f", "up-file.py-f"),
        ("exec:./x --y=$(z)", "exec-.-x---y-z"),
        ("/\x1b", "target"),
    ],
)
def test_the_default_output_is_a_plain_folder(target, folder):
    from stn_verify.cli.request import default_output

    assert default_output(target).as_posix() == f"stn-verify-output/{folder}"
