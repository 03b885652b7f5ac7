"""Weather words to what hangs in the air: one extinction for every sensor.

Rain and snow follow the drop sizes of Marshall and Palmer (1948) and of Gunn and Marshall (1958) with an extinction
efficiency of 2: ``3.65e-4 R^0.63`` and ``1.44e-3 R^0.57`` 1/m for a rate R in mm/h.
"""

from __future__ import annotations

from math import log
from typing import Literal

from counterpoint.core.medium import Medium

Weather = Literal["clear", "fog", "rain", "snow", "dust"]
_DUST = (0.72, 0.6, 0.45)


def air(weather: Weather, visibility: float, rate: float, light: float = 1.0) -> Medium | None:
    """The medium of a weather, or None for clear air.

    Args:
        weather: fog and dust follow ``visibility``, rain and snow follow ``rate``.
        visibility: meteorological optical range, m.
        rate: mm/h.
        light: how bright the air is that the camera looks into, relative to full daylight.
    """
    if weather == "clear":
        return None
    if weather == "rain":
        return Medium("rain", 3.65e-4 * rate**0.63, rate, _dimmed((0.62, 0.65, 0.7), light))
    if weather == "snow":
        return Medium("snow", 1.44e-3 * rate**0.57, rate, _dimmed((0.8, 0.82, 0.85), light))
    colour = _DUST if weather == "dust" else (0.75, 0.77, 0.8)
    return Medium(weather, log(20) / visibility, 0.0, _dimmed(colour, light))


def _dimmed(colour: tuple[float, float, float], light: float) -> tuple[float, float, float]:
    red, green, blue = colour
    return (red * light, green * light, blue * light)
