"""Vectors of LANES numbers as values of Numba: what its loop vectoriser does not find, said outright.

A `Vector` lives in registers only. LLVM splits it where the machine's registers are narrower, so one kernel serves every CPU.
An address is an array of one dimension, or a pointer, and an index; it is never tested. Numba has no 16-bit floats on CPUs: their
bits come as int16 (float16) and uint16 (bfloat16), are widened to float32 as they are loaded and rounded, ties to even, as
they are stored.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

LANES = 16  # pixels to a group, channels to a block

_FLOAT16_BITS, _BFLOAT16_BITS = types.int16, types.uint16


class Vector(types.Type):
    """`lanes` numbers of one Numba type, or lanes of truth (types.boolean)."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        super().__init__(name=f"Vector({dtype}, {lanes})")
        self.dtype = dtype
        self.lanes = lanes


@register_model(Vector)
class _VectorModel(PrimitiveModel):
    def __init__(self, manager: Any, vector: Vector) -> None:
        super().__init__(manager, vector, ir.VectorType(_element(vector.dtype), vector.lanes))


def _element(dtype: Any) -> ir.Type:
    if dtype == types.float32:
        return ir.FloatType()
    if dtype == types.float64:
        return ir.DoubleType()
    return ir.IntType(1 if dtype == types.boolean else dtype.bitwidth)


def _wide(dtype: Any) -> Any:
    """Return the type in which elements of `dtype` are computed with."""
    return types.float32 if dtype in {_FLOAT16_BITS, _BFLOAT16_BITS} else dtype


def _count(lanes: Any) -> int:
    """Return how many lanes a literal says, or a tuple of that length: a kernel's argument can be no literal."""
    return lanes.count if isinstance(lanes, types.UniTuple) else lanes.literal_value


