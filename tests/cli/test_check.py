"""A run from the outside: exit status, files, isolation, interruption."""

import json
import os
import signal
import time

import pytest

PASSING = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_right(judge, n):
    judge(convention=str(n))
"""


def test_a_conforming_target(world):
    world.suite("values", PASSING)
    done = world.run("check", "fake", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("fake  numpy 2.4, python 3.11, cpu, 2 conventions, profile default")
    assert lines[-2].startswith(
        "fake conforms: 4 verdicts passed, 0 failed; 12 examples, 20 forwards, 0 backwards, "
    )
    assert lines[-1].startswith("results.json, ")
    assert lines[-1].endswith("junit.xml in stn-verify-output/fake")
    results = world.results()
    assert (results.target, results.profile, results.seed, results.finished) == ("fake", "default", 0, True)


def test_a_target_that_does_not_conform(world):
    world.suite(
        "values", "def test_wrong(judge):\n    judge(status='failed', reason='off [bold]by[/bold] one')\n"
    )
    done = world.run("check", "fake", "--jobs", "1")
    assert done.returncode == 1
    assert "off [bold]by[/bold] one" in done.stdout
    assert "fake does not conform: 0 verdicts passed, 1 failed" in done.stdout


def test_nothing_judged_does_not_conform(world):
    world.suite(
        "values", "def test_not_offered(judge):\n    judge(status='unsupported', reason='not offered')\n"
    )
    done = world.run("check", "fake", "--jobs", "1")
    assert done.returncode == 1
    assert "for nothing could be judged" in done.stdout


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_plugin_is_told_what_was_asked_for(world, jobs):
    world.suite(
        "values",
        """
        import json, pathlib

        def test_options(judge, request):
            names = "stn device dtype profile seed deadline python output known-failures".split()
            told = {n: request.config.getoption("--stn" if n == "stn" else f"--stn-{n}") for n in names}
            judge(reason=json.dumps(told))
        """,
    )
    world.suite("kinks", "def test_not_selected(judge):\n    judge()\n")
    asked = ["--suite", "values", "--dtype", "float32", "--dtype", "float64", "--device", "cuda:1", "--full"]
    asked += [
        "--known-failures",
        "none",
        "--seed",
        "7",
        "--deadline",
        "2.5",
        "--python",
        "/a python",
        "-k",
        "options and not other",
    ]
    assert world.run("check", "fake", *asked, "--jobs", jobs, "--output", "out").returncode == 0
    results = json.loads((world.folder / "cwd/out/results.json").read_text())
    assert json.loads(results["verdicts"][0]["reason"]) == {
        "stn": "fake",
        "device": "cuda:1",
        "dtype": ["float32", "float64"],
        "profile": "full",
        "seed": "7",
        "deadline": "2.5",
        "python": "/a python",
        "output": str(world.folder / "cwd/out"),
        "known-failures": "none",
    }
    assert len(results["verdicts"]) == 1


KNOWN = """
[[known]]
check = "c"
dtype = "float32"
reason = "why"
upstream = "where"

[[known]]
check = "nothing of that name"
reason = "why"
upstream = "where"
"""

JUDGED = """
import pytest

def test_wrong(judge):
    known = {"status": "failed", "reason": "why", "upstream": "where"}
    judge(dtype="float64", status="known failure", known=known)
    judge(dtype="float32")
