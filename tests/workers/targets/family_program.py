"""A program that makes grids of two families, and speaks the protocol with numpy and safetensors only."""

import json
import struct
import sys

import numpy as np
from safetensors.numpy import load, save

DESCRIPTION = {
    "name": "grids",
    "framework": "a program",
    "framework_version": "1",
    "python_version": "none",
    "functions": {"generate": ["align_corners", "family"]},
    "differentiable": [],
    "paddings": ["zeros"],
    "alignments": [False, True],
    "families": ["translation", "attention"],
    "dtypes": ["float64"],
    "unsupported": {},
    "compute_dtype": None,
    "subgradient": None,
    "device": "cpu",
}
WRONG = "wrong" in sys.argv


def axis(size: int, aligned: bool) -> np.ndarray:
    return (2 * np.arange(size) - (size - 1)) / max(1, size - aligned)


def generated(request: dict, theta: np.ndarray) -> np.ndarray:
    rows, columns = (axis(size, request["align_corners"]) for size in request["size"])
    regular = np.stack(np.meshgrid(columns, rows), axis=-1)
    scale = theta[:, :1] if request["family"] == "attention" and not WRONG else np.ones_like(theta[:, :1])
    return scale[:, None, None] * regular + theta[:, None, None, -2:]


def read() -> tuple[dict, dict] | None:
    prefix = sys.stdin.buffer.read(16)
    if not prefix:
        return None
    payload = sys.stdin.buffer.read(struct.unpack("<Q", prefix[8:])[0])
    header = json.loads(payload[8 : 8 + struct.unpack("<Q", payload[:8])[0]])
    return json.loads(header["__metadata__"]["message"]), load(payload)


while (received := read()) is not None:
    request, tensors = received
    reply, results = {"status": "ok", "id": request["id"]}, {}
    if request["call"] == "describe":
        reply["description"] = DESCRIPTION
    if request["call"] == "evaluate":
        results["output"] = generated(request, tensors["theta"])
    payload = save(results, {"message": json.dumps(reply)})
    sys.stdout.buffer.write(b"STNV\x00\x00\x00\x01" + struct.pack("<Q", len(payload)) + payload)
    sys.stdout.buffer.flush()
