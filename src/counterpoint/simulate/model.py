"""A scene as a MuJoCo model.

Cones are elliptic and the solver is tight, so that physics commutes with mirrors, turns about z and shifts.

A contact is a blow of one step: its damping turns a closing speed v into -e v (Newton's law of restitution), its
stiffness only pushes out what still overlaps. Both are given per step, not per second, so the law of time scale holds:
a timestep times s, gravity over s^2 and velocities over s give the same positions at the same steps.

The softer of two bodies decides how they bounce, because it is the one that is dented: ``1 / (1 + e)`` of a pair is the
mean of those of both materials, weighted by compliance (MuJoCo's ``solmix``); see ``restitution``. Of two coefficients
of friction the larger one holds. Where two stick, the slip turns round with the same e.

What limits commutation is chaos, not the solver: in a heap of twenty things of wood, metal, glass, ceramic and plastic
rounding grows from 1e-16 m to 1e-9 m in 2 s; boxes of rubber, which go on bouncing on their edges, reach 1e-6 m and
more, and so do cylinders on boxes, whose contact MuJoCo finds by iteration to 1e-6 m.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as Xml

from counterpoint.errors import AlignmentError, UnknownNameError
from counterpoint.simulate.scene import MATERIALS, Geom, Scene, Thing

FLOOR = 3
"""Group of geoms that are only touched, never seen by rays."""
BLOW = 2
"""Steps after which a blow is over."""
_PUSH = 0.001
"""Share of an overlap that is pushed out in one step."""
_RIGID = 0.999
"""MuJoCo's impedance: how much of the law of restitution a contact keeps."""


def xml(scene: Scene) -> str:
    """The MJCF text of a scene. Bodies and geoms stand in the order of its things.

    Raises:
        UnknownNameError: a parent or a material that does not exist.
        AlignmentError: two things of one name.
    """
    names = [t.name for t in scene.things]
    for name in names:
        if names.count(name) > 1:
            raise AlignmentError(f"scene {scene.layout!r} has {names.count(name)} things called {name!r}: rename them.")
    root = Xml.Element("mujoco", model=scene.layout or "scene")
    Xml.SubElement(root, "compiler", angle="radian")  # MJCF takes limits of hinges in degrees otherwise.
    option = Xml.SubElement(
        root,
        "option",
        timestep=_text(scene.timestep),
        gravity=_text(0, 0, scene.gravity),
        cone="elliptic",
        tolerance="1e-15",
        iterations="200",
        integrator="implicitfast",
        impratio="1",
    )
    # The time of a contact is shorter than two steps on purpose.
    Xml.SubElement(option, "flag", refsafe="disable")
    world = Xml.SubElement(root, "worldbody")
    actuators = Xml.SubElement(root, "actuator")
    bodies: dict[str, Any] = {}
    for thing in scene.things:
        above = world
        if thing.parent is not None:
            if thing.parent not in bodies:
                raise UnknownNameError(
                    f"parent of thing {thing.name!r}, among the things before it,", thing.parent, bodies
                )
            above = bodies[thing.parent]
        bodies[thing.name] = _body(above, thing, scene.timestep)
        if thing.joint is not None and thing.joint.stiffness:
            Xml.SubElement(
                actuators,
                "position",
                name=thing.name,
                joint=thing.name,
                kp=_text(thing.joint.stiffness),
                kv=_text(thing.joint.damping),
                ctrlrange=_text(*thing.joint.limits),
                ctrllimited="true",
            )
    return Xml.tostring(root, encoding="unicode")


def _body(above: Any, thing: Thing, timestep: float) -> Any:
    body = Xml.SubElement(above, "body", name=thing.name, pos=_text(*thing.position), quat=_text(*thing.quaternion))
    if thing.motion == "path":
        body.set("mocap", "true")
    if thing.motion == "free":
        Xml.SubElement(body, "freejoint", name=thing.name)
    if thing.joint is not None:
        j = thing.joint
        Xml.SubElement(
            body,
            "joint",
            name=thing.name,
            type=j.kind,
            axis=_text(*j.axis),
            pos=_text(*j.anchor),
            range=_text(*j.limits),
            limited="true",
            damping=_text(0 if j.stiffness else j.damping),
        )
    for i, geom in enumerate(thing.geoms):
        _geom(body, geom, f"{thing.name}/{i}", timestep)
    return body


def _geom(body: Any, geom: Geom, name: str, timestep: float) -> None:
    if geom.material not in MATERIALS:
        raise UnknownNameError("material", geom.material, MATERIALS)
    stuff = MATERIALS[geom.material]
    touches = "0" if geom.seen_only else "1"
    Xml.SubElement(
        body,
        "geom",
        name=name,
        type=geom.shape,
        size=_text(*geom.size),
        pos=_text(*geom.position),
        quat=_text(*geom.quaternion),
        density=_text(0 if geom.seen_only else stuff.density),
        friction=_text(stuff.friction, 0.005, 0.0001),
        contype=touches,
        conaffinity=touches,
        solref=_text(*_spring(stuff.restitution, timestep)),
        solimp=_text(_RIGID, _RIGID, 0.001),
        solmix=_text(1e9 / stuff.stiffness),
    )


def restitution(one: str, other: str) -> float:
    """Share of the closing speed with which two materials part."""
    a, b = MATERIALS[one], MATERIALS[other]
    share = b.stiffness / (a.stiffness + b.stiffness)
    return 1 / (share / (1 + a.restitution) + (1 - share) / (1 + b.restitution)) - 1


def _spring(restitution: float, timestep: float) -> tuple[float, float]:
    """Time constant and damping ratio, from ``damping = (1 + e) / timestep`` and ``stiffness = push / timestep^2``.

    MuJoCo, "Solver parameters": damping = 2 / (d time), stiffness = 1 / (d time ratio)^2, and the step is of d times
    what they say (d is the impedance).
    """
    return 2 * timestep / (1 + restitution), (1 + restitution) / (2 * _PUSH**0.5)


def _text(*values: float) -> str:
    return " ".join(repr(float(v)) for v in values)


def geom_owners(scene: Scene) -> list[int]:
    """For every geom of the model, in order, the index of its thing."""
    return [i for i, thing in enumerate(_depth_first(scene.things)) for _ in thing.geoms]


def _depth_first(things: Iterable[Thing]) -> list[Thing]:
    """Things in the order in which MuJoCo numbers bodies: each before its children, children before the next."""
    listed = list(things)
    below: dict[str | None, list[Thing]] = {}
    for t in listed:
        below.setdefault(t.parent, []).append(t)
    out: list[Thing] = []

    def visit(thing: Thing) -> None:
        out.append(thing)
        for child in below.get(thing.name, ()):
            visit(child)

    for t in below.get(None, []):
        visit(t)
    return out