"""


@pytest.mark.parametrize(
    ("asked", "code", "stale"),
    [
        ((), 1, ["c (float32)", "nothing of that name"]),
        (("--jobs", "2"), 1, ["c (float32)", "nothing of that name"]),
        # What was not asked for cannot be missed.
        (("--suite", "values"), 1, ["c (float32)"]),
        (("-k", "wrong"), 1, ["c (float32)"]),
        (("--dtype", "float32"), 1, ["c (float32)"]),
        # Three examples may just have missed it.
        (("--quick",), 0, []),
    ],
)
def test_stale_known_failures(world, asked, code, stale):
    world.suite("values", JUDGED)
    (world.folder / "cwd/known.toml").write_text(KNOWN)
    done = world.run("check", "fake", "--jobs", "1", "--known-failures", "known.toml", *asked)
    assert done.returncode == code, done.stderr
    results = world.results()
    assert results.known_failures == str(world.folder / "cwd/known.toml")
    found = [verdict for verdict in results.verdicts if verdict.suite == "known failures"]
    assert [verdict.check for verdict in found] == stale
    assert all("take it out of " in verdict.reason for verdict in found)
    assert "1 known failure;" in done.stdout


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_working_directory_does_not_interfere(world, jobs):
    here = world.folder / "cwd"
    (here / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (here / "conftest.py").write_text("raise RuntimeError('a conftest of the user')\n")
    (here / "test_mine.py").write_text("def test_mine():\n    assert False\n")
    done = world.run(
        "check", "fake", "--jobs", jobs, PYTEST_ADDOPTS="--nonsense", PYTEST_PLUGINS="no_such_plugin"
    )
    assert done.returncode == 0, done.stderr
    assert [v.suite for v in world.results().verdicts] == ["values"]
    assert sorted(path.name for path in here.iterdir() if path.name != "__pycache__") == [
        "conftest.py",
        "pytest.ini",
        "stn-verify-output",
        "test_mine.py",
    ]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_keeps_what_was_reached(world, jobs):
    world.suite(
        "values",
        """
        import pathlib, pytest, time

        @pytest.mark.parametrize("n", range(4))
        def test_quick(judge, n):
            judge(convention=str(n))

        @pytest.mark.parametrize("n", range(2))
        def test_slow(judge, n):
            pathlib.Path(__file__).with_name(f"slow{n}").touch()
            time.sleep(50)
        """,
    )
    process = world.start("check", "fake", "--jobs", jobs)
    waited = time.monotonic() + 30
    while not list((world.folder / "fake_suites").glob("slow*")) and time.monotonic() < waited:
        time.sleep(0.05)
    time.sleep(0.3)
    begin = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert time.monotonic() - begin < 15
    assert "Traceback" not in out + err
    assert err.count("\n") == 1
    results = world.results()
    assert not results.finished
    assert results.verdicts
    assert {str(v.status) for v in results.verdicts} == {"passed"}
    assert f"interrupted; reached so far: {len(results.verdicts)} verdict" in err


def test_a_disk_that_fills_up_is_one_line(world):
    world.suite("values", "def test_wrong(judge):\n    judge(status='failed', reason='long ' * 3000)\n")
    drive = world.folder / "drive.py"
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
    drive.write_text(limit + drive.read_text(encoding="utf-8"), encoding="utf-8")
    done = world.run("check", "fake", "--jobs", "1")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("stn-verify: cannot write")]
    assert line.endswith("File too large")
    assert "Traceback" not in done.stderr
    assert not (world.folder / "cwd/stn-verify-output/fake/results.json").exists()


def test_installed_reports_are_written_and_a_broken_one_loses_nothing(world):
    (world.folder / "reporters.py").write_text(
        "def good(results, path):\n    path.write_text(results.target)\n\n"
        "def bad(results, path):\n    raise KeyError('x')\n"
    )
    info = world.folder / "reporters-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: reporters\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[stn_verify.reports]\ngood.md = reporters:good\nbad.md = reporters:bad\n../up.md = reporters:good\n"
    )
    done = world.run("check", "fake", "--jobs", "1")
    assert done.returncode == 0
    folder = world.folder / "cwd/stn-verify-output/fake"
    assert (folder / "good.md").read_text() == "fake"
    assert not (folder.parent / "up.md").exists()
    assert "good.md" in done.stdout.splitlines()[-1]
    assert "stn-verify: the report bad.md broke: KeyError: 'x'" in done.stderr.splitlines()


def test_a_junit_file_that_cannot_be_written_does_not_lose_the_results(world):
    world.suite(
        "values",
        """
        import pathlib

        def test_in_the_way(judge, request):
            pathlib.Path(request.config.getoption("--stn-output"), "junit.xml").mkdir()
            judge()
        """,
    )
    done = world.run("check", "fake", "--jobs", "1")
    assert done.returncode == 2
    assert "junit.xml: Is a directory" in done.stderr
    assert len(world.results().verdicts) == 1


def test_a_target_that_is_not_text(world):
    name = b"fake\xff".decode("utf-8", errors="surrogateescape")
    assert world.run("check", name, "--jobs", "1").returncode == 0
    assert world.results("fake").target == "fake\\udcff"
