"""Links under which a tenant's media can be fetched for a while, by whoever has them and by nobody else."""

from __future__ import annotations

from dataclasses import dataclass

from tenants.signing import Signer

PURPOSE = "media"
AN_HOUR = 3600.0


@dataclass(frozen=True)
class Linked:
    """What a link stands for: a blob of a tenant, and what kind of file it is."""

    tenant_id: str
    blob: str
    mime: str


class Links:
    """Makes and reads links to blobs; `base_url` is this installation's public address, without a slash at its end."""

    def __init__(self, signer: Signer, base_url: str) -> None:
        self._signer, self._base = signer, base_url.rstrip("/")

    def media(self, tenant_id: str, blob_key: str, mime: str, seconds: float = AN_HOUR) -> str:
        """The URL at which the blob can be fetched for so many seconds."""
        return f"{self._base}/media/{self._signer.seal(PURPOSE, [tenant_id, blob_key, mime], seconds)}"

    def read(self, token: str) -> Linked:
        """What the last part of such a URL stands for; raises as `Signer.open`."""
        return Linked(*self._signer.open(PURPOSE, token))

    def ours(self, url: str) -> Linked:
        """What a whole URL of ours stands for; raises as `read`, `Forged` also for URLs elsewhere."""
        return self.read(url.removeprefix(f"{self._base}/media/"))
