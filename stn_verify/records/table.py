"""Rows as a pandas DataFrame and back; every column has a type of its own, however few of its cells are filled."""

import types
import typing
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from stn_verify.contract.errors import RequestError

Row = TypeVar("Row", bound=BaseModel)

_KINDS = {bool: "boolean", int: "Int64", float: "Float64"}


class MissingPandasError(RequestError):
    """pandas or pyarrow is not installed."""


def require_pandas() -> Any:
    """The module pandas.

    Raises:
        MissingPandasError: it, or pyarrow, is not here.
    """
    try:
        import pandas
        import pyarrow  # noqa: F401  pandas writes Parquet with it
    except ImportError as error:
        raise MissingPandasError(
            f"benchmark records need pandas and pyarrow ({error}): pip install 'stn-verify[bench]'"
        ) from None
    return pandas


def frame(rows: Sequence[BaseModel], kind: type[BaseModel]) -> Any:
    """A DataFrame with a column for each field of the model, also of no rows at all."""
    pandas = require_pandas()
    cells = [row.model_dump(mode="json") for row in rows]
    return pandas.DataFrame(
        {
            name: pandas.array([cell[name] for cell in cells], dtype=_column(field.annotation))
            for name, field in kind.model_fields.items()
        }
    )


def rows(table: Any, kind: type[Row]) -> list[Row]:
    """The rows of a DataFrame, which is not trusted.

    Raises:
        ValueError: a column is missing or too many, or a cell holds what it cannot.
    """
    names = list(kind.model_fields)
    if sorted(map(str, table.columns)) != sorted(names):
        found, known = set(map(str, table.columns)), set(names)
        raise ValueError(
            f"its columns lack {_listed(known - found)} and have unknown {_listed(found - known)}"
        )
    made = []
    for number, cells in enumerate(table[names].astype(object).itertuples(index=False, name=None)):
        given = {name: None if _missing(cell) else cell for name, cell in zip(names, cells, strict=True)}
        try:
            made.append(kind.model_validate(given))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise ValueError(f"row {number}{', ' if place else ''}{place}: {first['msg']}") from None
    return made


def _listed(names: set[str]) -> str:
    shown = ", ".join(repr(name[:60]) for name in sorted(names)[:5])
    return shown or "none"


def _missing(cell: object) -> bool:
    # NA is equal to nothing, not even to itself.
    return cell is None or type(cell).__name__ in ("NAType", "NaTType") or cell != cell  # noqa: PLR0124  NaN


def _column(annotation: Any) -> str:
    """The pandas type of a field: that of the first of its parts which is not None."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _column(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return _column(next(part for part in typing.get_args(annotation) if part is not type(None)))
    if origin is typing.Literal or (isinstance(annotation, type) and issubclass(annotation, StrEnum)):
        return "string"
    return _KINDS.get(annotation, "string")
