"""Laws that every right sampler keeps, each held against another result of the target itself: no value comes from the oracle."""

import zlib
from dataclasses import replace

import numpy as np

from stn_verify.bounds import laws
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.comparison import Comparison
from stn_verify.bounds.interval import Interval, point
from stn_verify.bounds.output import output
from stn_verify.cases.case import SampleCase, TransformCase
from stn_verify.cases.shifted import shifted
from stn_verify.contract.target import Target
from stn_verify.formats import Array, named
from stn_verify.judging.arithmetics import claimed

SampledCase = SampleCase | TransformCase

LARGEST = 8
"""Of the integers that images are made of: with a factor of 2^4 and a sum of two, what 8 bits hold."""

DISTANCE = 4
"""Between the exponents of the two factors, at most."""

EXPONENTS = {"float64": (-20, 16), "float32": (-20, 16), "bfloat16": (-20, 16), "float16": (-8, 6)}
"""Of the smaller factor, at one end or the other: far from 1, and where no sum or difference of two images overflows."""


def linear(target: Target, case: SampledCase) -> list[Comparison]:
    """f(a u + b v) = a f(u) + b f(v), for images of small integers and powers of two: 3 forwards."""
    random = _random(case)
    u, v = (_integers(case.image.shape, random) for _ in range(2))
    exponent = EXPONENTS[case.dtype][random.integers(2)]
    a, b = 2.0**exponent, -(2.0 ** (exponent + int(random.integers(0, DISTANCE + 1))))
    calls = tuple(case.call(image=image) for image in (u, v, a * u + b * v))
    first, second, third = (target.call(call).output for call in calls)
    scene = replace(case, image=abs(a) * np.abs(u) + abs(b) * np.abs(v)).scene
    expected = a * first + b * second
    return [
        Comparison(
            "output",
            third,
            lambda arithmetic: point(expected, laws.linearity(scene, (a, b), arithmetic)),
            calls=calls,
            law=f"f(a u + b v) = a f(u) + b f(v), with a = {a!r} and b = {b!r}, for the images of three calls",
        )
    ]


def adjoint(target: Target, case: SampledCase) -> list[Comparison]:
    """<u, A^T v> = <A u, v> for each image and channel: 1 backward."""
    call = case.call(("image",))
    reply = target.call(call)
    gradient = reply.gradients["image"]
    expected = (reply.output * case.cotangent).sum(axis=(2, 3))

    def bound(arithmetic: Arithmetic) -> Array:
        return laws.adjoint(case.scene, case.cotangent, reply.output, gradient, arithmetic)

    return [
        Comparison(
            "grad_input",
            (case.image * gradient).sum(axis=(2, 3)),
            lambda arithmetic: point(expected, bound(arithmetic)),
            calls=(call,),
            formula="(image * grad_input).sum(axis=(2, 3))",
            law="<u, A^T v> = <A u, v> for each image and channel, A u being the output and A^T v grad_input",
        )
    ]


def constant(target: Target, case: SampledCase) -> list[Comparison]:
    """A constant image stays that constant: 1 forward."""
    flat = replace(case, image=_constants(case))
    call = flat.call()
    return [
        Comparison(
            "output",
            target.call(call).output,
            lambda arithmetic: laws.constant(flat.scene, arithmetic),
            calls=(call,),
            law="the weights of an output add up to 1: a constant image stays constant where no zero is near",
        )
    ]


def between(target: Target, case: SampledCase) -> list[Comparison]:
    """Each output lies within the hull of the pixels around it: 1 forward."""
    values = target.call(case.call()).output
    return [
        Comparison(
            "output",
            values,
            lambda arithmetic: laws.hull(case.scene, arithmetic),
            law="an output lies between the least and the largest of the pixels that it is made of",
        )
    ]


