"""A declaration is held to the contract when it is made."""

import pytest

from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import ContractError, UnknownChoiceError
from stn_verify.contract.implementation import Implementation, implementation, undeclared


def sampler(image, grid):
    return image


def choosing(image, grid, *, padding, align_corners):
    return image


def optional(image, grid, mode="bilinear", *, padding="zeros", antialias=False):
    return image


def test_required_choices_are_no_wrong_arity():
    held = Implementation("i", "numpy", {"sample": choosing})
    assert held.choices("sample") == {"padding", "align_corners"}
    assert len(held.conventions()) == 6


def test_other_parameters_need_defaults():
    held = Implementation("i", "numpy", {"sample": optional})
    assert held.choices("sample") == {"padding"}
    assert held.paddings() == ("zeros", "border", "reflection")
    assert held.alignments() is None
    assert held.conventions() is None

    def demanding(image, grid, *, temperature):
        return image

    with pytest.raises(
        ContractError, match=r"i: sample must take 2 positional arguments \(image, grid\).*temperature"
    ):
        Implementation("i", "numpy", {"sample": demanding})


@pytest.mark.parametrize("function", [lambda image: image, lambda image, grid, size: image, lambda: None])
def test_a_wrong_arity_is_refused(function):
    with pytest.raises(ContractError, match="must take 2 positional arguments"):
        Implementation("i", "numpy", {"sample": function})


def test_what_is_declared_is_what_is_checked():
    held = implementation(framework="numpy", padding=("zeros", "border"), align_corners=True)(sampler)
    assert held.conventions() == (Convention("zeros", True), Convention("border", True))
    assert held(1, 2) == 1


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ({"padding": "wrap"}, "unknown padding 'wrap'; known: zeros, border, reflection"),
        ({"dtypes": ("int8",)}, "unknown dtype 'int8'; known: float64"),
        ({"compute_dtype": "float8"}, "unknown compute_dtype 'float8'"),
        ({"compute_dtype": {"float16": "float8"}}, "unknown compute_dtype 'float8'"),
        ({"compute_dtype": {"float8": "float32"}}, "unknown dtype 'float8'"),
        ({"subgradient": "up"}, "unknown subgradient 'up'; known: right, left, mean, zero"),
        ({"spatial": (4,)}, r"unknown spatial \(4,\); known: \(2,\), \(3,\), \(2, 3\)"),
        ({"spatial": 3}, "unknown spatial 3; known: "),
        ({"interpolation": "lanczos"}, "unknown interpolation 'lanczos'"),
        (
            {"colour": 1},
            "unknown declaration 'colour'; known: align_corners, axis_order, claims, compiles, compute_dtype",
        ),
    ],
)
def test_an_unknown_declaration_is_refused_with_the_known(declaration, message):
    with pytest.raises(UnknownChoiceError, match=message):
        implementation(framework="numpy", **declaration)(sampler)


def test_a_product_is_registered_by_decorator():
    held = implementation(framework="numpy")(sampler)

    @held.vjp
    def product(image, grid, cotangent):
        return image, grid

    assert held.vjps == {"sample": product}


def test_an_undeclared_callable_is_marked():
    held = undeclared(sampler, "mine", "numpy")
    assert held.identified
    assert held.name == "mine"


def test_interpolation_is_offered_restricted_or_bilinear() -> None:
    def offers(image, grid, *, padding, align_corners, interpolation):
        return image

    def plain(image, grid):
        return image

    def kernels(function, **declared):
        return Implementation("i", "numpy", {"sample": function}, **declared).interpolations()

    assert kernels(offers) == ("bilinear", "nearest", "bicubic")
    assert kernels(offers, interpolation=("nearest", "bicubic")) == ("nearest", "bicubic")
    assert kernels(plain) == ("bilinear",)
    assert kernels(plain, interpolation="nearest") == ("nearest",)
    made = Implementation("i", "numpy", {"sample": offers}, padding="border", align_corners=True, cubic=-0.5)
    assert made.conventions() == (
        Convention("border", True),
        Convention("border", True, "nearest"),
        Convention("border", True, "bicubic", -0.5),
    )
    assert [str(convention) for convention in made.conventions() or ()] == [
        "bilinear/border/aligned",
        "nearest/border/aligned",
        "bicubic(-0.5)/border/aligned",
    ]


@pytest.mark.parametrize(
    ("declared", "told"), [({"cubic": 0.5}, "unknown cubic 0.5"), ({"ties": "odd"}, "unknown ties 'odd'")]
)
def test_unknown_kernels_are_refused(declared, told) -> None:
    with pytest.raises(UnknownChoiceError, match=told):
        Implementation("i", "numpy", {"sample": lambda image, grid: image}, **declared)
