"""Frames: how a message and its arrays travel over a pipe.

A frame is the magic `b"STNV"` with the protocol's version as a big-endian u32, the payload's length as a
little-endian u64, and a safetensors payload, whose `__metadata__` holds the message, a JSON text, under
"message".
Nothing that arrives is trusted: lengths are bounded before they are used, and nothing in a frame is executed.
"""

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import safetensors

from stn_verify.formats import Array

MAGIC = b"STNV\x00\x00\x00\x01"
PREFIX_BYTES = len(MAGIC) + 8
MAXIMUM_PAYLOAD_BYTES = 2**31
MAXIMUM_HEADER_BYTES = 2**20
MAXIMUM_TENSORS = 16
MAXIMUM_DIMENSIONS = 8

_CODES = MappingProxyType({"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16"})
_DTYPES = MappingProxyType({code: dtype for dtype, code in _CODES.items()})
_STORED = MappingProxyType({"float64": "<f8", "float32": "<f4", "float16": "<f2", "bfloat16": "<u2"})


class FrameError(ValueError):
    """Bytes that are no frame, or one beyond the bounds; its text lacks the subject: "begins with ..."."""


class UnknownDtypeError(FrameError):
    """A sound frame with a tensor of a dtype other than the four stored ones."""


@dataclass(frozen=True)
class Tensor:
    """An array as it travels: a float64 carrier whose values lie in `dtype`."""

    values: Array
    dtype: str


def encode(message: str, tensors: Mapping[str, Tensor] = MappingProxyType({})) -> list[memoryview]:
    """The buffers of a frame, to be written one after the other; float64 arrays are not copied.

    The header is written here, not by `safetensors.serialize`: that would copy every array, and takes its
    arguments in another form in each of its versions.

    Raises:
        FrameError: more, or larger, than a frame may hold.
    """
    _check_size(tensors)
    header: dict[str, Any] = {"__metadata__": {"message": message}}
    stored = {name: store(tensor.values, tensor.dtype) for name, tensor in tensors.items()}
    buffers = []
    offset = 0
    # Widest items first: then each array is aligned when the first is.
    for name in sorted(stored, key=lambda name: -stored[name].itemsize):
        array = stored[name]
        end = offset + array.nbytes
        header[name] = {
            "dtype": _CODES[tensors[name].dtype],
            "shape": array.shape,
            "data_offsets": [offset, end],
        }
        if array.nbytes:
            buffers.append(array.reshape(-1).view(np.uint8).data)
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    if len(text) > MAXIMUM_HEADER_BYTES:
        raise FrameError(f"has a header of {len(text)} bytes; a frame holds at most {MAXIMUM_HEADER_BYTES}")
    return [memoryview(MAGIC + struct.pack("<QQ", 8 + len(text) + offset, len(text)) + text), *buffers]


def decode(payload: bytes) -> tuple[str, dict[str, Tensor]]:
    """The message and the tensors of a payload.

    Raises:
        UnknownDtypeError: a tensor that is none of float64, float32, float16, bfloat16.
        FrameError: anything else wrong with it.
    """
    header = _header(payload)
    metadata = header.pop("__metadata__", None)
    message = metadata.get("message") if isinstance(metadata, dict) else None
    if not isinstance(message, str):
        raise FrameError("has no text under 'message' in its metadata")
    if len(header) > MAXIMUM_TENSORS:
        raise FrameError(f"has {len(header)} tensors; a frame holds at most {MAXIMUM_TENSORS}")
    try:
        parts = safetensors.deserialize(payload)  # type: ignore[no-untyped-call]  # its stub is bare
    except safetensors.SafetensorError as error:
        raise FrameError(f"is no safetensors payload: {error}") from None
    return message, {name: _tensor(name, part) for name, part in parts}


def payload_length(prefix: bytes) -> int:
    """The length that the first `PREFIX_BYTES` of a frame announce.

    Raises:
        FrameError: another magic, or a length out of bounds.
    """
    magic, (length,) = prefix[: len(MAGIC)], struct.unpack("<Q", prefix[len(MAGIC) :])
    if magic != MAGIC:
        raise FrameError(f"begins with {bytes(magic)!r}, not with {MAGIC!r}")
    if not 8 <= length <= MAXIMUM_PAYLOAD_BYTES:
        raise FrameError(f"announces a payload of {length} bytes; 8 to {MAXIMUM_PAYLOAD_BYTES} are read")
    return int(length)


