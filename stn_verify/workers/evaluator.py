"""Calls an implementation in this process: native arrays in, the framework's gradients, carriers out."""

import platform
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from stn_reference import FAMILIES
from stn_verify.contract.convention import Convention
from stn_verify.contract.description import Description
from stn_verify.contract.errors import ContractError, RequestError, UnknownChoiceError
from stn_verify.contract.features import Feature
from stn_verify.contract.implementation import ARGUMENTS, DIFFERENTIABLE, Implementation
from stn_verify.contract.target import Call, Evaluations, Reply, TargetFailure, TargetRaised
from stn_verify.formats import STORAGE_DTYPES, Array
from stn_verify.frameworks import framework
from stn_verify.workers.execution import Execution, Natives
from stn_verify.workers.expectations import check_reply
from stn_verify.workers.messages import Raised
from stn_verify.workers.networks import array_names

_NAME, _REASON = 200, 500

DERIVED: tuple[Feature, ...] = ("forward mode", "double backward", "vmap", "compile")
"""Features that need the framework's own differentiation."""


class Evaluator:
    """An implementation, its framework and a device."""

    def __init__(self, implementation: Implementation, device: str = "cpu") -> None:
        """Raises: UnknownChoiceError: no such framework or device. BrokenTargetError: it is not installed."""
        self.implementation = implementation
        self.device = device
        self.framework = framework(implementation.framework)
        self.framework.check_device(device)
        self._compiled: dict[str, Callable[..., Any]] = {}

    def evaluate(self, call: Call) -> Reply:
        """Execute one call; its arrays are copied, never written to.

        Raises:
            TargetRaised: the implementation raised; the exception is the cause.
            TargetReplied: it returned something that is no result.
            ContractError, UnknownChoiceError: the call cannot be made of this implementation.
        """
        natives = self._natives(call)
        try:
            reply = Execution(self.implementation, self.framework, call, natives, self._compiled).reply()
        except (TargetFailure, RequestError):
            raise
        except (Exception, SystemExit) as error:
            raise Raised.by(error, 0).failure() from error
        check_reply(call, reply)
        return reply

    def repeated(self, call: Call) -> Callable[[], Any]:
        """The work of a call on arrays of its own, to be done as often as it is called. Raises: what `evaluate` raises."""
        natives = self._natives(call)
        return Execution(self.implementation, self.framework, call, natives, self._compiled).repeated()

    def usable(self) -> bool:
        """Whether the device still works."""
        return self.framework.usable(self.device)

    def describe(self, *, probe: bool = True) -> Description:
        """What the implementation says of itself; with `probe`, undeclared dtypes are tried."""
        held = self.implementation
        dtypes, unsupported = self._dtypes(probe)
        paddings, alignments, claim = held.paddings(), held.alignments(), held.compute_dtype
        described: dict[str, Any] = {
            "name": held.name[:_NAME],
            "framework": self.framework.name,
            "framework_version": self.framework.version[:_NAME],
            "python_version": platform.python_version(),
            "functions": {name: sorted(held.choices(name)) for name in held.functions},
            "differentiable": [n for n in held.functions if self.framework.differentiates or n in held.vjps],
            "paddings": None if paddings is None else list(paddings),
            "alignments": None if alignments is None else list(alignments),
            "interpolations": list(held.interpolations()),
            "cubic": held.cubic,
            "spatial": list(held.spatial),
            "families": list(held.families),
            "dtypes": dtypes,
            "unsupported": unsupported,
            "compute_dtype": dict(claim) if isinstance(claim, Mapping) else claim,
            "subgradient": held.subgradient,
            "ties": held.ties,
            "device": self.device,
            "threads": self.framework.threads(),
            "features": self._features(),
            "claims": list(held.claims),
            "dialect": held.dialect,
            "deterministic": held.deterministic,
            "compiles": held.compiles,
        }
        return Description.model_validate(described)

    def _features(self) -> list[Feature]:
        """What the framework can do, but for derivatives of a function whose product is its own."""
        derived = () if self.framework.differentiates and not self.implementation.vjps else DERIVED
        return [feature for feature in self.framework.features if feature not in derived]

    def _natives(self, call: Call) -> Natives:
        self._check(call)
        given = {name: self._placed(call, name, array) for name, array in call.arrays.items()}
        names = array_names(call) if call.function == "network" else ARGUMENTS[call.function]
        inputs = [call.size if name == "size" else given[name] for name in names]
        return Natives(
            inputs,
            None if call.cotangent is None else self._placed(call, "cotangent", call.cotangent),
            {name: self._array(array, call.dtype) for name, array in call.tangents.items()},
            {name: self._array(array, call.dtype) for name, array in call.seconds.items()},
        )

    def _placed(self, call: Call, name: str, carrier: Array) -> Any:
        native = self._array(carrier, call.dtypes.get(name, call.dtype))
        return self.framework.arranged(native, call.layouts[name]) if name in call.layouts else native

    def _check(self, call: Call) -> None:
        if call.function == "network":
            self._check_network(call)
            return
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
        made = self.implementation.families if call.function == "generate" else ("affine",)
        if call.family not in made:
            raise ContractError(f"{call.function} takes thetas of {', '.join(made)}; asked for {call.family}")
        unknown = set(call.gradients) - set(DIFFERENTIABLE[call.function])
        if unknown:
            raise ContractError(f"{call.function} has no gradient of {', '.join(sorted(unknown))}")
        if (call.cotangent is not None) != bool(call.gradients):
            raise ContractError(f"{call.function}: a cotangent goes with gradients, and only with them")
        if call.gradients and not self._differentiates(call.function):
            raise ContractError(
                f"{self.implementation.name}: {self.framework.name} does not differentiate,"
                f" and no {call.function}_vjp is given"
            )
        self._check_features(call)

    def _check_network(self, call: Call) -> None:
        if "transform" not in self.implementation.functions:
            raise ContractError(f"{self.implementation.name} has no transform to stand in a network")
        array_names(call)
        if (call.cotangent is not None) != bool(call.gradients):
            raise ContractError("network: a cotangent goes with gradients, and only with them")
        if set(call.gradients) and not self._differentiates("transform"):
            raise ContractError(f"{self.implementation.name} gives no gradients of transform")
        self._check_features(call)

    def _differentiates(self, function: str) -> bool:
        return self.framework.differentiates or function in self.implementation.vjps

    def _check_features(self, call: Call) -> None:
        asked: dict[Feature, bool] = {
            "layouts": bool(call.layouts),
            "mixed dtypes": any(dtype != call.dtype for dtype in call.dtypes.values()),
            "watching": call.watched,
            "threads": call.threads is not None,
            "forward mode": bool(call.tangents),
            "double backward": bool(call.seconds),
            "vmap": call.way == "vmapped",
            "compile": call.way == "compiled",
            "networks": call.function == "network",
        }
        lacking = [name for name, wanted in asked.items() if wanted and name not in self._features()]
        if lacking:
            raise ContractError(f"{self.implementation.name} cannot be asked for {', '.join(lacking)}")
        if call.seconds and set(call.seconds) != set(call.gradients):
            raise ContractError(f"{call.function}: one second cotangent for each gradient, and no other")
        if call.tangents and (call.gradients or not set(call.tangents) <= set(DIFFERENTIABLE[call.function])):
            raise ContractError(
                f"{call.function}: tangents go with inputs to differentiate, and no gradients"
            )

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
        try:
            return self._evaluator.evaluate(call)
        except TargetFailure as failure:
            failure.call = call
            raise

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
    axes = min(implementation.spatial)
    quarters = np.meshgrid(*[[-0.25, 0.25]] * axes, indexing="ij")
    arrays = {
        "image": np.arange(4.0**axes).reshape(1, 1, *[4] * axes),
        "grid": np.stack(quarters[::-1], axis=-1)[None],
        "theta": np.concatenate([0.75 * np.eye(axes), np.full((axes, 1), 0.125)], axis=1)[None],
    }
    family = implementation.families[0] if function == "generate" else "affine"
    if family != "affine":
        # A lattice of 4 points has no fractions.
        arrays["theta"] = FAMILIES[family].identity(1, (2, 2), points=4)
    conventions = implementation.conventions() or (Convention(),)
    return Call(
        function,
        {name: arrays[name] for name in ARGUMENTS[function] if name != "size"},
        dtype,
        conventions[0],
        size=(2,) * axes if "size" in ARGUMENTS[function] else None,
        family=family,
    )
