"""The documentation's pages as things to do: commands with the output they show, and files they ask to write.

In a block marked ``console`` each line after ``$`` is a command, run in the project's folder; what follows is its
output, in which ``...`` stands for anything. A command ends with 0 unless a comment says otherwise: ``# exits with 4``.
A Python block whose first line names a file (``# teams/weather/assets.py``) is added to the end of that file, or
makes it. Blocks of any other kind are for reading.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (?P<path>teams/\S+\.py)\n")
_EXIT = re.compile(r"\s+# exits with (?P<code>\d+)$")


@dataclass(frozen=True)
class Command:
    """A command of a page.

    Attributes:
        line: As a shell takes it.
        code: The exit code it is said to have.
        shown: The output it is said to have; ``""`` if none is shown.
    """

    line: str
    code: int
    shown: str

    def fits(self, printed: str) -> bool:
        """Whether real output is what the page shows, spacing at line ends aside."""
        parts = [re.escape(part) for part in _trimmed(self.shown).split("...")]
        return not self.shown or re.search(".*".join(parts), _trimmed(printed), re.DOTALL) is not None


@dataclass(frozen=True)
class Addition:
    """Code that a page asks to add to a file."""

    path: str
    code: str


def steps(page: Path) -> Iterator[Command | Addition]:
    """What a page says to do, in its order."""
    for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] == "console":
            yield from _commands(block["text"])
        elif block["kind"] == "python" and (named := _FILE.match(block["text"])):
            yield Addition(named["path"], block["text"][named.end() :])


def _commands(text: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        code = _EXIT.search(line)
        yield Command(_EXIT.sub("", line), int(code["code"]) if code else 0, shown)


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