class Assembler:
    """Puts one frame together from what a pipe gives, piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._have = 0
        self._length: int | None = None

    @property
    def needed(self) -> int:
        """How many bytes are still to come, as far as is known; 0 when the frame is complete."""
        return (PREFIX_BYTES if self._length is None else self._length) - self._have

    def add(self, piece: bytes) -> None:
        """Take at most `needed` bytes.

        Raises:
            FrameError: this is no frame.
        """
        self._pieces.append(piece)
        self._have += len(piece)
        if self._length is None:
            start = b"".join(self._pieces)
            # At once, not at the prefix's end: a program that says one wrong word then waits would time out.
            if start[: len(MAGIC)] != MAGIC[: len(start)]:
                raise FrameError(f"begins with {start!r}, not with {MAGIC!r}")
            if len(start) == PREFIX_BYTES:
                self._length = payload_length(start)
                self._pieces, self._have = [], 0

    @property
    def progress(self) -> str:
        """What has come so far, for a message; empty where nothing has."""
        if self._length is not None:
            return f"{self._have} of the payload's {self._length} bytes"
        return f"{self._have} of the {PREFIX_BYTES} bytes before a payload" if self._have else ""

    def payload(self) -> bytes:
        """The payload of the complete frame."""
        return b"".join(self._pieces)


def read_frame(stream: BinaryIO) -> bytes | None:
    """Wait for one frame on a blocking stream; its payload, or None at the end of the stream.

    Raises:
        FrameError: no frame, or a truncated one.
    """
    prefix = stream.read(PREFIX_BYTES)
    if not prefix:
        return None
    if len(prefix) < PREFIX_BYTES:
        raise FrameError(f"ends after {len(prefix)} of the {PREFIX_BYTES} bytes before a payload")
    length = payload_length(prefix)
    payload = stream.read(length)
    if len(payload) < length:
        raise FrameError(f"ends after {len(payload)} of {length} bytes")
    return payload


def write_frame(stream: BinaryIO, buffers: Iterable[memoryview]) -> None:
    """Write a frame to a blocking stream and flush it."""
    stream.writelines(buffers)
    stream.flush()


def store(values: Array, dtype: str) -> npt.NDArray[Any]:
    """The carrier in the stored dtype, little-endian and contiguous; bfloat16 as its bits in uint16.

    Raises:
        UnknownDtypeError: no such stored dtype.
    """
    _known(dtype)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if dtype == "bfloat16":
            return _bfloat16_bits(np.asarray(values, dtype=np.float32))
        return np.asarray(values, dtype=_STORED[dtype], order="C")


def carry(stored: npt.NDArray[Any], dtype: str) -> Array:
    """The float64 carrier of an array of a stored dtype (bfloat16: of its bits)."""
    if dtype == "bfloat16":
        stored = (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)
    with np.errstate(invalid="ignore"):
        return np.asarray(stored, dtype=np.float64)


def _check_size(tensors: Mapping[str, Tensor]) -> None:
    """Before anything is converted, which would take the memory."""
    if len(tensors) > MAXIMUM_TENSORS:
        raise FrameError(f"has {len(tensors)} tensors; a frame holds at most {MAXIMUM_TENSORS}")
    length = sum(t.values.size * np.dtype(_STORED[_known(t.dtype)]).itemsize for t in tensors.values())
    if length > MAXIMUM_PAYLOAD_BYTES - MAXIMUM_HEADER_BYTES - 8:
        raise FrameError(f"has {length} bytes of tensors; a frame holds less than {MAXIMUM_PAYLOAD_BYTES}")


def _known(dtype: str) -> str:
    if dtype not in _STORED:
        raise UnknownDtypeError(f"has the unknown dtype {dtype!r}; known: {', '.join(_STORED)}")
    return dtype


def _bfloat16_bits(values: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    bits = np.ascontiguousarray(values).view(np.uint32).reshape(values.shape)
    # Ties to even: add just under half of the dropped part, and one more where the kept part is odd.
    rounded = (bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))) >> np.uint32(16)
    # The sum would carry a NaN over into infinity or zero.
    quiet = (bits >> np.uint32(16)) | np.uint32(0x40)
    return np.where(np.isnan(values), quiet, rounded).astype("<u2")


def _header(payload: bytes) -> dict[str, Any]:
    if len(payload) < 8:
        raise FrameError(f"has a payload of {len(payload)} bytes; its header's length alone takes 8")
    (length,) = struct.unpack_from("<Q", payload)
    if length > min(MAXIMUM_HEADER_BYTES, len(payload) - 8):
        raise FrameError(f"announces a header of {length} bytes in a payload of {len(payload)}")
    try:
        header = json.loads(payload[8 : 8 + length].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise FrameError(f"has a header that is not JSON: {error}") from None
    if not isinstance(header, dict):
        raise FrameError(f"has a JSON {type(header).__name__} for a header, not an object")
    return header


def _tensor(name: str, part: Mapping[str, Any]) -> Tensor:
    code, shape = part["dtype"], part["shape"]
    if code not in _DTYPES:
        raise UnknownDtypeError(f"stores {name} as {code}; known: {', '.join(_DTYPES)}")
    if len(shape) > MAXIMUM_DIMENSIONS:
        raise FrameError(f"gives {name} {len(shape)} dimensions; at most {MAXIMUM_DIMENSIONS}")
    if prod(side for side in shape if side) > MAXIMUM_PAYLOAD_BYTES:
        # Only an empty array can claim such a shape within a bounded payload; NumPy cannot make it.
        raise FrameError(f"gives {name} the shape {tuple(shape)}")
    dtype = _DTYPES[code]
    stored = np.frombuffer(part["data"], dtype=_STORED[dtype]).reshape(shape)
    return Tensor(carry(stored, dtype), dtype)
