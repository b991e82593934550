"""Frames carry every value of every dtype, and nothing that arrives can do harm."""

import contextlib
import io
import json
import struct

import numpy as np
import pytest
import safetensors
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stn_verify.formats import STORAGE_DTYPES, named
from stn_verify.workers.frames import (
    MAGIC,
    MAXIMUM_HEADER_BYTES,
    MAXIMUM_PAYLOAD_BYTES,
    Assembler,
    FrameError,
    Tensor,
    UnknownDtypeError,
    carry,
    decode,
    encode,
    payload_length,
    read_frame,
    store,
    write_frame,
)

shapes = hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)
carriers = hnp.arrays(np.float64, shapes, elements=st.floats(width=64))


def whole(message: str, tensors: dict[str, Tensor]) -> bytes:
    return b"".join(encode(message, tensors))


def payload_of(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@given(
    st.text(),
    st.dictionaries(st.text(max_size=8), st.tuples(carriers, st.sampled_from(STORAGE_DTYPES)), max_size=4),
)
def test_what_is_encoded_is_decoded(message, drawn):
    drawn.pop("__metadata__", None)
    tensors = {
        name: Tensor(values if dtype == "float64" else named(dtype).round(values), dtype)
        for name, (values, dtype) in drawn.items()
    }
    stream = io.BytesIO()
    write_frame(stream, encode(message, tensors))
    stream.seek(0)
    received, results = decode(read_frame(stream))
    assert received == message
    assert set(results) == set(tensors)
    for name, tensor in tensors.items():
        assert results[name].dtype == tensor.dtype
        assert results[name].values.shape == tensor.values.shape
        np.testing.assert_array_equal(results[name].values, tensor.values)
        # assert_array_equal takes -0 for 0.
        np.testing.assert_array_equal(np.signbit(results[name].values), np.signbit(tensor.values))
    assert read_frame(stream) is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_every_16_bit_pattern_survives(dtype):
    bits = np.arange(2**16, dtype=np.uint16)
    values = carry(bits if dtype == "bfloat16" else bits.view(np.float16), dtype)
    back = store(values, dtype).view(np.uint16)
    finite = ~np.isnan(values)
    np.testing.assert_array_equal(back[finite], bits[finite])
    assert np.isnan(carry(back if dtype == "bfloat16" else back.view(np.float16), dtype)[~finite]).all()


@given(hnp.arrays(np.float32, 20, elements=st.floats(width=32)))
@example(np.array([0x3F808000, 0x3F818000, 0x7F7FFFFF, 0x00008000, 0x00018000], np.uint32).view(np.float32))
def test_bfloat16_is_rounded_to_nearest_even(values):
    carried = values.astype(np.float64)
    np.testing.assert_array_equal(
        carry(store(carried, "bfloat16"), "bfloat16"), named("bfloat16").round(carried)
    )


def test_torch_agrees_on_bfloat16():
    torch = pytest.importorskip("torch")
    bits = np.random.default_rng(0).integers(0, 2**32, 10_000, dtype=np.uint32)
    values = bits.view(np.float32)[np.isfinite(bits.view(np.float32))]
    expected = torch.from_numpy(values.copy()).to(torch.bfloat16).to(torch.float64).numpy()
    np.testing.assert_array_equal(carry(store(values.astype(np.float64), "bfloat16"), "bfloat16"), expected)


def test_the_payload_is_a_safetensors_file():
    tensors = {"half": Tensor(np.ones((3,)), "float16"), "double": Tensor(np.ones((2, 1)), "float64")}
    found = dict(safetensors.deserialize(whole("hello", tensors)[16:]))
    assert found["double"]["dtype"] == "F64"
    assert found["double"]["shape"] == [2, 1]
    assert bytes(found["half"]["data"]) == b"\x00\x3c" * 3


def test_a_payload_of_the_safetensors_library_is_read():
    numpy = pytest.importorskip("safetensors.numpy")
    message, tensors = decode(numpy.save({"a": np.arange(6.0).reshape(2, 3)}, {"message": "{}"}))
    assert message == "{}"
    np.testing.assert_array_equal(tensors["a"].values, np.arange(6.0).reshape(2, 3))


def test_float64_arrays_are_not_copied():
    values = np.zeros((4, 5))
    assert np.shares_memory(np.asarray(encode("", {"a": Tensor(values, "float64")})[1]), values)


def test_a_strided_array_arrives_in_order():
    values = np.arange(12.0).reshape(3, 4).T[::-1]
    _, tensors = decode(whole("", {"a": Tensor(values, "float64")})[16:])
    np.testing.assert_array_equal(tensors["a"].values, values)


@given(st.binary(max_size=200))
@example(MAGIC)
@example(MAGIC + b"\xff" * 8)
@example(MAGIC + struct.pack("<Q", 2**31) + b"short")
@example(MAGIC + struct.pack("<Q", 0))
def test_random_bytes_are_refused(data):
    if not data:
        return
    with pytest.raises(FrameError):
        read_frame(io.BytesIO(data))


@given(st.binary(max_size=300))
def test_random_payloads_are_refused(data):
    with pytest.raises(FrameError):
        decode(data)


@given(st.data())
def test_a_damaged_frame_is_read_or_refused(data):
    frame = bytearray(whole('{"call":"x"}', {"a": Tensor(np.ones((2, 3)), "float32")}))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(FrameError):
        decode(read_frame(io.BytesIO(bytes(frame))))


def test_every_truncation_is_refused():
    frame = whole("message", {"a": Tensor(np.ones((2, 3)), "float32")})
    for length in range(1, len(frame)):
        with pytest.raises(FrameError):
            read_frame(io.BytesIO(frame[:length]))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "0 bytes"),
        (b"\x00" * 7, "7 bytes"),
        (struct.pack("<Q", 2**63) + b"{}", "announces a header of 9223372036854775808 bytes"),
        (payload_of(b"{"), "not JSON"),
        (payload_of(b"\xff\xfe"), "not JSON"),
        (payload_of(b"[" * 100_000), "not JSON"),
        (payload_of([]), "list"),
        (payload_of({}), "no text under 'message'"),
        (payload_of({"__metadata__": {}}), "no text under 'message'"),
        (payload_of({"__metadata__": {"message": 3}}), "no text under 'message'"),
        (payload_of({"__metadata__": {"message": ""}} | {str(i): {} for i in range(17)}), "17 tensors"),
        (payload_of({"__metadata__": {"message": ""}, "a": {}}), "safetensors"),
        (payload_of({"__metadata__": {"message": ""}}, b"beyond"), "safetensors"),
        (
            payload_of(
                {
                    "__metadata__": {"message": ""},
                    "a": {"dtype": "F64", "shape": [2], "data_offsets": [0, 8]},
                },
                b"x" * 8,
            ),
            "safetensors",
        ),
        (
            payload_of(
                {
                    "__metadata__": {"message": ""},
                    "a": {"dtype": "F64", "shape": [0, 2**60], "data_offsets": [0, 0]},
                }
            ),
            "gives a the shape",
        ),
        (
            payload_of(
                {
                    "__metadata__": {"message": ""},
                    "a": {"dtype": "F64", "shape": [1] * 9, "data_offsets": [0, 8]},
                },
                b"x" * 8,
            ),
            "9 dimensions",
        ),
    ],
)
def test_a_malformed_payload_is_refused_with_the_reason(payload, reason):
    with pytest.raises(FrameError, match=reason):
        decode(payload)


