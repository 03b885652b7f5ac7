from __future__ import annotations

import numpy as np
import pytest

from counterpoint.signal import scatter


@pytest.mark.parametrize(("kind", "factor", "power"), [("rain", 3.65e-4, 0.63), ("snow", 1.44e-3, 0.57)])
def test_extinction_of_drops_is_the_closed_form(kind: str, factor: float, power: float) -> None:
    for rate in (1.0, 5.0, 25.0):
        assert scatter.Drops.of(kind, rate).extinction == pytest.approx(factor * rate**power, rel=0.01)


def test_marshall_palmer_is_used_and_not_goodin() -> None:
    """The other law that is widely copied, 0.01 R^0.6, is 24 to 27 times larger."""
    assert 24 < 0.01 * 25**0.6 / scatter.Drops.of("rain", 25.0).extinction < 27


def test_fog_replaces_far_points_first() -> None:
    """MOR 50 m: none nearer than 20 m, all beyond 40 m, some between (the shape that the published code gives)."""
    r = np.linspace(2, 100, 5000)
    out = scatter.returns("fog", np.log(20) / 50, 0.0, r, np.full(5000, 0.3), np.random.default_rng(0))
    scattered = out.label == scatter.SCATTERED
    assert not scattered[r < 20].any() and scattered[r > 40].all()
    assert 0.05 < scattered[(r > 20) & (r < 40)].mean() < 0.7
    assert (out.ranges[scattered] < 8).all() and np.array_equal(out.ranges[~scattered], r[~scattered])


def test_kept_echoes_fall_off_by_twice_the_way() -> None:
    r = np.linspace(2, 60, 500)
    for kind, rate in (("fog", 0.0), ("rain", 20.0), ("snow", 4.0)):
        out = scatter.returns(kind, 0.01, rate, r, np.full(500, 0.5), np.random.default_rng(0))
        kept = out.label == scatter.KEPT
        assert kept.sum() > 100
        assert np.allclose(out.intensity[kept], 0.5 * np.exp(-0.02 * r[kept]), rtol=1e-12)


def test_what_is_below_the_threshold_is_lost() -> None:
    r = np.array([10.0, 50.0, np.inf])
    out = scatter.through(0.05, r, np.full(3, 0.5), 0.9 / 100**2)
    assert out.label.tolist() == [scatter.KEPT, scatter.LOST, scatter.LOST]


def test_the_nearest_drop_is_where_a_poisson_process_has_it() -> None:
    """With one size of beam and weak targets, the mean number of drops in front of a range is density times volume."""
    drops = scatter.Drops.of("snow", 2.0)
    stream = np.random.default_rng(1)
    place, power = scatter.drop_echo(drops, 0.0, np.full(20_000, np.inf), stream, 0.003, 1.5)
    assert (power > 0).all() and place.min() >= 1.5
    near = np.full(20_000, 3.0)
    _, power = scatter.drop_echo(drops, 0.0, near, stream, 0.003, 1.5)
    volume = np.pi / 12 * 0.003**2 * (3**3 - 1.5**3)
    # P(no drop) = exp(-density volume); 20 000 beams know it to 0.35 %.
    assert (power == 0).mean() == pytest.approx(np.exp(-drops.density * volume), abs=0.012)


def test_snow_blinds_more_than_rain_of_the_same_rate() -> None:
    r = np.full(20_000, 40.0)
    share = {}
    for kind in ("rain", "snow"):
        alpha = scatter.Drops.of(kind, 5.0).extinction
        out = scatter.returns(kind, alpha, 5.0, r, np.full(20_000, 0.1), np.random.default_rng(2))
        share[kind] = (out.label != scatter.KEPT).mean()
    assert 0 < share["rain"] < share["snow"] < 0.5
