"""Vectors and numbers, loaded and stored.

An address is an array of one dimension, or a pointer, and an index; it is never tested.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from stn_production.cpu.vector_type import (
    BFLOAT16_BITS,
    FLOAT16_BITS,
    Vector,
    address,
    computed_type,
    element,
    lane_count,
    llvm_name,
    narrowed,
    splatted,
    vector_address,
    widened,
)


@intrinsic
def pointer(typing: Any, array: Any) -> Any:
    """Return where an array begins. It counts no reference, which in a loop costs more than the work: `keep` the array."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return cgutils.create_struct_proxy(sig.args[0])(context, builder, value=args[0]).data

    return signature(types.CPointer(array.dtype), array), generate


@intrinsic
def pointer_at(typing: Any, address: Any, like: Any) -> Any:
    """Return a pointer to the numbers, of the type of an array's, at an address."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

    return signature(types.CPointer(like.dtype), types.int64, like), generate


@intrinsic
def keep(typing: Any, array: Any) -> Any:
    """Do nothing, so that the array lives until here."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return context.get_dummy_value()

    return signature(types.void, array), generate


@intrinsic(prefer_literal=True)
def load(typing: Any, array: Any, index: Any, lanes: Any) -> Any:
    """Return array[index : index + lanes] as a Vector; 16-bit floats widened to float32."""
    width, dtype = lane_count(lanes), array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = ir.VectorType(element(dtype), width)
        where = vector_address(builder, address(context, builder, sig.args[0], args[0], args[1]), of)
        return widened(builder, dtype, builder.load(where, align=dtype.bitwidth // 8), width)

    return signature(Vector(computed_type(dtype), width), array, types.intp, lanes), generate


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Write a Vector to array[index : index + lanes]; rounded once where the array holds 16-bit floats."""
    dtype = array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = ir.VectorType(element(dtype), vector.lanes)
        where = vector_address(builder, address(context, builder, sig.args[0], args[0], args[1]), of)
        builder.store(narrowed(builder, dtype, args[2], vector.lanes), where, align=dtype.bitwidth // 8)
        return context.get_dummy_value()

    return signature(types.void, array, types.intp, vector), generate


def _mask(builder: ir.IRBuilder, valid: ir.Value, lanes: int) -> ir.Value:
    numbers = ir.Constant(ir.VectorType(ir.IntType(64), lanes), list(range(lanes)))
    return builder.icmp_signed("<", numbers, splatted(builder, valid, lanes))


@intrinsic(prefer_literal=True)
def load_some(typing: Any, array: Any, index: Any, valid: Any, lanes: Any) -> Any:
    """Return array[index : index + valid] as a Vector, followed by zeros."""
    width, dtype = lane_count(lanes), array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = ir.VectorType(element(dtype), width)
        where = vector_address(builder, address(context, builder, sig.args[0], args[0], args[1]), of)
        mask = _mask(builder, args[2], width)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(of, [where.type, ir.IntType(32), mask.type, of]),
            f"llvm.masked.load.{llvm_name(of)}.p0",
        )
        align = ir.Constant(ir.IntType(32), dtype.bitwidth // 8)
        return widened(
            builder, dtype, builder.call(function, [where, align, mask, ir.Constant(of, None)]), width
        )

    return signature(Vector(computed_type(dtype), width), array, types.intp, types.intp, lanes), generate


@intrinsic
def store_some(typing: Any, array: Any, index: Any, valid: Any, vector: Any) -> Any:
    """Write a Vector's first `valid` lanes to array[index : index + valid]."""
    dtype = array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        raw = narrowed(builder, dtype, args[3], vector.lanes)
        where = vector_address(builder, address(context, builder, sig.args[0], args[0], args[1]), raw.type)
        mask = _mask(builder, args[2], vector.lanes)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [raw.type, where.type, ir.IntType(32), mask.type]),
            f"llvm.masked.store.{llvm_name(raw.type)}.p0",
        )
        builder.call(function, [raw, where, ir.Constant(ir.IntType(32), dtype.bitwidth // 8), mask])
        return context.get_dummy_value()

    return signature(types.void, array, types.intp, types.intp, vector), generate


@intrinsic
def load_scalar(typing: Any, array: Any, index: Any) -> Any:
    """Return array[index], without a test; 16-bit floats widened to float32."""
    dtype = array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        raw = builder.load(
            address(context, builder, sig.args[0], args[0], args[1]), align=dtype.bitwidth // 8
        )
        if dtype not in {FLOAT16_BITS, BFLOAT16_BITS}:
            return raw
        one = ir.Constant(ir.VectorType(raw.type, 1), ir.Undefined)
        zero = ir.Constant(ir.IntType(32), 0)
        return builder.extract_element(
            widened(builder, dtype, builder.insert_element(one, raw, zero), 1), zero
        )

    return signature(computed_type(dtype), array, types.intp), generate


@intrinsic
def store_scalar(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Write a number to array[index], without a test; rounded once where the array holds 16-bit floats."""
    dtype = array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        raw = args[2]
        if dtype in {FLOAT16_BITS, BFLOAT16_BITS}:
            one = ir.Constant(ir.VectorType(raw.type, 1), ir.Undefined)
            zero = ir.Constant(ir.IntType(32), 0)
            narrow = narrowed(builder, dtype, builder.insert_element(one, raw, zero), 1)
            raw = builder.extract_element(narrow, zero)
        builder.store(
            raw, address(context, builder, sig.args[0], args[0], args[1]), align=dtype.bitwidth // 8
        )
        return context.get_dummy_value()

    return signature(types.void, array, types.intp, computed_type(dtype)), generate


@intrinsic
def gather_pairs(typing: Any, array: Any, index: Any, lanes: Any) -> Any:
    """Return the Vectors array[index + lanes] and array[index + lanes + 1], each pair by one load. lanes: int32."""
    dtype, count = array.dtype, lanes.lanes
    result = types.UniTuple(Vector(dtype, count), 2)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        i32, i64 = ir.IntType(32), ir.IntType(64)
        size = dtype.bitwidth // 8
        far = ir.VectorType(i64, count)
        base = builder.ptrtoint(address(context, builder, sig.args[0], args[0], args[1]), i64)
        offsets = builder.mul(builder.sext(args[2], far), ir.Constant(far, [size] * count))
        addresses = builder.add(splatted(builder, base, count), offsets)
        where = builder.inttoptr(addresses, ir.VectorType(ir.PointerType(), count))
        pairs = ir.VectorType(ir.IntType(16 * size), count)
        mask = ir.Constant(ir.VectorType(ir.IntType(1), count), [True] * count)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(pairs, [where.type, i32, mask.type, pairs]),
            f"llvm.masked.gather.v{count}i{16 * size}.v{count}p0",
        )
        raw = builder.call(function, [where, ir.Constant(i32, size), mask, ir.Constant(pairs, None)])
        both = builder.bitcast(raw, ir.VectorType(element(dtype), 2 * count))
        undefined = ir.Constant(both.type, ir.Undefined)
        halves = []
        for parity in range(2):
            mask = ir.Constant(ir.VectorType(i32, count), list(range(parity, 2 * count, 2)))
            halves.append(builder.shuffle_vector(both, undefined, mask))
        return context.make_tuple(builder, result, halves)

    return signature(result, array, types.intp, lanes), generate


@intrinsic
def fetch_add(typing: Any, array: Any, amount: Any) -> Any:
    """Add to array[0] in one step that no other thread sees half of, and return what it was."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        zero = ir.Constant(ir.IntType(64), 0)
        where = address(context, builder, sig.args[0], args[0], zero)
        return builder.atomic_rmw("add", where, args[1], ordering="seq_cst")

    return signature(types.int64, array, types.int64), generate
