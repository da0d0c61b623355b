"""Contrast of boards: WCAG 7:1 for text, and the luminance contrast of DIN 32975 (0.7, black on white 0.8)."""

import re

import pytest

from mobility.app.web.assets import HAND_WRITTEN

TEXTS = ("ink", "ink-soft", "accent", "accent-deep", "running", "late", "unknown", "cancelled")
SHAPES = ("line",)
TOKEN = re.compile(r"--([a-z-]+):\s*(#[0-9a-f]{3,6})\b")


def themes() -> dict[str, dict[str, str]]:
    """The colours of paper, of the dark setting, of the wall and of print, by name."""
    css = (HAND_WRITTEN / "style.css").read_text(encoding="utf-8")
    light = dict(TOKEN.findall(css[css.index(":root {") : css.index("@media (prefers-color-scheme: dark)")]))
    dark = dict(
        TOKEN.findall(css[css.index("@media (prefers-color-scheme: dark)") : css.index("/* ---------- Ground")])
    )
    wall = dict(TOKEN.findall(re.search(r"\.body--wall \{(.*?)\}", css, re.DOTALL)[1]))
    paper = dict(TOKEN.findall(re.search(r":root, \.body--wall \{(.*?)\}", css, re.DOTALL)[1]))
    return {"light": light, "dark": light | dark, "wall": light | wall, "print": light | paper}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(a: str, b: str) -> float:
    bright, dim = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance_contrast(a: str, b: str) -> float:
    """K = (Lmax - Lmin) / (Lmax + Lmin), DIN 32975 (Michelson)."""
    bright, dim = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright - dim) / (bright + dim)


@pytest.mark.parametrize("theme", ["light", "dark", "wall", "print"])
def test_every_text_colour_is_legible_on_its_ground(theme: str) -> None:
    colours = themes()[theme]
    for name in TEXTS:
        for ground in ("paper", "paper-deep"):
            if name == "accent-deep" and theme == "print":
                continue
            assert ratio(colours[name], colours[ground]) >= 7, (theme, name, ground)
            assert luminance_contrast(colours[name], colours[ground]) >= 0.7, (theme, name, ground)
    assert luminance_contrast(colours["ink"], colours["paper"]) >= 0.8, theme
    for name in SHAPES:
        assert ratio(colours[name], colours["paper"]) >= 3, (theme, name)


def test_signs_of_services_carry_legible_letters() -> None:
    css = (HAND_WRITTEN / "style.css").read_text(encoding="utf-8")
    for kind in ("shuttle", "line_bus", "citizen_bus"):
        ground = re.search(rf"\.sign--{kind} {{ background: (#[0-9a-f]+)", css)[1]
        assert ratio("#ffffff", ground) >= 7, kind
        assert luminance_contrast("#ffffff", ground) >= 0.8, kind


def test_the_boards_own_sheet_takes_its_colours_from_the_shared_ones() -> None:
    css = (HAND_WRITTEN / "board.css").read_text(encoding="utf-8")
    screen = css.split("@media print")[0]
    drawn = re.sub(r"url\(.*?\)", "", screen)
    assert re.findall(r"#[0-9a-f]{3,6}\b", drawn) == []
