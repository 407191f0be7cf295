"""Which avatars there are: every folder `avatars/<slug>` with an `avatar.toml`; and what a tenant's choice means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from avatars.manifest import Illustrated
from avatars.sheet import ART, MANIFEST, read
from errors import Impossible, NeedsOwner

SHELF = Path(__file__).parent
DEFAULT = "salma"
OWN = "own:"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Avatar:
    """An avatar on the shelf: what its manifest says, and its files by name, the manifest among them."""

    slug: str
    manifest: Illustrated
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Chosen:
    """What a choice means: an avatar on the shelf by its slug, or the tenant's own by id."""

    slug: str | None = None
    own_id: str | None = None


@cache
def catalogue() -> dict[str, Avatar]:
    """Every avatar on the shelf by its slug, found by being there; `Impossible` for a manifest that is wrong."""
    return {file.parent.name: load(file.parent) for file in sorted(SHELF.glob(f"*/{MANIFEST}"))}


def load(folder: Path) -> Avatar:
    """The avatar in a folder, whose name is its slug; `Impossible` when its name or its manifest is wrong."""
    slug = folder.name
    if not _SLUG.fullmatch(slug):
        raise Impossible("avatar-slug", "a folder's name has small letters, digits and single hyphens only")
    files = {name: (folder / name).read_bytes() for name in (MANIFEST, ART)}
    manifest = read(files[MANIFEST].decode())
    if not isinstance(manifest, Illustrated):
        raise Impossible("avatar-manifest", "the shelf holds drawn avatars only: photographs are tenants' own")
    return Avatar(slug, manifest, files)


def find(slug: str) -> Avatar:
    """The avatar of that slug; `Impossible` names those there are."""
    avatar = catalogue().get(slug)
    if avatar is None:
        raise Impossible("no-such-avatar", f"there is no avatar {slug!r}; there are: {', '.join(catalogue())}")
    return avatar


def is_own(choice: str | None) -> bool:
    """Whether a tenant's choice is an avatar of its own."""
    return bool(choice) and str(choice).startswith(OWN)


def resolve(choice: str | None) -> Chosen:
    """Say what a tenant's choice of avatar means: "slug", "own:id"; None and "" mean `DEFAULT`.

    Raises `NeedsOwner`, which names those there are, for a slug that is not on the shelf.
    """
    if is_own(choice):
        return Chosen(own_id=str(choice).removeprefix(OWN))
    slug = choice or DEFAULT
    if slug not in catalogue():
        raise NeedsOwner("no-such-avatar", f"choose an avatar that there is: {', '.join(catalogue()) or 'none'}")
    return Chosen(slug=slug)
