"""A target in a process of its own, started when it is first needed and again after each death."""

import weakref
from collections.abc import Mapping

from stn_verify.contract.description import Description
from stn_verify.contract.errors import BrokenTargetError, ContractError
from stn_verify.contract.target import (
    Call,
    Evaluations,
    Reply,
    TargetCrashed,
    TargetFailure,
    TargetReplied,
    TargetTimedOut,
)
from stn_verify.formats import STORAGE_DTYPES, Array
from stn_verify.workers.evaluator import count
from stn_verify.workers.expectations import check_reply
from stn_verify.workers.frames import FrameError, Tensor, UnknownDtypeError, decode, encode
from stn_verify.workers.messages import (
    SECOND,
    Clock,
    Describe,
    Load,
    Ok,
    PrepareCopy,
    Raised,
    Refused,
    Time,
    Timed,
    Unusable,
)
from stn_verify.workers.process import WorkerProcess
from stn_verify.workers.protocol import Request, evaluation, parse_answer, preparation
from stn_verify.workers.starter import Starter

LOAD_DEADLINE = 120.0
"""Seconds for loading: a framework's import is slow."""

EXEC = "exec:"

COMPILING = 10.0
"""Times the deadline for a compiled call: the first starts a compiler, and that one a C++ compiler."""

FIRST = 4.0
"""Times the deadline for the first forward and backward of a function in a dtype: Numba and Triton compile then."""

PATIENCE = 4
"""How often a target that has not replied since may begin another check."""


