"""Files of known failures: what they may say, how they are refused, and where a target's own is found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stn_verify.cli.suites import installed
from stn_verify.contract.errors import KnownFailuresError
from stn_verify.contract.loading import known_targets
from stn_verify.formats import STORAGE_DTYPES
from stn_verify.verdicts.known import EXCUSABLE, MAXIMUM_BYTES, Entry, KnownFailures, read_known_failures
from stn_verify.verdicts.known_files import known_failures, shipped

SUITES = ("kinks", "values")
SAID = 'reason = "why"\nupstream = "where"\n'

words = st.text("abcdefgh */-?[]!\"'\\\u00e9", min_size=1, max_size=20)
told = words.filter(str.strip)


def several(names: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return names | st.lists(names, min_size=1, max_size=3)


tables = st.fixed_dictionaries(
    {"check": several(words), "reason": told, "upstream": told},
    optional={
        "suite": several(st.sampled_from(SUITES)),
        "subject": several(words),
        "dtype": several(st.sampled_from(STORAGE_DTYPES)),
        "convention": several(words),
        "status": several(st.sampled_from([str(status) for status in EXCUSABLE])),
        "message": several(words),
        "sometimes": told,
        "version": st.sampled_from(["==2.13.*", ">=2.6, <3", "!=1"]),
    },
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("known") / "known.toml"


def read(path: Path, content: str | bytes, device: str = "cpu") -> KnownFailures:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_known_failures(path, device, SUITES)


@given(st.lists(tables, min_size=1, max_size=4))
def test_what_is_written_is_read(path: Path, written: list[dict[str, object]]) -> None:
    # A string of JSON, and a list of such, is one of TOML too.
    lines = []
    for table in written:
        lines += ["[[known]]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    known = read(path, "\n".join(lines))
    assert known.file == str(path)
    for entry, table in zip(known.entries, written, strict=True):
        for key, value in table.items():
            expected = value.strip() if key in ("reason", "upstream", "sometimes") else value
            found = getattr(entry, key)
            assert list(found) == expected if isinstance(expected, list) else found in (expected, (expected,))


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | st.sampled_from([b"[" * 9999, b"a=" + b"[" * 9999])
)
def test_whatever_the_file_holds_is_refused_in_one_line(path: Path, content: bytes) -> None:
    with pytest.raises(KnownFailuresError) as refused:
        read(path, content)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "has no [[known]] tables"),
        ('version = 2\n[[known]]\ncheck = "c"', "version is 2: Input should be a valid string"),
        (
            f'version = "2.13"\n[[known]]\ncheck = "c"\n{SAID}',
            "version '2.13' is no PEP 440 specifier set, as '==2.13.*'",
        ),
        (f'[[known]]\ncheck = "c"\nversion = "new"\n{SAID}', "entry 1: version 'new' is no PEP 440"),
        (f'[[known]]\ncheck = "c"\nversion = [">2"]\n{SAID}', "entry 1: version is ['>2']"),
        ("known = 3", "known is 3: Input should be a valid list"),
        ("known = []", "known is []"),
        ("known = [3]", "entry 1 is 3"),
        ("x = 1\n", "unknown key 'x'; known: version, [[known]] tables"),
        ("[[known]]\ncheck = c\n", "(at line 2, column 9)"),
        (f'[[known]]\nchek = "c"\n{SAID}', "entry 1: unknown key 'chek'; known: suite, check, "),
        (f'[[known]]\ncheck = "c"\n{SAID}[[known]]\n{SAID}', "entry 2: has no 'check'"),
        ('[[known]]\ncheck = "c"\nreason = "r"', "entry 1: has no 'upstream'"),
        ('[[known]]\ncheck = "c"\nreason = " "\nupstream = "u"', "entry 1: reason is ' '"),
        (f"[[known]]\ncheck = 3\n{SAID}", "entry 1: check is 3: Input should be a valid string"),
        (f"[[known]]\ncheck = []\n{SAID}", "entry 1: check is "),
        (f'[[known]]\ncheck = ["c", ""]\n{SAID}', "entry 1: check is ''"),
        (
            f'[[known]]\ncheck = "c"\ncheque = "c"\n{SAID}',
            "entry 1: unknown key 'cheque'; known: suite, check, ",
        ),
        (
            f'[[known]]\ncheck = "c"\nstatus = "crash"\n{SAID}',
            "entry 1: unknown status 'crash'; known: failed, raised, crashed, timed out",
        ),
        (f'[[known]]\ncheck = "c"\nstatus = "undecided"\n{SAID}', "entry 1: unknown status 'undecided'"),
        (
            f'[[known]]\ncheck = "c"\ndtype = ["half"]\n{SAID}',
            "entry 1: unknown dtype 'half'; known: float64, float32, float16, bfloat16",
        ),
        (
            f'[[known]]\ncheck = "c"\nsuite = "value"\n{SAID}',
            "entry 1: unknown suite 'value'; known: kinks, values",
        ),
        (f'[[known]]\ncheck = "{"c" * 300}"\n{SAID}', "entry 1: check is 'ccc"),
        ("#" * (MAXIMUM_BYTES + 1), f"more than {MAXIMUM_BYTES} bytes"),
    ],
)
def test_a_bad_file_says_where_and_what(path: Path, content: str, complaint: str) -> None:
    with pytest.raises(KnownFailuresError) as refused:
        read(path, content)
    assert complaint in str(refused.value)
    assert str(refused.value).startswith(str(path))
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize("name", ["nowhere.toml", ".", "a\0b"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(KnownFailuresError, match="no file of known failures"):
        read_known_failures(tmp_path / name, "cpu")


def test_an_entry_holds_on_its_devices(path: Path) -> None:
    content = f'[[known]]\ncheck = "c"\ndevice = ["cuda*", "xpu"]\n{SAID}'
    assert [len(read(path, content, device).entries) for device in ("cpu", "cuda", "cuda:1", "xpu")] == [
        0,
        1,
        1,
        1,
    ]


def test_the_versions_of_the_file_are_those_of_entries_that_say_none(path: Path) -> None:
    tables = f'[[known]]\ncheck = "c"\n{SAID}[[known]]\ncheck = "d"\nversion = ">=3"\n{SAID}'
    assert [entry.version for entry in read(path, tables).entries] == [None, ">=3"]
    of_file = read(path, f'version = "==2.*"\n{tables}')
    assert [entry.version for entry in of_file.entries] == ["==2.*", ">=3"]


@pytest.mark.parametrize(
    ("specifiers", "version", "seen"),
    [
        (None, "2.13.0", True),
        (None, "", True),
        ("==2.13.*", "2.13.0+cpu", True),
        ("==2.13.0", "2.13.0+cu128", True),
        (">=2.6,<2.14", "2.14.0", False),
        (">=2.13", "2.14.0a0+git1234", True),
        ("==2.13.*", "unknown", False),
    ],
)
def test_the_versions_that_an_entry_was_seen_in(specifiers: str | None, version: str, seen: bool) -> None:
    entry = Entry(check="c", reason="r", upstream="u", version=specifiers)
    assert entry.seen_in(version) is seen


def test_an_entry_shows_what_it_selects() -> None:
    entry = Entry(suite="s", check=["a", "b*"], dtype="float16", status="crashed", reason="r", upstream="u")
    assert str(entry) == "s: a, b* (float16; crashed)"
    assert str(Entry(check="c", reason="r", upstream="u")) == "c"


def test_the_files_that_come_with_targets_can_be_read() -> None:
    suites = tuple(suite.name for suite in installed())
    found = {target: known_failures(target, None, "cpu", suites) for target in known_targets()}
    assert all(entry.version for entry in found["torch"].entries)
    assert found["reference"].entries == ()
    on_cuda = known_failures("torch", None, "cuda").entries
    assert len(on_cuda) < len(found["torch"].entries)
    assert "cpu" not in {device for entry in on_cuda for device in entry.device or ()}
    assert known_failures("torch", "none", "cpu").entries == ()


@pytest.mark.parametrize("target", ["../torch", "stn_adapters.torch:TORCH", "torch.py:x", "exec:torch", ""])
def test_no_other_target_comes_with_one(target: str) -> None:
    assert shipped(target) is None


def test_a_framework_is_not_imported_for_its_file() -> None:
    look = "import sys; from stn_verify.verdicts.known_files import shipped; assert shipped('torch')"
    done = subprocess.run([sys.executable, "-c", f"{look}; assert 'torch' not in sys.modules"], check=False)
    assert done.returncode == 0


def test_nothing_is_picked_up_beside_a_file(tmp_path: Path) -> None:
    (tmp_path / "known_failures.toml").write_text("broken")
    assert known_failures(f"{tmp_path}/mine.py:sample", None, "cpu").entries == ()
