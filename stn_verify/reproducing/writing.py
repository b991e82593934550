"""Scripts as files."""

from pathlib import Path

from stn_verify.reproducing.fault import Fault
from stn_verify.reproducing.script import Script

FOLDER = "reproducers"


def attempt(fault: Fault, output: Path) -> tuple[str | None, str]:
    """The script's path relative to `output`, or else why there is none: a full disk does not end a run."""
    try:
        return write(fault, output), ""
    except OSError as error:
        return None, f"Its reproducer could not be written: {error.strerror or error}."


def write(fault: Fault, output: Path) -> str:
    """Write a failure's files; the script's path relative to `output`. Raises: OSError: it is not written."""
    folder = output / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{fault.stem}.py"
    data = path.with_suffix(".npz")
    script = Script(fault)
    text = script.text()
    if script.filed:
        _save(data, script.archive())
    else:
        # Of an earlier run into the same folder.
        data.unlink(missing_ok=True)
    try:
        _save(path, text.encode("utf-8"))
    except OSError:
        data.unlink(missing_ok=True)
        raise
    return path.relative_to(output).as_posix()


def _save(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.partial")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
