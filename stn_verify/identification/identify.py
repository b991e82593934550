"""One function of a target, asked for one choice, identified: about eight small calls."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from stn_verify.contract.convention import PADDINGS, Convention
from stn_verify.contract.description import Description
from stn_verify.contract.dialect import Dialect
from stn_verify.contract.target import Target, TargetFailure
from stn_verify.identification.findings import AxisFinding, Findings
from stn_verify.identification.formulas import CONVENTIONS, Map
from stn_verify.identification.generator import Generator, found_fused, found_generator
from stn_verify.identification.geometry import Geometry, geometry
from stn_verify.identification.kernel import found_kernel
from stn_verify.identification.kernels import Kernel
from stn_verify.identification.layout import found_layout
from stn_verify.identification.model import Model, Padding
from stn_verify.identification.outside import found_paddings, found_ties
from stn_verify.identification.probe import Probe
from stn_verify.identification.ramps import Line, NoRampError, Ramps, found_ramps
from stn_verify.identification.torch_call import NoTorchCallError, Sampler, sample_call, transform_call

SAMPLERS = ("sample", "transform")


@dataclass
class _Sketch:
    """What is known so far, by the names of Findings."""

    known: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def identify(target: Target, function: str, asked: Convention, dtype: str) -> Findings:
    """What the function follows when it is asked for a convention (of which it may take some choices, or none).

    Raises:
        TargetFailure: a call brought no result.
    """
    findings, failure = identify_as_far(target, function, asked, dtype)
    if failure is not None:
        raise failure
    return findings


def identify_as_far(
    target: Target, function: str, asked: Convention, dtype: str
) -> tuple[Findings, TargetFailure | None]:
    """The same, up to the call that brought no result, if one did not."""
    before = target.evaluations.forwards
    probe = Probe(target, function, asked, dtype)
    taken = target.description.functions[function]  # type: ignore[index]  # one of the three
    choices = {name: value for name, value in vars(asked).items() if name in taken}
    sketch = _Sketch({"function": function, "asked": choices, "dtype": dtype})
    ended: TargetFailure | None = None
    try:
        if function == "generate":
            _generator(sketch, probe)
        else:
            _sampler(sketch, probe)
    except TargetFailure as failure:
        ended = failure
        first = (str(failure).splitlines() or [""])[0]
        sketch.remarks.append(f"a call {failure.status}: {first}")
    calls = target.evaluations.forwards - before
    return Findings(**sketch.known, remarks=sketch.remarks, calls=calls), ended


def _generator(sketch: _Sketch, probe: Probe) -> None:
    found = found_generator(probe)
    if len(found) != 1:
        sketch.remarks.append(
            "its grids are those of no known generator" if not found else "two generators explain its grids"
        )
        return
    (one,) = found
    sketch.known |= {"axis_order": one.rows, "units": "normalised", "align_corners": one.align_corners}
    sketch.known |= {"padding": "zeros", "dialect": Dialect(axis_order=one.rows)}


def _sampler(sketch: _Sketch, probe: Probe) -> None:
    probe = found_layout(probe)
    sketch.known |= {"image_layout": probe.image_layout, "output_layout": probe.output_layout}
    try:
        ramps = found_ramps(probe)
    except NoRampError as error:
        sketch.remarks.append(str(error))
        return
    _lines(sketch, ramps)
    measured = geometry(probe, ramps)
    kernels, by, seen = found_kernel(measured)
    sketch.known["explained_by"] = {"kernel": by}
    if len(kernels) != 1:
        sketch.remarks.append(
            f"no known kernel: {seen}"
            if not kernels
            else f"the kernel may be {' or '.join(map(str, kernels))}: in {by} arithmetic nothing tells them apart"
        )
        return
    _outside(sketch, measured, kernels[0])


def _lines(sketch: _Sketch, ramps: Ramps) -> None:
    sketch.known |= {"axis_order": ramps.axis_order, "x": _axis(ramps.x), "y": _axis(ramps.y)}
    convention = _convention(ramps.x.map)
    if convention is not None and ramps.x.map == ramps.y.map:
        sketch.known |= {"units": convention[0], "align_corners": convention[1]}
        return
    if ramps.x.map == ramps.y.map and ramps.x.map is not None:
        sketch.remarks.append(f"{ramps.x.told()}: no convention has it")
        return
    sketch.remarks += [
        f"along {along}: {line.told()}"
        if len(line.maps) > 1
        else f"along {along}: {line.told()}: no convention has it"
        for along, line in (("x", ramps.x), ("y", ramps.y))
        if _convention(line.map) is None
    ] or [f"x and y follow different conventions: {ramps.x.told()}; {ramps.y.told()}"]


def _outside(sketch: _Sketch, measured: Geometry, kernel: Kernel) -> None:
    sketch.known["kernel"] = str(kernel)
    if kernel.name == "bicubic":
        sketch.known |= {"cubic_a": kernel.a, "cubic_a_bound": kernel.a_bound}
    paddings, by, seen = found_paddings(measured, kernel)
    sketch.known["explained_by"] |= {"padding": by}
    sketch.known["paddings"] = [padding.told(kernel) for padding in paddings]
    if len(paddings) != 1:
        names = " and ".join(sketch.known["paddings"])
        sketch.remarks.append(
            f"in {by} arithmetic nothing tells {names} apart" if paddings else f"no known padding: {seen}"
        )
        return
    (padding,) = paddings
    if padding.name == "zeros":
        sketch.known["fill"] = padding.fill
    ties = found_ties(measured, padding) if kernel.name == "nearest" else []
    sketch.known["ties"] = ties
    if kernel.name == "nearest" and not ties:
        sketch.remarks.append("at ties it follows no known rule, or none on both axes")
    generator = _fused(sketch, Model(measured, kernel, padding)) if measured.probe.fused else None
    _torch(sketch, measured, kernel, padding, generator)
    _convention_of(sketch, kernel, padding, generator, fused=measured.probe.fused)


def _fused(sketch: _Sketch, model: Model) -> Generator | None:
    found = found_fused(model)
    if len(found) != 1:
        sketch.remarks.append(
            "no known grid generator explains where theta's linear part reads"
            if not found
            else "several grid generators explain where theta's linear part reads"
        )
        return None
    (one,) = found
    if one.rows != one.columns:
        sketch.remarks.append(
            f"theta's rows are for {_order(one.rows)}, the columns of its linear part for {_order(one.columns)}"
        )
    aligned = sketch.known.get("align_corners")
    if aligned is not None and aligned != one.align_corners:
        sketch.remarks.append(
            f"the target grid follows align_corners={one.align_corners}, the sampler align_corners={aligned}"
        )
    return one


def _convention_of(
    sketch: _Sketch, kernel: Kernel, padding: Padding, generator: Generator | None, *, fused: bool
) -> None:
    """The convention and the dialect of the suites, where all of it is theirs."""
    known = sketch.known
    units, layout = known.get("units"), known["image_layout"]
    plain = padding.name != "wrap" and padding.fill == 0 and not padding.cut and not padding.clipped
    if units is None or not plain or layout != known["output_layout"]:
        if layout != known["output_layout"]:
            sketch.remarks.append(f"images are {layout}, outputs {known['output_layout']}")
        return
    mirrored = padding.mirror == "centres"
    if units == "pixels":
        known["align_corners"] = mirrored
    if padding.mirror and mirrored != known["align_corners"]:
        sketch.remarks.append(
            f"{padding.told(kernel)} does not go with align_corners={known['align_corners']}"
        )
        return
    if fused and (generator is None or generator.rows != generator.columns or units != "normalised"):
        return
    if fused and generator is not None and generator.align_corners != known["align_corners"]:
        return
    known |= {"padding": padding.name, "interpolation": kernel.name}
    if kernel.name == "bicubic":
        known["cubic"] = kernel.simple_a
    known["dialect"] = Dialect(layout, known["axis_order"], units)


def _torch(
    sketch: _Sketch, measured: Geometry, kernel: Kernel, padding: Padding, generator: Generator | None
) -> None:
    probe, ramps = measured.probe, measured.ramps
    sampler = Sampler(
        kernel,
        tuple(sketch.known["ties"]),
        padding,
        (ramps.x.map, ramps.y.map),
        probe.image_layout,
        probe.output_layout,
        ramps.axis_order,
    )
    try:
        if not probe.fused:
            sketch.known["torch_call"] = sample_call(sampler)
        elif generator is not None:
            sketch.known["torch_call"] = transform_call(sampler, generator.align_corners, generator.columns)
        else:
            raise NoTorchCallError("its grid generator is not known")
    except NoTorchCallError as error:
        sketch.known["torch_reason"] = str(error)


def _axis(line: Line) -> AxisFinding:
    return AxisFinding(
        size=line.size,
        scale=line.scale,
        scale_bound=line.scale_bound,
        offset=line.offset,
        offset_bound=line.offset_bound,
        formulas=[found.told(line.letter) for found in line.maps],
        told=line.told(),
    )


def _convention(found: Map | None) -> tuple[Any, bool | None] | None:
    return None if found is None else CONVENTIONS.get(found)


def _order(order: str) -> str:
    return f"({', '.join(order)})"


def choices_of(description: Description, function: str) -> list[Convention]:
    """What the function can be asked for, each choice that it takes in every value that it offers."""
    taken = description.functions[function]  # type: ignore[index]  # one of the three
    standard = Convention()
    paddings: Sequence[str] = [standard.padding]
    if "padding" in taken:
        paddings = description.paddings or PADDINGS
    alignments = [standard.align_corners]
    if "align_corners" in taken:
        alignments = description.alignments or [False, True]
    kernels = description.interpolations if "interpolation" in taken else [standard.interpolation]
    return [
        Convention(padding, aligned, kernel, description.cubic if kernel == "bicubic" else standard.cubic)
        for kernel in kernels
        for padding in paddings
        for aligned in alignments
    ]
