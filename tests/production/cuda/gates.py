"""Compiles the kernels for sm_80 and sm_90, with no GPU, and reads from the machine code what costs speed.

    python tests/production/cuda/gates.py

prints a table and ends with 1 where a gate is broken. The gates: no stack and no local memory, at most 128 registers a thread;
where channels are last, loads and stores of 128 bits (backward in float32: four 16-bit numbers a thread are 64 bits), and on
sm_90 reductions of 128 bits (not of int64 and float64, for which there are none).
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from stn_production.cuda import fixed_point, theta
from stn_production.cuda.accumulation import settle
from stn_production.cuda.forward import forward_tile
from stn_production.cuda.forward_pixels import forward_pixels
from stn_production.cuda.forward_planes import forward_planes
from stn_production.cuda.gather import gather_tile
from stn_production.cuda.gather_pixels import gather_pixels
from stn_production.cuda.gather_planes import gather_planes
from stn_production.cuda.launching import Tile
from stn_production.cuda.scatter import scatter_tile
from stn_production.cuda.scatter_pixels import scatter_pixels
from stn_production.cuda.scatter_planes import scatter_planes
from stn_production.cuda.theta_kernels import theta_gradient

BINARIES = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
REGISTERS = 128
DTYPES = {"float32": "fp32", "float64": "fp64", "float16": "fp16", "bfloat16": "bf16"}
SIZE = 224


@dataclass(frozen=True)
class Kernel:
    """A kernel as it is launched: which, for what dtype, with what compile-time choices."""

    name: str
    function: Any
    pointers: dict[str, str]
    choices: dict[str, object]
    warps: int
    channels_last: bool
    ones: tuple[str, ...] = ()
    """Arguments that are 1: Triton compiles those in."""


@dataclass(frozen=True)
class Seen:
    """What the machine code says."""

    registers: int
    stack: int
    local: int
    shared: int
    wide_loads: int
    wide_stores: int
    wide_reductions: int
    barriers: int


def kernels() -> Iterator[Kernel]:
    """Every kernel in the variants that differ in their code, at the tiles of large images."""
    for dtype in DTYPES:
        for channels_last in (False, True):
            for padding in ("zeros", "reflection"):
                yield forward(dtype, channels_last, padding, fused=True)
                yield scatter(dtype, channels_last, padding, fused=True, limbs=0)
            yield gather(dtype, channels_last)
            yield forward(dtype, channels_last, "border", fused=False)
            yield scatter(dtype, channels_last, "border", fused=False, limbs=0)
            yield scatter(dtype, channels_last, "zeros", fused=False, limbs=2 if dtype == "float64" else 1)
    yield from closing()
    for channels_last in (False, True):
        yield gather("float32", channels_last, ones=("C", "H", "W", "Ho", "Wo", "share"))
        yield forward(
            "float32", channels_last, "zeros", fused=True, ones=("C", "H", "W", "Ho", "Wo", "share")
        )
        yield scatter(
            "float32",
            channels_last,
            "zeros",
            fused=True,
            limbs=1,
            ones=("N", "C", "H", "W", "Ho", "Wo", "share"),
        )


def forward(
    dtype: str, channels_last: bool, padding: str, *, fused: bool, ones: tuple[str, ...] = ()
) -> Kernel:
    """Its launch of forward.py."""
    tile = forward_tile(SIZE, SIZE, 64, channels_last, torch_dtype(dtype))
    return Kernel(
        f"forward {dtype} {padding} {'theta' if fused else 'grid'}{' of size 1' if ones else ''}",
        forward_pixels if channels_last else forward_planes,
        {"image": dtype, "source": accumulator(dtype), "output": dtype},
        {
            **_choices(dtype, padding, fused, tile),
            ("CHANNELS" if channels_last else "UNROLL"): tile.channels,
        },
        tile.warps,
        channels_last,
        ones,
    )


def scatter(
    dtype: str, channels_last: bool, padding: str, *, fused: bool, limbs: int, ones: tuple[str, ...] = ()
) -> Kernel:
    """Its launch of scatter.py."""
    tile = scatter_tile(SIZE, SIZE, 64, channels_last, torch_dtype(dtype), limbs > 0)
    sums = "int64" if limbs else accumulator(dtype)
    return Kernel(
        f"{'fixed point' if limbs else 'scatter'} {dtype} {padding} {'theta' if fused else 'grid'}"
        f"{' of size 1' if ones else ''}",
        scatter_pixels if channels_last else scatter_planes,
        {
            "cotangent": dtype,
            "image": dtype,
            "source": accumulator(dtype),
            "sums": sums,
            "marks": "uint8" if limbs else sums,
            "scales": "float64" if limbs else sums,
            "capped": "int32",
            "source_gradient": "float64" if fused else accumulator(dtype),
        },
        {
            **_choices(dtype, padding, fused, tile),
            "NEED_IMAGE": True,
            "NEED_SOURCE": True,
            "LIMBS": limbs,
            "ONLY_CAPPED": fused and padding == "zeros",
            **({"CHANNELS": tile.channels} if channels_last else {}),
        },
        tile.warps,
        channels_last,
        ones,
    )


def closing() -> Iterator[Kernel]:
    """What ends a backward: sums of whole numbers as floats, parts as grad_theta."""
    for channels_last in (False, True):
        yield Kernel(
            "settle float32",
            settle,
            {"sums": "int64", "marks": "uint8", "scales": "float64", "gradient": "float32"},
            {"CHANNELS_LAST": channels_last, "LIMBS": 1, "BLOCK": fixed_point.BLOCK},
            4,
            channels_last,
        )
    yield Kernel(
        "theta float32",
        theta_gradient,
        {"parts": "float64", "gradient": "float32"},
        {"ALIGNED": False, "BLOCK": theta.BLOCK},
        4,
        False,
    )


def gather(dtype: str, channels_last: bool, ones: tuple[str, ...] = ()) -> Kernel:
    """Its launch of gather.py."""
    tile = gather_tile(SIZE, SIZE, 64, channels_last, torch_dtype(dtype))
    choices = _choices(dtype, "zeros", True, tile)
    return Kernel(
        f"gather {dtype} zeros theta{' of size 1' if ones else ''}",
        gather_pixels if channels_last else gather_planes,
        {
            "cotangent": dtype,
            "image": dtype,
            "theta": accumulator(dtype),
            "gradient": dtype,
            "parts": "float64",
            "capped": "int32",
        },
        {
            **{name: choices[name] for name in ("COMPUTE", "ALIGNED", "WIDE", "ROWS", "COLUMNS")},
            "NEED_THETA": True,
            "CAPPED": True,
            ("CHANNELS" if channels_last else "UNROLL"): tile.channels,
        },
        tile.warps,
        channels_last,
        ones,
    )


def accumulator(dtype: str) -> str:
    return "float64" if dtype == "float64" else "float32"


def torch_dtype(dtype: str) -> torch.dtype:
    """What it computes in."""
    return getattr(torch, accumulator(dtype))


def _choices(dtype: str, padding: str, fused: bool, tile: Tile) -> dict[str, object]:
    return {
        "COMPUTE": tl.float64 if dtype == "float64" else tl.float32,
        "PADDING": padding,
        "ALIGNED": False,
        "FUSED": fused,
        "WIDE": False,
        "ROWS": tile.rows,
        "COLUMNS": tile.columns,
    }


def compiled(kernel: Kernel, capability: int) -> bytes:
    """Its cubin; pointers and sizes are multiples of 16, as those of large tensors are."""
    types = {"uint8": "u8", "int32": "i32", "int64": "i64", **DTYPES}
    signature, constants, divisible = {}, {}, {}
    for index, name in enumerate(kernel.function.arg_names):
        if name in kernel.pointers:
            signature[name] = f"*{types[kernel.pointers[name]]}"
            divisible[(index,)] = [["tt.divisibility", 16]]
        elif name in kernel.choices or name in kernel.ones:
            signature[name] = "constexpr"
            constants[(index,)] = kernel.choices.get(name, 1)
        elif name == "second_scale":
            signature[name] = "fp32"
        else:
            signature[name] = "i32"
            divisible[(index,)] = [["tt.divisibility", 16]]
    source = ASTSource(kernel.function, signature, constants, divisible)
    target = GPUTarget("cuda", capability, 32)
    return bytes(triton.compile(source, target=target, options={"num_warps": kernel.warps}).asm["cubin"])


def read(cubin: bytes) -> Seen:
    """What the resource section and the instructions say."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        usage = _run("cuobjdump", "--dump-resource-usage", file.name)
        code = _run("nvdisasm", "-c", file.name)
    used: dict[str, int] = {}
    # The kernel, and functions that it calls.
    for key, value in re.findall(r"(REG|STACK|SHARED|LOCAL):(\d+)", usage):
        used[key] = max(used.get(key, 0), int(value))
    return Seen(
        used["REG"],
        used["STACK"],
        used["LOCAL"],
        used["SHARED"],
        len(re.findall(r"\bLDG\.\S*128", code)),
        len(re.findall(r"\bSTG\.\S*128", code)),
        len(re.findall(r"\bREDG?\.\S*(?:128|V4|F32x4)\S*", code, re.IGNORECASE)),
        len(re.findall(r"\bBAR\.", code)),
    )


