from __future__ import annotations

import numpy as np
import pytest

from counterpoint.core.contracts import Absent
from counterpoint.core.medium import Medium
from counterpoint.core.rig import Camera, Frame, Rig
from counterpoint.core.sample import Sample
from counterpoint.errors import RecipeError, RefusedError
from counterpoint.modalities.audio import Audio
from counterpoint.modalities.boxes import Boxes
from counterpoint.modalities.depth import Depth
from counterpoint.modalities.image import Image
from counterpoint.modalities.label import Label
from counterpoint.modalities.points import Points
from counterpoint.modalities.record import Record
from counterpoint.modalities.text import Text
from counterpoint.modalities.video import Video
from counterpoint.transforms.plane_crop import Crop
from counterpoint.transforms.weather import Fog, Rain, Snow

SIZE = (160, 120)
K = np.array([[120.0, 0, 80], [0, 120.0, 60], [0, 0, 1]])
CAMERA_FROM_LIDAR = np.array([[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
RIG = Rig({"camera": Camera.of(SIZE, K, CAMERA_FROM_LIDAR)}, {"lidar": Frame()})


def light(pixels: np.ndarray) -> np.ndarray:
    c = pixels / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def wall(depth: float = 30.0) -> tuple[Image, Depth, Points]:
    """A grey wall that fills the picture, as a camera, a depth map and a LiDAR see it."""
    y, z = np.meshgrid(np.linspace(-25, 25, 200), np.linspace(-20, 20, 160))
    xyz = np.stack([np.full(y.size, depth), y.ravel(), z.ravel()], 1)
    values = np.column_stack([xyz, np.full(len(xyz), 0.4)]).astype(np.float32)
    return (
        Image(np.full((*SIZE[::-1], 3), 40, np.uint8)),
        Depth(np.full(SIZE[::-1], depth, np.float32)),
        Points(values, ("x", "y", "z", "intensity"), "lidar"),
    )


def sample(**parts: object) -> Sample:
    image, depth, points = wall()
    made = {"image": image, "depth": depth, "points": points, "caption": Text("A car on a road.")} | parts
    return Sample.of("s1", {k: v for k, v in made.items() if v is not None}, RIG)  # type: ignore[misc]


def test_one_extinction_is_found_back_from_camera_lidar_and_the_caption_names_it() -> None:
    _, _, points = wall(20.0)  # near enough to be seen by the LiDAR
    done = Fog(visibility=80.0, brightness=0.8)(sample(points=points), on_refusal="error")
    alpha = np.log(20) / 80
    x, y = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
    ray = 30 * np.sqrt(1 + ((x - 80) / 120) ** 2 + ((y - 60) / 120) ** 2)
    clear, air = light(np.array(40.0)), light(np.array(0.8 * 255))
    through = (air - light(done["image"].pixels[..., 2].astype(float))) / (air - clear)
    # 8 bits of a dark grey near the air: the fit over 19 200 pixels averages the rounding away.
    assert -(np.log(through) * ray).sum() / (ray**2).sum() == pytest.approx(alpha, rel=0.01)
    points = done["points"]
    kept = points.column("label") == 0
    r = np.linalg.norm(points.xyz[kept], axis=1)
    found = -np.log(points.column("intensity")[kept] / 0.4) @ r / (2 * r @ r)
    assert found == pytest.approx(alpha, rel=0.01)
    assert done["caption"].text == "A car on a road in fog."


def test_light_falls_off_along_the_ray_and_not_along_depth() -> None:
    pixels = Fog(visibility=40.0)(sample())["image"].pixels
    assert pixels[0, 0, 0] > pixels[60, 80, 0]


def test_depth_is_joined_from_the_lidar_where_there_is_no_map() -> None:
    with_map = Fog(visibility=60.0)(sample(), on_refusal="error")["image"].pixels
    with_lidar = Fog(visibility=60.0)(sample(depth=None), on_refusal="error")["image"].pixels
    assert np.abs(with_map.astype(int) - with_lidar).max() <= 3  # cells of some pixels; one level is 0.3 m here


def test_a_picture_without_known_depth_refuses() -> None:
    with pytest.raises(RefusedError, match="needs a depth map, or a LiDAR"):
        Fog()(sample(depth=None, points=None), on_refusal="error")
    skipped = Fog()(sample(depth=None, points=None))
    assert (skipped["image"].pixels == 40).all() and skipped["caption"].text == "A car on a road."
    dropped = Fog()(sample(depth=None, points=None), on_refusal="drop-part")
    assert isinstance(dropped["image"], Absent) and "fog" in dropped["caption"].text


def test_an_uncalibrated_camera_knows_no_rays() -> None:
    image, depth, _ = wall()
    bare = Sample.of("s", {"image": image, "depth": depth})
    with pytest.raises(RefusedError, match="calibrated"):
        Fog()(bare, on_refusal="error")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Two people walk on a sunny day.", "'sunny'"),
        ("A red bus under a blue sky", "'blue sky'"),
        ("A man and his shadow on the road.", "'shadow'"),
        ("Ein Auto faehrt vorbei.", "English"),
    ],
)
def test_a_caption_that_contradicts_the_weather_refuses(text: str, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        Fog()(sample(caption=Text(text)), on_refusal="error")


def test_captions_get_the_word_once_and_links_stay() -> None:
    foggy = Fog(visibility=40.0)(sample(caption=Text("A foggy road with a car.")), on_refusal="error")
    assert foggy["caption"].text == "A foggy road with a car."
    thick = Fog(visibility=40.0)(sample(), on_refusal="error")
    assert thick["caption"].text == "A car on a road in thick fog."
    assert Rain(rate=20.0)(sample())["caption"].text == "A car on a road in heavy rain."
    assert Snow(rate=1.0)(sample())["caption"].text == "A car on a road in light snowfall."
    said = Text("It is sunny today.", role="transcript")
    assert Fog()(sample(caption=said), on_refusal="error")["caption"].text == said.text
    with pytest.raises(RefusedError, match="question about weather"):
        Fog()(sample(caption=Text("Is it sunny?", role="question")), on_refusal="error")


def test_parts_without_a_rule_refuse_and_truth_stays() -> None:
    film = Video(np.zeros((2, *SIZE[::-1], 3), np.uint8), 10.0)
    with pytest.raises(RefusedError, match="'film'"):
        Fog()(sample(film=film), on_refusal="error")
    sound = Audio(np.zeros((100, 1), np.float32), 8000)
    assert Fog()(sample(sound=sound), on_refusal="error")["sound"].wave.shape == (100, 1)
    with pytest.raises(RefusedError, match="rain is heard"):
        Rain()(sample(sound=sound), on_refusal="error")
    boxes = Boxes(np.array([[10.0, 10, 50, 50]]), ("a",), ("car",))
    done = Fog(visibility=20.0)(sample(boxes=boxes), on_refusal="error")
    assert np.array_equal(done["boxes"].xyxy, boxes.xyxy)
    assert np.array_equal(done["depth"].metres, wall()[1].metres)


def test_cells_and_classes_that_tell_of_the_weather_refuse_and_others_stay() -> None:
    plain = Record({"speed": 12.0, "road": "motorway"})
    done = Fog()(sample(row=plain, kind=Label.of("car")), on_refusal="error")
    assert done["row"].values == plain.values and done["kind"] == Label.of("car")
    for part in (Record({"weather": "dry"}), Record({"note": "a sunny day"}), Label.of("clear_sky")):
        with pytest.raises(RefusedError, match="tells of the weather"):
            Fog()(sample(other=part), on_refusal="error")


def test_far_returns_become_returns_of_the_air() -> None:
    image, depth, points = wall(90.0)
    done = Fog(visibility=60.0)(sample(image=image, depth=depth, points=points), on_refusal="error")["points"]
    aside = done.column("label") == 1
    assert aside.any() and np.linalg.norm(done.xyz[aside], axis=1).max() < 10
    before, after = points.xyz[0] / np.linalg.norm(points.xyz[0]), done.xyz[aside]
    assert (after[:, 0] > 0).all() and before[0] > 0


def test_radar_does_not_see_the_fog_and_clouds_in_the_world_refuse() -> None:
    values = np.array([[20.0, 0, 0, 5.0]], np.float32)
    radar = Points(values, ("x", "y", "z", "rcs"), "lidar")
    done = Fog()(sample(radar=radar), on_refusal="error")
    assert np.array_equal(done["radar"].values, values)
    swept = Points(np.array([[20.0, 0, 0, 0.3, 0.1]], np.float32), ("x", "y", "z", "intensity", "time"))
    with pytest.raises(RefusedError, match="in the world"):
        Fog()(sample(swept=swept), on_refusal="error")
    bare = Points(values[:, :3], frame="lidar")
    with pytest.raises(RefusedError, match="intensity"):
        Fog()(sample(bare=bare), on_refusal="error")


def test_weather_after_a_crop_is_the_crop_of_the_weather() -> None:
    """The picture, its depth and its camera are cropped alike, so a ray keeps its length."""
    fog, crop = Fog(visibility=60.0, brightness=0.8), Crop((80, 60))
    one, two = crop(fog(sample())), fog(crop(sample()))
    # The crop is drawn for each sample by its key and seed, so both are the same window.
    assert np.abs(one["image"].pixels.astype(int) - two["image"].pixels).max() <= 1


@pytest.mark.parametrize("step", [Fog(), Rain(rate=30.0), Snow(rate=5.0)])
def test_the_change_is_replayed_from_the_lineage_to_the_byte(step: Fog | Rain | Snow) -> None:
    first = sample()
    done = step(first, seed=3, on_refusal="error")
    (medium,) = done.lineage.changes[0].moves
    assert isinstance(medium, Medium) and dict(medium.ranges) == {"camera": "depth"}
    again = first.replayed(done.lineage)
    for name in ("image", "points", "caption"):
        assert again[name].encode().blob.read() == done[name].encode().blob.read()
    other = step(first, seed=4)
    assert other["image"].encode().blob.read() != done["image"].encode().blob.read()


def test_rain_and_snow_draw_what_falls_near_the_camera() -> None:
    for step in (Rain(rate=30.0, brightness=0.8), Snow(rate=8.0, brightness=0.9)):
        pixels = step(sample(), on_refusal="error")["image"].pixels.astype(int)
        smooth = np.median(pixels[..., 0])
        bright = pixels[..., 0] > smooth + 3
        assert 0.0005 < bright.mean() < 0.5


def test_ranges_out_of_bounds_are_said() -> None:
    with pytest.raises(RecipeError, match="visibility must lie in 5"):
        Fog(visibility=1.0)
    with pytest.raises(RecipeError, match="mm/h"):
        Rain(rate=1000.0)