def test_an_integer_tensor_is_another_kind_of_wrong():
    header = {"__metadata__": {"message": ""}, "a": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]}}
    with pytest.raises(UnknownDtypeError, match="stores a as I64; known: F64, F32, F16, BF16"):
        decode(payload_of(header, b"x" * 8))


def test_lengths_are_bounded_before_they_are_used():
    with pytest.raises(FrameError, match="announces a payload of"):
        payload_length(MAGIC + struct.pack("<Q", MAXIMUM_PAYLOAD_BYTES + 1))
    assert payload_length(MAGIC + struct.pack("<Q", MAXIMUM_PAYLOAD_BYTES)) == MAXIMUM_PAYLOAD_BYTES


def test_another_protocol_version_is_refused():
    with pytest.raises(FrameError, match="begins with"):
        payload_length(b"STNV\x00\x00\x00\x02" + struct.pack("<Q", 8))


def test_what_is_too_large_is_not_sent():
    with pytest.raises(FrameError, match="has a header of"):
        encode("x" * MAXIMUM_HEADER_BYTES)
    with pytest.raises(FrameError, match="17 tensors"):
        encode("", {str(i): Tensor(np.zeros(()), "float64") for i in range(17)})
    with pytest.raises(FrameError, match="bytes of tensors"):
        encode("", {"a": Tensor(np.broadcast_to(np.zeros(1), (2**28,)), "float64")})
    with pytest.raises(UnknownDtypeError, match="unknown dtype 'int8'; known: float64"):
        encode("", {"a": Tensor(np.zeros(()), "int8")})


@given(st.lists(st.integers(1, 40)))
def test_the_assembler_takes_pieces_of_any_size(sizes):
    frame = whole("message", {"a": Tensor(np.arange(6.0), "float64")})
    assembler, position = Assembler(), 0
    for size in [*sizes, *[len(frame)] * 3]:
        piece = frame[position : position + min(size, assembler.needed)]
        if piece:
            assembler.add(piece)
        position += len(piece)
    assert assembler.needed == 0
    assert assembler.payload() == frame[16:]


def test_the_assembler_refuses_at_the_first_wrong_byte():
    with pytest.raises(FrameError, match="begins with b'h'"):
        Assembler().add(b"h")
