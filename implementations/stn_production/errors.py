"""What is wrong with a call, one class for each kind of mistake."""


class ArgumentError(Exception):
    """A call that nothing can answer; the base of all below."""


class ShapeError(ArgumentError, ValueError):
    """Shapes that do not fit together, or sizes that there cannot be."""


class DtypeError(ArgumentError, TypeError):
    """A dtype that is not computed with, or no tensor at all."""


class DeviceError(ArgumentError, ValueError):
    """Tensors on different devices."""


class UnknownChoiceError(ArgumentError, ValueError):
    """A choice outside the known ones."""
