"""The kernels' contract, in plain torch operations."""

from torch import Tensor

from stn_production.portable.coordinates import Generator, OfGrid, OfTheta, Points, Size, computing_dtype
from stn_production.portable.stencil import Stencil

Gradients = tuple[Tensor | None, Tensor | None]


def transform_forward(image: Tensor, theta: Tensor, size: Size, align_corners: bool, padding: str) -> Tensor:
    """[N,C,H,W], [N,2,3], (Ho,Wo) -> [N,C,Ho,Wo], in the image's dtype."""
    return forward(image, theta, OfTheta(size, image_size(image), align_corners), padding)


def transform_backward(
    cotangent: Tensor,
    image: Tensor,
    theta: Tensor,
    size: Size,
    align_corners: bool,
    padding: str,
    need_image: bool,
    need_theta: bool,
) -> Gradients:
    """The gradients of image and theta, each in its own dtype; None where not needed."""
    generator = OfTheta(size, image_size(image), align_corners)
    return _backward(cotangent, image, theta, generator, padding, (need_image, need_theta))


def sample_forward(image: Tensor, grid: Tensor, align_corners: bool, padding: str) -> Tensor:
    """[N,C,H,W], [N,Ho,Wo,2] -> [N,C,Ho,Wo], in the image's dtype."""
    return forward(image, grid, OfGrid(image_size(image), align_corners), padding)


def sample_backward(
    cotangent: Tensor,
    image: Tensor,
    grid: Tensor,
    align_corners: bool,
    padding: str,
    need_image: bool,
    need_grid: bool,
) -> Gradients:
    """The gradients of image and grid, each in its own dtype; None where not needed."""
    generator = OfGrid(image_size(image), align_corners)
    return _backward(cotangent, image, grid, generator, padding, (need_image, need_grid))


def image_size(image: Tensor) -> Size:
    """(H, W)."""
    return image.shape[2], image.shape[3]


def stencil_of(image: Tensor, places: Tensor, generator: Generator, padding: str) -> Stencil:
    """Where a grid or theta reads, in the dtype that is computed in."""
    points = generator.points(places.to(computing_dtype(image, places)))
    return Stencil(points, generator.image_size, padding, generator.align_corners)


def forward(image: Tensor, places: Tensor, generator: Generator, padding: str) -> Tensor:
    """`places`: the grid or theta."""
    stencil = stencil_of(image, places, generator, padding)
    return stencil.value(stencil.corners(image)).to(image.dtype)


def point_gradient(stencil: Stencil, cotangent: Tensor, slopes: Points) -> Points:
    """Per pixel: the sum over channels of cotangent times slope, [N, Ho, Wo] each."""
    return Points(*(stencil.over_channels(cotangent * slope) for slope in slopes))


def _backward(
    cotangent: Tensor,
    image: Tensor,
    places: Tensor,
    generator: Generator,
    padding: str,
    needed: tuple[bool, bool],
) -> Gradients:
    need_image, need_places = needed
    stencil = stencil_of(image, places, generator, padding)
    received = cotangent.to(stencil.dtype)
    grad_image = stencil.scatter(received).to(image.dtype) if need_image else None
    if not need_places:
        return grad_image, None
    gradient = point_gradient(stencil, received, stencil.slopes(stencil.corners(image)))
    return grad_image, generator.gradient(gradient).to(places.dtype)
