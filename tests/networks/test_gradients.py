"""The closed-form backward pass against exact differences in rational arithmetic: equal to the bit, at kinks too."""

from fractions import Fraction

import numpy as np
from dyadic import Scene, scenes
from hypothesis import given, settings
from hypothesis import strategies as st
from rational import Piece, derivative, exact, loss

IMAGE = "image"
# theta of the first transformer is linear along one array, or the image is: 2 degrees by x and y, and the image's own;
# theta of the second has that degree, and so the output three times that.
DEGREE = 9


@settings(max_examples=60)
@given(scenes(channels=(1, 3), longest=2), st.data())
def test_along_the_image_and_each_array_of_parameters(scene: Scene, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([IMAGE, *scene.parameters]))
    grad_image, gradients = scene.network.vjp(scene.parameters, scene.image, scene.cotangent)
    gradient = grad_image if name == IMAGE else gradients[name]
    direction = np.random.default_rng(scene.seed).integers(-2, 3, gradient.shape)
    start = {key: exact(value) for key, value in scene.parameters.items()} | {IMAGE: exact(scene.image)}
    piece = Piece()

    def moved(step: Fraction) -> Fraction:
        arrays = start | {name: start[name] + step * direction}
        return loss(scene, arrays, arrays[IMAGE], piece)

    value = moved(Fraction(0))
    output = scene.network.forward(scene.parameters, scene.image)
    assert value == Fraction(float((output * scene.cotangent).sum()))
    expected = derivative(lambda step: (piece.again(), moved(step))[1], DEGREE)
    assert expected == (exact(gradient) * direction).sum()
