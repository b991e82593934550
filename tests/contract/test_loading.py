"""A target is found by every spelling; what is wrong with one is said in one line that names the choices."""

import sys
from pathlib import Path

import numpy as np
import pytest

from stn_verify.contract.errors import (
    BrokenTargetError,
    ContractError,
    RequestError,
    UnknownChoiceError,
    UnknownTargetError,
)
from stn_verify.contract.implementation import Implementation
from stn_verify.contract.loading import known_targets, load

ONE = """
import numpy as np
from stn_verify.contract.implementation import implementation

@implementation(framework="numpy", padding="border", align_corners=True)
def sample(image, grid):
    return image
"""

TWO = (
    ONE
    + """
@implementation(framework="numpy")
def other(image, grid):
    return image
"""
)

BARE = """
from math import sqrt

def sample(image, grid):
    return image

def transform(image, theta, size):
    return image

def _hidden(image, grid):
    return image

class Holder:
    @staticmethod
    def sample(image, grid):
        return image

    @staticmethod
    def sample_vjp(image, grid, cotangent):
        return image, grid

holder = Holder()
constant = 3
"""


@pytest.fixture(autouse=True)
def _clean_imports(monkeypatch):
    """A target's import changes the path and the modules, as in a worker; not for the next test."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("stn_verify_target_", "target_", "beside")):
            del sys.modules[name]


@pytest.fixture
def written(tmp_path):
    """Writes a target's file; its path."""

    def write(text: str, name: str = "target.py") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def message_of(error: type[RequestError], target: str, framework: str | None = None) -> str:
    with pytest.raises(error) as caught:
        load(target, framework)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_the_built_in_targets_are_known():
    assert {"reference", "torch"} <= set(known_targets())


def test_a_built_in_is_loaded_by_name():
    assert load("reference").name == "reference"


def test_an_unknown_name_is_told_with_the_known_ones():
    text = message_of(UnknownTargetError, "refrence")
    assert text.startswith("unknown target 'refrence'; known: ")
    for known in ("reference", "torch", "module:attribute", "path/to/file.py:attribute", "exec:COMMAND"):
        assert known in text


def test_a_declared_function_of_a_file(written):
    found = load(f"{written(ONE)}:sample")
    assert (found.name, found.framework, found.padding, found.align_corners) == (
        "sample",
        "numpy",
        "border",
        True,
    )
    assert not found.identified


def test_the_only_implementation_of_a_file_needs_no_name(written):
    assert load(str(written(ONE))).name == "sample"


def test_of_two_implementations_one_must_be_named(written):
    path = written(TWO)
    text = message_of(UnknownTargetError, str(path))
    assert text == f"{path} holds 2 implementations; say which: {path}:other, {path}:sample"


def test_without_a_declaration_an_attribute_must_be_named(written):
    path = written(BARE)
    text = message_of(UnknownTargetError, str(path))
    assert "no declared implementation" in text
    assert f"{path}:sample" in text
    assert "_hidden" not in text
    assert "sqrt" not in text


def test_a_missing_attribute_lists_what_there_is(written):
    path = written(BARE)
    assert message_of(UnknownTargetError, f"{path}:smaple") == (
        f"{path} has no 'smaple'; it has Holder, holder, sample, transform"
    )


@pytest.mark.parametrize(
    ("attribute", "functions", "vjps"),
    [
        ("sample", ["sample"], []),
        ("transform", ["transform"], []),
        ("Holder", ["sample"], ["sample"]),
        ("holder", ["sample"], ["sample"]),
        ("Holder.sample", ["sample"], []),
    ],
)
def test_what_nobody_decorated_is_to_be_identified(written, attribute, functions, vjps):
    found = load(f"{written(BARE)}:{attribute}")
    assert found.identified
    assert list(found.functions) == functions
    assert list(found.vjps) == vjps
    assert found.framework == "numpy"
    assert found.conventions() is None


def test_what_cannot_be_checked_is_refused(written):
    path = written(BARE)
    assert "int is neither a function" in message_of(ContractError, f"{path}:constant")
    assert "takes 1 positional arguments" in message_of(ContractError, f"{path}:sqrt")
    assert "numpy is a module" in message_of(ContractError, f"{written('import numpy', 'm.py')}:numpy")


