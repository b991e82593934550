"""What a vector is to Numba, and how its lanes lie in memory.

A `Vector` lives in registers only. LLVM splits it where the machine's registers are narrower, so one kernel serves every CPU.
Numba has no 16-bit floats on CPUs: their bits come as int16 (float16) and uint16 (bfloat16), are widened to float32 as they
are loaded and rounded, ties to even, as they are stored.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel
from numba.extending import register_model

LANES = 16  # pixels to a group, channels to a block


FLOAT16_BITS, BFLOAT16_BITS = types.int16, types.uint16


class Vector(types.Type):
    """`lanes` numbers of one Numba type, or lanes of truth (types.boolean)."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        super().__init__(name=f"Vector({dtype}, {lanes})")
        self.dtype = dtype
        self.lanes = lanes


@register_model(Vector)
class _VectorModel(PrimitiveModel):
    def __init__(self, manager: Any, vector: Vector) -> None:
        super().__init__(manager, vector, ir.VectorType(element(vector.dtype), vector.lanes))


def element(dtype: Any) -> ir.Type:
    if dtype == types.float32:
        return ir.FloatType()
    if dtype == types.float64:
        return ir.DoubleType()
    return ir.IntType(1 if dtype == types.boolean else dtype.bitwidth)


def computed_type(dtype: Any) -> Any:
    """Return the type in which elements of `dtype` are computed with."""
    return types.float32 if dtype in {FLOAT16_BITS, BFLOAT16_BITS} else dtype


def lane_count(lanes: Any) -> int:
    """Return how many lanes a literal says, or a tuple of that length: a kernel's argument can be no literal."""
    return lanes.count if isinstance(lanes, types.UniTuple) else lanes.literal_value


def splatted(builder: ir.IRBuilder, value: ir.Value, lanes: int) -> ir.Value:
    of = ir.VectorType(value.type, lanes)
    first = builder.insert_element(ir.Constant(of, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(first, ir.Constant(of, ir.Undefined), zeros)


def address(context: Any, builder: ir.IRBuilder, array: Any, value: ir.Value, index: ir.Value) -> ir.Value:
    if isinstance(array, types.CPointer):
        return builder.gep(value, [index])
    return builder.gep(cgutils.create_struct_proxy(array)(context, builder, value=value).data, [index])


def vector_address(builder: ir.IRBuilder, pointer: ir.Value, of: ir.Type) -> ir.Value:
    return builder.bitcast(pointer, of.as_pointer())


def widened(builder: ir.IRBuilder, dtype: Any, raw: ir.Value, lanes: int) -> ir.Value:
    floats = ir.VectorType(ir.FloatType(), lanes)
    if dtype == FLOAT16_BITS:
        return builder.fpext(builder.bitcast(raw, ir.VectorType(ir.HalfType(), lanes)), floats)
    if dtype == BFLOAT16_BITS:
        integers = ir.VectorType(ir.IntType(32), lanes)
        sixteen = ir.Constant(integers, [16] * lanes)
        return builder.bitcast(builder.shl(builder.zext(raw, integers), sixteen), floats)
    return raw


def narrowed(builder: ir.IRBuilder, dtype: Any, value: ir.Value, lanes: int) -> ir.Value:
    halves = ir.VectorType(ir.IntType(16), lanes)
    if dtype == FLOAT16_BITS:
        return builder.bitcast(builder.fptrunc(value, ir.VectorType(ir.HalfType(), lanes)), halves)
    if dtype == BFLOAT16_BITS:
        integers = ir.VectorType(ir.IntType(32), lanes)

        def constant(number: int) -> ir.Constant:
            return ir.Constant(integers, [number] * lanes)

        bits = builder.bitcast(value, integers)
        odd = builder.and_(builder.lshr(bits, constant(16)), constant(1))
        rounded = builder.lshr(builder.add(builder.add(bits, constant(0x7FFF)), odd), constant(16))
        is_nan = builder.fcmp_unordered("uno", value, value)
        return builder.trunc(builder.select(is_nan, constant(0x7FC0), rounded), halves)
    return value


def llvm_name(vector: ir.VectorType) -> str:
    element = vector.element
    kind = {ir.FloatType(): "f32", ir.DoubleType(): "f64"}.get(element)
    return f"v{vector.count}{kind or f'i{element.width}'}"
