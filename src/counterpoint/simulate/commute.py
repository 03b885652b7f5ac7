"""Changes of the world applied to a scene before it is rolled out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from counterpoint.core.meaning import swapped_keys
from counterpoint.core.world import WorldMap, reflection
from counterpoint.errors import AlignmentError
from counterpoint.simulate.scene import Joint, Lamp, Mount, Quaternion, Scene, Thing, Vector, Waypoint, rotation


def moved(scene: Scene, move: WorldMap) -> Scene:
    """The scene under a mirror, a turn about z or a shift.

    Every thing keeps a proper frame: under a mirror its own y is mirrored too, with its shapes, its keypoints, whose
    names change sides, and what it holds by joints. Textures turn with ``handed``.

    Raises:
        AlignmentError: the map scales, or tips the direction of gravity.
    """
    linear = move.array[:3, :3]
    if abs(move.scale - 1) > 1e-9 or abs(abs(linear[2, 2]) - 1) > 1e-9 or linear[2, 2] < 0:
        raise AlignmentError(
            f"a scene with gravity can be mirrored, turned about z and shifted; this map scales by {move.scale:g} or "
            "tips the up axis. Use WorldMap.mirror, a turn about z, or a shift."
        )
    own = reflection("y") if move.mirrored else np.eye(3)
    own_shapes = (_mirrored(t) for t in scene.things) if move.mirrored else scene.things
    things = tuple(t if t.parent else _thing(t, move, own) for t in own_shapes)
    lamps = tuple(_lamp(lamp, move) for lamp in scene.lamps)
    return replace(scene, things=things, lamps=lamps, handed=-scene.handed if move.mirrored else scene.handed)


def moved_mount(mount: Mount, move: WorldMap) -> Mount:
    """Where a sensor sits in the moved scene so that it senses the moved truth; under a mirror its own y is mirrored.

    A mount on a thing moves with it: only a mirror alters it.
    """
    own = reflection("y") if move.mirrored else np.eye(3)
    carrier = move if mount.on == "world" else WorldMap.similarity(own)
    return replace(
        mount,
        position=_vector(carrier.forward(np.array(mount.position))),
        quaternion=_quaternion(carrier.array[:3, :3] @ rotation(mount.quaternion) @ own),
    )


def _thing(thing: Thing, move: WorldMap, own: NDArray[np.float64]) -> Thing:
    linear = move.array[:3, :3]
    spin = float(np.linalg.det(linear)) * linear @ np.array(thing.spin)
    return replace(
        thing,
        position=_vector(move.forward(np.array(thing.position))),
        quaternion=_quaternion(linear @ rotation(thing.quaternion) @ own),
        velocity=_vector(linear @ np.array(thing.velocity)),
        spin=_vector(spin),
        path=tuple(_waypoint(p, move, own) for p in thing.path),
    )


def _mirrored(thing: Thing) -> Thing:
    """A thing whose own frame is mirrored in y: an axis of a turn is axial, a quaternion turns about it."""
    if thing.parent is not None:
        thing = replace(thing, position=_across(thing.position), quaternion=_turned(thing.quaternion))
    joint = thing.joint and _held(thing.joint)
    geoms = tuple(replace(g, position=_across(g.position), quaternion=_turned(g.quaternion)) for g in thing.geoms)
    points = tuple((name, _across(place)) for name, place in swapped_keys(dict(thing.keypoints)).items())
    return replace(thing, geoms=geoms, keypoints=points, joint=joint)


def _held(joint: Joint) -> Joint:
    """The joint of a mirrored frame. The axis of a turn is axial. One that comes out reversed stays as it is, and
    positions change their sign instead: what a lateral axis reads."""
    axis, anchor = _across(joint.axis), _across(joint.anchor)
    if joint.kind == "hinge":
        axis = (0.0 - axis[0], 0.0 - axis[1], 0.0 - axis[2])
    if axis != (0.0 - joint.axis[0], 0.0 - joint.axis[1], 0.0 - joint.axis[2]):
        return replace(joint, axis=axis, anchor=anchor)
    low, high = joint.limits
    target = tuple((t, 0.0 - v) for t, v in joint.target)
    return replace(joint, anchor=anchor, limits=(0.0 - high, 0.0 - low), target=target)


def _across(v: Vector) -> Vector:
    return (v[0], 0.0 - v[1], v[2])


def _turned(q: Quaternion) -> Quaternion:
    return (q[0], 0.0 - q[1], q[2], 0.0 - q[3])


def _waypoint(point: Waypoint, move: WorldMap, own: NDArray[np.float64]) -> Waypoint:
    turn = move.array[:3, :3] @ own
    sense = -1.0 if move.mirrored else 1.0
    angle = float(np.arctan2(turn[1, 0], turn[0, 0]))
    return Waypoint(point.time, _vector(move.forward(np.array(point.position))), sense * point.heading + angle)


def _lamp(lamp: Lamp, move: WorldMap) -> Lamp:
    place = None if lamp.position is None else _vector(move.forward(np.array(lamp.position)))
    return replace(lamp, direction=_vector(move.array[:3, :3] @ np.array(lamp.direction)), position=place)


def _vector(v: NDArray[np.float64]) -> Vector:
    return (float(v[0]), float(v[1]), float(v[2]))


def _quaternion(r: NDArray[np.float64]) -> Quaternion:
    """(w, x, y, z) of a rotation; Shepperd's method."""
    four = np.array([np.trace(r), *np.diag(r)])
    i = int(np.argmax(four))
    if i == 0:
        q = np.array([1 + four[0], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]])
    else:
        a, b, c = i - 1, i % 3, (i + 1) % 3
        q = np.zeros(4)
        q[0], q[1 + a] = r[c, b] - r[b, c], 1 + r[a, a] - r[b, b] - r[c, c]
        q[1 + b], q[1 + c] = r[b, a] + r[a, b], r[c, a] + r[a, c]
    q = q / np.linalg.norm(q)
    return (float(q[0]), float(q[1]), float(q[2]), float(q[3]))
