"""The worker's side: reads requests, answers each, survives what the target raises."""

import faulthandler
import signal
import sys
from collections.abc import Mapping
from types import MappingProxyType

from stn_verify.contract.errors import ContractError, RequestError
from stn_verify.contract.loading import load
from stn_verify.contract.target import Reply, TargetRaised, TargetReplied
from stn_verify.workers.evaluator import Evaluator
from stn_verify.workers.frames import FrameError, Tensor, decode, encode, read_frame, write_frame
from stn_verify.workers.messages import (
    SECOND,
    Describe,
    Evaluate,
    Load,
    Ok,
    Prepare,
    PrepareCopy,
    Raised,
    Refused,
    Time,
    Unusable,
    Witnessed,
)
from stn_verify.workers.parenthood import die_with_parent
from stn_verify.workers.protocol import Answer, Request, parse_request
from stn_verify.workers.repeating import Repeating

_NOTHING: Mapping[str, Tensor] = MappingProxyType({})


def serve(requests: int, replies: int) -> int:
    """Answer the requests that come from one descriptor on the other until they end.

    Returns:
        The exit status: 0 at the end of the requests, 1 after a reply that said that the worker ends.

    Raises:
        FrameError: what came is no request.
    """
    server = Server()
    with open(requests, "rb") as incoming, open(replies, "wb") as outgoing:
        while (payload := read_frame(incoming)) is not None:
            message, tensors = decode(payload)
            answer, results = server.answer(parse_request(message), tensors)
            write_frame(outgoing, _encoded(answer, results))
            if isinstance(answer, Raised) and answer.ends:
                return 1
    return 0


class Server:
    """Holds the loaded target between requests."""

    def __init__(self) -> None:
        self._evaluator: Evaluator | None = None
        self._repeating: Repeating | None = None

    def answer(self, request: Request, tensors: Mapping[str, Tensor]) -> tuple[Answer, Mapping[str, Tensor]]:
        """The answer to one request; whatever the target's code raises becomes one."""
        try:
            return self._answer(request, tensors)
        except RequestError as error:
            return Refused.by(error, request.id), _NOTHING
        except TargetReplied as error:
            return Unusable(id=request.id, message=str(error)[:4000]), _NOTHING
        except BaseException as error:  # noqa: BLE001  even KeyboardInterrupt: here only the target raises it
            usable = self._evaluator is None or self._evaluator.usable()
            cause = error.__cause__ if isinstance(error, TargetRaised) and error.__cause__ else error
            return Raised.by(cause, request.id, ends=not usable), _NOTHING

    def _answer(self, request: Request, tensors: Mapping[str, Tensor]) -> tuple[Answer, Mapping[str, Tensor]]:
        match request:
            case Load():
                self._evaluator = Evaluator(load(request.target, request.framework), request.device)
                return Ok(id=request.id), _NOTHING
            case Describe():
                return Ok(id=request.id, description=self._loaded().describe(probe=request.probe)), _NOTHING
            case Evaluate():
                call = request.with_arrays({name: tensor.values for name, tensor in tensors.items()})
                reply = self._loaded().evaluate(call)
                return Ok(id=request.id, seen=Witnessed.of(reply.seen)), _results(reply)
            case Prepare():
                call = request.with_arrays({name: tensor.values for name, tensor in tensors.items()})
                timed = self._timing().prepare(request.slot, call, cold=request.cold)
                return Ok(id=request.id, timed=timed), _NOTHING
            case PrepareCopy():
                timed = self._timing().prepare_copy(request.slot, request.moved, request.threads)
                return Ok(id=request.id, timed=timed), _NOTHING
            case Time():
                timed = self._timing().time(request)
                return Ok(id=request.id, timed=timed), _NOTHING

    def _timing(self) -> Repeating:
        if self._repeating is None:
            self._repeating = Repeating(self._loaded())
        return self._repeating

    def _loaded(self) -> Evaluator:
        if self._evaluator is None:
            raise ContractError("nothing is loaded; send load first")
        return self._evaluator


def prepare() -> None:
    """Die with the parent, even while hung, and leave a trace when dying or asked by SIGUSR1."""
    die_with_parent()
    faulthandler.enable(file=sys.__stderr__ or 2, all_threads=False)
    faulthandler.register(signal.SIGUSR1, file=sys.__stderr__ or 2, all_threads=False)


def main(requests: int, replies: int) -> int:
    """Run a worker; the exit status."""
    prepare()
    try:
        return serve(requests, replies)
    except BrokenPipeError:
        # Nobody is left to read the reply.
        return 1
    except FrameError as error:
        sys.stderr.write(f"stn_verify worker: the request {error}\n")
        return 1


def _results(reply: Reply) -> dict[str, Tensor]:
    derived = {f"grad_{name}": values for name, values in reply.gradients.items()}
    derived |= {f"{SECOND}{name}": values for name, values in reply.seconds.items()}
    derived |= {} if reply.tangent is None else {"tangent": reply.tangent}
    carried = {name: Tensor(values, "float64") for name, values in derived.items()}
    return {"output": Tensor(reply.output, reply.dtype), **carried}


def _encoded(answer: Answer, results: Mapping[str, Tensor]) -> list[memoryview]:
    try:
        return encode(answer.model_dump_json(), results)
    except FrameError as error:
        return encode(
            Unusable(id=answer.id, message=f"its reply cannot be sent: its frame {error}").model_dump_json()
        )
