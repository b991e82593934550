"""What can be wrong with a request: one class per kind of mistake."""


class RequestError(Exception):
    """The request was wrong: one clear line for the person who made it. Exit status 2."""


class UnknownTargetError(RequestError):
    """No implementation of that name, file or attribute."""


class BrokenTargetError(RequestError):
    """The target was found, but importing it failed."""


class ContractError(RequestError):
    """What was found does not keep the contract: a wrong arity, an unknown choice, a missing gradient."""


class UnknownChoiceError(RequestError):
    """A suite, dtype, device, padding or profile that does not exist."""


class KnownFailuresError(RequestError):
    """A file of known failures that cannot be read, or that does not say what it has to."""


class MissingExtraError(RequestError):
    """An optional dependency of this package is not installed: the line says how it is."""


class OutputError(RequestError):
    """The output folder cannot be written."""
