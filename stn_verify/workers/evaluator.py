"""Calls an implementation in this process: native arrays in, the framework's gradients, carriers out."""

import platform
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from stn_verify.contract.convention import Convention
from stn_verify.contract.description import Description
from stn_verify.contract.errors import ContractError, RequestError, UnknownChoiceError
from stn_verify.contract.implementation import ARGUMENTS, DIFFERENTIABLE, Implementation
from stn_verify.contract.target import Call, Evaluations, Reply, TargetFailure, TargetRaised, TargetReplied
from stn_verify.formats import STORAGE_DTYPES, Array
from stn_verify.frameworks import framework
from stn_verify.workers.expectations import check_output_shape, check_reply
from stn_verify.workers.protocol import Raised

_NAME, _REASON = 200, 500


class Evaluator:
    """An implementation, its framework and a device."""

    def __init__(self, implementation: Implementation, device: str = "cpu") -> None:
        """Raises: UnknownChoiceError: no such framework or device. BrokenTargetError: it is not installed."""
        self.implementation = implementation
        self.device = device
        self.framework = framework(implementation.framework)
        self.framework.check_device(device)

    def evaluate(self, call: Call) -> Reply:
        """Execute one call; its arrays are copied, never written to.

        Raises:
            TargetRaised: the implementation raised; the exception is the cause.
            TargetReplied: it returned something that is no result.
            ContractError, UnknownChoiceError: the call cannot be made of this implementation.
        """
        inputs = self._inputs(call)
        cotangent = None if call.cotangent is None else self._array(call.cotangent, call.dtype)
        try:
            reply = self._reply(call, inputs, cotangent)
        except (TargetFailure, RequestError):
            raise
        except (Exception, SystemExit) as error:
            raise Raised.by(error, 0).failure() from error
        check_reply(call, reply)
        return reply

    def usable(self) -> bool:
        """Whether the device still works."""
        return self.framework.usable(self.device)

    def describe(self, *, probe: bool = True) -> Description:
        """What the implementation says of itself; with `probe`, undeclared dtypes are tried."""
        held = self.implementation
        dtypes, unsupported = self._dtypes(probe)
        paddings, alignments = held.paddings(), held.alignments()
        described: dict[str, Any] = {
            "name": held.name[:_NAME],
            "framework": self.framework.name,
            "framework_version": self.framework.version[:_NAME],
            "python_version": platform.python_version(),
            "functions": {name: sorted(held.choices(name)) for name in held.functions},
            "differentiable": [n for n in held.functions if self.framework.differentiates or n in held.vjps],
            "paddings": None if paddings is None else list(paddings),
            "alignments": None if alignments is None else list(alignments),
            "interpolation": held.interpolation,
            "dtypes": dtypes,
            "unsupported": unsupported,
            "compute_dtype": held.compute_dtype,
            "subgradient": held.subgradient,
            "device": self.device,
            "threads": self.framework.threads(),
        }
        return Description.model_validate(described)

    def _reply(self, call: Call, inputs: Sequence[Any], cotangent: Any) -> Reply:
        choices = self._choices(call)
        carried: list[tuple[Array, str]] = []

        def checked(*arguments: Any, **keywords: Any) -> Any:
            """Judge the output before its derivative is taken, which would raise in the framework's words."""
            output = self.implementation.functions[call.function](*arguments, **keywords)
            carried.append(self._carrier(output, f"{call.function}: output"))
            check_output_shape(call, carried[-1][0].shape)
            return output

        product = self.implementation.vjps.get(call.function)
        gradients: dict[str, Array] = {}
        if not call.gradients:
            checked(*inputs, **choices)
        elif product is not None:
            checked(*inputs, **choices)
            gradients = self._own_gradients(call, product(*inputs, cotangent, **choices))
        else:
            gradients = self._framework_gradients(call, checked, inputs, cotangent)
        values, dtype = carried[0]
        return Reply(values, dtype, gradients)

    def _own_gradients(self, call: Call, returned: Any) -> dict[str, Array]:
        names = DIFFERENTIABLE[call.function]
        gradients = tuple(returned) if isinstance(returned, tuple | list) else (returned,)
        if len(gradients) != len(names):
            raise TargetReplied(
                f"{call.function}_vjp: returned {len(gradients)} gradients, not {len(names)}"
                f" ({', '.join(names)})"
            )
        by_name = dict(zip(names, gradients, strict=True))
        return {name: self._gradient(call, name, by_name[name]) for name in call.gradients}

    def _framework_gradients(
        self, call: Call, function: Callable[..., Any], inputs: Sequence[Any], cotangent: Any
    ) -> dict[str, Array]:
        wanted = [ARGUMENTS[call.function].index(name) for name in call.gradients]
        _, gradients = self.framework.vjp(function, inputs, self._choices(call), cotangent, wanted)
        by_name = zip(call.gradients, gradients, strict=True)
        return {name: self._gradient(call, name, gradient) for name, gradient in by_name}

    def _gradient(self, call: Call, name: str, gradient: Any) -> Array:
        if gradient is None:
            raise TargetReplied(f"{call.function}: no gradient reaches {name}")
        return self._carrier(gradient, f"{call.function}: the gradient of {name}")[0]

    def _carrier(self, native: Any, what: str) -> tuple[Array, str]:
        try:
            return self.framework.carrier(native)
        except TypeError as error:
            raise TargetReplied(f"{what} is {error}") from None

    def _choices(self, call: Call) -> dict[str, Any]:
        taken = self.implementation.choices(call.function)
        return {name: value for name, value in vars(call.convention).items() if name in taken}

    def _inputs(self, call: Call) -> list[Any]:
        if call.function not in self.implementation.functions:
            given = ", ".join(self.implementation.functions)
            raise ContractError(f"{self.implementation.name} has no {call.function}; it has {given}")
        names = [name for name in ARGUMENTS[call.function] if name != "size"]
        sized = "size" in ARGUMENTS[call.function]
        if set(call.arrays) != set(names):
            raise ContractError(
                f"{call.function} takes {', '.join(names)}; given: {', '.join(call.arrays) or 'nothing'}"
            )
        if (call.size is not None) != sized:
            raise ContractError(f"{call.function} takes {'a' if sized else 'no'} size; given: {call.size}")
        unknown = set(call.gradients) - set(DIFFERENTIABLE[call.function])
        if unknown:
            raise ContractError(f"{call.function} has no gradient of {', '.join(sorted(unknown))}")
        if (call.cotangent is not None) != bool(call.gradients):
            raise ContractError(f"{call.function}: a cotangent goes with gradients, and only with them")
        if call.gradients and not (
            self.framework.differentiates or call.function in self.implementation.vjps
        ):
            raise ContractError(
                f"{self.implementation.name}: {self.framework.name} does not differentiate,"
                f" and no {call.function}_vjp is given"
            )
        inputs = [self._array(call.arrays[name], call.dtype) for name in names]
        return [*inputs, call.size] if sized else inputs

    def _array(self, carrier: Array, dtype: str) -> Any:
        try:
            return self.framework.array(carrier, dtype, self.device)
        except UnknownChoiceError:
            raise
        except Exception as error:
            # The device is lost or full: what a call of the implementation would have met.
            raise Raised.by(error, 0).failure() from error

    def _dtypes(self, probe: bool) -> tuple[list[str], dict[str, str]]:
        """The dtypes to check, and those not, each with the reason."""
        declared = self.implementation.dtypes
        if declared is not None:
            return list(declared), {
                dtype: "not declared" for dtype in STORAGE_DTYPES if dtype not in declared
            }
        if not probe:
            return list(STORAGE_DTYPES), {}
        reasons = {dtype: self._why_not(dtype) for dtype in STORAGE_DTYPES}
        supported = [dtype for dtype, reason in reasons.items() if reason is None]
        if not supported:
            # It works for nothing: that is a fault to be reported by the checks, not four missing features.
            return list(STORAGE_DTYPES), {}
        return supported, {dtype: reason for dtype, reason in reasons.items() if reason is not None}

    def _why_not(self, dtype: str) -> str | None:
        try:
            self.evaluate(_tiny_call(self.implementation, dtype))
        except (TargetRaised, RequestError) as error:
            return (str(error).splitlines() or [type(error).__name__])[0][:_REASON]
        except TargetFailure:
            # It does take the dtype; what is wrong with the reply is for the checks to say.
            return None
        return None


