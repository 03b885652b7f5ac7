"""The command line: what each verb says, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from counterpoint import cli as verbs
from counterpoint.core.dataset import open as opened
from counterpoint.errors import UnknownNameError
from counterpoint.formats.native import Native
from tests.run.made_up import ROOT, digests, environment, recipe, sample, source


def called(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, output and error output of a call in this process."""
    with pytest.raises(SystemExit) as ended:
        verbs.main(list(map(str, arguments)))
    said = capsys.readouterr()
    code = ended.value.code
    return int(code or 0), said.out, said.err


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    source(tmp_path / "src", ["a", "b"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_run_writes_the_data_and_says_where_to_look(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = called(capsys, "run", recipe(place), "--workers", 1)
    assert code == 0
    assert "made up: 2 samples read, 6 written in 2 shards" in said
    assert "Look at out/report.html" in said
    assert (place / "out" / "report.html").stat().st_size > 1000
    code, _, told = called(capsys, "run", recipe(place))
    assert code == 2
    assert "--resume" in told


def test_only_makes_the_samples_that_are_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(capsys, "run", recipe(place), "--only", "b", "--no-report", "--workers", 1)[0] == 0
    assert list(opened(place / "out").keys()) == ["b~001", "b~002", "b~003"]


def test_augment_is_a_recipe_made_of_flags(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--with", "mirror", "--with", "rotate(degrees=(-5, 5))", "--copies", 2, "--keep-originals", "--seed", 3]
    code, _, told = called(capsys, "augment", "src", "new", *flags, "--workers", 1, "--no-report")
    assert code == 0, told
    data = opened(place / "new")
    assert list(data.keys()) == ["a", "a~001", "a~002", "b", "b~001", "b~002"]
    assert [c.name for c in data["a~002"].lineage.changes] == ["Mirror", "Rotate"]
    code, _, told = called(capsys, "augment", "src", "newer", "--with", "mirorr")
    assert code == 2
    assert "Did you mean 'mirror'?" in told


def test_convert_copies_what_it_can_hold(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = called(capsys, "convert", "src", "again", "--to", "native")
    assert code == 0
    assert "2 samples written to again as native" in said
    assert digests(place / "again").keys() == digests(place / "src").keys()
    assert called(capsys, "convert", "src", "again")[0] == 2


def test_verify_names_the_flipped_bit_and_ends_with_one(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(capsys, "verify", "src")[:2] == (0, "1 shard compared: every byte is as written.\n")
    tar = place / "src" / "shard-00000.tar"
    data = bytearray(tar.read_bytes())
    data[Native.read(place / "src").members("b")["image"].offset] ^= 1
    tar.write_bytes(data)
    code, said, _ = called(capsys, "verify", "src")
    assert code == 1
    assert "sample 'b', part 'image': its bytes changed" in said


def test_replay_makes_stored_samples_again(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    called(capsys, "run", recipe(place), "--no-report", "--workers", 1)
    code, said, _ = called(capsys, "replay", "out", "a~001", "b~003")
    assert code == 0
    assert [line.partition(" (")[0] for line in said.splitlines()] == ["a~001: the same bytes", "b~003: the same bytes"]
    assert called(capsys, "replay", "out")[1].count("the same bytes") == 6
    code, _, told = called(capsys, "replay", "out", "a~01")
    assert code == 2
    assert "'a~001'" in told
    assert called(capsys, "replay", "src", "a")[0] == 2


def test_look_and_check_see_a_data_set(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = called(capsys, "look", "src")
    assert code == 0
    assert "native, 2 samples" in said
    assert json.loads(called(capsys, "look", "src", "--json")[1])["total"] == 2
    assert called(capsys, "check", "src")[0] == 0
    assert json.loads(called(capsys, "check", "src", "--json")[1])["verdict"] == "ok"


def test_list_shows_names_and_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert "mirror" in called(capsys, "list", "transforms")[1]
    assert "native" in called(capsys, "list", "formats")[1]
    assert json.loads(called(capsys, "list", "schema")[1])["title"] == "Counterpoint recipe"
    code, _, told = called(capsys, "list", "transfroms")
    assert code == 2
    assert "'transforms'" in told


def test_doctor_finds_a_working_installation(capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = called(capsys, "doctor")
    assert code == 0, said
    assert "broken" not in said


def test_an_error_is_one_message_and_debug_shows_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    code, said, told = called(capsys, "look", "no such place")
    assert (code, said) == (2, "")
    assert told.startswith("FormatError: open('no such place')")
    assert len(told.splitlines()) == 1
    with pytest.raises(Exception, match="no such place"):
        verbs.main(["look", "no such place", "--debug"])


def test_a_place_that_cannot_be_written_is_one_message(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "file").touch()
    for call in (["convert", "src", "file/new"], ["augment", "src", "file/new", "--with", "mirror"]):
        code, _, told = called(capsys, *call)
        assert code == 1
        assert f"counterpoint {' '.join(call)}: " in told
        assert "Check the path" in told
        assert "Traceback" not in told


def test_nothing_is_converted_into_its_own_source(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, told = called(capsys, "convert", "src", "src/new")
    assert code == 2
    assert "src/new lies inside the data that is read" in told
    assert not (place / "src" / "new").exists()


def test_of_thousands_of_names_only_the_first_are_listed() -> None:
    told = str(UnknownNameError("sample", "nothing like it", [f"k{i:05d}" for i in range(5000)]))
    assert len(told) < 1000
    assert told.endswith("k00099 and 4900 more.")


def test_a_wrong_call_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert called(capsys, "frobnicate")[0] == 2
    assert called(capsys, "run")[0] == 2
    assert called(capsys, "augment", "a", "b", "--copies", 0, "--with", "mirror")[0] == 2


def test_help_names_every_verb_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = called(capsys, "--help")
    assert code == 0
    for verb in ("run", "look", "check", "augment", "convert", "replay", "verify", "list", "doctor", "Exit codes"):
        assert verb in said


@pytest.mark.parametrize("code", ["import counterpoint", "import counterpoint.cli", "from counterpoint import Mirror"])
def test_nothing_heavy_is_imported_before_it_is_used(code: str) -> None:
    heavy = ("cv2", "av", "soundfile", "pyarrow", "pydantic", "scipy", "torch", "soxr", "yaml")
    probe = f"{code}\nimport sys\nprint([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_sample_that_cannot_be_read_does_not_end_a_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "clips").mkdir()
    (place / "clips" / "metadata.csv").write_text("file_name,caption\ngood.png,a dot\nlost.png,no dot\n")
    (place / "clips" / "good.png").write_bytes(sample("a")["image"].encode().blob.read())
    call = ["augment", "clips", "new", "--with", "mirror", "--workers", 1, "--no-report"]
    code, said, _ = called(capsys, *call)
    assert code == 0
    assert "Set aside: lost~001: UnreadableInputError" in said
    assert list(opened(place / "new").keys()) == ["good~001"]
    assert called(capsys, *call, "--fresh", "--strict")[0] == 1
    code, said, _ = called(capsys, "convert", "clips", "store")
    assert code == 1
    assert "Set aside: lost: UnreadableInputError" in said
    assert list(opened(place / "store").keys()) == ["good"]


def test_the_demo_recipe_runs_on_one_real_clip(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = ROOT / "examples" / "talking_faces.yaml"
    settings = ["--set", f"write.path={place / 'out'}", "--set", "make.0.augment.copies=2", "--only", "bbaf2n"]
    code, said, told = called(capsys, "run", path, *settings, "--workers", 1)
    assert code == 0, told
    assert "1 samples read, 2 written" in said
    assert called(capsys, "replay", "out")[0] == 0
    assert called(capsys, "check", "out")[0] == 0
