"""What fits no other format, as a pickle. Reading one runs code that whoever wrote it chose."""

import importlib.util
import io
import pickle
import site
import sys
import sysconfig
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib

from lockgate.core.formats import OLD_PICKLE, pickle_file
from lockgate.store.errors import UnsupportedValue, UntrustedValue

COMPRESS = 3


def encode_object(value: Any) -> tuple[str, bytes]:
    """The name of the value's file, which tells whether it holds something of the team's own modules; and its content.

    Raises:
        UnsupportedValue: If it cannot be pickled, or cannot be read back.
    """
    try:
        pickled = pickle.dumps(value, protocol=5)
        named = _names(pickled)
    except Exception as error:  # noqa: BLE001 - whatever it raises may quote data, so it is not the cause
        raise UnsupportedValue(
            f"A {type(value).__name__} cannot be stored: {type(error).__name__}.",
            cure="Return a frame, or an object that pickle can write and read.",
        ) from None
    own = next((f"{module}.{name}" for module, name in named if not is_installed(module)), None)
    return pickle_file(own), zlib.compress(pickled, COMPRESS)


def decode_object(file: str, content: bytes, *, any_class: bool) -> Any:
    """The value that ``encode_object`` wrote, or that an earlier release did.

    Args:
        file: The name of its file.
        content: Its content.
        any_class: Whether it may name what no installed package has, as a team's own values do.

    Raises:
        UntrustedValue: If it may not and does, before anything of that is imported; or if it may not and is a pickle
            of an earlier release, of which this is not known.
    """
    if file == OLD_PICKLE:
        if not any_class:
            raise UntrustedValue("It is a pickle of an earlier release.", cure="Let its team run the asset again.")
        return joblib.load(io.BytesIO(content))
    return _Unpickler(zlib.decompress(content), any_class=any_class).load()


def is_installed(module: str) -> bool:
    """Whether a module belongs to Python, to lockgate or to an installed package, and not to a team's folder."""
    top = module.partition(".")[0]
    if top == "__main__":
        return False
    if top in sys.stdlib_module_names or top == "lockgate":
        return True
    loaded = sys.modules.get(top)
    spec = loaded.__spec__ if loaded else importlib.util.find_spec(top)
    # A package without an __init__.py has no origin.
    places = [place for place in (*(spec.submodule_search_locations or ()), spec.origin) if place] if spec else []
    return bool(places) and all(_is_site(Path(place)) for place in places)


def _is_site(place: Path) -> bool:
    return any(place.is_relative_to(folder) for folder in _site_folders())


def _site_folders() -> Iterator[str]:
    yield from (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    yield from site.getsitepackages()


def _names(pickled: bytes) -> list[tuple[str, str]]:
    """Module and name of all that a pickle of our own names, in order; it is read to find out."""
    reader = _Unpickler(pickled, any_class=True)
    reader.load()
    return reader.named


class _Unpickler(pickle.Unpickler):
    """Names nothing that it may not."""

    def __init__(self, pickled: bytes, *, any_class: bool) -> None:
        super().__init__(io.BytesIO(pickled))
        self._any_class = any_class
        self.named: list[tuple[str, str]] = []

    def find_class(self, module: str, name: str) -> Any:
        """What a pickle names."""
        self.named.append((module, name))
        if not self._any_class and not is_installed(module):
            raise UntrustedValue(
                f"It is a pickle of {module}.{name}, which is of no package installed here.",
                cure="Let its team publish a frame, plain values or arrays, or install the package.",
            )
        return super().find_class(module, name)
