"""Reproducers are run as a person would run them: `python reproducers/....py`, in the folder of the check."""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from stn_suites import checks
from stn_verify.bounds.comparison import Worst
from stn_verify.cases import grids, thetas
from stn_verify.cases.case import Case, GenerateCase
from stn_verify.cases.strategies import Frame, sample_case, transform_case
from stn_verify.contract.convention import Convention
from stn_verify.contract.description import Description
from stn_verify.contract.loading import load
from stn_verify.contract.target import Evaluations, TargetCrashed, TargetFailure, TargetRaised, TargetReplied
from stn_verify.exploration.examination import Examination, Nonconforming
from stn_verify.exploration.profiles import PROFILES
from stn_verify.exploration.reproducer import write_reproducers
from stn_verify.formats import Array
from stn_verify.reproducing.literals import array_literal
from stn_verify.verdicts.results import Status, Verdict
from stn_verify.workers.evaluator import InProcessTarget

CONVENTION = Convention("border", True)

TORCH_TARGET = """
import torch
from torch.nn import functional as F

FAULT = {fault!r}


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values):
        return values.clone()

    @staticmethod
    def backward(ctx, gradient):
        return 1.001 * gradient


def spoiled(name, values):
    return Scaled.apply(values) if name == FAULT else values


class Target:
    @staticmethod
    def sample(image, grid, *, padding, align_corners):
        image, grid = spoiled("grad_input", image), spoiled("grad_grid", grid)
        output = F.grid_sample(image, grid, padding_mode=padding, align_corners=align_corners)
        return output * 1.001 if FAULT == "output" else output

    @staticmethod
    def generate(theta, size, *, align_corners):
        shape = (len(theta), 1, *size)
        grid = F.affine_grid(spoiled("grad_theta", theta), shape, align_corners=align_corners)
        return grid * 1.001 if FAULT == "grid" else grid

    @staticmethod
    def transform(image, theta, size, *, padding, align_corners):
        grid = Target.generate(theta, size, align_corners=align_corners)
        return Target.sample(image, grid, padding=padding, align_corners=align_corners)


sample = Target.sample
"""

NUMPY_TARGET = """
import numpy as np
import stn_reference

FACTOR = {factor!r}


class Target:
    sample = staticmethod(stn_reference.sample)

    @staticmethod
    def sample_vjp(image, grid, cotangent, **choices):
        image, grid = stn_reference.sample_vjp(image, grid, cotangent, **choices)
        return [image, FACTOR * grid]
"""

HOSTILE = '"""; import os; os.abort() #\'\'\'\\\n{{ 7 * 7 }}{% raw %}\x1b[31m\u202e\\""""\ncoding: rot13'


def small(function: str, dtype: str = "float64", side: int = 3) -> Case:
    """A case of a few generic numbers."""
    frame = Frame(1, 2, (side, 4), (2, 3), CONVENTION, dtype)
    if function == "sample":
        return sample_case(frame, "around", grids.around, 3)
    transform = transform_case(frame, "general", thetas.general, 3)
    if function == "transform":
        return transform
    cotangent = np.linspace(-2.0, 2.0, 12).reshape(1, 2, 3, 2)
    return GenerateCase(transform.theta, (2, 3), cotangent, dtype, CONVENTION, "general")


SUBJECTS = {
    "sample": ("output", "grad_input", "grad_grid"),
    "transform": ("output", "grad_input", "grad_theta"),
    "generate": ("grid", "grad_theta"),
}


def begun(target: Any, case: Case, check: str = "small", suite: str = "values") -> Examination:
    """An examination that has judged nothing yet."""
    subjects = SUBJECTS[case.function]
    return Examination(suite, check, case.dtype, case.convention, subjects, target, PROFILES["quick"], 0)


def examined(name: str, case: Case) -> Examination:
    """A target's examination on one case, which fails."""
    made = begun(InProcessTarget(load(name)), case)
    check: Any = checks.generator if case.function == "generate" else checks.everything
    with pytest.raises(Nonconforming):
        made.judge([case], check)
    return made


