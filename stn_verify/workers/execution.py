"""One call on native arrays: the function, its derivatives in the way that was asked for, and what was seen on the way."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stn_verify.contract.implementation import ARGUMENTS, DIFFERENTIABLE, Implementation
from stn_verify.contract.target import Call, Reply, Seen, TargetReplied
from stn_verify.formats import Array
from stn_verify.frameworks import Framework
from stn_verify.workers.expectations import check_output_shape, second_names
from stn_verify.workers.networks import Network, array_names


@dataclass(frozen=True)
class Natives:
    """The arrays of a call, in the framework's own form."""

    inputs: Sequence[Any]
    """In the function's order, the size among them."""
    cotangent: Any | None
    tangents: Mapping[str, Any]
    seconds: Mapping[str, Any]


@dataclass
class Execution:
    """Executes one call; `compiled` keeps what the framework's compiler made of a function between calls."""

    implementation: Implementation
    framework: Framework
    call: Call
    natives: Natives
    compiled: dict[str, Callable[..., Any]]
    _results: dict[str, Any] = field(default_factory=dict)
    """What came back, native, by name: for a watched call."""

    def reply(self) -> Reply:
        """Raises: TargetReplied: no result. Whatever the implementation and the framework raise."""
        watched = self._inputs_by_name() if self.call.watched else {}
        before = {name: self.framework.carrier(native)[0] for name, native in watched.items()}
        limit = contextlib.nullcontext() if self.call.threads is None else self._limited(self.call.threads)
        with limit:
            reply = self._derived()
        if not self.call.watched:
            return reply
        after = {name: self.framework.carrier(native)[0] for name, native in watched.items()}
        seen = Seen(
            written=tuple(n for n in before if not np.array_equal(before[n], after[n], equal_nan=True)),
            dtypes={name: self.framework.carrier(native)[1] for name, native in self._results.items()},
            devices={name: self.framework.device_of(native)[:60] for name, native in self._results.items()},
        )
        return Reply(
            reply.output,
            reply.dtype,
            reply.gradients,
            tangent=reply.tangent,
            seconds=reply.seconds,
            seen=seen,
        )

    def repeated(self) -> Callable[[], Any]:
        """The work of the call, without carrying its results back: the function, and whatever derivative is asked for."""
        call, natives, function = self.call, self.natives, self._function()
        inputs, choices, wanted = natives.inputs, self.choices(), self._wanted()
        product = self.implementation.vjps.get(call.function) if call.way == "plain" else None
        if call.seconds:
            seconds = [natives.seconds[name] for name in call.gradients]
            return lambda: self.framework.second(
                function, inputs, choices, natives.cotangent, wanted, seconds
            )
        if not call.gradients:
            return lambda: function(*inputs, **choices)
        if product is not None:
            return lambda: (
                function(*inputs, **choices),
                product(*inputs, natives.cotangent, **choices),
            )
        return lambda: self.framework.vjp(function, inputs, choices, natives.cotangent, wanted)

    def _limited(self, threads: int) -> contextlib.AbstractContextManager[None]:
        return self.framework.limited(threads)

    def _derived(self) -> Reply:
        call, natives = self.call, self.natives
        if call.function == "network":
            return self._in_a_network()
        choices = self.choices()
        if call.tangents:
            moved = {self._position(name): tangent for name, tangent in natives.tangents.items()}
            output, tangent = self.framework.jvp(self._function(), natives.inputs, choices, moved)
            return self._told(output, {}, tangent=self._carried(tangent, "the tangent of the output"))
        if call.seconds:
            return self._second(choices)
        if call.way == "vmapped":
            output, gradients = self.framework.vmapped(
                self._function(), natives.inputs, choices, natives.cotangent, self._wanted()
            )
            return self._told(output, dict(zip(call.gradients, gradients, strict=True)))
        return self._plain(choices)

    def _in_a_network(self) -> Reply:
        call, natives = self.call, self.natives
        taken = self.implementation.choices("transform")
        choices = {name: value for name, value in vars(call.convention).items() if name in taken}
        transform, product = (
            self.implementation.functions["transform"],
            self.implementation.vjps.get("transform"),
        )
        network = Network(call.size or (), transform, product, choices)
        if not call.gradients:
            return self._told(network.forward(*natives.inputs), {})
        if product is not None:
            output, every = network.backward(natives.cotangent, *natives.inputs)
            return self._told(output, {name: every[name] for name in call.gradients})
        wanted = [array_names(call).index(name) for name in call.gradients]
        output, gradients = self.framework.vjp(network.forward, natives.inputs, {}, natives.cotangent, wanted)
        return self._told(output, dict(zip(call.gradients, gradients, strict=True)))

    def _second(self, choices: Mapping[str, Any]) -> Reply:
        call, natives = self.call, self.natives
        output, gradients, seconds = self.framework.second(
            self._function(),
            natives.inputs,
            choices,
            natives.cotangent,
            self._wanted(),
            [natives.seconds[name] for name in call.gradients],
        )
        reply = self._told(output, dict(zip(call.gradients, gradients, strict=True)))
        named = zip(second_names(call), seconds, strict=True)
        carried = {name: self._carried(native, f"the second gradient of {name}") for name, native in named}
        return Reply(reply.output, reply.dtype, reply.gradients, seconds=carried)

    def _plain(self, choices: Mapping[str, Any]) -> Reply:
        call, natives = self.call, self.natives
        outputs: list[Any] = []

        def checked(*arguments: Any, **keywords: Any) -> Any:
            """Judge the output before its derivative is taken, which would raise in the framework's words."""
            output = self._function()(*arguments, **keywords)
            outputs[:] = [output, *self._carrier(output, f"{call.function}: output")]
            check_output_shape(call, outputs[1].shape)
            return output

        product = self.implementation.vjps.get(call.function) if call.way == "plain" else None
        gradients: Mapping[str, Any] = {}
        if not call.gradients:
            checked(*natives.inputs, **choices)
        elif product is not None:
            checked(*natives.inputs, **choices)
            gradients = self._own_gradients(product(*natives.inputs, natives.cotangent, **choices))
        else:
            _, derived = self.framework.vjp(
                checked, natives.inputs, choices, natives.cotangent, self._wanted()
            )
            gradients = dict(zip(call.gradients, derived, strict=True))
        native, values, dtype = outputs
        self._results["output"] = native
        return Reply(values, dtype, self._gradients(gradients))

    def _told(self, output: Any, gradients: Mapping[str, Any], tangent: Array | None = None) -> Reply:
        values, dtype = self._carrier(output, f"{self.call.function}: output")
        check_output_shape(self.call, values.shape)
        self._results["output"] = output
        return Reply(values, dtype, self._gradients(gradients), tangent=tangent)

    def _own_gradients(self, returned: Any) -> dict[str, Any]:
        function = self.call.function
        names = DIFFERENTIABLE[function]
        gradients = tuple(returned) if isinstance(returned, tuple | list) else (returned,)
        if len(gradients) != len(names):
            raise TargetReplied(
                f"{function}_vjp: returned {len(gradients)} gradients, not {len(names)} ({', '.join(names)})"
            )
        by_name = dict(zip(names, gradients, strict=True))
        return {name: by_name[name] for name in self.call.gradients}

    def _gradients(self, gradients: Mapping[str, Any]) -> dict[str, Array]:
        for name, gradient in gradients.items():
            if gradient is None:
                raise TargetReplied(f"{self.call.function}: no gradient reaches {name}")
            self._results[name] = gradient
        return {name: self._carried(native, f"the gradient of {name}") for name, native in gradients.items()}

    def _function(self) -> Callable[..., Any]:
        function = self.implementation.functions[self.call.function]
        if self.call.way != "compiled":
            return function
        if self.call.function not in self.compiled:
            self.compiled[self.call.function] = self.framework.compiled(function)
        return self.compiled[self.call.function]

    def choices(self) -> dict[str, Any]:
        """The choices of the convention, and of the family, that the function takes as keywords."""
        taken = self.implementation.choices(self.call.function)
        asked = {**vars(self.call.convention), "family": self.call.family}
        return {name: value for name, value in asked.items() if name in taken}

    def _wanted(self) -> list[int]:
        return [self._position(name) for name in self.call.gradients]

    def _position(self, name: str) -> int:
        return ARGUMENTS[self.call.function].index(name)

    def _inputs_by_name(self) -> dict[str, Any]:
        named = dict(zip(ARGUMENTS[self.call.function], self.natives.inputs, strict=True))
        named.pop("size", None)
        return named if self.natives.cotangent is None else {**named, "cotangent": self.natives.cotangent}

    def _carried(self, native: Any, what: str) -> Array:
        return self._carrier(native, f"{self.call.function}: {what}")[0]

    def _carrier(self, native: Any, what: str) -> tuple[Array, str]:
        try:
            return self.framework.carrier(native)
        except TypeError as error:
            raise TargetReplied(f"{what} is {error}") from None
