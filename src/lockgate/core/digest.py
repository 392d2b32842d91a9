"""The code version of an asset: a digest of every file of the team's that may have made its value."""

import fnmatch
import hashlib
from collections.abc import Mapping

from lockgate.core.asset import Asset
from lockgate.core.errors import DefinitionError

LOCK = "uv.lock"
OUTSIDE = "outside:"


def code_version(asset: Asset, files: Mapping[str, str], declared_in: str) -> str:
    """Digest of the files that make an asset's value.

    Which function of a file reads which other file cannot be told for certain, so all of the team's count unless the
    asset names those that do; its own file, the lock and what is imported from outside of the folder always do.

    Args:
        asset: The asset.
        files: By path below the team's folder, the digest of each file that may count; by ``outside:module`` that of
            each module imported from elsewhere that no lock holds still.
        declared_in: The path of the asset's own file.

    Returns:
        64 hexadecimal digits.

    Raises:
        DefinitionError: If the asset names files of which there are none.
    """
    chosen = set(files) if asset.code is None else _narrowed(asset, files, declared_in)
    digest = hashlib.sha256()
    for path in sorted(chosen):
        digest.update(f"{path}\0{files[path]}\0".encode())
    return digest.hexdigest()


def _narrowed(asset: Asset, files: Mapping[str, str], declared_in: str) -> set[str]:
    chosen = {path for path in files if path in (LOCK, declared_in) or path.startswith(OUTSIDE)}
    for pattern in asset.code or ():
        matching = {path for path in files if fnmatch.fnmatchcase(path, pattern)}
        if not matching:
            raise DefinitionError(
                f"code={pattern!r} of {asset.key} names no file that counts as code.",
                cure="Name files below the team's folder; see the docs of Team.asset.",
                asset=asset.key,
            )
        chosen |= matching
    return chosen
