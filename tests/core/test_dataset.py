"""Data sets in Python: by position or key, changed on the fly, with any library's data set below."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import counterpoint as cp
from counterpoint.errors import FormatError
from tests.run.made_up import environment, source


def mean(sample: cp.Sample) -> tuple[str, float]:
    return sample.key, float(sample["image"].pixels.mean())


@pytest.fixture
def data(tmp_path: Path) -> Any:
    return cp.open(source(tmp_path / "src", ["a", "b", "c"]))


def test_a_data_set_is_a_sequence_that_also_knows_keys(data: Any) -> None:
    assert len(data) == 3
    assert [s.key for s in data] == list(data.keys()) == ["a", "b", "c"]
    assert data[-1].key == data["c"].key == data[1:][1].key == "c"
    assert "b" in data
    assert "d" not in data
    assert data.facts()["format"] == "counterpoint"
    with pytest.raises(IndexError):
        data[3]
    with pytest.raises(cp.UnknownNameError):
        data["d"]


def test_the_five_lines_of_the_manual_work(data: Any) -> None:
    s = data[0]
    t = cp.Compose([cp.Mirror(), cp.Rotate((-5, 5))])
    new = t(s, seed=7)
    assert new["caption"].text == "a dot on the right"
    assert np.array_equal(t(s, seed=7)["image"].pixels, new["image"].pixels)


def test_map_makes_copies_that_differ_by_copy_epoch_and_seed(data: Any) -> None:
    new = data.map(cp.GaussianNoise(), seed=1, copies=2, out=mean)
    assert len(new) == 6
    first = list(new)
    assert first == [new[i] for i in range(6)] == new[:]
    assert new[-1] == first[-1]
    assert [key for key, _ in first] == ["a", "a", "b", "b", "c", "c"]
    new.set_epoch(1)
    second = list(new)
    other = list(data.map(cp.GaussianNoise(), seed=2, copies=2, out=mean))
    assert len({value for _, value in first + second + other}) == 18
    with pytest.raises(IndexError):
        new[6]


def test_the_order_of_asking_and_the_number_of_workers_change_nothing(data: Any) -> None:
    new = data.map(cp.GaussianNoise(), copies=2, out=mean)
    alone = [new[i] for i in range(6)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        assert list(pool.map(new.__getitem__, reversed(range(6)))) == alone[::-1]


def test_map_and_a_run_make_the_same_samples(data: Any, tmp_path: Path) -> None:
    from tests.run.made_up import cli

    call = ["augment", tmp_path / "src", tmp_path / "out", "--with", "gaussian_noise", "--copies", 2, "--seed", 4]
    assert cli(*call, "--no-report").returncode == 0
    step = cp.Compose([cp.GaussianNoise()])
    assert list(map(mean, cp.open(tmp_path / "out"))) == [
        (f"{key}~{i % 2 + 1:03d}", value) for i, (key, value) in enumerate(data.map(step, seed=4, copies=2, out=mean))
    ]


def test_items_of_any_library_become_samples() -> None:
    class Pairs:
        """As torchvision gives them: no length is asked of an iterable, items are tuples."""

        def __getitem__(self, i: int) -> tuple[np.ndarray, str]:
            if i >= 3:
                raise IndexError(i)
            return np.full((4, 6, 3), i * 10, np.uint8), "a dog on the left"

        def __len__(self) -> int:
            return 3

    fields = {"image": (0, cp.Image), "caption": (1, cp.Text)}
    new = cp.wrap(Pairs(), fields).map(cp.Mirror())
    assert len(new) == 3
    assert new[2]["caption"].text == "a dog on the right"
    assert [s.key for s in new] == ["0", "1", "2"]


def test_an_iterable_of_mappings_is_changed_on_the_way() -> None:
    class Stream:
        def __iter__(self) -> Iterator[dict[str, Any]]:
            for i in range(3):
                yield {"id": f"k{i}", "img": np.full((4, 6, 3), i, np.uint8)}

    new = cp.wrap(Stream(), {"image": ("img", cp.Image)}, key="id").map(cp.Mirror(), copies=2)
    assert [s.key for s in new] == ["k0", "k0", "k1", "k1", "k2", "k2"]


def test_samples_of_ones_own_pass_through(data: Any) -> None:
    assert [s.key for s in cp.wrap(list(data)).map(cp.Mirror())] == ["a", "b", "c"]


def test_a_data_set_can_be_sent_to_workers(data: Any) -> None:
    assert pickle.loads(pickle.dumps(data.map(cp.Mirror())))[0]["caption"].text == "a dot on the right"


def test_every_public_name_can_be_had_and_is_listed() -> None:
    for name in dir(cp):
        assert getattr(cp, name) is not None
    assert {"open", "wrap", "Compose", "Mirror", "Video", "Sample", "RecipeError"} <= set(dir(cp))
    with pytest.raises(AttributeError, match="Mirorr"):
        _ = cp.Mirorr


def test_what_is_in_no_layout_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.bin").write_bytes(b"\0")
    with pytest.raises(cp.FormatError, match="in no layout"):
        cp.open(tmp_path / "notes.bin")
    with pytest.raises(cp.FormatError, match="no such file"):
        cp.open(tmp_path / "nowhere")
    with pytest.raises(cp.UnknownNameError, match="native"):
        cp.open(tmp_path, format="nativ")


def test_what_is_empty_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "nothing.csv").touch()
    (tmp_path / "folder").mkdir()
    for name in ("nothing.csv", "folder"):
        with pytest.raises(FormatError, match=f"{name} is empty"):
            cp.open(tmp_path / name)


def test_training_code_needs_no_torch(data: Any) -> None:
    code = "import sys, counterpoint.core.dataset; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