class WorkerTarget:
    """Satisfies `contract.target.Target`; for one thread, which lives as long."""

    def __init__(
        self,
        target: str,
        *,
        device: str = "cpu",
        deadline: float,
        interpreter: str | None = None,
        framework: str | None = None,
        load_deadline: float = LOAD_DEADLINE,
        breaker: int = 5,
    ) -> None:
        """Nothing is started yet.

        Args:
            target: a built-in name, `module:attribute`, `path/to/file.py:attribute` or `exec:COMMAND`.
            device: for the target's framework.
            deadline: seconds for one call; COMPILING times as long for a compiled one and of a target that compiles, FIRST
                times for the first forward and backward of a function in a dtype, and not again in a worker started anew.
            interpreter: the Python that runs the worker, with stn_verify installed; None for this one.
            framework: of a target that does not declare its own.
            load_deadline: seconds for loading.
            breaker: after so many deaths in a row without a reply between them, calls are refused, until they are
                forgiven; after PATIENCE times as many for good.
        """
        self.evaluations = Evaluations()
        self._target = target
        self._device = device
        self._deadline = deadline
        program = target.removeprefix(EXEC) if target.startswith(EXEC) else None
        self._starter = Starter(target, program, interpreter)
        weakref.finalize(self, self._starter.end)
        self._framework = framework
        self._load_deadline = load_deadline
        self._breaker = breaker
        self._deaths = 0
        self._deaths_unforgiven = 0
        self._last_death: TargetCrashed | TargetTimedOut = TargetCrashed()
        self._process: WorkerProcess | None = None
        self._description: Description | None = None
        self._id = 0
        self._met: set[tuple[str, str, bool]] = set()

    @property
    def description(self) -> Description:
        """What the target says of itself; asked once.

        Where the search for its dtypes kills it, it is described without: the checks then report the deaths.

        Raises:
            RequestError: the target cannot be loaded.
            TargetFailure: it cannot even be loaded or described without dying or raising.
        """
        if self._description is None:
            try:
                self._description = self._describe(probe=True)
            except (TargetCrashed, TargetTimedOut):
                self._description = self._describe(probe=False)
        return self._description

    @property
    def pid(self) -> int | None:
        """The number of the process that is running now, if one is."""
        return None if self._process is None else self._process.pid

    def call(self, call: Call) -> Reply:
        """Evaluate in the worker.

        Raises:
            TargetFailure: no result came back; the next call starts a new worker if need be.
            RequestError: the target cannot be loaded, or has nothing to do with such a call.
        """
        if self._deaths >= self._breaker:
            last = str(self._last_death).partition("\n")[0]
            raise type(self._last_death)(
                f"not called: the last {self._deaths} calls all ended so; the last: {last}"
            )
        try:
            reply = self._evaluate(call)
            check_reply(call, reply)
        except TargetFailure as failure:
            failure.call = call
            if isinstance(failure, TargetCrashed | TargetTimedOut):
                self._deaths += 1
                self._deaths_unforgiven += 1
                self._last_death = failure
            raise
        return reply

    def prepare(self, call: Call, slot: int = 0, *, cold: bool = False) -> Timed:
        """Have the worker keep a call, and make it once: its time. Raises: as `call`, without counting deaths."""
        process = self._running()
        request, tensors = preparation(call, self._next_id(), slot, cold=cold)
        return self._timed(process, request, COMPILING * self._deadline, tensors)

    def prepare_copy(self, moved: int, slot: int, threads: int | None = None) -> Timed:
        """Have the worker be ready to copy: so many bytes move, half read and half written. Raises: as `prepare`."""
        request = PrepareCopy(id=self._next_id(), slot=slot, moved=moved, threads=threads)
        return self._timed(self._running(), request, self._deadline)

    def time(self, calls: int = 1, slot: int = 0, *, before: int = 0, clock: Clock = "wall") -> float:
        """Seconds, by the worker's clock, of repeating what it keeps ready; calls `before` do not count.

        Raises:
            TargetFailure: as `call`; what was prepared may be lost with the worker.
            ContractError: nothing is prepared there.
        """
        request = Time(id=self._next_id(), slot=slot, calls=calls, before=before, clock=clock)
        return self._timed(self._running(), request, COMPILING * self._deadline).seconds

    def forgive(self) -> None:
        """Call again after deaths, unless there were too many of them."""
        if self._deaths_unforgiven < PATIENCE * self._breaker:
            self._deaths = 0

    def renew(self) -> None:
        """End the process; the next call starts another."""
        self._drop()

    def close(self) -> None:
        """End the process, if there is one. Idempotent."""
        process, self._process = self._process, None
        if process is not None:
            process.close()
        self._starter.end()

    def _evaluate(self, call: Call) -> Reply:
        process = self._running()
        request, tensors = evaluation(call, self._next_id())
        count(self.evaluations, call)
        deadline = self._deadline * self._patience(call)
        try:
            answer, results = self._ask(process, request, deadline, tensors)
        finally:
            # Any answer, even that it raised, shows that it lives.
            if self._process is not None:
                self._deaths = self._deaths_unforgiven = 0
        return _reply(call, results, answer)

    def _timed(
        self,
        process: WorkerProcess,
        request: Request,
        deadline: float,
        tensors: Mapping[str, Tensor] | None = None,
    ) -> Timed:
        answer, _ = self._ask(process, request, deadline, tensors)
        if answer.timed is None:
            raise self._garbage("has no time")
        return answer.timed

    def _patience(self, call: Call) -> float:
        kind = call.function, call.dtype, bool(call.gradients)
        first = kind not in self._met
        self._met.add(kind)
        if call.way == "compiled" or (self._description is not None and self._description.compiles):
            return COMPILING
        return FIRST if first else 1.0

    def _describe(self, *, probe: bool) -> Description:
        process = self._running()
        # The search for dtypes calls the target once for each.
        deadline = len(STORAGE_DTYPES) * self._deadline
        answer, _ = self._ask(process, Describe(id=self._next_id(), probe=probe), deadline)
        if answer.description is None:
            raise self._garbage("has no description")
        return answer.description

    def _running(self) -> WorkerProcess:
        """The process with the target loaded, started if need be."""
        if self._starter.bereft():
            # Killed from outside, and the worker with it: no fault of the target's.
            self._drop()
        if self._process is not None:
            return self._process
        process = self._starter.start(None if self._description is None else self._description.framework)
        self._process = process
        # Ends it also when this object is forgotten, or when the interpreter exits.
        weakref.finalize(self, process.end)
        load = Load(id=self._next_id(), target=self._target, device=self._device, framework=self._framework)
        try:
            self._ask(process, load, self._load_deadline)
        except TargetCrashed as error:
            if "No module named stn_verify" in str(error) or "No module named 'stn_verify'" in str(error):
                raise BrokenTargetError(
                    f"{self._starter.interpreter} cannot import stn_verify: install it there"
                ) from None
            raise
        except BaseException:
            self._drop()
            raise
        return process

    def _ask(
        self,
        process: WorkerProcess,
        request: Request,
        deadline: float,
        tensors: Mapping[str, Tensor] | None = None,
    ) -> tuple[Ok, dict[str, Tensor]]:
        """Send a request; its good answer with its tensors.

        Raises:
            TargetFailure, RequestError: any other answer, or none.
        """
        try:
            frame = encode(request.model_dump_json(), tensors or {})
        except FrameError as error:
            raise ContractError(f"a call that cannot be sent: its frame {error}") from None
        try:
            payload = process.exchange(frame, deadline)
        except BaseException:
            self._process = None
            raise
        try:
            message, results = decode(payload)
            answer = parse_answer(message)
        except UnknownDtypeError as error:
            raise TargetReplied(f"its reply {error}") from None
        except FrameError as error:
            raise self._garbage(str(error)) from None
        if answer.id != request.id:
            raise self._garbage(f"answers request {answer.id}, not {request.id}")
        match answer:
            case Ok():
                return answer, results
            case Raised():
                if answer.ends:
                    self._drop()
                raise answer.failure()
            case Unusable():
                raise TargetReplied(answer.message)
            case Refused():
                raise answer.refusal()

    def _garbage(self, what: str) -> TargetCrashed:
        self._drop()
        return TargetCrashed(f"spoke garbage: its reply {what}")

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def _next_id(self) -> int:
        self._id += 1
        return self._id


def _reply(call: Call, results: Mapping[str, Tensor], answer: Ok) -> Reply:
    known = ("output", "tangent")
    extra = sorted(name for name in results if name not in known and not name.startswith(("grad_", SECOND)))
    if extra:
        raise TargetReplied(
            f"{call.function}: replied with tensors that nobody asked for: {', '.join(extra)}"
        )
    if "output" not in results:
        raise TargetReplied(f"{call.function}: the output is missing")
    return Reply(
        results["output"].values,
        results["output"].dtype,
        _values(results, "grad_"),
        tangent=results["tangent"].values if "tangent" in results else None,
        seconds=_values(results, SECOND),
        seen=None if answer.seen is None else answer.seen.seen(),
    )


def _values(results: Mapping[str, Tensor], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): t.values for name, t in results.items() if name.startswith(prefix)}
