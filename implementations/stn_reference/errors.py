"""What can be wrong with a call."""


class ReferenceArgumentError(ValueError):
    """An argument has the wrong shape, kind or value; the message names the value and the known choices."""
