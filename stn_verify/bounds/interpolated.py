"""What a result may be, whichever way the convention interpolates."""

from stn_verify.bounds import cubic, nearest
from stn_verify.bounds import grid_gradient as bilinear_grid
from stn_verify.bounds import input_gradient as bilinear_input
from stn_verify.bounds import output as bilinear_output
from stn_verify.bounds import theta_gradient as bilinear_theta
from stn_verify.bounds.arithmetic import Arithmetic
from stn_verify.bounds.interval import Interval
from stn_verify.bounds.scene import Scene
from stn_verify.formats import Array


def output(scene: Scene, values: Array, arithmetic: Arithmetic) -> Interval:
    """[N, C, Ho, Wo]. Of several pixels that nearest may take, the one that explains the values best."""
    match scene.convention.interpolation:
        case "nearest":
            return nearest.output(scene, values, arithmetic)
        case "bicubic":
            return cubic.output(scene, arithmetic)
    return bilinear_output.output(scene, arithmetic)


def any_output(scene: Scene, arithmetic: Arithmetic) -> Interval:
    """[N, C, Ho, Wo], whatever came back."""
    match scene.convention.interpolation:
        case "nearest":
            return nearest.hull(scene, arithmetic)
        case "bicubic":
            return cubic.output(scene, arithmetic)
    return bilinear_output.output(scene, arithmetic)


def input_gradient(scene: Scene, cotangent: Array, arithmetic: Arithmetic) -> Interval:
    """dL/dU [N, C, H, W] for a cotangent [N, C, Ho, Wo]."""
    match scene.convention.interpolation:
        case "nearest":
            return nearest.input_gradient(scene, cotangent, arithmetic)
        case "bicubic":
            return cubic.input_gradient(scene, cotangent, arithmetic)
    return bilinear_input.input_gradient(scene, cotangent, arithmetic)


def grid_gradient(scene: Scene, cotangent: Array, arithmetic: Arithmetic, *, zero: bool = False) -> Interval:
    """dL/dgrid [N, Ho, Wo, 2] or [N, Do, Ho, Wo, 3]; `zero` allows zero at kinks."""
    if scene.convention.interpolation == "nearest":
        return nearest.nothing((scene.image.shape[0], *scene.size, len(scene.axes)))
    return bilinear_grid.grid_gradient(scene, cotangent, arithmetic, zero=zero)


def theta_gradient(
    scene: Scene, base: Array, cotangent: Array, arithmetic: Arithmetic, *, zero: bool = False
) -> Interval:
    """dL/dtheta [N, 2, 3] or [N, 3, 4]; `zero` allows zero at kinks."""
    if scene.convention.interpolation == "nearest":
        return nearest.nothing((scene.image.shape[0], len(scene.axes), base.shape[-1]))
    return bilinear_theta.theta_gradient(scene, base, cotangent, arithmetic, zero=zero)
