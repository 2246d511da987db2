"""Sizes of images in words."""

from __future__ import annotations


def megabytes(size: float) -> str:
    """A size in bytes as "556 MB" or, below ten, "3.2 MB"."""
    number = size / 1e6
    return f"{number:,.0f} MB" if abs(number) >= 10 else f"{number:.1f} MB"


def share(sizes: tuple[int, int]) -> str:
    """The change of a size in percent: "-42 %"."""
    before, after = sizes
    change = round(100 * (after - before) / before) if before else 0
    return f"{change:+d} %" if change else "0 %"
