"""The operator's commands on avatars: what is on the shelf, how it looks, and tenants' own with their consent."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from admin.commands import atelier as studio
from admin.commands.atelier import Atelier
from admin.commands.console import AsJson, TenantName, show
from avatars.catalogue import OWN, catalogue, find, is_own
from avatars.sheet import fields
from errors import SawtakError
from tenants.models import OwnAvatar

T = TypeVar("T")
Upload = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]
OfTenant = Annotated[str, typer.Option("--tenant", help="The tenant's short name, for an avatar of its own.")]


InAtelier = Callable[[Callable[[Atelier], Awaitable[Any]]], Any]


def avatars_of(in_atelier: InAtelier) -> typer.Typer:
    """`avatars list`, `show`, `preview`, `import`, `export`, `photo`, `points`, `sentence`, `consent` and more."""
    commands = typer.Typer(no_args_is_help=True, help="Avatars on the shelf, and tenants' own with their consent.")
    _to_look_at(commands, in_atelier)
    _in_and_out(commands, in_atelier)
    _of_people(commands, in_atelier)
    _to_consent(commands, in_atelier)
    _to_change(commands, in_atelier)
    return commands


def _to_look_at(commands: typer.Typer, in_atelier: InAtelier) -> None:
    @commands.command("list")
    def list_avatars(tenant: OfTenant = "", as_json: AsJson = False) -> None:
        """List the avatars on the shelf, or a tenant's own."""
        rows = in_atelier(lambda atelier: studio.listed(atelier, tenant)) if tenant else _shelf()
        show(rows, as_json=as_json, empty="No avatars.")

    @commands.command("show")
    def show_avatar(choice: str, tenant: OfTenant = "") -> None:
        """Show all about an avatar: a slug of the shelf, or own:ID of a tenant."""
        found = (
            _run(in_atelier, lambda atelier: studio.about(atelier, tenant, choice))
            if is_own(choice)
            else _stock(choice)
        )
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))

    @commands.command("preview")
    def preview_avatar(choice: str, tenant: OfTenant = "") -> None:
        """Draw an avatar into a short film and print where it is."""
        typer.echo(_run(in_atelier, lambda atelier: studio.previewed(atelier, tenant, choice)))


def _in_and_out(commands: typer.Typer, in_atelier: InAtelier) -> None:
    @commands.command("import")
    def import_avatar(file: Upload, tenant: TenantName) -> None:
        """Take in an avatar from a zip file; a photograph needs its person's consent anew."""
        avatar = _run(in_atelier, lambda atelier: studio.taken_in(atelier, tenant, file))
        _next(avatar, tenant)

    @commands.command("export")
    def export_avatar(choice: str, file: Path, tenant: OfTenant = "") -> None:
        """Write an avatar (a slug of the shelf, or own:ID of a tenant) into a zip file."""
        file.write_bytes(_run(in_atelier, lambda atelier: studio.handed_out(atelier, tenant, choice)))
        typer.echo(f"Written: {file}")


def _of_people(commands: typer.Typer, in_atelier: InAtelier) -> None:
    @commands.command("photo")
    def bring_photo(
        file: Upload,
        tenant: TenantName,
        name_ar: Annotated[str, typer.Option(help="What you call the avatar, in Arabic.")],
        name_en: Annotated[str, typer.Option(help="What you call the avatar, in English.")],
    ) -> None:
        """Take in a picture of a person; it is shown only after this person's consent."""
        _next(_run(in_atelier, lambda atelier: studio.brought(atelier, tenant, file, name_ar, name_en)), tenant)

    @commands.command("points")
    def place_points(
        avatar_id: str,
        tenant: TenantName,
        file: Annotated[
            Path | None, typer.Option(help='All points as JSON: {"chin": [310, 520], …}.', exists=True)
        ] = None,
        spots: Annotated[str, typer.Option(help="Or left eye, right eye and mouth: 210,300 390,302 301,470")] = "",
    ) -> None:
        """Say where the points of a face are, in pixels of the picture, left and right as you see them."""
        if bool(file) == bool(spots):
            raise typer.BadParameter("give either --file or --spots")
        problems = _run(in_atelier, lambda atelier: studio.placed(atelier, tenant, avatar_id, file, spots))
        if problems:
            raise typer.Exit(1)
        typer.echo(f"Next: cli.py avatars sentence {avatar_id} --tenant {tenant} --person …")


