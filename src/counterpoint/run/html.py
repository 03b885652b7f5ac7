"""A very small HTML writer: everything that is not markup is escaped.

Text from data is untrusted. Only ``Html`` is taken as markup, and only ``tag``, ``joined`` and ``style`` make it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from html import escape
from typing import final

_VOID = frozenset({"img", "br", "meta", "link", "hr", "input"})


@final
class Html(str):
    """Markup that is safe to put into a page."""

    __slots__ = ()


def tag(element: str, /, *children: str | None, **attributes: str | float | bool | None) -> Html:
    """One element. Attribute names: ``class_`` for ``class``, ``_`` for ``-``; None and False leave one out.

    Example:
        >>> tag("p", "1 < 2", class_="note")
        '<p class="note">1 &lt; 2</p>'
    """
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(_number(value), quote=True)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{element}{said}>") if element in _VOID else Html(f"<{element}{said}>{joined(children)}</{element}>")


def joined(children: Iterable[str | None]) -> Html:
    """Children one after the other; plain strings are escaped, None is left out."""
    return Html("".join(c if isinstance(c, Html) else escape(c) for c in children if c is not None))


def data_uri(mime: str, payload: bytes) -> str:
    """The bytes as an address that needs no request."""
    return f"data:{mime};base64,{b64encode(payload).decode()}"


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
