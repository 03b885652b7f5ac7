"""Two samples in one, and parts that are missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from counterpoint.core.columns import Column
from counterpoint.core.contracts import Absent, Transform
from counterpoint.core.lineage import Lineage
from counterpoint.core.mixture import Blend, Splice
from counterpoint.core.sample import Sample
from counterpoint.errors import UnknownNameError
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.image import Image
from counterpoint.modalities.label import Label
from counterpoint.modalities.record import Record
from counterpoint.modalities.series import Series
from counterpoint.modalities.text import Link, Text
from counterpoint.testing.transform import check_transform
from counterpoint.transforms.mixture import CrossModalMixup, CutMix, MixGen, Mixup
from counterpoint.transforms.modality import ModalityDropout
from counterpoint.transforms.policy import Compose

NAMES = ("bird", "cat", "dog", "elk")


def made(key: str, level: int) -> Sample:
    rows = Series(np.arange(50) / 10, np.full((50, 1), float(level)), (Column("n"),), 10.0)
    parts = {
        "image": Image(np.full((30, 40, 3), level, np.uint8)),
        "caption": Text(f"a {key}", links=(Link(2, 2 + len(key), "1"),)),
        "label": Label.of(key),
        "row": Record({"n": float(level)}),
        "rows": rows,
    }
    return Sample.of(key, parts)


POOL = {n: made(n, 20 + 60 * i) for i, n in enumerate(NAMES)}
LEVEL = {n: 20 + 60 * i for i, n in enumerate(NAMES)}
CAT = POOL["cat"]
SHOWN = ("image", "label")


def partner(done: Sample) -> str:
    move = done.lineage.changes[0].moves[0]
    assert isinstance(move, (Blend, Splice))
    return move.partner


@pytest.mark.parametrize(
    "step", [Mixup(), MixGen(), CrossModalMixup(), CutMix(parts=SHOWN), CutMix(over="window", parts=("rows", "label"))]
)
def test_the_contract_holds(step: Transform) -> None:
    done = check_transform(step, CAT, POOL)
    assert done.lineage.parents == ("cat", partner(done))


@pytest.mark.parametrize("step", [Mixup(), CrossModalMixup()])
@pytest.mark.parametrize("seed", range(5))
def test_every_part_is_mixed_at_the_same_weight(step: Transform, seed: int) -> None:
    done = step(CAT, seed, pool=POOL)
    other = partner(done)
    weight = dict(done["label"].scores)["cat"]
    level = weight * LEVEL["cat"] + (1 - weight) * LEVEL[other]
    assert done["row"].values["n"] == pytest.approx(level)
    np.testing.assert_allclose(done["rows"].values, level)
    np.testing.assert_allclose(done["image"].pixels, level, atol=1)  # pixels are whole numbers
    assert done["caption"].text == f"a cat a {other}"
    assert done["caption"].instances() == {"1", f"{other}/1"}


def test_a_partner_that_is_mixed_in_twice_brings_its_instances_under_another_name() -> None:
    boxes = {n: Boxes(np.array([[1.0, 1, 9, 9]]), ("1",), ("cat",), canvas=(40, 30)) for n in ("cat", "dog")}
    pool = {n: Sample.of(n, {"image": POOL[n]["image"], "boxes": b}) for n, b in boxes.items()}
    done = Compose((Mixup(), MixGen()))(pool["cat"], 0, pool=pool)
    assert done["boxes"].ids == ("1", "dog/1", "dog#2/1")
    done["boxes"].check()


def test_a_mixture_names_the_licences_of_all_that_is_in_it() -> None:
    said = {"cat": "CC-BY-4.0", "dog": "CC-BY-NC-4.0 AND CC-BY-4.0"}
    pool = {n: replace(POOL[n], lineage=Lineage((n,), licence=licence)) for n, licence in said.items()}
    assert Mixup()(pool["cat"], 0, pool=pool).lineage.licence == "CC-BY-4.0 AND CC-BY-NC-4.0"


def test_weights_follow_their_distribution() -> None:
    weights = [dict(Mixup(0.2)(CAT, seed, pool=POOL)["label"].scores)["cat"] for seed in range(300)]
    # Beta(0.2, 0.2): mean 0.5 with standard error 0.024, and 57 % of the weights within 0.05 of an end.
    assert abs(np.mean(weights) - 0.5) < 0.1
    assert 0.45 < np.mean([min(w, 1 - w) < 0.05 for w in weights]) < 0.7


def test_mixgen_blends_half_and_half_and_joins_captions() -> None:
    done = MixGen()(CAT, pool=POOL)
    other = partner(done)
    assert dict(done["label"].scores) == {"cat": 0.5, other: 0.5}
    assert done["caption"].text == f"a cat a {other}"


@pytest.mark.parametrize("seed", range(20))
def test_a_label_has_the_true_area_of_what_is_seen(seed: int) -> None:
    done = CutMix(parts=SHOWN)(CAT, seed, pool=POOL)
    if done is CAT:
        return
    pixels = done["image"].pixels
    seen = (pixels == LEVEL["cat"]).mean()
    assert dict(done["label"].scores)["cat"] == pytest.approx(seen, abs=1e-12)
    assert ((pixels == LEVEL["cat"]) | (pixels == LEVEL[partner(done)])).all()


def test_a_window_of_the_clock_is_replaced() -> None:
    done = CutMix(over="window", parts=("rows", "label"))(CAT, 3, pool=POOL)
    share = dict(done["label"].scores)["cat"]
    kept = (done["rows"].values == LEVEL["cat"]).mean()
    assert kept == pytest.approx(share, abs=1 / 50)  # one row
    assert 0 < kept < 1


def test_what_cannot_be_mixed_refuses_and_nothing_is_mixed() -> None:
    done = CutMix()(CAT, pool=POOL)
    assert not done.lineage.changes
    assert {r.part for r in done.lineage.refusals} == {"caption", "rows"}
    assert (done["image"].pixels == LEVEL["cat"]).all()


def test_records_of_two_tables_refuse_each_other() -> None:
    odd = {"x": Sample.of("x", {"row": Record({"m": 1.0})})}
    done = Mixup()(Sample.of("y", {"row": Record({"n": 1.0})}), pool=odd)
    assert [r.part for r in done.lineage.refusals] == ["row"]


def test_every_other_sample_is_drawn_and_never_the_sample_itself() -> None:
    drawn = {partner(MixGen()(CAT, seed, pool=POOL)) for seed in range(60)}
    assert drawn == set(NAMES) - {"cat"}


def test_a_partner_must_have_every_part_that_is_mixed() -> None:
    poor = {"a": Sample.of("a", {"image": CAT["image"]}), "cat": CAT}
    assert MixGen()(CAT, pool=poor) is CAT
    assert partner(MixGen(parts=("image",))(CAT, pool=poor)) == "a"
    with pytest.raises(UnknownNameError, match="'sound'"):
        MixGen(parts=("sound",))(CAT, pool=POOL)


def test_without_a_pool_nothing_is_mixed() -> None:
    for step in (Mixup(), MixGen(), CutMix(parts=SHOWN), CrossModalMixup()):
        assert step(CAT) is CAT
        assert step(CAT, pool={"cat": CAT}) is CAT


def test_dropout_keeps_the_contract() -> None:
    check_transform(ModalityDropout(0.6), CAT)


def test_signals_are_lost_with_their_chance_and_labels_never() -> None:
    runs = [ModalityDropout(0.3)(CAT, seed) for seed in range(300)]
    for name in ("image", "caption", "row", "rows"):
        assert abs(np.mean([name not in r.present() for r in runs]) - 0.3) < 0.11  # four standard errors
    assert all("label" in r.present() for r in runs)
    lost = next(r for r in runs if "image" not in r.present())
    assert isinstance(lost["image"], Absent)
    assert set(lost) == set(CAT)


def test_at_least_one_signal_stays() -> None:
    kept = [set(ModalityDropout(1.0)(CAT, seed).present()) - {"label"} for seed in range(40)]
    assert all(len(k) == 1 for k in kept)
    assert set.union(*kept) == {"image", "caption", "row", "rows"}


def test_only_named_parts_are_lost() -> None:
    done = ModalityDropout(1.0, parts=("rows", "label"))(CAT)
    assert set(CAT.present()) - set(done.present()) == {"rows", "label"}
