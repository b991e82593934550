"""The worker's own side, spoken to directly."""

import json
import subprocess
import sys

import numpy as np
import pytest

from stn_verify.contract.convention import Convention
from stn_verify.contract.errors import (
    BrokenTargetError,
    ContractError,
    OutputError,
    UnknownChoiceError,
    UnknownTargetError,
)
from stn_verify.contract.target import Call
from stn_verify.workers import server as server_module
from stn_verify.workers.frames import MAGIC, FrameError, decode, encode, read_frame
from stn_verify.workers.messages import Describe, Load, Ok, Raised, Refused, Unusable
from stn_verify.workers.protocol import evaluation, parse_answer, parse_request
from stn_verify.workers.server import Server


def converse(*requests: bytes) -> tuple[list, subprocess.CompletedProcess]:
    """The answers of a worker to these frames, and how it ended."""
    done = subprocess.run(
        [sys.executable, "-m", "stn_verify.workers"],
        input=b"".join(requests),
        capture_output=True,
        timeout=60,
        check=False,
    )
    rest, answers = done.stdout, []
    while rest:
        length = int.from_bytes(rest[8:16], "little")
        answers.append((parse_answer(decode(rest[16 : 16 + length])[0]), decode(rest[16 : 16 + length])[1]))
        rest = rest[16 + length :]
    return answers, done


def framed(message: object) -> bytes:
    text = message if isinstance(message, str) else message.model_dump_json()
    return b"".join(encode(text))


def test_a_conversation_as_the_protocol_says(targets):
    call = Call(
        "sample", {"image": np.ones((1, 1, 2, 2)), "grid": np.zeros((1, 1, 1, 2))}, "float32", Convention()
    )
    request, tensors = evaluation(call, 9)
    load = {"call": "load", "id": 7, "target": f"{targets / 'misbehaving.py'}:prints", "device": "cpu"}
    answers, done = converse(
        framed(json.dumps(load)),
        framed(Describe(id=8, probe=False)),
        b"".join(encode(request.model_dump_json(), tensors)),
    )
    assert done.returncode == 0
    assert [answer.status for answer, _ in answers] == ["ok"] * 3
    assert [answer.id for answer, _ in answers] == [7, 8, 9]
    assert answers[1][0].description.name == "prints"
    assert answers[2][1]["output"].dtype == "float32"
    assert b"a stray print" in done.stderr
    assert b"a stray puts" in done.stderr


def test_the_end_of_the_requests_is_the_end_of_the_worker():
    answers, done = converse()
    assert (answers, done.returncode, done.stderr) == ([], 0, b"")


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", MAGIC + b"\xff" * 8, MAGIC + b"\x09" + b"\0" * 7 + b"short"]
)
def test_garbage_ends_the_worker_with_a_word(garbage):
    answers, done = converse(garbage)
    assert answers == []
    assert done.returncode == 1
    assert done.stderr.startswith(b"stn_verify worker: the request ")
    assert done.stderr.count(b"\n") == 1


def test_nothing_can_be_asked_before_loading():
    answer, _ = Server().answer(Describe(id=3), {})
    assert answer == Refused(id=3, error="ContractError", message="nothing is loaded; send load first")


def test_what_the_target_raises_at_import_is_refused(tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0")
    answer, _ = Server().answer(Load(id=1, target=f"{tmp_path / 'broken.py'}:f", device="cpu"), {})
    assert isinstance(answer, Refused)
    assert answer.error == "BrokenTargetError"


def test_a_lost_device_ends_the_worker_after_the_reply(targets, monkeypatch):
    """As after an illegal memory access on a GPU: only a new process can use the device."""
    held = Server()
    assert held.answer(Load(id=1, target=f"{targets / 'misbehaving.py'}:raises", device="cpu"), {})[0] == Ok(
        id=1
    )
    monkeypatch.setattr(type(held._evaluator), "usable", lambda self: False)
    call = Call(
        "sample", {"image": np.ones((1, 1, 2, 2)), "grid": np.zeros((1, 1, 1, 2))}, "float64", Convention()
    )
    request, tensors = evaluation(call, 2)
    answer, _ = held.answer(request, tensors)
    assert isinstance(answer, Raised)
    assert answer.ends


def test_a_reply_too_large_for_a_frame_is_said(monkeypatch):
    monkeypatch.setattr("stn_verify.workers.frames.MAXIMUM_TENSORS", 0)
    tensors = server_module._results(_reply())
    message, _ = decode(b"".join(server_module._encoded(Ok(id=4), tensors))[16:])
    assert isinstance(parse_answer(message), Unusable)


def _reply():
    from stn_verify.contract.target import Reply

    return Reply(np.zeros(2), "float64")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"call": "destroy", "id": 1}',
        '{"call": "load", "id": 1}',
        '{"call": "describe", "id": -1}',
        '{"call": "describe", "id": 1, "extra": 1}',
        '{"call": "evaluate", "id": 1, "function": "__import__"}',
    ],
)
def test_what_is_no_request_is_refused(message):
    with pytest.raises(FrameError, match="is no request of protocol 1"):
        parse_request(message)


@pytest.mark.parametrize(
    "message", ["", "{}", '{"status": "ok"}', '{"status": "raised", "id": 1, "type": "' + "x" * 300 + '"}']
)
def test_what_is_no_reply_is_refused(message):
    with pytest.raises(FrameError, match="is no reply of protocol 1"):
        parse_answer(message)


@pytest.mark.parametrize("kind", [UnknownTargetError, BrokenTargetError, ContractError, UnknownChoiceError])
def test_a_refusal_keeps_its_class(kind):
    refusal = parse_answer(Refused.by(kind("why \udcff"), 5).model_dump_json()).refusal()
    assert type(refusal) is kind
    assert str(refusal) == "why ?"


def test_a_refusal_of_another_class_is_a_broken_contract():
    assert type(Refused.by(OutputError("full"), 5).refusal()) is ContractError


def test_an_exception_travels_with_its_traceback():
    try:
        raise ValueError("deep")
    except ValueError as error:
        failure = parse_answer(Raised.by(error, 1).model_dump_json()).failure()
    assert str(failure) == "ValueError: deep"
    assert "test_server.py" in failure.__notes__[0]


def test_a_frame_of_the_worker_is_one_for_everybody():
    import io

    assert read_frame(io.BytesIO(framed(Ok(id=1)))) is not None