def _run(program: str, *arguments: str) -> str:
    return subprocess.run([BINARIES / program, *arguments], capture_output=True, text=True, check=True).stdout


def broken(kernel: Kernel, capability: int, seen: Seen) -> list[str]:
    """The gates that it breaks, in words."""
    if kernel.ones:
        # Images of one pixel show only that everything compiles where Triton folds a 1 into the code.
        return []
    gates = {
        f"more than {REGISTERS} registers": seen.registers > REGISTERS,
        "a stack": seen.stack > 0,
        "local memory": seen.local > 0,
    }
    way, dtype = kernel.name.split()[0], kernel.pointers.get("image")
    if kernel.channels_last and (way == "forward" or (dtype == "float32" and way in {"gather", "scatter"})):
        gates["no 128-bit loads"] = seen.wide_loads == 0
    if kernel.channels_last and (way == "forward" or (dtype == "float32" and way == "gather")):
        gates["no 128-bit stores"] = seen.wide_stores == 0
    if kernel.channels_last and way == "scatter" and capability >= 90 and dtype != "float64":
        gates["no 128-bit reductions"] = seen.wide_reductions == 0
    return [gate for gate, broke in gates.items() if broke]


def main() -> int:
    """Prints the table; 1 where a gate is broken."""
    if os.environ.get("TRITON_INTERPRET") == "1":
        print("TRITON_INTERPRET=1: nothing is compiled; unset it")
        return 1
    print(
        "| kernel | layout | sm | registers | stack | local | shared B | LDG.128 | STG.128 | RED.128 | barriers | gates |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    failed = False
    for kernel in kernels():
        for capability in (80, 90):
            seen = read(compiled(kernel, capability))
            faults = broken(kernel, capability, seen)
            failed |= bool(faults)
            layout = "channels-last" if kernel.channels_last else "NCHW"
            figures = (
                f"{seen.registers} | {seen.stack} | {seen.local} | {seen.shared} | {seen.wide_loads}"
                f" | {seen.wide_stores} | {seen.wide_reductions} | {seen.barriers}"
            )
            print(
                f"| {kernel.name} | {layout} | {capability} | {figures} | {', '.join(faults) or 'hold'} |",
                flush=True,
            )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