def _splat(builder: ir.IRBuilder, value: ir.Value, lanes: int) -> ir.Value:
    of = ir.VectorType(value.type, lanes)
    first = builder.insert_element(ir.Constant(of, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(first, ir.Constant(of, ir.Undefined), zeros)


def _pointer(context: Any, builder: ir.IRBuilder, array: Any, value: ir.Value, index: ir.Value) -> ir.Value:
    if isinstance(array, types.CPointer):
        return builder.gep(value, [index])
    return builder.gep(cgutils.create_struct_proxy(array)(context, builder, value=value).data, [index])


def _vector_pointer(builder: ir.IRBuilder, pointer: ir.Value, of: ir.Type) -> ir.Value:
    return builder.bitcast(pointer, of.as_pointer())


def _widened(builder: ir.IRBuilder, dtype: Any, raw: ir.Value, lanes: int) -> ir.Value:
    floats = ir.VectorType(ir.FloatType(), lanes)
    if dtype == _FLOAT16_BITS:
        return builder.fpext(builder.bitcast(raw, ir.VectorType(ir.HalfType(), lanes)), floats)
    if dtype == _BFLOAT16_BITS:
        integers = ir.VectorType(ir.IntType(32), lanes)
        sixteen = ir.Constant(integers, [16] * lanes)
        return builder.bitcast(builder.shl(builder.zext(raw, integers), sixteen), floats)
    return raw


def _narrowed(builder: ir.IRBuilder, dtype: Any, value: ir.Value, lanes: int) -> ir.Value:
    halves = ir.VectorType(ir.IntType(16), lanes)
    if dtype == _FLOAT16_BITS:
        return builder.bitcast(builder.fptrunc(value, ir.VectorType(ir.HalfType(), lanes)), halves)
    if dtype == _BFLOAT16_BITS:
        integers = ir.VectorType(ir.IntType(32), lanes)

        def constant(number: int) -> ir.Constant:
            return ir.Constant(integers, [number] * lanes)

        bits = builder.bitcast(value, integers)
        odd = builder.and_(builder.lshr(bits, constant(16)), constant(1))
        rounded = builder.lshr(builder.add(builder.add(bits, constant(0x7FFF)), odd), constant(16))
        is_nan = builder.fcmp_unordered("uno", value, value)
        return builder.trunc(builder.select(is_nan, constant(0x7FC0), rounded), halves)
    return value


@intrinsic
def pointer(typing: Any, array: Any) -> Any:
    """Return where an array begins. It counts no reference, which in a loop costs more than the work: `keep` the array."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return cgutils.create_struct_proxy(sig.args[0])(context, builder, value=args[0]).data

    return signature(types.CPointer(array.dtype), array), generate


@intrinsic
def keep(typing: Any, array: Any) -> Any:
    """Do nothing, so that the array lives until here."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return context.get_dummy_value()

    return signature(types.void, array), generate


@intrinsic(prefer_literal=True)
def load(typing: Any, array: Any, index: Any, lanes: Any) -> Any:
    """Return array[index : index + lanes] as a Vector; 16-bit floats widened to float32."""
    width, dtype = _count(lanes), array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = ir.VectorType(_element(dtype), width)
        where = _vector_pointer(builder, _pointer(context, builder, sig.args[0], args[0], args[1]), of)
        return _widened(builder, dtype, builder.load(where, align=dtype.bitwidth // 8), width)

    return signature(Vector(_wide(dtype), width), array, types.intp, lanes), generate


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> Any:
    """Write a Vector to array[index : index + lanes]; rounded once where the array holds 16-bit floats."""
    dtype = array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = ir.VectorType(_element(dtype), vector.lanes)
        where = _vector_pointer(builder, _pointer(context, builder, sig.args[0], args[0], args[1]), of)
        builder.store(_narrowed(builder, dtype, args[2], vector.lanes), where, align=dtype.bitwidth // 8)
        return context.get_dummy_value()

    return signature(types.void, array, types.intp, vector), generate


def _mask(builder: ir.IRBuilder, valid: ir.Value, lanes: int) -> ir.Value:
    numbers = ir.Constant(ir.VectorType(ir.IntType(64), lanes), list(range(lanes)))
    return builder.icmp_signed("<", numbers, _splat(builder, valid, lanes))


@intrinsic(prefer_literal=True)
def load_some(typing: Any, array: Any, index: Any, valid: Any, lanes: Any) -> Any:
    """Return array[index : index + valid] as a Vector, followed by zeros."""
    width, dtype = _count(lanes), array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = ir.VectorType(_element(dtype), width)
        where = _vector_pointer(builder, _pointer(context, builder, sig.args[0], args[0], args[1]), of)
        mask = _mask(builder, args[2], width)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(of, [where.type, ir.IntType(32), mask.type, of]),
            f"llvm.masked.load.{_llvm_name(of)}.p0",
        )
        align = ir.Constant(ir.IntType(32), dtype.bitwidth // 8)
        return _widened(
            builder, dtype, builder.call(function, [where, align, mask, ir.Constant(of, None)]), width
        )

    return signature(Vector(_wide(dtype), width), array, types.intp, types.intp, lanes), generate


@intrinsic
def store_some(typing: Any, array: Any, index: Any, valid: Any, vector: Any) -> Any:
    """Write a Vector's first `valid` lanes to array[index : index + valid]."""
    dtype = array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        raw = _narrowed(builder, dtype, args[3], vector.lanes)
        where = _vector_pointer(builder, _pointer(context, builder, sig.args[0], args[0], args[1]), raw.type)
        mask = _mask(builder, args[2], vector.lanes)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [raw.type, where.type, ir.IntType(32), mask.type]),
            f"llvm.masked.store.{_llvm_name(raw.type)}.p0",
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
            _pointer(context, builder, sig.args[0], args[0], args[1]), align=dtype.bitwidth // 8
        )
        if dtype not in {_FLOAT16_BITS, _BFLOAT16_BITS}:
            return raw
        one = ir.Constant(ir.VectorType(raw.type, 1), ir.Undefined)
        zero = ir.Constant(ir.IntType(32), 0)
        return builder.extract_element(
            _widened(builder, dtype, builder.insert_element(one, raw, zero), 1), zero
        )

    return signature(_wide(dtype), array, types.intp), generate


@intrinsic
def store_scalar(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Write a number to array[index], without a test; rounded once where the array holds 16-bit floats."""
    dtype = array.dtype

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        raw = args[2]
        if dtype in {_FLOAT16_BITS, _BFLOAT16_BITS}:
            one = ir.Constant(ir.VectorType(raw.type, 1), ir.Undefined)
            zero = ir.Constant(ir.IntType(32), 0)
            narrow = _narrowed(builder, dtype, builder.insert_element(one, raw, zero), 1)
            raw = builder.extract_element(narrow, zero)
        builder.store(
            raw, _pointer(context, builder, sig.args[0], args[0], args[1]), align=dtype.bitwidth // 8
        )
        return context.get_dummy_value()

    return signature(types.void, array, types.intp, _wide(dtype)), generate


@intrinsic
def gather_pairs(typing: Any, array: Any, index: Any, lanes: Any) -> Any:
    """Return the Vectors array[index + lanes] and array[index + lanes + 1], each pair by one load. lanes: int32."""
    dtype, count = array.dtype, lanes.lanes
    result = types.UniTuple(Vector(dtype, count), 2)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        i32, i64 = ir.IntType(32), ir.IntType(64)
        size = dtype.bitwidth // 8
        far = ir.VectorType(i64, count)
        base = builder.ptrtoint(_pointer(context, builder, sig.args[0], args[0], args[1]), i64)
        offsets = builder.mul(builder.sext(args[2], far), ir.Constant(far, [size] * count))
        addresses = builder.add(_splat(builder, base, count), offsets)
        where = builder.inttoptr(addresses, ir.VectorType(ir.PointerType(), count))
        pairs = ir.VectorType(ir.IntType(16 * size), count)
        mask = ir.Constant(ir.VectorType(ir.IntType(1), count), [True] * count)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(pairs, [where.type, i32, mask.type, pairs]),
            f"llvm.masked.gather.v{count}i{16 * size}.v{count}p0",
        )
        raw = builder.call(function, [where, ir.Constant(i32, size), mask, ir.Constant(pairs, None)])
        both = builder.bitcast(raw, ir.VectorType(_element(dtype), 2 * count))
        undefined = ir.Constant(both.type, ir.Undefined)
        halves = []
        for parity in range(2):
            mask = ir.Constant(ir.VectorType(i32, count), list(range(parity, 2 * count, 2)))
            halves.append(builder.shuffle_vector(both, undefined, mask))
        return context.make_tuple(builder, result, halves)

    return signature(result, array, types.intp, lanes), generate


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
    count, wide = _count(rows), _wide(source.dtype)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        i64 = ir.IntType(64)
        given = ir.VectorType(_element(source.dtype), LANES)
        lines = []
        for r in range(count):
            there = builder.icmp_signed("<", ir.Constant(i64, r), args[6])
            skipped = builder.mul(args[5], builder.select(there, ir.Constant(i64, r), ir.Constant(i64, 0)))
            where = _pointer(context, builder, sig.args[3], args[3], builder.add(args[4], skipped))
            raw = builder.load(_vector_pointer(builder, where, given), align=source.dtype.bitwidth // 8)
            raw = builder.select(there, raw, ir.Constant(given, None))
            lines.append(_widened(builder, source.dtype, raw, LANES))
        for i, line in enumerate(_transposed(builder, lines, LANES)):
            offset = builder.add(args[1], builder.mul(args[2], ir.Constant(i64, i)))
            raw = _narrowed(builder, target.dtype, line, count)
            where = _pointer(context, builder, sig.args[0], args[0], offset)
            builder.store(raw, _vector_pointer(builder, where, raw.type), align=target.dtype.bitwidth // 8)
        return context.get_dummy_value()

    if _wide(target.dtype) != wide:
        raise TypeError(f"{source.dtype} into {target.dtype}")
    intp = types.intp
    return signature(types.void, target, intp, intp, source, intp, intp, intp, rows), generate


@intrinsic(prefer_literal=True)
def transpose_back(
    typing: Any, target: Any, index: Any, stride: Any, source: Any, at: Any, step: Any, valid: Any, rows: Any
) -> Any:
    """Write target[index + stride r + i] = source[at + step i + r] for r < valid (at most rows) and i < LANES."""
    count = _count(rows)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        i64 = ir.IntType(64)
        given = ir.VectorType(_element(source.dtype), count)
        lines = []
        for i in range(LANES):
            offset = builder.add(args[4], builder.mul(args[5], ir.Constant(i64, i)))
            where = _vector_pointer(builder, _pointer(context, builder, sig.args[3], args[3], offset), given)
            raw = builder.load(where, align=source.dtype.bitwidth // 8)
            lines.append(_widened(builder, source.dtype, raw, count))
        for r, line in enumerate(_transposed(builder, lines, count)):
            offset = builder.add(args[1], builder.mul(args[2], ir.Constant(i64, r)))
            raw = _narrowed(builder, target.dtype, line, LANES)
            where = _pointer(context, builder, sig.args[0], args[0], offset)
            with builder.if_then(builder.icmp_signed("<", ir.Constant(i64, r), args[6])):
                builder.store(
                    raw, _vector_pointer(builder, where, raw.type), align=target.dtype.bitwidth // 8
                )
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


@intrinsic(prefer_literal=True)
def splat(typing: Any, value: Any, lanes: Any) -> Any:
    """Return a Vector whose lanes all hold `value`."""
    width = _count(lanes)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return _splat(builder, args[0], width)

    return signature(Vector(value, width), value, lanes), generate


@intrinsic(prefer_literal=True)
def lane_numbers(typing: Any, lanes: Any) -> Any:
    """Return the int32 Vector 0, 1, ... lanes - 1."""
    width = _count(lanes)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return ir.Constant(ir.VectorType(ir.IntType(32), width), list(range(width)))

    return signature(Vector(types.int32, width), lanes), generate


def _llvm_name(vector: ir.VectorType) -> str:
    element = vector.element
    kind = {ir.FloatType(): "f32", ir.DoubleType(): "f64"}.get(element)
    return f"v{vector.count}{kind or f'i{element.width}'}"


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a b + c, rounded once where the machine can."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = args[0].type
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(of, [of] * 3), f"llvm.fmuladd.{_llvm_name(of)}"
        )
        return builder.call(function, args)

    return signature(a, a, a, a), generate


@intrinsic
def total(typing: Any, vector: Any) -> Any:
    """Return the sum over the lanes, by halves: always in the same order."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        value, i32 = args[0], ir.IntType(32)
        width = vector.lanes
        while width > 1:
            width //= 2
            undefined = ir.Constant(value.type, ir.Undefined)
            low = ir.Constant(ir.VectorType(i32, width), list(range(width)))
            high = ir.Constant(ir.VectorType(i32, width), list(range(width, 2 * width)))
            value = builder.fadd(
                builder.shuffle_vector(value, undefined, low), builder.shuffle_vector(value, undefined, high)
            )
        return builder.extract_element(value, ir.Constant(i32, 0))

    return signature(vector.dtype, vector), generate


@intrinsic
def bits(typing: Any, mask: Any) -> Any:
    """Return lanes of truth as an integer, lane 0 its lowest bit."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return builder.zext(builder.bitcast(args[0], ir.IntType(mask.lanes)), ir.IntType(64))

    return signature(types.int64, mask), generate


@intrinsic
def select(typing: Any, mask: Any, a: Any, b: Any) -> Any:
    """Return a where the mask holds, else b."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return builder.select(*args)

    return signature(a, mask, a, a), generate


@intrinsic
def as_double(typing: Any, vector: Any) -> Any:
    """Return a Vector in float64."""
    result = Vector(types.float64, vector.lanes)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        if vector.dtype == types.float64:
            return args[0]
        return builder.fpext(args[0], ir.VectorType(ir.DoubleType(), vector.lanes))

    return signature(result, vector), generate


@intrinsic
def floor(typing: Any, vector: Any) -> Any:
    """Return each lane's floor."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = args[0].type
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(of, [of]), f"llvm.floor.{_llvm_name(of)}"
        )
        return builder.call(function, args)

    return signature(vector, vector), generate


@intrinsic
def as_int32(typing: Any, vector: Any) -> Any:
    """Return a Vector of whole numbers, which must fit, in int32."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return builder.fptosi(args[0], ir.VectorType(ir.IntType(32), vector.lanes))

    return signature(Vector(types.int32, vector.lanes), vector), generate


@intrinsic
def vector_of(typing: Any, vector: Any, array: Any) -> Any:
    """Return a float64 Vector in the type in which the array's elements are computed with."""
    wide = _wide(array.dtype)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        if wide == types.float64:
            return args[0]
        return builder.fptrunc(args[0], ir.VectorType(_element(wide), vector.lanes))

    return signature(Vector(wide, vector.lanes), vector, array), generate


@intrinsic
def extremes(typing: Any, vector: Any) -> Any:
    """Return the least and the greatest of an int32 Vector's lanes, in int64."""
    result = types.UniTuple(types.int64, 2)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = args[0].type
        ends = []
        for name in ("smin", "smax"):
            function = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(of.element, [of]),
                f"llvm.vector.reduce.{name}.{_llvm_name(of)}",
            )
            ends.append(builder.sext(builder.call(function, args), ir.IntType(64)))
        return context.make_tuple(builder, result, ends)

    return signature(result, vector), generate


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


@intrinsic
def fetch_add(typing: Any, array: Any, amount: Any) -> Any:
    """Add to array[0] in one step that no other thread sees half of, and return what it was."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        zero = ir.Constant(ir.IntType(64), 0)
        where = _pointer(context, builder, sig.args[0], args[0], zero)
        return builder.atomic_rmw("add", where, args[1], ordering="seq_cst")

    return signature(types.int64, array, types.int64), generate


@intrinsic
def element_of(typing: Any, value: Any, array: Any) -> Any:
    """Return a number in the type in which the array's elements are computed with."""
    wide = _wide(array.dtype)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return context.cast(builder, args[0], value, wide)

    return signature(wide, value, array), generate


def _operation(
    function: Any, emit: Callable[[ir.IRBuilder, bool, ir.Value, ir.Value], ir.Value], truth: bool
) -> None:
    @infer_global(function)
    class _Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) == 2 and isinstance(args[0], Vector) and args[0] == args[1]:
                one = args[0]
                return signature(Vector(types.boolean, one.lanes) if truth else one, one, one)
            return None

    def lower(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return emit(builder, sig.args[0].dtype in {types.float32, types.float64}, args[0], args[1])

    lower_builtin(function, Vector, Vector)(lower)


def _comparison(sign: str) -> Callable[[ir.IRBuilder, bool, ir.Value, ir.Value], ir.Value]:
    return lambda b, real, x, y: b.fcmp_ordered(sign, x, y) if real else b.icmp_signed(sign, x, y)


_operation(operator.add, lambda b, real, x, y: b.fadd(x, y) if real else b.add(x, y), False)
_operation(operator.sub, lambda b, real, x, y: b.fsub(x, y) if real else b.sub(x, y), False)
_operation(operator.mul, lambda b, real, x, y: b.fmul(x, y) if real else b.mul(x, y), False)
_operation(operator.and_, lambda b, _, x, y: b.and_(x, y), False)
_operation(operator.or_, lambda b, _, x, y: b.or_(x, y), False)
_operation(operator.ge, _comparison(">="), True)
_operation(operator.le, _comparison("<="), True)
_operation(operator.lt, _comparison("<"), True)
_operation(operator.gt, _comparison(">"), True)
_operation(operator.eq, _comparison("=="), True)
