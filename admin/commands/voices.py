"""The operator's commands on voices: what is on the shelf, how it sounds, and a tenant's own voices by example."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from admin.commands.console import AsJson, TenantName, show
from core_pipeline.atelier import Workroom
from core_pipeline.cloning.attempt import Outcome
from core_pipeline.cloning.preview import preview
from core_pipeline.cloning.quality import explain
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from tenants import directory, voices
from tenants.db import Database
from tenants.models import ClonedVoice
from voices.catalogue import catalogue, find

Language = Annotated[str, typer.Option("--language", help="ar or en.")]
Recording = Annotated[Path, typer.Argument(help="A recording in any common format.", exists=True, dir_okay=False)]


@dataclass(frozen=True)
class Booth:
    """What the commands work with: where voices are made, and the folder for spoken samples of the shelf."""

    room: Workroom
    previews: Path

    @property
    def db(self) -> Database:
        """The database."""
        return self.room.db


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
    return await preview(voice, language, await booth.room.engines.only("tts", voice.engine), booth.previews)


async def _start(
    booth: Booth, tenant: str, name: str, language: str, recording: Path, text: str
) -> tuple[ClonedVoice, list[str]]:
    tenant_id = await directory.id_of(booth.db, tenant)
    order = For(Ledger(), tenant_id)
    voice, verdict = await booth.room.sample(tenant_id, name, language, recording.read_bytes(), order, text)
    return voice, list(verdict.problems)


async def _ask(booth: Booth, tenant: str, voice_id: str, speaker: str, scope: str) -> str:
    tenant_id = await directory.id_of(booth.db, tenant)
    return (await booth.room.voice_sentence(tenant_id, voice_id, speaker, scope)).sentence


async def _consent(booth: Booth, tenant: str, voice_id: str, recording: Path) -> tuple[Outcome, str]:
    tenant_id = await directory.id_of(booth.db, tenant)
    outcome = await booth.room.voice_consent(tenant_id, voice_id, recording.read_bytes(), For(Ledger(), tenant_id))
    async with booth.db.tenant(tenant_id, reads=True) as session:
        return outcome, (await voices.get(session, voice_id)).language


async def _revoke(booth: Booth, tenant: str, voice_id: str) -> list[str]:
    return await booth.room.revoke_voice(await directory.id_of(booth.db, tenant), voice_id)