def _to_consent(commands: typer.Typer, in_atelier: InAtelier) -> None:
    @commands.command("sentence")
    def show_sentence(
        avatar_id: str,
        tenant: TenantName,
        person: Annotated[str, typer.Option(help="Who is shown in the picture.")],
        scope: Annotated[str, typer.Option(help="answers, or everything (also announcements).")] = "answers",
        language: Annotated[str, typer.Option(help="ar or en.")] = "ar",
    ) -> None:
        """Show the sentence of consent that the person shown must read aloud within a quarter of an hour."""
        typer.echo(_run(in_atelier, lambda atelier: studio.asked(atelier, tenant, avatar_id, person, scope, language)))

    @commands.command("consent")
    def hear_consent(avatar_id: str, recording: Upload, tenant: TenantName) -> None:
        """Hear the consent of the person shown and let the avatar be used."""
        if _run(in_atelier, lambda atelier: studio.heard(atelier, tenant, avatar_id, recording)) is not None:
            raise typer.Exit(1)
        typer.echo(f"The avatar may be shown now: set the tenant's avatar to {OWN}{avatar_id}")


def _to_change(commands: typer.Typer, in_atelier: InAtelier) -> None:
    @commands.command("dress")
    def dress_avatar(
        avatar_id: str,
        tenant: TenantName,
        clothes: Annotated[str, typer.Option(help="#rrggbb; empty: the avatar's own.")] = "",
        background: Annotated[str, typer.Option(help="#rrggbb; empty: the avatar's own.")] = "",
        logo: Annotated[Path | None, typer.Option(help="A picture for the wall.", exists=True, dir_okay=False)] = None,
    ) -> None:
        """Give a tenant's own avatar other colours, and a logo behind it."""
        colours = {name: one for name, one in (("clothes", clothes), ("background", background)) if one}
        _run(in_atelier, lambda atelier: studio.dressed(atelier, tenant, avatar_id, colours, logo))
        typer.echo("Dressed.")

    @commands.command("revoke")
    def revoke_avatar(avatar_id: str, tenant: TenantName) -> None:
        """Stop showing an avatar at once and delete its files and every film of it; the record of consent stays."""
        gone = _run(in_atelier, lambda atelier: studio.revoked(atelier, tenant, avatar_id))
        typer.echo(f"Revoked; {len(gone)} files are deleted.")

    @commands.command("delete")
    def delete_avatar(avatar_id: str, tenant: TenantName) -> None:
        """Revoke an avatar and take it off the list, unless somebody had consented: of that the record stays."""
        removed = _run(in_atelier, lambda atelier: studio.deleted(atelier, tenant, avatar_id))
        typer.echo("Deleted." if removed else "Its files are deleted; the record of the consent stays.")


def _run(in_atelier: InAtelier, work: Callable[[Atelier], Awaitable[T]]) -> T:
    """Do the work; what is refused is explained in both languages and ends the command with 1."""

    async def explained(atelier: Atelier) -> T:
        try:
            return await work(atelier)
        except SawtakError as error:
            atelier.tell(error.code, error.detail)
            raise typer.Exit(1) from error

    done: T = in_atelier(explained)
    return done


def _next(avatar: OwnAvatar, tenant: str) -> None:
    if avatar.kind == "photo":
        typer.echo(f"Draft {avatar.id}. Next: cli.py avatars points {avatar.id} --tenant {tenant} --spots …")
    else:
        typer.echo(f"Ready: set the tenant's avatar to {OWN}{avatar.id}")


def _shelf() -> list[dict[str, Any]]:
    return [
        {
            "slug": one.slug,
            "name": one.manifest.name["en"],
            "gender": one.manifest.gender,
            "age": one.manifest.age,
            "licence": one.manifest.licence,
        }
        for one in catalogue().values()
    ]


def _stock(slug: str) -> dict[str, Any]:
    return {"slug": slug, **fields(find(slug).manifest)}
