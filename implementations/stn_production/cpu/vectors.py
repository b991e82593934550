"""Arithmetic of vectors: what Numba's loop vectoriser does not find, said outright."""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin

from stn_production.cpu.vector_type import Vector, computed_type, element, lane_count, llvm_name, splatted


@intrinsic(prefer_literal=True)
def splat(typing: Any, value: Any, lanes: Any) -> Any:
    """Return a Vector whose lanes all hold `value`."""
    width = lane_count(lanes)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return splatted(builder, args[0], width)

    return signature(Vector(value, width), value, lanes), generate


@intrinsic(prefer_literal=True)
def lane_numbers(typing: Any, lanes: Any) -> Any:
    """Return the int32 Vector 0, 1, ... lanes - 1."""
    width = lane_count(lanes)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return ir.Constant(ir.VectorType(ir.IntType(32), width), list(range(width)))

    return signature(Vector(types.int32, width), lanes), generate


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a b + c, rounded once where the machine can."""

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        of = args[0].type
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(of, [of] * 3), f"llvm.fmuladd.{llvm_name(of)}"
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
            builder.module, ir.FunctionType(of, [of]), f"llvm.floor.{llvm_name(of)}"
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
    wide = computed_type(array.dtype)

    def generate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        if wide == types.float64:
            return args[0]
        return builder.fptrunc(args[0], ir.VectorType(element(wide), vector.lanes))

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
                f"llvm.vector.reduce.{name}.{llvm_name(of)}",
            )
            ends.append(builder.sext(builder.call(function, args), ir.IntType(64)))
        return context.make_tuple(builder, result, ends)

    return signature(result, vector), generate


@intrinsic
def element_of(typing: Any, value: Any, array: Any) -> Any:
    """Return a number in the type in which the array's elements are computed with."""
    wide = computed_type(array.dtype)

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
