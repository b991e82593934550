"""The families of transformations by name."""

from collections.abc import Mapping
from types import MappingProxyType

from stn_reference.arguments import check_choice
from stn_reference.generators.affine import AFFINE
from stn_reference.generators.attention import ATTENTION
from stn_reference.generators.displacement import DISPLACEMENT
from stn_reference.generators.family import Family
from stn_reference.generators.projective import PROJECTIVE
from stn_reference.generators.similarity import SIMILARITY
from stn_reference.generators.thin_plate import THIN_PLATE
from stn_reference.generators.translation import TRANSLATION

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for family in (TRANSLATION, ATTENTION, SIMILARITY, AFFINE, PROJECTIVE, THIN_PLATE, DISPLACEMENT)
    }
)
"""Every family of transformations that the reference knows."""


def as_family(family: object) -> Family:
    """The family of that name, or the family itself.

    Raises:
        ReferenceArgumentError: an unknown name.
    """
    if isinstance(family, Family):
        return family
    check_choice("family", family, tuple(FAMILIES))
    return FAMILIES[str(family)]
