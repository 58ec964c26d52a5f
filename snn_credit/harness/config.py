"""Settings: checked, as text (``--set key=value``), and as plain JSON, out and in again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from snn_credit.errors import InputError, one_of

_BOOLS = {"true": True, "yes": True, "on": True, "1": True,
          "false": False, "no": False, "off": False, "0": False}  # fmt: skip
_NAMES = {int: "a whole number", float: "a finite number", bool: "true or false", str: "a text",
          NoneType: "none"}  # fmt: skip


def with_settings(config: Any, settings: Sequence[str]) -> Any:
    """Return a copy of a frozen dataclass with ``key=value`` texts applied.

    Values are read as the field's type says. Tuples are written with commas: ``sizes=64,100,10``.

    Raises
    ------
    InputError
        A text that is not ``key=value``, a key that is no field, a value that is not of its type;
        and whatever the dataclass itself refuses.
    """
    types = get_type_hints(type(config))
    known = [f.name for f in fields(config)]
    changes: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        key = key.strip()
        if not equals:
            raise InputError(f"--set: key=value (got {setting!r})")
        if key not in known:
            raise InputError(f"--set: {one_of(key, known)} (got {key!r})")
        try:
            changes[key] = _read(text.strip(), types[key])
        except ValueError:
            raise InputError(f"--set {key}: {describe(types[key])} (got {text!r})") from None
    return replace(config, **changes)


def _read(text: str, kind: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _read_any(text, inner)
    if origin is Literal:
        by_text = {str(value): value for value in inner}
        if text not in by_text:
            raise ValueError(text)
        return by_text[text]
    if origin is tuple:
        return _read_tuple(text, inner)
    if kind is NoneType and text.lower() in ("none", "null"):
        return None
    if kind is bool and text.lower() in _BOOLS:
        return _BOOLS[text.lower()]
    if kind is int:
        return int(text)
    if kind is float and math.isfinite(float(text)):
        return float(text)
    if kind is str:
        return text
    raise ValueError(text)


def _read_any(text: str, kinds: tuple[Any, ...]) -> Any:
    # None comes first: otherwise `none` would be a text in `str | None`
    for kind in sorted(kinds, key=lambda kind: kind is not NoneType):
        try:
            return _read(text, kind)
        except ValueError:
            continue
    raise ValueError(text)


def _read_tuple(text: str, inner: tuple[Any, ...]) -> tuple[Any, ...]:
    words = [word.strip() for word in text.strip("()[]").split(",") if word.strip()]
    if inner[-1:] == (Ellipsis,):
        return tuple(_read(word, inner[0]) for word in words)
    if len(words) != len(inner):
        raise ValueError(text)
    return tuple(_read(word, kind) for word, kind in zip(words, inner, strict=True))


def describe(kind: Any) -> str:
    """Return what a person should write for a field of this type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " or ".join(describe(k) for k in inner)
    if origin is Literal:
        return "one of " + ", ".join(str(value) for value in inner)
    if origin is tuple and inner[-1:] == (Ellipsis,):
        return f"{describe(inner[0])}, or several with commas between"
    if origin is tuple:
        return " and ".join(describe(k) for k in inner) + ", with commas between"
    return _NAMES.get(kind, str(kind))


def require(config: Any, names: Iterable[str], holds: Callable[[Any], bool], expected: str) -> None:
    """Check fields of settings; those that are None are left alone, tuples are checked throughout.

    Raises
    ------
    InputError
        The first value for which ``holds`` is not true: its field, ``expected``, and what came.
    """
    for name in names:
        value = getattr(config, name)
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        if not all(holds(each) for each in values):
            came = ", ".join(map(str, values))
            raise InputError(f"{name}: {expected} (got {came})")


def to_plain(config: Any) -> dict[str, Any]:
    """Return a dataclass as what comes back from JSON: tuples are lists."""
    return json.loads(json.dumps(asdict(config)))


def from_plain(kind: type[Any], plain: Mapping[str, Any]) -> Any:
    """Return the dataclass that `to_plain` took apart."""
    return kind(**{key: _tuples(value) for key, value in plain.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
