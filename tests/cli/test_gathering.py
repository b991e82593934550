"""Verdicts reach the results whatever becomes of the tests, in one process and in several."""

import pytest

SUITE = """
import os, pytest

@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_right(judge, dtype):
    judge(dtype=dtype, subject="output")
    judge(dtype=dtype, subject="grad_grid")

def test_wrong(judge):
    judge(check="wrong", status="failed", reason="off by one")
    assert False, "as its verdict says"

def test_broken(judge):
    print("stray output")
    raise ValueError("the harness\\nbroke")

def test_broken_after_a_pass(judge):
    judge(check="half")
    raise ValueError("the harness broke later")

@pytest.fixture
def unstable():
    yield
    raise RuntimeError("cannot tidy up")

def test_broken_at_teardown(judge, unstable):
    judge(check="untidy")

def test_left_out():
    pytest.skip("not offered")

@pytest.mark.parametrize("dtype", [])
def test_not_asked_for(judge, dtype):
    judge()

def test_garbage(request):
    request.node.user_properties.append(("stn-verdict", "{}"))
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_every_test_becomes_rows(world, jobs):
    world.suite("values", SUITE)
    done = world.run("check", "fake", "--jobs", jobs)
    assert done.returncode == 1, done.stderr
    verdicts = world.results().verdicts
    told = [
        (v.check, v.subject, v.dtype, str(v.status), (v.reason or "").partition("\n")[0]) for v in verdicts
    ]
    assert told == [
        ("c", "output", "float64", "passed", ""),
        ("c", "grad_grid", "float64", "passed", ""),
        ("c", "output", "float32", "passed", ""),
        ("c", "grad_grid", "float32", "passed", ""),
        ("wrong", "output", "float64", "failed", "off by one"),
        ("broken", "-", "-", "undecided", "ValueError: the harness"),
        ("half", "output", "float64", "passed", ""),
        ("broken after a pass", "-", "-", "undecided", "ValueError: the harness broke later"),
        ("untidy", "output", "float64", "passed", ""),
        ("broken at teardown", "-", "-", "undecided", "RuntimeError: cannot tidy up"),
        ("left out", "-", "-", "undecided", "skipped: not offered"),
        ("garbage", "-", "-", "undecided", told[-1][-1]),
    ]
    assert told[-1][-1].startswith("not a verdict: ")
    assert "stray output" not in done.stdout + done.stderr
    assert (world.folder / "cwd/stn-verify-output/fake/junit.xml").exists()


def test_a_dead_pytest_worker_is_an_undecided_row(world):
    world.suite(
        "values",
        """
        import os, pytest

        @pytest.mark.parametrize("n", range(6))
        def test_many(judge, n):
            judge(convention=str(n))

        def test_dies(judge):
            os._exit(7)
        """,
    )
    assert world.run("check", "fake", "--jobs", "2").returncode == 1
    verdicts = world.results().verdicts
    assert [v.convention for v in verdicts if v.status == "passed"] == list("012345")
    (dead,) = [v for v in verdicts if v.status != "passed"]
    assert (dead.suite, dead.check, dead.status) == ("values", "dies", "undecided")
    assert "crashed while running" in dead.reason


def test_all_pytest_workers_dying_at_collection_ends_undecided(world):
    world.suite("values", "import os\nos._exit(3)\n")
    done = world.run("check", "fake", "--jobs", "2")
    assert done.returncode == 1
    results = world.results()
    assert not results.finished
    assert "worker died" in results.verdicts[0].reason


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_suite_that_cannot_be_imported_leaves_the_others_running(world, jobs):
    world.suite("kinks", "import no_such_module\n")
    assert world.run("check", "fake", "--jobs", jobs).returncode == 1
    told = [(v.suite, v.check, str(v.status)) for v in world.results().verdicts]
    assert sorted(told) == [("kinks", "collection", "undecided"), ("values", "c", "passed")]


def test_a_hook_that_breaks_pytest_is_an_undecided_row(world):
    plugin = world.folder / "fake_plugin.py"
    broken = "\n\ndef pytest_collection_modifyitems(items):\n    raise LookupError('plugin broke')\n"
    plugin.write_text(plugin.read_text(encoding="utf-8") + broken, encoding="utf-8")
    assert world.run("check", "fake", "--jobs", "1").returncode == 1
    results = world.results()
    assert not results.finished
    assert "plugin broke" in results.verdicts[0].reason
