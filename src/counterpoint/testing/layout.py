"""What every layout must keep."""

from __future__ import annotations

import json

from counterpoint.core.keys import Key
from counterpoint.core.serial import canonical
from counterpoint.simulate.layout import Layout, layout_from


def check_layout(layout: Layout, draws: int = 5) -> None:
    """Draw some scenes, roll none out, and compare them.

    Settings survive JSON; equal keys give equal scenes and other keys others; every scene can be recorded, knows its
    layout, and states facts that JSON holds.

    Raises:
        AssertionError: with the rule that is broken.
        CounterpointError: a scene cannot be recorded.
    """
    name = layout.name()
    again = layout_from(name, json.loads(canonical(layout.settings())))
    assert again == layout, f"{name}: settings do not survive JSON"
    scenes = []
    for seed in range(draws):
        key = Key.of(seed, f"{name}-000000", "scene")
        staged, twice = layout.draw(key), again.draw(key)
        assert canonical(staged) == canonical(twice), f"{name}: one key gave two scenes"
        assert staged.scene.layout == name, f"{name}: its scenes say that they are of {staged.scene.layout!r}"
        assert staged.sensors, f"{name}: nothing looks at its scenes"
        staged.check()
        scenes.append(canonical(staged.scene))
    assert len(set(scenes)) == draws, f"{name}: other seeds gave equal scenes"