def stopped(target: Any, case: Case, failure: TargetFailure, **names: str) -> Examination:
    """An examination that a call without a result has ended."""
    made = begun(target, case, **names)
    made.failure, made.failed_case = failure, case
    return made


def reproducers(name: str, made: Examination, output: Path) -> dict[str, Verdict]:
    """The verdicts by subject, with their scripts written."""
    return {v.subject: v for v in write_reproducers(name, made, made.verdicts(), output)}


def run(script: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder."""
    return subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def stripped(script: Path) -> str:
    """The statements of a script that come after its docstring, in one form."""
    body = ast.parse(script.read_bytes()).body
    assert isinstance(body[0], ast.Expr)
    assert isinstance(body[0].value, ast.Constant)
    return ast.unparse(ast.Module(body[1:], []))


class Described:
    """A target of which only the description is asked."""

    def __init__(self, **fields: Any) -> None:
        self.evaluations = Evaluations()
        usual = {
            "name": "fake",
            "framework": "torch",
            "framework_version": "2",
            "python_version": "3",
            "functions": {"sample": ["align_corners"], "transform": [], "generate": []},
            "differentiable": ["sample", "transform", "generate"],
            "paddings": ["border"],
            "alignments": [True],
            "interpolations": ["bilinear"],
            "dtypes": ["float64"],
            "unsupported": {},
            "compute_dtype": None,
            "subgradient": None,
            "device": "cpu",
        }
        self.description = Description.model_validate(usual | fields)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the check, and the current one; loading from it leaves the path alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    return tmp_path


@given(arrays.arrays(np.float64, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9)))
def test_literals_round_trip(array: Array) -> None:
    # Drawn elements include NaN, infinities, subnormal numbers and -0.0.
    names: Mapping[str, Any] = {"np": np, "inf": np.inf, "nan": np.nan}
    read = np.array(eval(array_literal(array), dict(names)), dtype=np.float64)
    assert read.shape == array.shape
    np.testing.assert_array_equal(read, array)
    known = ~np.isnan(array)
    assert (np.signbit(read) == np.signbit(array))[known].all()


@given(st.floats(allow_nan=False), st.integers(1, 300))
def test_long_rows_are_wrapped_between_numbers(number: float, count: int) -> None:
    literal = array_literal(np.full((2, count), number))
    assert eval(literal, {"inf": np.inf}) == [[number] * count] * 2
    assert max(map(len, literal.splitlines())) <= 101


@pytest.mark.parametrize(
    ("function", "subject", "attribute"),
    [
        ("sample", "grad_grid", ":sample"),
        ("sample", "grad_input", ":Target"),
        ("transform", "output", ":Target"),
        ("transform", "grad_theta", ":Target"),
        ("generate", "grad_theta", ":Target"),
    ],
)
def test_a_file_target_fails_until_it_is_mended(
    folder: Path, function: str, subject: str, attribute: str
) -> None:
    source = folder / "faulty.py"
    source.write_text(TORCH_TARGET.format(fault=subject))
    name = f"faulty.py{attribute}"
    verdict = reproducers(name, examined(name, small(function)), folder / "out")[subject]
    assert verdict.status is Status.FAILED
    script = folder / "out" / str(verdict.reproducer)
    wrong = run(script, folder)
    assert wrong.returncode == 1, wrong.stderr
    assert [line.split()[0] for line in wrong.stdout.splitlines()[:3]] == ["got", "expected", "bound"]
    source.write_text(TORCH_TARGET.format(fault=None))
    right = run(script, folder)
    assert right.returncode == 0, right.stderr
    assert right.stdout.endswith("inside\n")
    assert "stn_verify" not in stripped(script)


@pytest.mark.parametrize("name", ["modulated:Target", "modulated.py:Target"])
def test_a_numpy_target_differentiates_by_its_own_product(folder: Path, name: str) -> None:
    source = folder / "modulated.py"
    source.write_text(NUMPY_TARGET.format(factor=1.001))
    try:
        verdicts = reproducers(name, examined(name, small("sample")), folder / "out")
    finally:
        sys.modules.pop("modulated", None)
    assert [v.subject for v in verdicts.values() if v.reproducer] == ["grad_grid"]
    script = folder / "out" / str(verdicts["grad_grid"].reproducer)
    assert run(script, folder).returncode == 1
    source.write_text(NUMPY_TARGET.format(factor=1.0))
    # Of the same second and the same size: Python would take the old bytecode.
    for cached in (folder / "__pycache__").glob("*.pyc"):
        cached.unlink()
    assert run(script, folder).returncode == 0


@pytest.mark.parametrize(
    ("function", "dtype"), [("sample", "bfloat16"), ("transform", "float64"), ("generate", "float16")]
)
def test_torch_is_called_inline(folder: Path, function: str, dtype: str) -> None:
    case = small(function, dtype)
    made = begun(InProcessTarget(load("torch")), case)
    check: Any = checks.generator if function == "generate" else checks.everything
    comparison = check(made.target, case)[-1]
    record = made._records[comparison.subject]
    # torch is right: the hull is moved away from what it returns.
    got = float(comparison.values.flat[-1])
    index = tuple(side - 1 for side in comparison.values.shape)
    record.worst = Worst(comparison.subject, index, got, got + 0.25, got + 0.5, 0.125, 2.0, 1, 1)
    record.case = case
    verdict = reproducers("torch", made, folder)[comparison.subject]
    script = folder / str(verdict.reproducer)
    told = run(script, folder)
    assert told.returncode == 1, told.stderr
    assert f"got       {got}\nexpected  between {got + 0.25} and {got + 0.5}\nbound     0.125" in told.stdout
    called = stripped(script)
    assert ("F.affine_grid(" in called, "F.grid_sample(" in called) == (
        function != "sample",
        function != "generate",
    )
    assert "numpy" not in called
    record.worst = Worst(comparison.subject, index, got, got + 0.25, got + 0.5, 0.25, 2.0, 1, 1)
    reproducers("torch", made, folder)
    assert run(script, folder).returncode == 0


@pytest.mark.parametrize("function", ["sample", "transform", "generate"])
def test_the_reference_is_called_inline(folder: Path, function: str) -> None:
    case = small(function)
    made = begun(InProcessTarget(load("reference")), case)
    subject = SUBJECTS[function][-1]
    made._records[subject].worst = Worst(subject, (0, 0, 0), np.inf, np.nan, np.nan, np.inf, 2.0, 1, 1)
    if function == "sample":
        made._records[subject].worst = Worst(subject, (0, 0, 0, 0), 0.0, np.nan, np.nan, np.inf, 2.0, 1, 1)
    made._records[subject].case = case
    script = folder / str(reproducers("reference", made, folder)[subject].reproducer)
    told = run(script, folder)
    assert told.returncode == 1, told.stderr
    assert "expected  nan\nbound     inf\noutside" in told.stdout


def test_poisoned_coordinates_are_written(folder: Path) -> None:
    case = small("sample")
    case.arrays["grid"][0, 0, 0] = np.nan, -np.inf
    made = stopped(InProcessTarget(load("reference")), case, TargetCrashed("killed by SIGSEGV"))
    verdict = reproducers("reference", made, folder)["output"]
    told = run(folder / str(verdict.reproducer), folder)
    assert told.returncode == 0, told.stderr


def test_many_numbers_lie_beside_the_script(folder: Path) -> None:
    # An error that bfloat16 does not explain.
    (folder / "faulty.py").write_text(TORCH_TARGET.format(fault="output").replace("1.001", "1.5"))
    name = "faulty.py:sample"
    case = small("sample", "bfloat16", side=300)
    made = examined(name, case)
    script = folder / str(reproducers(name, made, folder)["output"].reproducer)
    assert script.stat().st_size < 5_000
    with np.load(script.with_suffix(".npz"), allow_pickle=False) as stored:
        assert set(stored) == {"image", "grid", "cotangent"}
        np.testing.assert_array_equal(stored["image"], case.arrays["image"])
    told = run(script, folder)
    assert told.returncode == 1, told.stderr
    assert "got" in told.stdout


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("raise ValueError('no')", 1, "ValueError: no"),
        ("os.abort()", -6, ""),
        ("return image[:0]", 1, "output    Tensor torch.Size([0, 2, 3, 4])"),
        (
            "return F.grid_sample(image, grid[:, 1:], align_corners=True)",
            1,
            "output    Tensor torch.Size([1, 2, 1, 3])",
        ),
        ("return None", 1, "output    NoneType"),
        ("return F.grid_sample(image, grid, align_corners=True)", 0, "every result has the right shape"),
    ],
)
def test_a_call_without_a_result_is_made_again(folder: Path, body: str, status: int, says: str) -> None:
    head = "import os\nfrom torch.nn import functional as F\n"
    (folder / "bad.py").write_text(f"{head}def sample(image, grid, *, align_corners):\n    {body}\n")
    made = stopped(
        Described(), small("sample"), TargetCrashed("killed by SIGABRT\nits last words:\n  /home/me/x")
    )
    verdicts = reproducers("bad.py:sample", made, folder / "out")
    assert len({v.reproducer for v in verdicts.values()}) == 1, "one call, one script"
    script = folder / "out" / str(verdicts["output"].reproducer)
    assert "crashed" in script.name
    assert "killed by SIGABRT" in script.read_text()
    assert "/home/me" not in script.read_text()
    told = run(script, folder)
    assert told.returncode == status, told.stderr
    assert told.stdout.startswith("expected: a call that returns; it crashes")
    assert says in told.stdout + told.stderr


@pytest.mark.parametrize(
    "target", ["torch", "reference", "production", "a.py:b", "a.py", "m:a.b", "exec:./a"]
)
@pytest.mark.parametrize("framework", ["torch", "numpy", "jax"])
def test_untrusted_texts_stay_texts(tmp_path: Path, target: str, framework: str) -> None:
    harmless = Described(framework=framework)
    hostile = Described(framework=framework, name=HOSTILE, framework_version=HOSTILE, python_version=HOSTILE)
    case = small("sample")
    a = stopped(harmless, case, TargetRaised("no"))
    b = stopped(hostile, case, TargetRaised(HOSTILE), suite="../../" + HOSTILE, check=HOSTILE)
    first = reproducers(target, a, tmp_path / "a")["output"].reproducer
    second = reproducers(target, b, tmp_path / "b")["output"].reproducer
    assert first is not None
    assert second is not None
    assert stripped(tmp_path / "a" / first) == stripped(tmp_path / "b" / second)
    assert (tmp_path / "b" / second).parent == tmp_path / "b" / "reproducers"
    assert second.isascii()
    assert len(second) < 200


@pytest.mark.parametrize("framework", ["torch", "numpy", "jax"])
@pytest.mark.parametrize(
    "form", ["{}", "{}:sample", "a.py:{}", "{}.py", "{}.py:sample", "exec:{}", "C:\\{}.py:a"]
)
def test_a_hostile_target_is_only_a_string(tmp_path: Path, form: str, framework: str) -> None:
    target = form.format(HOSTILE + "\udcff")
    made = stopped(Described(framework=framework), small("transform"), TargetRaised("no"))
    script = tmp_path / str(reproducers(target, made, tmp_path)["output"].reproducer)
    called = [node for node in ast.walk(ast.parse(script.read_bytes())) if isinstance(node, ast.Attribute)]
    assert "abort" not in {node.attr for node in called}
    assert "os.abort" not in {str(node.value) for node in called if isinstance(node.value, ast.Name)}


def test_a_hostile_file_name_is_loaded(folder: Path) -> None:
    name = 'q"""\'{{ 1 }}\\n\n#.py'
    (folder / name).write_text(TORCH_TARGET.format(fault="output"))
    target = f"{name}:sample"
    verdict = reproducers(target, examined(target, small("sample")), folder / "out")["output"]
    told = run(folder / "out" / str(verdict.reproducer), folder)
    assert told.returncode == 1, told.stderr
    assert told.stdout.startswith("got")


def test_names_that_read_alike_stay_apart(tmp_path: Path) -> None:
    links = {
        reproducers(
            "torch", stopped(Described(), small("sample"), TargetRaised("no"), check=check), tmp_path
        )["output"].reproducer
        for check in ("a b", "a-b", "a/b", "A b", "a" * 199, "a" * 200)
    }
    assert len({str(link).lower() for link in links}) == 6


def test_wrong_shapes_are_told(folder: Path) -> None:
    (folder / "bad.py").write_text("import numpy as np\n\ndef sample(image, grid):\n    return image\n")
    described = Described(framework="numpy", functions={"sample": []}, differentiable=[])
    made = stopped(described, small("sample"), TargetReplied("sample: output has shape (1, 2, 3, 4)"))
    verdict = reproducers("bad.py:sample", made, folder)["output"]
    assert verdict.status is Status.FAILED
    told = run(folder / str(verdict.reproducer), folder)
    assert told.returncode == 1
    assert told.stdout.endswith("no result of the right shape: output\n"), told.stderr


def test_programs_are_explained(folder: Path) -> None:
    case = small("sample")
    made = stopped(Described(framework="c++"), case, TargetRaised("no"))
    script = folder / str(reproducers("exec:./mine --fast", made, folder)["output"].reproducer)
    told = run(script, folder)
    assert told.returncode == 2, told.stderr
    assert "exec:./mine --fast" in told.stdout
    assert '"gradients":["image","grid"]' in told.stdout
    with np.load(script.with_suffix(".npz"), allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["grid"], case.arrays["grid"])


def test_the_same_failure_makes_the_same_files(folder: Path) -> None:
    written = []
    for output in (folder / "a", folder / "b"):
        for side in (3, 300):
            made = stopped(Described(), small("sample", side=side), TargetRaised("no"), check=f"side {side}")
            reproducers("torch", made, output)
        files = sorted((output / "reproducers").iterdir())
        written.append([(file.name, file.read_bytes()) for file in files])
    assert written[0] == written[1]
    assert len(written[0]) == 3
    assert all(str(folder).encode() not in content for _, content in written[0])


def test_a_rerun_leaves_no_stale_arrays(tmp_path: Path) -> None:
    for side in (300, 3):
        reproducers("torch", stopped(Described(), small("sample", side=side), TargetRaised("no")), tmp_path)
    assert [file.suffix for file in (tmp_path / "reproducers").iterdir()] == [".py"]


def test_what_passed_or_is_undecided_gets_none(tmp_path: Path) -> None:
    made = begun(Described(), small("sample"))
    made._records["output"].budget_used = 0.5
    verdicts = made.verdicts()
    assert write_reproducers("torch", made, verdicts, tmp_path) == verdicts
    made.contradiction = "declares the rule 'left' and follows 'right'"
    verdicts = made.verdicts()
    assert write_reproducers("torch", made, verdicts, tmp_path) == verdicts
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "reproducers").write_text("in the way")
    verdict = reproducers("torch", stopped(Described(), small("sample"), TargetRaised("no")), tmp_path)[
        "output"
    ]
    assert verdict.reproducer is None
    assert str(verdict.reason).startswith("no in sample(")
    assert str(verdict.reason).endswith("Its reproducer could not be written: File exists.")


@pytest.mark.parametrize("side", [3, 300])
def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    def full(path: Path, content: bytes) -> None:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    failure = TargetRaised("no" * 9_950)
    verdict = reproducers("torch", stopped(Described(), small("sample", side=side), failure), tmp_path)[
        "output"
    ]
    assert verdict.reproducer is None
    assert str(verdict.reason).endswith("Its reproducer could not be written: No space left on device.")
    Verdict.model_validate_json(verdict.model_dump_json())
    assert not list((tmp_path / "reproducers").iterdir())
