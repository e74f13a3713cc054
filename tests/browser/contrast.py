"""Contrast of text in drawings, which accessibility checkers do not compute.

https://www.w3.org/TR/WCAG22/#contrast-minimum
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

MINIMUM = 4.5
_WEAK = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def weak_texts(page: Any) -> list[str]:
    """Texts of drawings below the minimum, with contrast and colours.

    Shapes that cannot be pointed at are painted behind text, too, so for the measurement all can be pointed at.
    """
    page.add_style_tag(content="svg *{pointer-events:all !important}")
    return list(page.evaluate(_WEAK, MINIMUM))