@pytest.mark.parametrize(
    "text",
    [
        "import torch",
        "import torch.nn.functional as F",
        "from torch import nn",
        "from torch.nn.functional import grid_sample",
    ],
)
def test_torch_is_seen_in_the_imports(written, text):
    pytest.importorskip("torch")
    path = written(
        f"{text}\ndef sample(image, grid):\n    return image\nclass Held:\n"
        "    def sample(self, image, grid):\n        return image\nheld = Held()\n"
    )
    assert load(f"{path}:sample").framework == "torch"
    assert load(f"{path}:held").framework == "torch"
    assert load(f"{path}:sample", "numpy").framework == "numpy"


def test_a_function_of_torch_itself():
    pytest.importorskip("torch")
    found = load("torch.nn.functional:grid_sample")
    assert found.framework == "torch"
    assert found.identified


def test_a_module_in_the_working_folder(written, monkeypatch, tmp_path):
    written(ONE, "target_here.py")
    monkeypatch.chdir(tmp_path)
    assert load("target_here:sample").name == "sample"


def test_modules_beside_a_file_can_be_imported(written):
    written("VALUE = 7", "beside.py")
    assert load(f"{written('import beside' + chr(10) + ONE)}:sample").name == "sample"


def test_a_file_named_like_a_module_does_not_replace_it(written):
    assert load(f"{written(ONE, 'numpy_like.py')}:sample")
    path = written(ONE.replace("import numpy as np", ""), "json.py")
    load(f"{path}:sample")
    assert Path(sys.modules["json"].__file__) != path


def test_two_files_of_one_name_are_two_modules(written, tmp_path):
    (tmp_path / "other").mkdir()
    first = load(f"{written(ONE)}:sample")
    second = load(f"{written(ONE.replace('border', 'zeros'), 'other/target.py')}:sample")
    assert (first.padding, second.padding) == ("border", "zeros")


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("no_such_module:f", "no module 'no_such_module'"),
        ("json.no_such_part:f", "no module 'json.no_such_part'"),
        ("/no/such/file.py:f", "no file /no/such/file.py"),
        ("/no/such/file.py", "no file /no/such/file.py"),
        ("", "unknown target ''"),
        (":f", "unknown target ':f'"),
        ("json:", "unknown target 'json:'"),
    ],
)
def test_what_is_nowhere(target, text):
    assert text in message_of(UnknownTargetError, target)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\nraise ValueError('not\\nhere')", r": ValueError: not here ({path}:2)"),
        ("x = 1\n1 / 0", ": ZeroDivisionError: division by zero ({path}:2)"),
        ("def f(:\n", ": SyntaxError: "),
        ("\nimport no_such_package", ": ModuleNotFoundError: No module named 'no_such_package' ({path}:2)"),
        ("import sys\nsys.exit(3)", ": SystemExit: 3 ({path}:2)"),
        ("import json\njson.loads('{')", " ({path}:2)"),
        ("assert False", ": AssertionError ({path}:1)"),
    ],
)
def test_a_broken_import_is_told_with_its_place(written, text, message):
    path = written(text)
    told = message_of(BrokenTargetError, f"{path}:f")
    assert told.startswith(f"{path}: ")
    assert message.format(path=path) in told


def test_a_refused_declaration_keeps_its_kind(written):
    path = written(
        "import stn_verify.contract.implementation as c\n"
        "@c.implementation(framework='numpy', padding='wrap')\n"
        "def f(image, grid): ...\n"
    )
    assert message_of(UnknownChoiceError, f"{path}:f").startswith(
        "unknown padding 'wrap'; known: zeros, border, reflection ("
    )
    path = written(
        "import stn_verify.contract.implementation as c\n@c.implementation(framework='numpy')\n"
        "def f(image): ...\n",
        "arity.py",
    )
    assert f"({path}:" in message_of(ContractError, f"{path}:f")


def test_an_attribute_that_raises(written):
    path = written("def __getattr__(name):\n    raise RuntimeError('lazy')\n")
    assert message_of(BrokenTargetError, f"{path}:f") == f"{path}:f: RuntimeError: lazy ({path}:2)"


def test_an_implementation_is_taken_as_it_is(written):
    found = load(f"{written(ONE)}:sample")
    assert isinstance(found, Implementation)
    assert found(np.ones(3), None).shape == (3,)
