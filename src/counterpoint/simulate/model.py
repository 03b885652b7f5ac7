"""A scene as a MuJoCo model: elliptic cones and a tight solver, so that physics commutes with turns of the world."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as Xml

from counterpoint.errors import AlignmentError, UnknownNameError
from counterpoint.simulate.scene import MATERIALS, Geom, Scene, Thing

FLOOR = 3
"""Group of geoms that are only touched, never seen by rays."""
BLOW = 10
"""Steps after which a blow is over."""


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
    Xml.SubElement(
        root,
        "option",
        timestep=_text(scene.timestep),
        gravity=_text(0, 0, scene.gravity),
        cone="elliptic",
        tolerance="1e-12",
        iterations="200",
        integrator="implicitfast",
        impratio="1",
    )
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
        bodies[thing.name] = _body(above, thing)
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


def _body(above: Any, thing: Thing) -> Any:
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
        _geom(body, geom, f"{thing.name}/{i}", thing.motion)
    return body


def _geom(body: Any, geom: Geom, name: str, motion: str) -> None:
    if geom.material not in MATERIALS:
        raise UnknownNameError("material", geom.material, MATERIALS)
    stuff = MATERIALS[geom.material]
    touches = "0" if geom.seen_only else "1"
    # A restitution e needs a contact spring with damping ratio -ln e / sqrt(pi^2 + ln^2 e): see MuJoCo, "Restitution".
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
        solref=_text(*_spring(stuff.restitution)),
        solimp="0.95 0.99 0.001",
    )


def _spring(restitution: float) -> tuple[float, float]:
    """``-stiffness, -damping`` of a contact that gives back a share of the speed."""
    from math import log, pi, sqrt

    stiffness = 40_000.0
    bounce = -log(min(max(restitution, 0.02), 0.98))
    ratio = bounce / sqrt(pi**2 + bounce**2)
    return -stiffness, -2 * ratio * sqrt(stiffness)


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
