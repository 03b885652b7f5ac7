"""A street in a town: an ego vehicle with its sensors, others who drive, ride and walk by rules, and houses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import atan2, pi
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.keys import Key
from counterpoint.core.ranges import Range, checked, drawn, ordered
from counterpoint.errors import RecipeError
from counterpoint.simulate import figures, footprint, path, scenery, traffic
from counterpoint.simulate.happenings import CLOSE, closest, tracked
from counterpoint.simulate.layout import Layout, Staged
from counterpoint.simulate.scene import Lamp, Mount, Scene, Thing, Vector, Waypoint, rotation
from counterpoint.simulate.scenery import BIKE, KERB, LANE, PARKED, WALKS
from counterpoint.simulate.sensor import Clock, Sensor
from counterpoint.simulate.sensors.camera import RayCamera
from counterpoint.simulate.sensors.gnss import Gnss
from counterpoint.simulate.sensors.imu import Imu
from counterpoint.simulate.sensors.labels import Labels
from counterpoint.simulate.sensors.lidar import Lidar
from counterpoint.simulate.sensors.microphone import Microphone
from counterpoint.simulate.sensors.narrator import Narrator
from counterpoint.simulate.sensors.radar import Radar
from counterpoint.simulate.solve import solve
from counterpoint.simulate.weather import Weather, air
from counterpoint.simulate.world import World

Array = NDArray[np.float64]
START = -6.0
"""Traffic has run since then, s, when the clock starts."""
_LIGHT = {
    "day": ((Lamp((0.8, 0.45, -0.9), colour=(1.0, 0.96, 0.88), power=1.05),), 0.4),
    "dusk": ((Lamp((1.0, -0.6, -0.25), colour=(1.0, 0.62, 0.4), power=0.3),), 0.16),
    "night": ((), 0.03),
}
_TRIES = 100


@final
@dataclass(frozen=True)
class Street(Layout):
    """Two lanes, cycle lanes, parked cars, pavements, a crossing.

    Vehicles keep their lanes, follow each other and wait at the crossing while somebody walks on it; no two things
    touch. Everybody moves on a smooth path. With ``near_miss`` a pedestrian steps out in front of the ego vehicle,
    which brakes late: the place is found so that the closeness lies in the range that is asked for.

    Attributes:
        seconds: of the clock, in steps of 0.25 s.
        vehicles, parked, pedestrians, cyclists: how many, apart from the ego vehicle and those of an event.
        crossing: whether somebody may be walking across.
        ego_speed: m/s, that it would like to drive.
        weather: what hangs in the air.
        visibility: of fog and dust, m.
        rate: of rain and snow, mm/h.
        light: ``day``, ``dusk`` or ``night`` (with street lamps).
        near_miss: whether it happens.
        near_by: what closeness means: the least time to collision, s, or the least gap, m.
        nearness: the range of that measure.
        size: of the picture, px.
        film: whether the camera films, 10 pictures a second.
    """

    seconds: float = 4.0
    vehicles: int | tuple[int, int] = (2, 5)
    parked: int | tuple[int, int] = (2, 6)
    pedestrians: int | tuple[int, int] = (2, 6)
    cyclists: int | tuple[int, int] = (0, 2)
    crossing: bool = True
    ego_speed: Range = (7.0, 11.0)
    weather: Weather = "clear"
    visibility: Range = (40.0, 150.0)
    rate: Range = (2.0, 25.0)
    light: Literal["day", "dusk", "night"] = "day"
    near_miss: bool = False
    near_by: Literal["time to collision", "gap"] = "time to collision"
    nearness: Range = (0.5, 1.5)
    size: tuple[int, int] = (384, 256)
    film: bool = True

    def __post_init__(self) -> None:
        checked(
            self,
            seconds=(0.5, 60, "s"),
            vehicles=(0, 12, "vehicles"),
            parked=(0, 20, "vehicles"),
            pedestrians=(0, 20, "people"),
            cyclists=(0, 4, "people"),
            ego_speed=(3, 20, "m/s"),
            visibility=(5, 5000, "m"),
            rate=(0.1, 100, "mm/h"),
            nearness=(0.05, 5, "s or m"),
            size=(16, 4096, "px"),
        )
        ordered(self, "vehicles", "parked", "pedestrians", "cyclists", "ego_speed", "visibility", "rate", "nearness")
        if abs(self.seconds * 4 - round(self.seconds * 4)) > 1e-9:
            raise RecipeError(f"Street(seconds={self.seconds:g}): seconds come in steps of 0.25 s.")
        if self.near_miss and self.seconds < 3:
            raise RecipeError(f"Street(near_miss=True, seconds={self.seconds:g}): a near miss needs at least 3 s.")

    def draw(self, key: Key) -> Staged:
        event = self._stepping_out(key.at("near miss")) if self.near_miss else None
        for attempt in range(_TRIES):
            movers = self._movers(key.at("traffic", attempt), event)
            standing = self._standing(key, movers, event)
            if _apart(movers, standing, self.seconds):
                break
        else:
            raise RecipeError(
                f"{self}: after {_TRIES} draws somebody still ran into somebody. Ask for fewer vehicles or people."
            )
        medium = air(
            self.weather,
            drawn(self.visibility, key.at("visibility").stream()),
            drawn(self.rate, key.at("rate").stream()),
            {"day": 1.0, "dusk": 0.4, "night": 0.06}[self.light],
        )
        lamps, ambient = _LIGHT[self.light]
        if self.weather != "clear":  # Clouds and fog hide the sun: less from it, more from everywhere.
            lamps = tuple(replace(lamp, power=lamp.power * 0.25) for lamp in lamps)
            ambient *= 2.0 if self.light == "day" else 1.2
        posts = [t for t in standing if t.cls == "lamp_post"]
        facts: tuple[tuple[str, str | float], ...] = (("light", self.light), ("place", "street"))
        if event is not None:
            facts += (("event", "near miss"), (self.near_by, round(event[2], 3)))
        scene = Scene(
            self.seconds,
            (*scenery.road(), *standing, *movers),
            lamps=(*lamps, *(scenery.glow(p) for p in posts if self.light == "night")),
            ambient=ambient,
            medium=medium,
            layout=self.name(),
            facts=facts,
        )
        moment = 1.0 if event is None else event[3]
        return Staged(scene, _sensors(self.size, self.film), Clock(self.seconds, min(moment, self.seconds)))

    def _movers(self, key: Key, event: Event | None) -> tuple[Thing, ...]:
        """The ego vehicle first, then other vehicles, cyclists and walkers."""
        walkers, line = self._walkers(key), None
        crossers = [w for w in walkers if w.name == "crosser"]
        if crossers:
            line = crossers[0].path
        things = list(walkers)
        things += self._riders(key)
        cars = self._vehicles(key, line, event)
        return (*cars, *things, *(() if event is None else (event[1],)))

    def _vehicles(self, key: Key, crosser: tuple[Waypoint, ...] | None, event: Event | None) -> tuple[Thing, ...]:
        speed = drawn(self.ego_speed, key.at("ego").stream())
        stream = key.at("vehicles").stream()
        count = _count(self.vehicles, stream)
        ours = int(stream.integers(0, count + 1)) if event is None else 0
        lanes: dict[int, list[tuple[str, traffic.Driver]]] = {1: [], -1: []}
        ahead = int(stream.integers(0, ours + 1)) if ours else 0
        place = START * speed
        spot = place
        front = []
        for i in range(ahead):
            spot += stream.uniform(12, 28)
            front.append(_driver(f"vehicle_{i + 1}", spot, stream))
        lanes[1] = [*reversed(front), ("ego", traffic.Driver(place, speed, figures.VEHICLES["car"][0]))]
        spot = place
        for i in range(ahead, ours):
            spot -= stream.uniform(12, 28)
            lanes[1].append(_driver(f"vehicle_{i + 1}", spot, stream))
        # Those who come towards us count their metres along their own way: x = -s.
        spot = stream.uniform(10, 60) + START * 8
        for i in range(ours, count):
            lanes[-1].append(_driver(f"vehicle_{i + 1}", -spot, stream))
            spot += stream.uniform(14, 35)
        cars = []
        for sense, lane in lanes.items():
            line = None if crosser is None else _line(crosser, sense)
            if not lane:
                continue
            runs = traffic.driven([d for _, d in lane], line, START, self.seconds)
            for (name, driver), run in zip(lane, runs, strict=True):
                if name == "ego" and event is not None:
                    run = event[0]
                cars.append(_vehicle(name, driver, run, sense, key, self.light != "day"))
        return tuple(sorted(cars, key=lambda t: (t.name != "ego", t.name)))

    def _walkers(self, key: Key) -> tuple[Thing, ...]:
        """People on the pavements, line by line at one pace each, and perhaps one on the crossing."""
        stream, found = key.at("people").stream(), []
        count = _count(self.pedestrians, stream)
        crosses = self.crossing and count > 0 and not self.near_miss and stream.random() < 0.6
        if crosses:
            found.append(self._crosser(key.at("crosser")))
        spots = {(side, walk): float(stream.uniform(-5, 12)) for side in (-1, 1) for walk in WALKS}
        paces = {line: float(stream.uniform(1.1, 1.6)) for line in spots}
        for i in range(count - crosses):
            side, walk = list(spots)[int(stream.integers(4))]
            sense = 1 if walk == WALKS[0] else -1
            spots[side, walk] += float(stream.uniform(3, 11))
            pace = sense * paces[side, walk]
            ends = [(t, spots[side, walk] + pace * t, side * walk) for t in (0.0, self.seconds)]
            found.append(_person(f"pedestrian_{i + 1}", key.at("person", i), _ways(ends)))
        return tuple(found)

    def _crosser(self, key: Key) -> Thing:
        stream = key.stream()
        place, side = float(stream.uniform(16, 30)), int(stream.choice((-1, 1)))
        begun, pace = float(stream.uniform(-8, -2)), float(stream.uniform(1.2, 1.6))
        ends = [(t, place, side * (KERB + 0.6 - pace * (t - begun))) for t in (0.0, self.seconds)]
        return _person("crosser", key, _ways(ends))

    def _riders(self, key: Key) -> tuple[Thing, ...]:
        stream, found = key.at("cyclists").stream(), []
        ahead = {1: 6.0, -1: 20.0}
        for i in range(_count(self.cyclists, stream)):
            sense = int(stream.choice((-1, 1)))
            ahead[sense] += float(stream.uniform(3, 15))
            pace = {1: 4.6, -1: 4.2}[sense]
            ends = [(t, ahead[sense] + sense * pace * t, -sense * BIKE) for t in (0.0, self.seconds)]
            mine = key.at("cyclist", i).stream()
            shirt, frame = (str(mine.choice(list(figures.PAINTS))) for _ in range(2))
            skin = figures.SKINS[int(mine.integers(len(figures.SKINS)))]
            found.append(figures.cyclist(f"cyclist_{i + 1}", shirt, frame, skin, motion="path", path=_ways(ends)))
        return tuple(found)

    def _standing(self, key: Key, movers: tuple[Thing, ...], event: Event | None) -> tuple[Thing, ...]:
        """Houses, trees, lamp posts and parked cars; nobody parks on the crossing or where somebody steps out."""
        free = [t.path[0].position[0] for t in movers if t.name == "crosser"]
        free += [] if event is None else [event[1].path[0].position[0]]
        found = [*scenery.houses(key), *scenery.rows(key, free, self.light == "night")]
        stream = key.at("parked").stream()
        spots = [(side, x) for side in (-1, 1) for x in np.arange(-14.0, 66.0, 6.6)]
        order = stream.permutation(len(spots))[: _count(self.parked, stream)]
        for i, spot in enumerate(sorted(order)):
            side, x = spots[spot]
            x += float(stream.uniform(-0.4, 0.4))
            kind, colour = ("car" if stream.random() < 0.75 else "van"), str(stream.choice(list(figures.PAINTS)))
            if all(abs(x - f) > 5.5 for f in free):
                at = (x, side * PARKED, 0.0)
                facing = figures.HALF_TURN if side > 0 else figures.turned(0.0)
                car = figures.vehicle(f"parked_{i + 1}", kind, colour, position=at, quaternion=facing, motion="fixed")
                found.append(replace(car, sound=()))
        if free:
            found.insert(0, scenery.zebra(free[0]))
        return tuple(found)

    def _stepping_out(self, key: Key) -> Event:
        """The run of the ego vehicle, who steps out, the closeness, and the moment at which it is least."""
        stream = key.stream()
        speed, wanted = drawn(self.ego_speed, stream), drawn(self.nearness, stream)
        pace, late = float(stream.uniform(1.5, 2.2)), float(stream.uniform(0.4, 0.7))
        low, high = self.nearness if isinstance(self.nearness, tuple) else (wanted * 0.98, wanted * 1.02)
        room = max(0.02 * wanted, 0.005)
        target = (max(wanted - room, low), min(wanted + room, high))
        if target[0] >= target[1]:
            target = (low, high)

        def staged(ahead: float) -> tuple[Runs, Thing, Thing]:
            return self._met(key, ahead, speed, pace, late)

        def scene(ahead: float) -> Scene:
            _, ego, other = staged(ahead)
            return Scene(self.seconds, (ego, other), timestep=0.05, layout=self.name())

        found = solve(
            scene,
            lambda w: self._nearness(w)[0],
            2.0,
            60.0,
            target,
            what=f"a near miss by {self.near_by} at {speed:.1f} m/s",
        )
        run, _, other = staged(found.value)
        measured, at = self._nearness(World(found.scene))
        return run, other, measured, max(round((at - 0.5) * 4) / 4, 0.25)

    def _met(self, key: Key, ahead: float, speed: float, pace: float, late: float) -> tuple[Runs, Thing, Thing]:
        """What happens if the one who steps out does so ``ahead`` m in front of the ego vehicle."""
        begin, kerb = 1.0, -PARKED + 1.2  # s, m: between the parked cars, at the edge of the cycle lane
        half = figures.VEHICLES["car"][0] / 2
        place = speed * begin + half + ahead

        def clear(time: float, _: float) -> bool:
            return kerb + pace * (time - begin) > -LANE + 0.95 + 0.9

        run = traffic.braking(0.0, speed, begin + late, clear, self.seconds)
        ways = _ways([(0.0, place, kerb - pace * begin), (self.seconds, place, kerb + pace * (self.seconds - begin))])
        other = _person("stepping_out", key.at("person"), ways)
        return run, _vehicle("ego", None, run, 1, key, False), other

    def _nearness(self, world: World) -> tuple[float, float]:
        """How near the ego vehicle and the one who steps out come: the measure, and when, s."""
        times = np.arange(0, self.seconds + 1e-9, 0.05)
        ego, other = world.scene.things
        tracks = tracked(world, ego, times), tracked(world, other, times)
        near = closest((ego, other), tracks)
        # Who drives past before the other is in the lane was too early: as far from the middle as a collision.
        (car, _, _), (person, _, _) = tracks
        early = car[np.argmax(person[:, 1] > -LANE - 0.9), 0] > person[0, 0]
        value = near.gap if self.near_by == "gap" else near.time
        return (0.0 if near.gap <= 0 or early else value), float(times[near.at])


Runs = list[tuple[float, float]]
Event = tuple[Runs, Thing, float, float]


def _count(value: int | tuple[int, int], stream: np.random.Generator) -> int:
    low, high = value if isinstance(value, tuple) else (value, value)
    return int(stream.integers(low, high + 1))


def _driver(name: str, spot: float, stream: np.random.Generator) -> tuple[str, traffic.Driver]:
    return name, traffic.Driver(float(spot), float(stream.uniform(7, 11)), 4.4)


def _vehicle(name: str, driver: traffic.Driver | None, run: Runs, sense: int, key: Key, lights: bool) -> Thing:
    stream = key.at("looks", name).stream()
    kind = "van" if name != "ego" and stream.random() < 0.2 else "car"
    colour = str(stream.choice(list(figures.PAINTS)))
    angle = 0.0 if sense > 0 else pi
    ways = tuple(Waypoint(t, (sense * s, -sense * LANE, 0.0), angle) for t, s in run)
    thing = figures.vehicle(name, kind, colour, lights, motion="path", path=ways)
    return replace(thing, words=(*thing.words[:1], ("noun", "ego vehicle"))) if name == "ego" else thing


def _person(name: str, key: Key, ways: tuple[Waypoint, ...]) -> Thing:
    stream = key.at("looks").stream()
    shirt = str(stream.choice(list(figures.PAINTS)))
    dark: Vector = ((0.12, 0.14, 0.25), (0.1, 0.1, 0.1), (0.3, 0.25, 0.2))[int(stream.integers(3))]
    skin = figures.SKINS[int(stream.integers(len(figures.SKINS)))]
    return figures.person(name, shirt, dark, skin, float(stream.uniform(1.6, 1.9)), motion="path", path=ways)


def _ways(ends: list[tuple[float, float, float]]) -> tuple[Waypoint, ...]:
    """Straight on through (time, x, y), heading where it goes."""
    (_, x0, y0), (_, x1, y1) = ends
    angle = atan2(y1 - y0, x1 - x0)
    return tuple(Waypoint(t, (x, y, 0.0), angle) for t, x, y in ends)


def _line(crosser: tuple[Waypoint, ...], sense: int) -> traffic.Line:
    """Where a lane waits, and when: from when somebody is on the road until their half of it is free again."""
    (t0, a), (t1, b) = ((w.time, w.position) for w in crosser)
    pace = (b[1] - a[1]) / (t1 - t0)
    mine = -sense * LANE

    def closed(time: float) -> bool:
        y = a[1] + pace * (time - t0)
        passed = (y - mine) * np.sign(pace) > 1.8
        return abs(y) < KERB + 1.5 and not passed

    return traffic.Line(sense * a[0] - 2.5, closed)


def _apart(movers: tuple[Thing, ...], standing: tuple[Thing, ...], seconds: float) -> bool:
    """Whether nobody comes too near to anything, at any tenth of a second."""
    times = np.arange(0, seconds + 1e-9, 0.1)
    room = {}
    for thing in movers:
        at, turn = path.motion(thing.path, times)[:2]
        room[thing.name] = footprint.corners(thing, at, turn)
    still = [t for t in standing if t.cls not in ("marking", "building", "tree", "lamp_post")]
    fixed = {t.name for t in still}
    for thing in still:
        box = footprint.corners(thing, np.array([thing.position]), rotation(thing.quaternion)[None])
        room[thing.name] = np.repeat(box, len(times), 0)
    event = {"ego", "stepping_out"}
    for a, b in combinations(room, 2):
        if (a in fixed and b in fixed) or {a, b} == event:
            continue
        # A hand's breadth from what stands, and between movers so much that nobody calls it a near miss.
        least = 0.05 if {a, b} & fixed else CLOSE + 0.1
        near = np.abs(room[a].mean(1) - room[b].mean(1)).max(1).min() < 12
        if near and footprint.gap(room[a], room[b]).min() <= least:
            return False
    return True


def _sensors(size: tuple[int, int], film: bool) -> tuple[Sensor, ...]:
    eye = Mount("ego", (0.5, 0.0, 1.45))
    return (
        RayCamera("camera", eye, size, 75.0, frames=film, fps=10.0),
        Lidar("lidar", Mount("ego", (0.0, 0.0, 1.75)), "vlp-16"),
        Radar("radar", Mount("ego", (2.3, 0.0, 0.6)), 5.0),
        Imu("imu", Mount("ego", (0.0, 0.0, 0.5)), 100.0),
        Gnss("gnss", Mount("ego", (-0.6, 0.0, 1.5))),
        Microphone("microphone", Mount("ego", (0.0, 0.0, 1.7)), "stereo", rate=16_000),
        Labels("labels", 10.0),
        Narrator("narrator", "camera", eye, size, 75.0),
    )
