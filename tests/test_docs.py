"""What people read is true: commands run, examples hold, generated pages are fresh, links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from counterpoint.cli import main

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])


def blocks(path: Path, language: str) -> list[str]:
    """Fenced code of a language in a Markdown file."""
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like a fresh checkout and may be written into."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(command: str) -> None:
    """Run one line of a shell block: ``counterpoint`` in this process; ``make`` only says what it would do."""
    words = shlex.split(command, comments=True)
    if words[0] == "make":
        subprocess.run(["make", "-n", *words[1:]], check=True, capture_output=True)
        return
    assert words[0] == "counterpoint", command
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(words[1:]))
    assert not ended.value.code, command


def test_every_command_of_the_readme_runs(checkout: Path) -> None:
    commands = [line for block in blocks(ROOT / "README.md", "sh") for line in block.splitlines() if line.strip()]
    assert len(commands) >= 6
    for command in commands:
        ran(command)
    assert (checkout / "out" / "faces" / "report.html").exists()


@pytest.mark.parametrize("page", ["README.md", "docs/concepts.md", "docs/simulate.md"])
def test_every_python_block_runs(page: str, checkout: Path) -> None:
    found = blocks(ROOT / page, "python")
    assert found
    space: dict[str, object] = {}
    for block in found:
        exec(compile(block, page, "exec"), space)


def test_generated_pages_are_not_stale() -> None:
    done = script("pages.py", "--check")
    assert done.returncode == 0, done.stderr


def test_every_link_leads_to_a_file() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            if not target.startswith(("http", "assets/catalogue/")):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    done = script("pages.py")
    assert done.returncode == 0, done.stderr
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert not re.search(r'(?:src|href)="https?://(?:fonts|cdn|unpkg)', page)


def script(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / name), *arguments]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
