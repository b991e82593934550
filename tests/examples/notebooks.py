"""The examples' notebooks, made of their scripts: `python tests/examples/notebooks.py --write` runs and writes them."""

import argparse
import os
import re
import tempfile
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

TIMEOUT = 300
"""Seconds for a cell: kernels that were never compiled, on a machine that has other work."""

WORDS = (
    (r"\x1b\[[0-9;]*m", ""),  # colours, which are not the same wherever it runs
    (r"\+cpu\b", ""),  # the build of torch
    (r"-[0-9a-f]{8}\.py", ".py"),  # what a reproducer is called
    (r"\d+(\.\d+)?(e[+-]?\d+)?", "#"),
    (r"\s+|─+", " "),  # the columns of a table
)
"""Of what an output says, all that is the same on every machine."""


def of_script(script: Path) -> NotebookNode:
    """The notebook of a script, without outputs."""
    notebook = jupytext.read(script, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number}", NotebookNode()
    notebook.metadata = NotebookNode(kernelspec=KERNEL)
    return notebook


def executed(notebook: NotebookNode) -> NotebookNode:
    """The notebook with its outputs. Raises: CellExecutionError: a cell raised."""
    with tempfile.TemporaryDirectory() as folder:
        # Sockets in a folder of this user's, whose path is short enough for them, instead of open ports.
        sockets = {"transport": "ipc", "connection_file": str(Path(folder, "kernel.json"))}
        config = Config({"KernelManager": sockets})
        NotebookClient(notebook, config=config, timeout=TIMEOUT, record_timing=False).execute()
    notebook.metadata = NotebookNode(kernelspec=KERNEL)
    return notebook


def words(notebook: NotebookNode) -> list[str]:
    """What each cell prints, but for its numbers."""
    printed = []
    for cell in notebook.cells:
        text = "".join(output.get("text", "") for output in cell.get("outputs", ()))
        for pattern, replacement in WORDS:
            text = re.sub(pattern, replacement, text)
        printed.append(text.strip())
    return printed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", required=True)
    parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "IPYTHONDIR": tempfile.mkdtemp()}
    for script in SCRIPTS:
        nbformat.write(executed(of_script(script)), script.with_suffix(".ipynb"))


if __name__ == "__main__":
    main()
