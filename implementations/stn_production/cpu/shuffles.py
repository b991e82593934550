"""Lanes moved: permuted, transposed, dealt out."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from stn_production.cpu.vector_type import (
    LANES,
    address,
    computed_type,
    element,
    lane_count,
    narrowed,
    vector_address,
    widened,
)


def _permutes(context: Any, dtype: Any) -> bool:
    """Whether the machine that is compiled for picks lanes from two registers at once."""
    return dtype == types.float32 and "+avx512f" in context.codegen().magic_tuple()[2].split(",")


@intrinsic
def picks(typing: Any, array: Any) -> Any:
    """Return whether `pick` works for the array's elements, known as the kernel is compiled: only on AVX-512, for float32."""
    dtype = array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return ir.Constant(ir.IntType(1), _permutes(context, dtype))

    return signature(types.boolean, array), generate


@intrinsic
def pick(typing: Any, low: Any, high: Any, index: Any) -> Any:
    """Return the lanes of two Vectors side by side that an int32 Vector says, modulo their number; nothing where not `picks`."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = args[0].type
        if not _permutes(context, low.dtype):
            return ir.Constant(of, ir.Undefined)
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(of, [of, args[2].type, of]), "llvm.x86.avx512.vpermi2var.ps.512"
        )
        return builder.call(function, [args[0], args[2], args[1]])

    return signature(low, low, high, index), generate


@intrinsic
def lane_of(typing: Any, vector: Any, lane: Any) -> Any:
    """Return one lane's integer, in int64."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return builder.sext(builder.extract_element(*args), ir.IntType(64))

    return signature(types.int64, vector, types.intp), generate


def _joined(builder: ir.IRBuilder, one: ir.Value, other: ir.Value) -> ir.Value:
    width = 2 * one.type.count
    return builder.shuffle_vector(
        one, other, ir.Constant(ir.VectorType(ir.IntType(32), width), list(range(width)))
    )


@intrinsic(prefer_literal=True)
def transpose(
    typing: Any, target: Any, index: Any, step: Any, source: Any, at: Any, stride: Any, valid: Any, rows: Any
) -> Any:
    """Write target[index + step i + r] = source[at + stride r + i] for r < rows and i < LANES; zeros from r = valid on."""
    count, wide = lane_count(rows), computed_type(source.dtype)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        i64 = ir.IntType(64)
        given = ir.VectorType(element(source.dtype), LANES)
        lines = []
        for r in range(count):
            there = builder.icmp_signed("<", ir.Constant(i64, r), args[6])
            skipped = builder.mul(args[5], builder.select(there, ir.Constant(i64, r), ir.Constant(i64, 0)))
            where = address(context, builder, sig.args[3], args[3], builder.add(args[4], skipped))
            raw = builder.load(vector_address(builder, where, given), align=source.dtype.bitwidth // 8)
            raw = builder.select(there, raw, ir.Constant(given, None))
            lines.append(widened(builder, source.dtype, raw, LANES))
        for i, line in enumerate(_transposed(builder, lines, LANES)):
            offset = builder.add(args[1], builder.mul(args[2], ir.Constant(i64, i)))
            raw = narrowed(builder, target.dtype, line, count)
            where = address(context, builder, sig.args[0], args[0], offset)
            builder.store(raw, vector_address(builder, where, raw.type), align=target.dtype.bitwidth // 8)
        return context.get_dummy_value()

    if computed_type(target.dtype) != wide:
        raise TypeError(f"{source.dtype} into {target.dtype}")
    intp = types.intp
    return signature(types.void, target, intp, intp, source, intp, intp, intp, rows), generate


@intrinsic(prefer_literal=True)
def transpose_back(
    typing: Any, target: Any, index: Any, stride: Any, source: Any, at: Any, step: Any, valid: Any, rows: Any
) -> Any:
    """Write target[index + stride r + i] = source[at + step i + r] for r < valid (at most rows) and i < LANES."""
    count = lane_count(rows)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        i64 = ir.IntType(64)
        given = ir.VectorType(element(source.dtype), count)
        lines = []
        for i in range(LANES):
            offset = builder.add(args[4], builder.mul(args[5], ir.Constant(i64, i)))
            where = vector_address(builder, address(context, builder, sig.args[3], args[3], offset), given)
            raw = builder.load(where, align=source.dtype.bitwidth // 8)
            lines.append(widened(builder, source.dtype, raw, count))
        for r, line in enumerate(_transposed(builder, lines, count)):
            offset = builder.add(args[1], builder.mul(args[2], ir.Constant(i64, r)))
            raw = narrowed(builder, target.dtype, line, LANES)
            where = address(context, builder, sig.args[0], args[0], offset)
            with builder.if_then(builder.icmp_signed("<", ir.Constant(i64, r), args[6])):
                builder.store(raw, vector_address(builder, where, raw.type), align=target.dtype.bitwidth // 8)
        return context.get_dummy_value()

    intp = types.intp
    return signature(types.void, target, intp, intp, source, intp, intp, intp, rows), generate


def _transposed(builder: ir.IRBuilder, lines: list[ir.Value], width: int) -> list[ir.Value]:
    """Transpose len(lines) vectors of `width` (powers of two) by halving: [A B; C D] is [A' C'; B' D']."""
    i32 = ir.IntType(32)

    def pick(one: ir.Value, other: ir.Value, lanes: list[int]) -> ir.Value:
        return builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(i32, len(lanes)), lanes))

    # A riffle of the lines with those half the way on, once for each doubling, is the transpose.
    count = len(lines)
    flat = lines
    for _ in range(count.bit_length() - 1):
        half = len(flat) // 2
        low = [
            lane
            for pair in zip(range(width // 2), range(width, width + width // 2), strict=True)
            for lane in pair
        ]
        high = [lane + width // 2 for lane in low]
        flat = [pick(flat[k], flat[half + k], lanes) for k in range(half) for lanes in (low, high)]
    if width == count:
        return flat
    if width > count:
        # Each line holds width / count columns of the transpose.
        undefined = ir.Constant(flat[0].type, ir.Undefined)
        return [
            pick(line, undefined, list(range(k, k + count))) for line in flat for k in range(0, width, count)
        ]
    # width < count: each column lies in count / width lines that follow one another.
    joined = []
    per = count // width
    for k in range(0, count, per):
        parts = flat[k : k + per]
        while len(parts) > 1:
            parts = [_joined(builder, one, other) for one, other in zip(parts[::2], parts[1::2], strict=True)]
        joined.append(parts[0])
    return joined


@intrinsic
def apart(typing: Any, one: Any, other: Any) -> Any:
    """Return the even lanes of two Vectors that follow one another, and the odd ones."""
    result = types.UniTuple(one, 2)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        width = one.lanes
        lanes = ir.VectorType(ir.IntType(32), width)
        halves = [
            builder.shuffle_vector(*args, ir.Constant(lanes, list(range(parity, 2 * width, 2))))
            for parity in (0, 1)
        ]
        return context.make_tuple(builder, result, halves)

    return signature(result, one, other), generate


@intrinsic
def together(typing: Any, even: Any, odd: Any) -> Any:
    """Return the Vectors of which `apart` makes these two."""
    result = types.UniTuple(even, 2)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        width = even.lanes
        lanes = ir.VectorType(ir.IntType(32), width)
        parts = []
        for first in (0, width // 2):
            order = [lane for k in range(first, first + width // 2) for lane in (k, width + k)]
            parts.append(builder.shuffle_vector(*args, ir.Constant(lanes, order)))
        return context.make_tuple(builder, result, parts)

    return signature(result, even, odd), generate
