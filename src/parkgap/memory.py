"""Memory that nobody uses any more goes back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Give back what was freed, where the C library keeps it for later (glibc does).

    A run frees a quarter of its memory before it writes results, in pieces between what it keeps;
    without this the report's libraries come on top of it.
    """
    if sys.platform == "linux":
        try:
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        except (OSError, AttributeError):  # another C library
            return
