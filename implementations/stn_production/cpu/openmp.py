"""A kernel run by all threads of an OpenMP that is already loaded, from compiled code: none of them meets Python's lock."""

import ctypes
import os
from pathlib import Path
from typing import Any

import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import signature
from numba.extending import intrinsic


def parallel_address() -> int:
    """Return where GOMP_parallel of the OpenMP that torch has loaded lies, or 0."""
    noload = getattr(os, "RTLD_NOLOAD", None)
    if noload is None:
        return 0
    home = Path(torch.__file__).parent
    bundled = [
        *home.glob("lib/libgomp*"),
        *home.glob("lib/libiomp5*"),
        *home.parent.glob("torch.libs/libgomp*"),
    ]
    for name in (*map(str, sorted(bundled)), "libgomp.so.1", "libomp.so", "libiomp5.so"):
        try:
            parallel = ctypes.CDLL(name, mode=noload).GOMP_parallel
        except (OSError, AttributeError):
            continue
        return ctypes.cast(parallel, ctypes.c_void_p).value or 0
    return 0


@intrinsic
def in_parallel(typing: Any, parallel: Any, threads: Any, kernel: Any, arguments: Any) -> Any:
    """Call kernel(*arguments) in each of `threads` threads, by GOMP_parallel at the address `parallel`.

    What the kernel raises is lost.
    """
    kernel_signature = kernel.get_call_type(typing, arguments.types, {})

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        compiled = kernel.dispatcher.get_compile_result(kernel_signature)
        context.active_code_library.add_linking_library(compiled.library)
        bytes_, i32 = ir.PointerType(), ir.IntType(32)
        shared = cgutils.alloca_once_value(builder, args[3])
        body_type = ir.FunctionType(ir.VoidType(), [bytes_])
        body = ir.Function(
            builder.module, body_type, builder.module.get_unique_name(f"{compiled.fndesc.mangled_name}.body")
        )
        body.linkage = "internal"
        inside = ir.IRBuilder(body.append_basic_block())
        packed = inside.load(body.args[0], typ=args[3].type)
        values = [inside.extract_value(packed, k) for k in range(len(arguments))]
        context.call_internal_no_propagate(inside, compiled.fndesc, kernel_signature, values)
        inside.ret_void()
        region_type = ir.FunctionType(ir.VoidType(), [body_type.as_pointer(), bytes_, i32, i32])
        region = builder.inttoptr(args[0], region_type.as_pointer())
        data = shared
        builder.call(region, [body, data, builder.trunc(args[1], i32), ir.Constant(i32, 0)])
        return context.get_dummy_value()

    return signature(types.void, types.intp, types.intp, kernel, arguments), generate
