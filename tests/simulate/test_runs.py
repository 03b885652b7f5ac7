"""Runs that simulate: the same bytes for any workers, order, subset or interruption; the report says what came out."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counterpoint.core.dataset import open as opened
from counterpoint.errors import CounterpointError, RecipeError
from counterpoint.formats.native import NativeSource
from counterpoint.run.local import carry_out
from counterpoint.run.plan import prepared
from counterpoint.run.recipe import load_recipe
from counterpoint.run.report import write_report
from tests.run.made_up import cli, command, digests, environment, silent
from tests.simulate.made_up import PLUGIN, recipe

EXAMPLES = Path(__file__).parents[2] / "examples"
MIRROR = ({"augment": {"copies": 2, "with": ["tempo"], "keep_originals": True}},)


def ran(path: Path, workers: int = 1, settings: tuple[str, ...] = (), **how: bool) -> Path:
    plan = prepared(load_recipe(path, settings), **how)
    carry_out(plan, workers, silent, False)
    return plan.folder


def test_one_worker_and_two_give_the_same_bytes(tmp_path: Path) -> None:
    path = recipe(tmp_path, weather={"fog": 0.5})
    alone = digests(ran(path))
    assert digests(ran(path, workers=2, fresh=True)) == alone
    assert len(opened(tmp_path / "out")) == 6


def test_a_sample_has_the_same_bytes_in_a_subset_and_in_other_shards(tmp_path: Path) -> None:
    path = recipe(tmp_path, weather={"fog": 0.5})
    whole = NativeSource(ran(path))
    some = ("make.0.simulate.include=['*3', dropped-000005]", "write.path=some", "write.samples_per_shard=1")
    part = NativeSource(ran(path, settings=some))
    assert list(part.keys()) == ["dropped-000003", "dropped-000005"]
    for key in part.keys():  # noqa: SIM118 - a Source is no mapping
        assert {n: b.digest for n, b in part.members(key).items()} == {
            n: b.digest for n, b in whole.members(key).items()
        }


def test_kill_9_in_the_middle_and_resume_give_the_bytes_of_an_undisturbed_run(tmp_path: Path) -> None:
    path = recipe(tmp_path, n=8, pause=0.25)
    assert cli("run", path, "--no-report", cwd=tmp_path).returncode == 0
    whole = digests(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    child = subprocess.Popen(
        command("run", path, "--no-report", "--workers", 2), env=environment(), stderr=subprocess.DEVNULL
    )
    manifests, deadline = tmp_path / "out" / "manifests", time.monotonic() + 60
    while not manifests.is_dir() or not list(manifests.glob("shard-*.json")):
        assert child.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert 1 <= len(list(manifests.glob("shard-*.json"))) < 4, "the kill came too late to show anything"
    resumed = cli("run", path, "--no-report", "--resume", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert digests(tmp_path / "out") == whole


def test_simulated_samples_are_augmented_in_the_same_run_and_remember_both(tmp_path: Path) -> None:
    data = opened(ran(recipe(tmp_path, n=2, make=MIRROR)))
    assert list(data.keys()) == [f"dropped-00000{i}{c}" for i in range(2) for c in ("", "~001", "~002")]
    copy = data["dropped-000001~002"].lineage
    assert (copy.engine, copy.copy, copy.parents) == ("augment", 2, ("dropped-000001",))
    assert copy.origin == data["dropped-000001"].lineage.origin
    assert [c.name for c in copy.changes] == ["Tempo"]
    assert not np.array_equal(data["dropped-000001~002"]["probe"].times, data["dropped-000001"]["probe"].times)


def test_replay_makes_simulated_and_augmented_samples_again(tmp_path: Path) -> None:
    ran(recipe(tmp_path, n=2, make=MIRROR, weather={"fog": 1}))
    done = cli("replay", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the same bytes") == 6


def test_the_report_says_what_was_asked_and_what_came_out(tmp_path: Path) -> None:
    folder = ran(recipe(tmp_path, n=5, weather={"fog": 2}, light="night", rare=0.2, height=[0.5, 0.9]))
    text = write_report(folder).read_text()
    assert "5 simulated samples." in text
    assert "Before and after" not in text
    assert "<td>weather</td><td>fog</td><td>2</td><td>2</td>" in text
    assert "<td>weather</td><td>clear</td><td>the rest</td><td>3</td>" in text
    assert "<td>light</td><td>night</td><td>5</td><td>5</td>" in text
    assert "<td>rare</td><td>yes</td><td>1</td><td>1</td>" in text
    assert "<td>height</td><td>0.5 to 0.9</td><td>5</td><td>5</td>" in text
    assert "<td>Height</td><td>0." in text


def test_a_resumed_simulation_with_other_settings_is_refused_by_name(tmp_path: Path) -> None:
    path = recipe(tmp_path, n=2)
    ran(path)
    with pytest.raises(RecipeError, match=r"make\.0\.simulate\.set\.weather: was None, is 'fog'"):
        ran(path, settings=("make.0.simulate.set.weather=fog",), resume=True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"layout": "droped"}, r"line \d+: make\.0\.simulate\.layout: There is no layout called 'droped'"),
        ({"set": {"wether": 1}}, r"make\.0\.simulate\.set\.wether: .*Did you mean 'weather'"),
        ({"set": {"on": "bell"}}, r"sample 'dropped-000000' cannot be simulated: .*Did you mean 'ball'"),
        ({"n": 0}, r"make\.0\.simulate\.n: .*\(allowed: 1 to 1000000\), found 0"),
        ({"nn": 3}, r"no setting called 'nn'. Did you mean 'n'"),
    ],
)
def test_wrong_requests_fail_with_their_place_before_anything_is_written(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    path = recipe(tmp_path)
    settings = tuple(f"make.0.simulate.{name}={value}" for name, value in changes.items())
    text = path.read_text()
    if "layout" in changes:
        path.write_text(text.replace('"dropped"', f'"{changes["layout"]}"'))
        settings = ()
    with pytest.raises(CounterpointError, match=said):
        load_recipe(path, settings)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"read": {"path": "x"}}, "a recipe reads or simulates"),
        ({"make": [{"augment": {}}]}, "'read' is missing"),
        ({"make": [{}]}, "either 'simulate' or 'augment'"),
        ({"make": [{"augment": {}}, {"simulate": {"layout": "dropped", "n": 1}}]}, "'read' is missing"),
    ],
)
def test_a_recipe_reads_or_simulates(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    import json

    path = recipe(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    with pytest.raises(RecipeError, match=said):
        load_recipe(path)


def test_plugins_bring_layouts_of_their_own(tmp_path: Path) -> None:
    """In a process that has never imported them."""
    path = recipe(tmp_path, n=1)
    assert PLUGIN in path.read_text()
    done = cli("run", path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 samples simulated, 1 written" in done.stdout


def test_a_recipe_with_a_yaml_layout_needs_no_other_file_later(tmp_path: Path) -> None:
    (tmp_path / "fall.yaml").write_text(
        "seconds: 0.2\nthings:\n  - {position: [0, 0, [1, 2]], form: ball}\nsensors:\n  - labels: {poses: false}\n"
    )
    path = recipe(tmp_path, n=2, light={"night": 0.5})
    path.write_text(path.read_text().replace('"dropped"', '"fall.yaml"'))
    folder = ran(path)
    (tmp_path / "fall.yaml").unlink()
    assert cli("replay", folder, cwd=tmp_path).stdout.count("the same bytes") == 2
    with pytest.raises(RecipeError, match="no such layout file"):
        load_recipe(path)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("simulate_*.yaml")), ids=lambda p: p.stem)
def test_every_example_that_simulates_runs(path: Path, tmp_path: Path) -> None:
    """Its first sample; all of its settings are checked with scenes."""
    first = load_recipe(path, (f"write.path={tmp_path / 'out'}",)).only(["*-000000"])
    plan = prepared(first)
    assert carry_out(plan, 1, silent, True).samples == len(plan.recipe.copies)
