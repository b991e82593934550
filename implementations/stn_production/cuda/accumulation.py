"""Adding to a pixel that several outputs reach: float atomics, or whole numbers, whose sum no order changes."""

import triton
import triton.language as tl


@triton.jit
def accumulate(
    sums: tl.tensor,
    marks: tl.tensor,
    offset: tl.tensor,
    weight: tl.tensor,
    cotangent: tl.tensor,
    scale: tl.tensor,
    second_scale: tl.tensor,
    elements: tl.tensor,
    there: tl.tensor,
    LIMBS: tl.constexpr,
) -> None:
    """sums[offset] += weight cotangent where `there`.

    LIMBS 0: sums is float32 or float64. Else int64 [LIMBS, elements]: units of 1/scale, and of 1/(scale second_scale) for
    what is left. What is not finite leaves a mark in uint8 [2, elements]: it may be +inf, it may be -inf, NaN both.
    """
    if LIMBS == 0:
        tl.atomic_add(sums + offset, weight.to(cotangent.dtype) * cotangent, mask=there, sem="relaxed")
    else:
        exact = weight.to(tl.float64) * cotangent.to(tl.float64)
        finite = tl.abs(exact) < float("inf")
        units = tl.where(finite, exact, 0.0) * scale
        whole = tl.floor(units + 0.5)
        tl.atomic_add(sums + offset, whole.to(tl.int64), mask=there & finite, sem="relaxed")
        if LIMBS == 2:
            rest = tl.floor((units - whole) * second_scale + 0.5)
            tl.atomic_add(sums + elements + offset, rest.to(tl.int64), mask=there & finite, sem="relaxed")
        up, down = ~(exact < float("inf")), ~(exact > float("-inf"))
        one = tl.full(exact.shape, 1, tl.uint8)
        # Every writer of a mark writes the same.
        tl.store(marks + offset, one, mask=there & up)
        tl.store(marks + elements + offset, one, mask=there & down)


@triton.jit
def accumulate_cell(
    sums: tl.tensor,
    marks: tl.tensor,
    at: tl.tensor,
    right: tl.tensor,
    below: tl.tensor,
    wl: tl.tensor,
    wr: tl.tensor,
    wt: tl.tensor,
    wb: tl.tensor,
    r00: tl.tensor,
    r01: tl.tensor,
    r10: tl.tensor,
    r11: tl.tensor,
    cotangent: tl.tensor,
    scale: tl.tensor,
    second_scale: tl.tensor,
    elements: tl.tensor,
    LIMBS: tl.constexpr,
) -> None:
    """The four pixels of a footprint; `right` and `below` are the steps to the next column and row."""
    accumulate(sums, marks, at, wt * wl, cotangent, scale, second_scale, elements, r00, LIMBS)
    accumulate(sums, marks, at + right, wt * wr, cotangent, scale, second_scale, elements, r01, LIMBS)
    accumulate(sums, marks, at + below, wb * wl, cotangent, scale, second_scale, elements, r10, LIMBS)
    accumulate(sums, marks, at + below + right, wb * wr, cotangent, scale, second_scale, elements, r11, LIMBS)


@triton.jit
def settle(
    sums: tl.tensor,
    marks: tl.tensor,
    scales: tl.tensor,
    gradient: tl.tensor,
    second_scale: tl.tensor,
    elements: tl.tensor,
    C: tl.tensor,
    plane: tl.tensor,
    CHANNELS_LAST: tl.constexpr,
    LIMBS: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """The gradient that whole numbers and marks mean; plane = H W, scales [N, C]."""
    element = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = element < elements
    if CHANNELS_LAST:
        number = element // plane // C * C + element % C
    else:
        number = element // plane
    scale = tl.load(scales + number, mask=inside, other=1.0)
    value = tl.load(sums + element, mask=inside, other=0).to(tl.float64)
    if LIMBS == 2:
        value += tl.load(sums + elements + element, mask=inside, other=0).to(tl.float64) / second_scale
    value = value / scale
    positive = tl.load(marks + element, mask=inside, other=0) != 0
    negative = tl.load(marks + elements + element, mask=inside, other=0) != 0
    value = tl.where(positive, float("inf"), value)
    value = tl.where(negative, tl.where(positive, float("nan"), float("-inf")), value)
    tl.store(gradient + element, value.to(gradient.dtype.element_ty), mask=inside)
