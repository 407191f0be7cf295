"""The platform's one door to drawings, pictures and packs that strangers made: they are read in a locked-up process."""

from __future__ import annotations

from core_pipeline.media.cells import Cells
from core_pipeline.portraits.drawing import rules
from core_pipeline.portraits.parcel import LONGEST_SIDE, Parcel, Picture
from errors import Impossible

TRADE = "core_pipeline.portraits.trade"
SVG = "too-large encoding unreadable doctype instruction text elements depth element place attribute value long id"
SVG += " canvas reference layers chin"
PICTURE = "kind too-small too-many shape changed unreadable"
PACK = "kind unreadable manifest files twice folders names outside link locked bomb"
REFUSALS = frozenset(
    f"{subject}-{fault}"
    for subject, faults in {"svg": SVG, "picture": PICTURE, "pack": PACK}.items()
    for fault in faults.split()
)
MAX_BYTES = 20 << 20
WALL_SECONDS = 30.0
_MOST_PIXELS = LONGEST_SIDE * LONGEST_SIDE * 4
_SPARE = 1 << 20


class Workshop(Cells):
    """Reads what an avatar is made of; starts its zygote when needed and again when it dies.

    Every method raises `Impossible` with a code of `faults.toml`, and `Retryable` "sandbox-down" when the sandbox
    itself fails.
    """

    def __init__(self, *, concurrency: int = 1, max_bytes: int = MAX_BYTES, wall_seconds: float = WALL_SECONDS) -> None:
        super().__init__(
            TRADE, "avatar", REFUSALS, concurrency=concurrency, max_bytes=max_bytes, wall_seconds=wall_seconds
        )

    async def art(self, data: bytes) -> str:
        """Return a drawing written anew from what was checked in it."""
        found = await self.work("art", {}, data, rules.MOST_BYTES + _SPARE)
        try:
            return found.decode()
        except UnicodeDecodeError:
            raise Impossible("avatar-unreadable", "a child answered nonsense") from None

    async def picture(self, data: bytes, *, opaque: bool = True) -> Picture:
        """Return a picture's pixels, upright and at most `LONGEST_SIDE` long."""
        found = await self.work("picture", {"opaque": opaque}, data, _MOST_PIXELS + _SPARE)
        try:
            return Picture.unpack(found)
        except ValueError:
            raise Impossible("avatar-unreadable", "a child answered nonsense") from None

    async def pack(self, data: bytes) -> Parcel:
        """Return what an avatar's zip file holds."""
        found = await self.work("pack", {}, data, _MOST_PIXELS + _SPARE)
        try:
            return Parcel.unpack(found)
        except ValueError:
            raise Impossible("avatar-unreadable", "a child answered nonsense") from None
