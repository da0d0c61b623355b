"""Readable text on a line's colour."""

CITIZEN_BUS_COLOUR = "1F4F1F"
"""Of the citizen bus wherever it has no colour of its own; the same as its sign on pages."""


def text_colour(colour: str) -> str:
    """Return ``000000`` or ``FFFFFF``, whichever contrasts more with ``colour`` (six hex digits).

    Contrast by relative luminance: WCAG 2.2, definitions "contrast ratio" and "relative luminance".
    """
    red, green, blue = (_linear(int(colour[k : k + 2], 16) / 255) for k in (0, 2, 4))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    contrast_with_black, contrast_with_white = (luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05)
    return "000000" if contrast_with_black >= contrast_with_white else "FFFFFF"


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - WCAG
