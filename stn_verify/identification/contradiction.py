"""What a target declares, held against what was measured."""

from stn_verify.contract.convention import Convention
from stn_verify.contract.dialect import Dialect
from stn_verify.identification.findings import Findings
from stn_verify.identification.kernels import Kernel
from stn_verify.identification.model import Padding


def contradiction(found: Findings, declared: Convention, dialect: Dialect) -> str | None:
    """Every declaration that the measurements contradict, each with what was measured; None: they agree."""
    told = [*_spelling(found, dialect), *_units(found, declared, dialect), *_values(found, declared)]
    return f"{'; '.join(told)} ({found.calls} calls in {found.dtype})" if told else None


def _spelling(found: Findings, dialect: Dialect) -> list[str]:
    told = [
        f"declares {dialect.layout}, {what} are {layout}"
        for what, layout in (("images", found.image_layout), ("outputs", found.output_layout))
        if layout not in (None, dialect.layout)
    ]
    if found.axis_order is not None and found.axis_order != dialect.axis_order:
        what = "the grid's last axis is" if found.function == "sample" else "theta's rows are"
        told.append(f"declares ({', '.join(dialect.axis_order)}), {what} ({', '.join(found.axis_order)})")
    return told


def _units(found: Findings, declared: Convention, dialect: Dialect) -> list[str]:
    if found.x is None or found.y is None:
        return []
    says = f"units={dialect.units!r}, align_corners={declared.align_corners}"
    if found.units is None:
        return [f"declares {says}: {'; '.join(found.remarks)}"]
    measured = f"scale {found.x.told.removeprefix('scale ')}"
    if found.units != dialect.units:
        return [f"declares units={dialect.units!r}, takes {found.units!r}: {measured}"]
    if found.units != "pixels" and found.align_corners != declared.align_corners:
        return [
            f"declares align_corners={declared.align_corners}, follows align_corners={found.align_corners}: {measured}"
        ]
    return []


def _values(found: Findings, declared: Convention) -> list[str]:
    if found.x is None:
        return [f"declares {declared}: {'; '.join(found.remarks)}"]
    if found.units is None:
        return []
    expected, kernel = _expected(declared), _kernel(found, declared)
    if kernel:
        return [kernel]
    if not found.paddings:
        return [f"declares padding={declared.padding!r}: {remark}" for remark in found.remarks[-1:]]
    if expected not in found.paddings:
        return [f"declares padding={declared.padding!r}, follows {' or '.join(found.paddings)}"]
    fused = found.function == "transform" and found.convention is None
    return [f"declares {declared}: {remark}" for remark in found.remarks[-1:]] if fused else []


def _kernel(found: Findings, declared: Convention) -> str | None:
    """How the kernel is another."""
    seen = found.kernel or "; ".join(found.remarks)
    if not seen.startswith(declared.interpolation):
        return f"declares interpolation={declared.interpolation!r}, follows {seen}"
    if found.cubic_a is not None and abs(found.cubic_a - declared.cubic) > (found.cubic_a_bound or 0.0):
        return f"declares cubic={declared.cubic:g}, follows {seen}"
    return None


def _expected(declared: Convention) -> str:
    """The padding that a convention means, in the words of Findings."""
    mirrored = {True: "centres", False: "edges"}[declared.align_corners]
    mirror = mirrored if declared.padding == "reflection" else None
    return Padding(declared.padding, mirror).told(Kernel(declared.interpolation))  # type: ignore[arg-type]  # one of the known
