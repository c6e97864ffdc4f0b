"""The colours of energy; a share of the root is a shade, with text that can be read on it."""

from __future__ import annotations

# Sequential orange to brown (ColorBrewer "Oranges", 9 classes), evenly light to dark.
_PALETTE = (
    "#fff5eb", "#fee6ce", "#fdd0a2", "#fdae6b", "#fd8d3c", "#f16913", "#d94801", "#a63603",
    "#7f2704",
)  # fmt: skip
MORE, LESS = "#d9772b", "#2a8c82"  # bars and lines; apart in lightness, too
EDGE = "#8c510a"  # around a shaded node
_LIGHT, _DARK = "#ffffff", "#000000"


def shade(fraction: float | None) -> tuple[str, str]:
    """Fill and text colour for a share of the root: darker is more, and always readable.

    By the square root of the share, or all but a few nodes would look alike.
    """
    place = min(1.0, max(0.0, fraction or 0.0)) ** 0.5 * (len(_PALETTE) - 1)
    lower = min(int(place), len(_PALETTE) - 2)
    mixed = [
        round(a + (b - a) * (place - lower))
        for a, b in zip(_channels(_PALETTE[lower]), _channels(_PALETTE[lower + 1]), strict=True)
    ]
    fill = "#" + "".join(f"{channel:02x}" for channel in mixed)
    return fill, max((_DARK, _LIGHT), key=lambda ink: contrast(fill, ink))


def contrast(first: str, second: str) -> float:
    """Contrast of two "#rrggbb" colours, 1 to 21 (WCAG 2.1, relative luminance)."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [channel / 255 for channel in _channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
