"""Clocks that jump: of a single process, forwards or back, while it runs; what it asks of the C library tells so."""

import random
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")
JUMPS = (-7200, -600, -45, 45, 600, 7200, 86_400)  # seconds


class Clocks:
    """What processes started with `environment` believe the time to be."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.library = folder / "clocks", folder / "clock.so"

    def build(self) -> None:
        """Compile what is preloaded. Raises CalledProcessError."""
        self.folder.mkdir(mode=0o755)
        words = ["gcc", "-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-o", self.library, SOURCE]
        subprocess.run(words, check=True)

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "CLOCKS": str(self.folder)}

    def jump(self, processes: list[int], chance: random.Random) -> str:
        """Have all of these be wrong by as much from now on, until they jump again; what was done."""
        seconds = chance.choice(JUMPS)
        for pid in processes:
            fresh = self.folder / f"{pid}.new"
            fresh.write_text(str(seconds))
            fresh.rename(self.folder / str(pid))
        return "ahead" if seconds > 0 else "back"

    def set_right(self) -> None:
        """Let all of them be right."""
        for told in self.folder.iterdir():
            told.unlink(missing_ok=True)