def steady(target: Target, case: SampledCase) -> list[Comparison]:
    """The gradient of the sample points does not move when a constant is added to the image: 2 backwards."""
    name = "grid" if isinstance(case, SampleCase) else "theta"
    random = _random(case)
    image = _integers(case.image.shape, random)
    # Of either sign, and large: u + k is still an integer of 7 bits.
    added = random.integers(16, 65, case.image.shape[:2]) * random.choice([-1.0, 1.0], case.image.shape[:2])
    raised = image + added[:, :, None, None]
    still = _settled(target, case)
    calls = tuple(still.call((name,), image=each) for each in (image, raised))
    first, second = (target.call(call).gradients[name] for call in calls)
    scene = replace(still, image=np.abs(image) + np.abs(added)[:, :, None, None]).scene

    def bound(arithmetic: Arithmetic) -> Array:
        if isinstance(still, SampleCase):
            return laws.steady_grid(scene, added, still.cotangent, arithmetic)
        return laws.steady_theta(scene, still.base, added, still.cotangent, arithmetic)

    return [
        Comparison(
            f"grad_{name}",
            second,
            lambda arithmetic: point(first, bound(arithmetic)),
            calls=calls,
            law="the gradient stays what it is when a constant is added to every pixel of a channel",
        )
    ]


def conserved(target: Target, case: SampledCase) -> list[Comparison]:
    """The pixels of grad_input add up to what the cotangent has to give, for each image and channel: 1 backward."""
    still = _settled(target, case)
    call = still.call(("image",))
    gradient = target.call(call).gradients["image"]
    expected = still.cotangent.sum(axis=(2, 3))
    return [
        Comparison(
            "grad_input",
            gradient.sum(axis=(2, 3)),
            lambda arithmetic: point(expected, laws.mass(still.scene, still.cotangent, gradient, arithmetic)),
            calls=(call,),
            formula="grad_input.sum(axis=(2, 3))",
            law="the pixels of grad_input add up to the cotangent's sum, for each image and channel",
        )
    ]


def composed(target: Target, case: TransformCase) -> list[Comparison]:
    """theta composed with a shift of the target by a pixel: out'[i, j] = out[i + di, j + dj] where both are: 2 forwards."""
    random = _random(case)
    rows, columns = [(0, 1), (1, 0), (1, 1)][random.integers(3)]
    other = shifted(case, rows, columns)
    calls = (case.call(), other.call())
    first, second = (target.call(call).output for call in calls)

    def expected(arithmetic: Arithmetic) -> Interval:
        # Two ways to one point: either may be off by its own bound.
        here, there = output(case.scene, arithmetic).bound, output(other.scene, arithmetic).bound
        bound = here[:, :, rows:, columns:] + _kept(there, rows, columns)
        return point(first[:, :, rows:, columns:], bound)

    return [
        Comparison(
            "output",
            _kept(second, rows, columns),
            expected,
            calls=calls,
            formula=f"output[:, :, :{second.shape[2] - rows}, :{second.shape[3] - columns}]",
            law=f"theta composed with a shift of the target by ({rows}, {columns}) pixels shifts the output",
        )
    ]


def _kept(values: Array, rows: int, columns: int) -> Array:
    """Without the last rows and columns, which the shift brought from beyond the other output."""
    return values[:, :, : values.shape[2] - rows, : values.shape[3] - columns]


def _random(case: SampledCase) -> np.random.Generator:
    """Other numbers for another case, the same for the same."""
    return np.random.default_rng(zlib.crc32(case.image.tobytes() + case.cotangent.tobytes()))


def _integers(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    return random.integers(-LARGEST, LARGEST + 1, shape).astype(np.float64)


def _constants(case: SampledCase) -> Array:
    """[N, C, H, W]: for each image and channel another constant, of a full significand and no small one."""
    random = _random(case)
    shape = (*case.image.shape[:2], 1, 1)
    values = random.uniform(1.0, 8.0, shape) * random.choice([-1.0, 1.0], shape)
    return np.broadcast_to(named(case.dtype).round(values), case.image.shape).copy()


def _settled(target: Target, case: SampledCase) -> SampledCase:
    """The case with no cotangent where a zero is within reach."""
    there = laws.settled(case.scene, claimed(target.description, case.dtype))
    mask = there.reshape(len(case.image), 1, *case.output_size)
    return replace(case, cotangent=np.where(mask, case.cotangent, 0.0))
