"""The strategies of hypothesis, which is not loaded before one of them is asked for: that takes 0.2 s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["st"]

if TYPE_CHECKING:
    from hypothesis import strategies as st
else:

    class _Strategies:
        def __getattr__(self, name: str) -> Any:
            from hypothesis import strategies  # noqa: PLC0415 (see above)

            return getattr(strategies, name)

    st = _Strategies()
