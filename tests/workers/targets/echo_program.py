"""A program that speaks the protocol with numpy and safetensors only; its argument names a fault."""

import json
import os
import struct
import sys
import time

import numpy as np
from safetensors.numpy import load, save

MAGIC = b"STNV\x00\x00\x00\x01"
FAULT = sys.argv[1] if len(sys.argv) > 1 else ""
DESCRIPTION = {
    "name": "echo",
    "framework": "a program",
    "framework_version": "1",
    "python_version": "none",
    "functions": {"sample": []},
    "differentiable": ["sample"],
    "paddings": ["zeros"],
    "alignments": [False],
    "interpolations": ["bilinear"],
    "dtypes": ["float64", "float32"],
    "unsupported": {},
    "compute_dtype": None,
    "subgradient": None,
    "device": "cpu",
}


def read() -> tuple[dict, dict] | None:
    prefix = sys.stdin.buffer.read(16)
    if not prefix:
        return None
    assert prefix[:8] == MAGIC
    payload = sys.stdin.buffer.read(struct.unpack("<Q", prefix[8:])[0])
    header = json.loads(payload[8 : 8 + struct.unpack("<Q", payload[:8])[0]])
    return json.loads(header["__metadata__"]["message"]), load(payload)


def write(message: dict, tensors: dict) -> None:
    payload = save(tensors, {"message": json.dumps(message)})
    sys.stdout.buffer.write(MAGIC + struct.pack("<Q", len(payload)) + payload)
    sys.stdout.buffer.flush()


def answer(request: dict, tensors: dict) -> tuple[dict, dict]:
    reply = {"status": "ok", "id": request["id"]}
    if request["call"] == "describe":
        return reply | {"description": DESCRIPTION}, {}
    if request["call"] == "load":
        return reply, {}
    image, grid = tensors["image"], tensors["grid"]
    results = {"output": np.full(image.shape[:2] + grid.shape[1:3], image[0, 0, 0, 0])}
    results |= {f"grad_{name}": 2 * tensors[name] for name in request["gradients"]}
    if FAULT == "missing":
        results.pop("grad_grid", None)
    if FAULT == "extra":
        results["grad_theta"] = np.zeros((1, 2, 3))
    if FAULT == "unasked":
        results["note"] = np.zeros(3)
    if FAULT == "silent":
        results.pop("output")
    if FAULT == "integers":
        results["output"] = results["output"].astype(np.int64)
    if FAULT == "stale":
        reply["id"] -= 1
    if FAULT == "ends":
        return reply | {"status": "raised", "type": "DeviceError", "message": "lost", "ends": True}, {}
    if FAULT == "unknown status":
        reply["status"] = "fine"
    return reply, results


if FAULT == "deaf":
    time.sleep(60)
while (received := read()) is not None:
    if FAULT == "chatty":
        print("hello")
        sys.stdout.flush()
    if FAULT == "half" and received[0]["call"] == "evaluate":
        sys.stdout.buffer.write(MAGIC + struct.pack("<Q", 1000) + b"half")
        sys.stdout.buffer.flush()
        os._exit(0)
    if FAULT == "shuts up" and received[0]["call"] == "evaluate":
        os.close(1)
        time.sleep(60)
    if FAULT == "twice" and received[0]["call"] == "evaluate":
        write(*answer(*received))
    write(*answer(*received))
    if FAULT == "ends" and received[0]["call"] == "evaluate":
        sys.exit(1)
