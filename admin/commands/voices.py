"""The operator's commands on voices: what is on the shelf, how it sounds, and a tenant's own voices by example."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from admin.commands.console import AsJson, TenantName, show
from core_pipeline.cloning.attempt import Outcome
from core_pipeline.cloning.preview import preview
from core_pipeline.cloning.quality import explain
from core_pipeline.cloning.studio import Studio
from core_pipeline.contracts.engines import Asr, Speaker, Tts
from core_pipeline.media.sandbox import Sandbox
from tenants import directory, voices
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import ClonedVoice, Tenant
from voices.catalogue import catalogue, find

Language = Annotated[str, typer.Option("--language", help="ar or en.")]
Recording = Annotated[Path, typer.Argument(help="A recording in any common format.", exists=True, dir_okay=False)]


@dataclass(frozen=True)
class Booth:
    """What the commands work with: `asr` hears a language, `tts` is the engine of that name, without fallbacks.

    `forget` tells engines on other machines to drop a revoked voice; `previews` is the folder for spoken samples.
    """

    db: Database
    blobs: Blobs
    sandbox: Sandbox
    previews: Path
    asr: Callable[[str], Awaitable[Asr]]
    speaker: Callable[[], Awaitable[Speaker]]
    tts: Callable[[str], Awaitable[Tts]]
    forget: Callable[[str], Awaitable[None]] | None = None

    @property
    def studio(self) -> Studio:
        """Where voices by example are made."""
        return Studio(self.db, self.blobs, self.sandbox)


InBooth = Callable[[Callable[[Booth], Awaitable[Any]]], Any]


def voices_of(in_booth: InBooth) -> typer.Typer:
    """`voices list`, `preview`, `clone`, `sentence`, `consent` and `revoke`."""
    commands = typer.Typer(no_args_is_help=True, help="Voices on the shelf, and tenants' own by example.")
    _on_the_shelf(commands, in_booth)
    _by_example(commands, in_booth)
    return commands


def _on_the_shelf(commands: typer.Typer, in_booth: InBooth) -> None:
    @commands.command("list")
    def list_voices(
        tenant: Annotated[str, typer.Option(help="List this tenant's own voices instead of the shelf.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """List the voices on the shelf, or a tenant's own."""
        rows = in_booth(lambda booth: _own(booth, tenant)) if tenant else _shelf()
        show(rows, as_json=as_json, empty="No voices of its own.")

    @commands.command("preview")
    def preview_voice(slug: str, language: Language = "ar") -> None:
        """Speak a voice's sample sentence into a file and print where it is."""
        typer.echo(in_booth(lambda booth: _preview(booth, slug, language)))


def _by_example(commands: typer.Typer, in_booth: InBooth) -> None:
    @commands.command("clone")
    def clone_voice(
        recording: Recording,
        tenant: TenantName,
        name: Annotated[str, typer.Option(help="What you call the voice.")],
        language: Language = "ar",
        text: Annotated[str, typer.Option(help="What the recording says, if it was read from a page.")] = "",
    ) -> None:
        """Judge a sample of at least ten seconds; the voice speaks only after its owner's consent."""
        voice, problems = in_booth(lambda booth: _start(booth, tenant, name, language, recording, text))
        _tell(problems, language)
        typer.echo(f"Draft {voice.id}. Next: cli.py voices sentence {voice.id} --tenant {tenant} --speaker …")

    @commands.command("sentence")
    def show_sentence(
        voice_id: str,
        tenant: TenantName,
        speaker: Annotated[str, typer.Option(help="Who owns the voice.")],
        scope: Annotated[str, typer.Option(help="answers, or everything (also announcements and video).")] = "answers",
    ) -> None:
        """Show the sentence of consent that the owner must read aloud within a quarter of an hour."""
        typer.echo(in_booth(lambda booth: _ask(booth, tenant, voice_id, speaker, scope)))

    @commands.command("consent")
    def hear_consent(voice_id: str, recording: Recording, tenant: TenantName) -> None:
        """Hear the owner's consent and release the voice."""
        outcome, language = in_booth(lambda booth: _consent(booth, tenant, voice_id, recording))
        _tell([outcome.code] if outcome.code else [], language)
        typer.echo(f"The voice may speak now: set the tenant's voice to clone:{voice_id}")

    @commands.command("revoke")
    def revoke_voice(voice_id: str, tenant: TenantName) -> None:
        """Stop a voice at once and delete its recordings and everything that was made with it."""
        gone = in_booth(lambda booth: _revoke(booth, tenant, voice_id))
        typer.echo(f"Revoked; {len(gone)} recordings are deleted.")


def _tell(problems: list[str], language: str) -> None:
    """Say what is wrong and end the command with 1; return when nothing is."""
    for code in problems:
        typer.secho(f"{code}: {explain(code, language)}", err=True, fg="red")
    if problems:
        raise typer.Exit(1)


def _shelf() -> list[dict[str, Any]]:
    return [
        {
            "slug": one.slug,
            "name": one.name["en"],
            "engine": one.engine,
            "languages": ",".join(sorted(one.languages)),
            "gender": one.gender,
            "licence": one.licence,
        }
        for one in catalogue().values()
    ]


async def _own(booth: Booth, tenant: str) -> list[dict[str, Any]]:
    tenant_id = await directory.id_of(booth.db, tenant)
    async with booth.db.tenant(tenant_id, reads=True) as session:
        rows = await voices.listing(session)
    return [
        {"id": row.id, "name": row.name, "state": str(row.state), "speaker": row.speaker, "scope": row.scope}
        for row in rows
    ]


async def _preview(booth: Booth, slug: str, language: str) -> Path:
    voice = find(slug)
    return await preview(voice, language, await booth.tts(voice.engine), booth.previews)


async def _start(
    booth: Booth, tenant: str, name: str, language: str, recording: Path, text: str
) -> tuple[ClonedVoice, list[str]]:
    tenant_id = await directory.id_of(booth.db, tenant)
    speaker, asr = await booth.speaker(), await booth.asr(language)
    voice, verdict = await booth.studio.start(tenant_id, name, language, recording.read_bytes(), speaker, asr, text)
    return voice, list(verdict.problems)


async def _ask(booth: Booth, tenant: str, voice_id: str, speaker: str, scope: str) -> str:
    tenant_id = await directory.id_of(booth.db, tenant)
    async with booth.db.tenant(tenant_id, reads=True) as session:
        voice, business = await voices.get(session, voice_id), await session.get_one(Tenant, tenant_id)
    named = business.name_ar if voice.language == "ar" else business.name_en
    return (await booth.studio.ask(tenant_id, voice_id, named, speaker, scope)).sentence


async def _consent(booth: Booth, tenant: str, voice_id: str, recording: Path) -> tuple[Outcome, str]:
    tenant_id = await directory.id_of(booth.db, tenant)
    async with booth.db.tenant(tenant_id, reads=True) as session:
        language = (await voices.get(session, voice_id)).language
    asr, speaker = await booth.asr(language), await booth.speaker()
    return await booth.studio.consent(tenant_id, voice_id, recording.read_bytes(), asr, speaker), language


async def _revoke(booth: Booth, tenant: str, voice_id: str) -> list[str]:
    tenant_id = await directory.id_of(booth.db, tenant)
    return await booth.studio.revoke(tenant_id, voice_id, booth.forget)
