"""Changes of the environment: what hangs in the air, with one coefficient for every sensor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, log
from typing import ClassVar, Literal, final

from counterpoint.core.axes import Axis, Move


@final
@dataclass(frozen=True)
class Medium(Move):
    """Air that scatters: light falls off as ``exp(-extinction * length of the ray)``.

    Attributes:
        kind: ``fog``, ``rain``, ``snow`` or ``dust``.
        extinction: 1/m, for visible light and 905 nm.
        rate: of rain or snow, mm/h.
        colour: of the light that it scatters into a camera, RGB 0 to 1.
        ranges: for each camera whose picture follows, the part that tells how far everything in it is.
        stream: path of the random stream of drops and flakes.

    Raises:
        ValueError: a negative or infinite extinction or rate.
    """

    kind: Literal["fog", "rain", "snow", "dust"]
    extinction: float
    rate: float = 0.0
    colour: tuple[float, float, float] = (0.75, 0.77, 0.8)
    ranges: tuple[tuple[str, str], ...] = ()
    stream: tuple[str | int, ...] = ()
    axis: ClassVar[Axis] = Axis.ENVIRONMENT

    def __post_init__(self) -> None:
        if not (0 <= self.extinction < inf and 0 <= self.rate < inf):
            raise ValueError(
                f"Medium(extinction={self.extinction:g}, rate={self.rate:g}): both must be 0 or more (1/m, mm/h); "
                "give a visibility V in m as extinction = ln(20) / V."
            )

    @property
    def visibility(self) -> float:
        """Meteorological optical range, m: where 5 % of the light is left, ``ln(20) / extinction``."""
        return log(20) / self.extinction if self.extinction > 0 else inf

    def fused(self, later: Move) -> Medium | None:
        """Two fogs are one fog: extinctions add. Drops are drawn for each rain, so two rains stay two."""
        if not isinstance(later, Medium) or later.kind in ("rain", "snow"):
            return None
        if (later.kind, later.colour, later.ranges) != (self.kind, self.colour, self.ranges):
            return None
        return replace(self, extinction=self.extinction + later.extinction, rate=self.rate + later.rate)
