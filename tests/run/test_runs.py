"""Runs: the same bytes for any workers, order, subset or interruption; nothing lost, nothing overwritten."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from counterpoint.core.dataset import open as opened
from counterpoint.errors import CounterpointError, FormatError, RecipeError, RefusedError
from counterpoint.formats import native
from counterpoint.formats.native import Native, NativeSource
from counterpoint.modalities.text import Text
from counterpoint.run.local import Outcome, carry_out
from counterpoint.run.plan import Plan, prepared
from counterpoint.run.recipe import load_recipe
from counterpoint.run.replay import replay
from counterpoint.run.shard import Job
from counterpoint.run.verify import verify
from counterpoint.signal import sound
from tests.run.made_up import (
    STEPS,
    cli,
    command,
    digests,
    environment,
    names,
    recipe,
    sample,
    silent,
    source,
)

PLUGIN = "tests.run.made_up"


def ran(path: Path, workers: int = 1, settings: Sequence[str] = (), strict: bool = False, **how: bool) -> Outcome:
    return carry_out(prepared(load_recipe(path, settings), **how), workers, silent, strict)


def augment(**settings: Any) -> list[Any]:
    return [{"augment": {"copies": 3, "with": list(STEPS), **settings}}]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    source(tmp_path / "src", names(5))
    recipe(tmp_path)
    return tmp_path


def test_every_sample_becomes_its_copies_with_their_lineage(place: Path) -> None:
    done = ran(place / "recipe.yaml")
    data = opened(place / "out")
    assert (done.samples, done.shards) == (15, 4)
    assert list(data.keys()) == [f"s{i:02d}~{c:03d}" for i in range(5) for c in (1, 2, 3)]
    lineage = data["s02~003"].lineage
    assert (lineage.parents, lineage.seed, lineage.copy, lineage.engine) == (("s02",), 5, 3, "augment")
    assert {c.name for c in lineage.changes} >= {"Mirror", "GaussianNoise"}
    assert not np.array_equal(data["s02~002"]["image"].pixels, data["s02~003"]["image"].pixels)


def test_originals_are_kept_byte_for_byte_under_their_own_key(place: Path) -> None:
    recipe(place, make=augment(keep_originals=True))
    ran(place / "recipe.yaml")
    data = opened(place / "out")
    assert list(data.keys())[:5] == ["s00", "s00~001", "s00~002", "s00~003", "s01"]
    old, new = NativeSource(place / "src").members("s03"), NativeSource(place / "out").members("s03")
    assert old["image"].read() == new["image"].read()


def test_one_worker_and_three_give_the_same_bytes(place: Path) -> None:
    ran(place / "recipe.yaml", workers=1)
    alone = digests(place / "out")
    ran(place / "recipe.yaml", workers=3, fresh=True)
    assert digests(place / "out") == alone
    assert len(alone) == 3 * 4 + 3


def test_the_order_of_the_source_does_not_matter(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    ran(place / "recipe.yaml")
    other = tmp_path_factory.mktemp("other")
    source(other / "src", reversed(list(names(5))))
    ran(recipe(other))
    assert digests(other / "out") == digests(place / "out")


def test_a_sample_has_the_same_bytes_in_a_subset_and_in_shards_of_another_size(place: Path) -> None:
    ran(place / "recipe.yaml")
    whole = NativeSource(place / "out").members("s03~002")
    small = load_recipe(place / "recipe.yaml", ["read.include=[s03]", "write.samples_per_shard=2", "write.path=small"])
    carry_out(prepared(small), 1, silent)
    part = NativeSource(place / "small")
    assert list(part.keys()) == ["s03~001", "s03~002", "s03~003"]
    assert {n: b.digest for n, b in part.members("s03~002").items()} == {n: b.digest for n, b in whole.items()}


def test_the_copies_do_not_depend_on_whether_originals_are_kept(place: Path) -> None:
    ran(place / "recipe.yaml")
    ran(recipe(place, "two.yaml", make=augment(keep_originals=True), write={"path": "two"}))
    for key in ("s00~001", "s04~003"):
        one, two = (NativeSource(place / f).members(key) for f in ("out", "two"))
        assert {n: b.digest for n, b in one.items()} == {n: b.digest for n, b in two.items()}


def test_another_seed_gives_other_samples(place: Path) -> None:
    ran(place / "recipe.yaml")
    ran(place / "recipe.yaml", settings=["seed=6", "write.path=other"])
    one, two = (NativeSource(place / f).members("s00~001")["image"].digest for f in ("out", "other"))
    assert one != two


def test_global_random_numbers_are_neither_used_nor_disturbed(place: Path) -> None:
    ran(place / "recipe.yaml")
    before = digests(place / "out")
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the point is that nobody looks at it
    state, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    ran(place / "recipe.yaml", fresh=True)
    assert digests(place / "out") == before
    assert random.getstate() == state
    assert np.array_equal(np.random.get_state()[1], legacy[1])  # noqa: NPY002


def test_a_run_that_was_cut_short_goes_on_to_the_same_bytes(place: Path) -> None:
    """Every number of finished shards, an orphan tar without manifest, and rubbish of a killed writer."""
    ran(place / "recipe.yaml")
    whole = digests(place / "out")
    for kept in range(4):
        plan = Plan.load(place / "out")
        for number in range(kept, 4):
            (plan.folder / "manifests" / f"shard-{number:05d}.json").unlink()
        shutil.rmtree(plan.folder / "versions")
        (plan.folder / "shard-00003.tar").write_bytes(b"half")
        (plan.folder / ".work" / "999999999-x").mkdir(parents=True)
        (plan.folder / ".work" / "999999999-y").write_bytes(b"half a manifest")
        assert plan.left() == list(range(kept, 4))
        done = ran(place / "recipe.yaml", resume=True)
        assert digests(place / "out") == whole
        assert done.samples == 15
        assert not (plan.folder / ".work").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_kill_9_in_the_middle_and_resume_give_the_bytes_of_an_undisturbed_run(place: Path, workers: int) -> None:
    slow = {"plugins": [PLUGIN], "write": {"path": "out", "samples_per_shard": 1}}
    steps = [*STEPS, {"dawdle": {"seconds": 0.12}}]
    path = recipe(place, make=augment(**{"with": steps}), **slow)
    assert cli("run", path, "--no-report", cwd=place).returncode == 0
    whole = digests(place / "out")
    shutil.rmtree(place / "out")
    child = subprocess.Popen(
        command("run", path, "--no-report", "--workers", workers), env=environment(), stderr=subprocess.DEVNULL
    )
    manifests = place / "out" / "manifests"
    deadline = time.monotonic() + 60
    while not manifests.is_dir() or len(list(manifests.glob("shard-*.json"))) < 3:
        assert child.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    workers_of_it = psutil.Process(child.pid).children(recursive=True)
    child.send_signal(signal.SIGKILL)
    child.wait()
    left = psutil.wait_procs(workers_of_it, timeout=20)[1]
    assert not [p for p in left if p.is_running() and p.status() != "zombie"], "workers must not outlive their run"
    kept = digests(place / "out")
    done = len(list(manifests.glob("shard-*.json")))
    assert 3 <= done < 15, "the kill came too late to show anything"
    resumed = cli("run", path, "--no-report", "--resume", cwd=place)
    assert resumed.returncode == 0, resumed.stderr
    now = digests(place / "out")
    assert now == whole
    assert all(now[n] == d for n, d in kept.items() if n.startswith("manifests/shard"))


def test_a_run_that_was_killed_while_it_began_begins_again(place: Path) -> None:
    """Nothing but rubbish, then a plan without a description of the data set."""
    ran(place / "recipe.yaml")
    whole = digests(place / "out")
    plan = (place / "out" / "plan.json").read_bytes()
    for there in ({}, {"plan.json": plan}):
        shutil.rmtree(place / "out")
        (place / "out" / ".work").mkdir(parents=True)
        for name, data in there.items():
            (place / "out" / name).write_bytes(data)
        ran(place / "recipe.yaml", resume=True)
        assert digests(place / "out") == whole


def test_interruption_by_ctrl_c_says_how_to_go_on(place: Path) -> None:
    steps = {"make": augment(**{"with": [{"dawdle": {"seconds": 0.3}}]}), "plugins": [PLUGIN]}
    path = recipe(place, write={"path": "out", "samples_per_shard": 1}, **steps)
    child = subprocess.Popen(
        command("run", path, "--no-report", "--workers", 2),
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        # As in a terminal: a shell lets what it runs in the background ignore SIGINT, and this suite may run there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (place / "out" / "manifests").is_dir():
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130, said
    assert "--resume" in said
    assert "Traceback" not in said
    assert cli("run", path, "--no-report", "--resume", cwd=place).returncode == 0
    assert len(opened(place / "out")) == 15


def test_a_finished_folder_is_left_alone(place: Path) -> None:
    ran(place / "recipe.yaml")
    before = digests(place / "out")
    with pytest.raises(FormatError, match=r"finished run.*--resume.*--fresh"):
        ran(place / "recipe.yaml")
    assert ran(place / "recipe.yaml", resume=True).samples == 15
    assert digests(place / "out") == before


def test_resume_with_a_changed_recipe_names_what_changed(place: Path) -> None:
    ran(place / "recipe.yaml")
    with pytest.raises(RecipeError, match=r"make\.0\.augment\.copies: was 3, is 4"):
        ran(place / "recipe.yaml", settings=["make.0.augment.copies=4"], resume=True)
    assert ran(place / "recipe.yaml", settings=["workers=2"], resume=True).samples == 15


@pytest.mark.parametrize("how", [{}, {"fresh": True}, {"resume": True}])
def test_a_folder_that_holds_something_else_is_never_touched(place: Path, how: dict[str, bool]) -> None:
    (place / "out").mkdir()
    (place / "out" / "thesis.txt").write_text("years of work")
    with pytest.raises(FormatError, match="nothing is overwritten"):
        ran(place / "recipe.yaml", **how)
    assert (place / "out" / "thesis.txt").read_text() == "years of work"


def test_the_plan_of_another_program_is_not_ours_to_remove(place: Path) -> None:
    (place / "out").mkdir()
    (place / "out" / "plan.json").write_text('{"resources": []}')
    with pytest.raises(FormatError, match="nothing is overwritten"):
        ran(place / "recipe.yaml", fresh=True)
    assert (place / "out" / "plan.json").exists()


def test_fresh_cannot_remove_the_source(place: Path) -> None:
    shutil.copytree(place / "src", place / "src" / "inner")
    with pytest.raises(RecipeError, match="holds the data that is read"):
        ran(place / "recipe.yaml", settings=["read.path=src/inner", "write.path=src"], fresh=True)


def test_versions_that_changed_since_a_run_began_are_named(place: Path) -> None:
    ran(place / "recipe.yaml")
    plan = Plan.load(place / "out")
    assert plan.drift() == []
    (said,) = replace(plan, versions=(*plan.versions[1:], ("av", "0.1"))).drift()
    assert said.startswith("av 0.1 then, ")


def test_a_wrong_recipe_with_fresh_removes_nothing(place: Path) -> None:
    ran(place / "recipe.yaml")
    before = digests(place / "out")
    with pytest.raises(RecipeError, match="matches include"):
        ran(place / "recipe.yaml", settings=["read.include=[nobody]"], fresh=True)
    assert digests(place / "out") == before


def test_bad_inputs_are_set_aside_with_their_reason_and_the_run_goes_on(place: Path) -> None:
    blob = NativeSource(place / "src").members("s01")["image"]
    tar = place / "src" / "shard-00000.tar"
    data = bytearray(tar.read_bytes())
    data[blob.offset] ^= 1
    tar.write_bytes(data)
    one = ran(place / "recipe.yaml")
    alone = digests(place / "out")
    assert one.samples == 12
    assert [q["key"] for q in one.quarantined] == ["s01~001", "s01~002", "s01~003"]
    assert "part 'image'" in one.quarantined[0]["reason"]
    assert str(place) not in json.dumps(one.quarantined)
    assert ran(place / "recipe.yaml", workers=2, fresh=True) == one
    assert digests(place / "out") == alone
    assert verify(place / "out") == []
    with pytest.raises(CounterpointError, match="--strict: sample 's01~001' cannot be used"):
        ran(place / "recipe.yaml", fresh=True, strict=True)


def test_what_is_said_of_a_bad_input_is_the_same_in_every_process(place: Path) -> None:
    """A library that names an object by its address would give a resumed run another manifest."""
    (place / "wavs").mkdir()
    for name in "abc":
        (place / "wavs" / f"{name}.wav").write_bytes(b"RIFF")
        (place / "wavs" / f"{name}2.wav").write_bytes(sound.encode_wav(np.zeros((80, 1), np.float32), 8000))
    path = recipe(place, read={"path": "wavs"}, make=[{"augment": {"with": ["gain"]}}])
    assert len(ran(path).quarantined) == 3
    here = digests(place / "out")
    assert cli("run", path, "--fresh", "--no-report").returncode == 0
    assert digests(place / "out") == here


def test_a_strict_error_ends_several_workers_too(place: Path) -> None:
    path = recipe(place, make=augment(**{"with": [{"dawdle": {"broken": ["s03"]}}]}), plugins=[PLUGIN])
    with pytest.raises(CounterpointError, match="sample 's03' broke"):
        ran(path, workers=2, strict=True)


def test_a_refusal_is_an_error_where_that_was_asked_for(place: Path) -> None:
    spoken = Text("He said: 'turn left'.", "transcript")
    Native.write(place / "said", iter([sample("a").with_parts(caption=spoken)]))
    settings = ["read.path=said", "make.0.augment.with=[mirror]"]
    assert ran(place / "recipe.yaml", settings=settings).refusals == {"Mirror: caption": 3}
    with pytest.raises(RefusedError, match="'caption'"):
        ran(place / "recipe.yaml", settings=[*settings, "on_refusal=error"], fresh=True)


def test_a_full_disk_keeps_what_is_committed(place: Path) -> None:
    """The limit on file size stands for the disk: manifests fit, the larger last tar does not."""
    path = recipe(place, write={"path": "out", "samples_per_shard": 4})
    ran(path)
    whole = digests(place / "out")
    sizes = sorted(p.stat().st_size for p in (place / "out").glob("*.tar"))
    (place / "out" / "manifests" / "shard-00001.json").unlink()
    shutil.rmtree(place / "out" / "versions")
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({sizes[0] // 2},) * 2); "
    call = f"from counterpoint.cli import main; main(['run', {str(path)!r}, '--resume', '--no-report'])"
    done = subprocess.run([sys.executable, "-c", limited + call], env=environment(), capture_output=True, text=True)
    assert done.returncode == 1
    assert "3 of 4 shards are safe" in done.stderr
    assert "Traceback" not in done.stderr
    ran(path, resume=True)
    assert digests(place / "out") == whole


def test_a_killed_worker_is_told_and_the_run_resumes(place: Path) -> None:
    code = "import os, signal, counterpoint.core.contracts; os.kill(os.getpid(), signal.SIGKILL)"
    (place / "deadly.py").write_text(f"import multiprocessing\nif multiprocessing.parent_process():\n    {code}\n")
    path = recipe(place, plugins=["deadly"])
    env = environment()
    env["PYTHONPATH"] += f":{place}"
    call = command("run", path, "--no-report", "--workers", 2)
    done = subprocess.run(call, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "a worker process was killed" in done.stderr
    (place / "deadly.py").write_text("")
    done = subprocess.run([*call, "--resume"], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert len(opened(place / "out")) == 15


def test_every_worker_computes_with_one_thread(place: Path) -> None:
    code = (
        "import multiprocessing, os, pathlib, cv2\n"
        "if multiprocessing.parent_process():\n"
        f"    out = pathlib.Path({str(place)!r}, f'{{os.getpid()}}.env')\n"
        "    out.write_text(' '.join(os.environ.get(n, '-') for n in ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS')))\n"
    )
    (place / "threads.py").write_text(code)
    env = {n: v for n, v in environment().items() if n != "OPENBLAS_NUM_THREADS"} | {"OMP_NUM_THREADS": "3"}
    env["PYTHONPATH"] += f":{place}"
    call = command("run", recipe(place, plugins=["threads"]), "--no-report", "--workers", 2)
    assert subprocess.run(call, env=env, capture_output=True, timeout=60).returncode == 0
    assert {p.read_text() for p in place.glob("*.env")} == {"1 3"}


def test_a_worker_that_is_killed_while_it_tells_its_progress_stops_nobody(place: Path) -> None:
    code = (
        "import multiprocessing, os, signal, threading\nfrom counterpoint.run import local\n"
        "if multiprocessing.parent_process():\n"
        "    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGKILL)).start()\n"
        "    while True:\n        local.told('refusals', 0)\n"
    )
    (place / "loud.py").write_text(code)
    env = environment()
    env["PYTHONPATH"] += f":{place}"
    call = command("run", recipe(place, plugins=["loud"]), "--no-report", "--workers", 2)
    done = subprocess.run(call, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "a worker process was killed" in done.stderr


def test_replay_gives_every_stored_byte_again(place: Path) -> None:
    ran(recipe(place, make=augment(keep_originals=True)))
    job = Job(Plan.load(place / "out"))
    assert [replay(job, key).differing for key in opened(place / "out").keys()] == [()] * 20  # noqa: SIM118


def test_replaying_all_reads_the_index_of_a_shard_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran(place / "recipe.yaml")
    read: list[int] = []
    index = native.read_index
    monkeypatch.setattr(native, "read_index", lambda folder, m: (read.append(m.shard), index(folder, m))[1])
    job = Job(Plan.load(place / "out"))
    job.plan.source.keys()
    before = len(read)
    assert all(not replay(job, f"s0{i}~00{c}").differing for i in range(5) for c in (1, 2, 3))
    assert sorted(read[before:]) == [0, 1, 2, 3]


def test_dropped_parts_are_replayed_to_the_same_bytes(place: Path) -> None:
    ran(recipe(place, make=augment(**{"with": ["grayscale", "mirror", "cut_mix"]}), on_refusal="drop-part"))
    data, job = opened(place / "out"), Job(Plan.load(place / "out"))
    assert any(any(s.lineage.dropped) for s in data)
    assert [replay(job, key).differing for key in data.keys()] == [()] * 15  # noqa: SIM118


def test_mixtures_take_partners_from_the_whole_source_in_every_worker(place: Path) -> None:
    """A shard sees two keys at most, yet partners come from all five; and a mixture replays from both parents."""
    path = recipe(place, make=augment(**{"with": ["mixup"]}))
    ran(path)
    alone = digests(place / "out")
    data = opened(place / "out")
    partners = {parent for s in data for parent in s.lineage.parents[1:]}
    assert len(partners) >= 4
    assert all(s.lineage.parents[0] == s.key.partition("~")[0] for s in data)
    job = Job(Plan.load(place / "out"))
    assert [replay(job, key).differing for key in data.keys()] == [()] * 15  # noqa: SIM118
    ran(path, workers=2, fresh=True)
    assert digests(place / "out") == alone


def test_replay_sees_a_parent_that_is_not_the_same_any_more(place: Path) -> None:
    ran(place / "recipe.yaml")
    shutil.rmtree(place / "src")
    Native.write(place / "src", iter([sample("s01").with_parts(image=sample("another")["image"])]))
    assert replay(Job(Plan.load(place / "out")), "s01~001").differing == ("image",)


def test_a_run_over_a_run_replays_from_its_own_parents(place: Path) -> None:
    ran(place / "recipe.yaml")
    ran(recipe(place, "again.yaml", read={"path": "out"}, write={"path": "twice"}))
    assert len(opened(place / "twice")) == 45
    result = replay(Job(Plan.load(place / "twice")), "s01~002~003")
    assert result.differing == ()
    assert result.sample.lineage.parents == ("s01",)
    assert [c.name for c in result.sample.lineage.changes].count("Mirror") == 2


def test_keys_that_would_meet_are_found_before_any_work(place: Path) -> None:
    source(place / "clash", ["a", "a~002"])
    path = recipe(place, "clash.yaml", read={"path": "clash"}, make=augment(keep_originals=True))
    with pytest.raises(RecipeError, match="'a~002' would stand for two samples, itself and copy 2 of 'a'"):
        ran(path)
    assert not (place / "out").exists()


def test_a_run_over_originals_and_their_copies_keeps_all_of_them_apart(place: Path) -> None:
    ran(recipe(place, "first.yaml", make=augment(keep_originals=True)))
    ran(recipe(place, "again.yaml", read={"path": "out"}, write={"path": "twice"}))
    assert len(opened(place / "twice")) == 60
    job = Job(Plan.load(place / "twice"))
    for key, parents in {"s01~002": 0, "s01~002~003": 1}.items():
        assert replay(job, key).differing == ()
        assert [c.name for c in NativeSource(place / "twice").sample(key).lineage.changes].count(
            "Mirror"
        ) == parents + 1


def test_memory_does_not_grow_with_the_number_of_samples(place: Path) -> None:
    """Ten times the samples; the margin of 15 % is for the index, the allocator and imports."""
    code = (
        "import resource, sys; from pathlib import Path; from counterpoint.run.local import carry_out\n"
        "from counterpoint.run.plan import prepared; from counterpoint.run.recipe import load_recipe\n"
        "plan = prepared(load_recipe(Path(sys.argv[1]), sys.argv[2:]))\n"
        "carry_out(plan, 1, lambda what, count: None)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    peaks = []
    for copies in (8, 80):
        settings = [f"make.0.augment.copies={copies}", f"write.path=out{copies}", "write.samples_per_shard=1000"]
        call = [sys.executable, "-c", code, str(place / "recipe.yaml"), *settings]
        done = subprocess.run(call, env=environment(), capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.15 * peaks[0]
