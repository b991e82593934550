"""What the compiled kernels cost, without a GPU: a child process, since triton compiles or interprets for good."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("triton", reason="needs Triton: the extra `cuda`")


def test_gates() -> None:
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("gates.py"))],
        env=os.environ | {"TRITON_INTERPRET": "0", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