class InProcessTarget:
    """A target without a process: for the harness's own tests, and for whoever trusts an implementation."""

    def __init__(self, implementation: Implementation, device: str = "cpu") -> None:
        """Raises: what `Evaluator` raises."""
        self.evaluations = Evaluations()
        self._evaluator = Evaluator(implementation, device)
        self._description: Description | None = None

    @property
    def description(self) -> Description:
        """What the implementation says of itself."""
        if self._description is None:
            self._description = self._evaluator.describe()
        return self._description

    def call(self, call: Call) -> Reply:
        """Evaluate. Raises: what `Evaluator.evaluate` raises."""
        count(self.evaluations, call)
        return self._evaluator.evaluate(call)

    def forgive(self) -> None:
        """There is no process that could have died."""

    def renew(self) -> None:
        """There is no process to start afresh."""

    def close(self) -> None:
        """Nothing to end."""


def count(evaluations: Evaluations, call: Call) -> None:
    """Count a call: one backward, with the forward in it, where gradients are asked for; else one forward."""
    if call.gradients:
        evaluations.backwards += 1
    else:
        evaluations.forwards += 1


def _tiny_call(implementation: Implementation, dtype: str) -> Call:
    """A call that every implementation can answer; all its values lie in all dtypes."""
    function = next(name for name in ARGUMENTS if name in implementation.functions)
    arrays = {
        "image": np.arange(16.0).reshape(1, 1, 4, 4),
        "grid": np.array([[[[-0.25, -0.25], [0.25, -0.25]], [[-0.25, 0.25], [0.25, 0.25]]]]),
        "theta": np.array([[[0.75, 0.0, 0.125], [0.0, 0.75, 0.125]]]),
    }
    conventions = implementation.conventions() or (Convention(),)
    return Call(
        function,
        {name: arrays[name] for name in ARGUMENTS[function] if name != "size"},
        dtype,
        conventions[0],
        size=(2, 2) if "size" in ARGUMENTS[function] else None,
    )
