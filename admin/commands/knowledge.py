"""The operator's commands on tenants' documents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from admin.commands.console import AsJson, TenantName, show
from core_pipeline.knowledge.documents.faults import sentence
from core_pipeline.knowledge.documents.stacks import Stacks
from tenants import directory
from tenants import documents as rows
from tenants.models import Document, DocumentState

InStacks = Callable[[Callable[[Stacks], Awaitable[Any]]], Any]
Wait = Annotated[bool, typer.Option("--wait", help="Work on it here and now, and show how far it is.")]

LOOK_SECONDS = 0.2
BAR = 30
NEW_PAGE = "\f"
_OPEN = (DocumentState.QUEUED, DocumentState.PARSING, DocumentState.INDEXING)


def knowledge_of(in_stacks: InStacks) -> typer.Typer:
    """`knowledge add`, `list`, `show`, `approve`, `replace`, `remove`, `refresh` and `quota`."""
    commands = typer.Typer(no_args_is_help=True, help="The documents that a tenant's bot answers from.")
    _looking(commands, in_stacks)
    _changing(commands, in_stacks)
    return commands


def _looking(commands: typer.Typer, in_stacks: InStacks) -> None:
    @commands.command("list")
    def list_documents(tenant: TenantName, as_json: AsJson = False) -> None:
        """List a tenant's documents."""
        show(in_stacks(lambda stacks: _listing(stacks, tenant)), as_json=as_json, empty="No documents.")

    @commands.command("show")
    def show_document(
        document_id: str,
        out: Annotated[
            Path | None, typer.Option(help="Write the text there, to correct it for `approve --text`.")
        ] = None,
    ) -> None:
        """Show what was read in a document, page by page."""
        document = in_stacks(lambda stacks: _get(stacks, document_id))
        if out is not None:
            out.write_text(NEW_PAGE.join(document.pages), encoding="utf-8")
        typer.echo(_told(document))
        for number, page in enumerate(document.pages if out is None else (), start=1):
            typer.echo(f"\n----- {number} -----\n{page}")

    @commands.command("quota")
    def quota(tenant: TenantName, as_json: AsJson = False) -> None:
        """Show how much of its quota a tenant uses."""
        show(in_stacks(lambda stacks: _quota(stacks, tenant)), as_json=as_json, empty="")


def _changing(commands: typer.Typer, in_stacks: InStacks) -> None:
    @commands.command("add")
    def add(
        source: Annotated[str, typer.Argument(help="A file, or the address of a page.")],
        tenant: TenantName,
        wait: Wait = False,
    ) -> None:
        """Give a tenant a document: a file or a web page."""
        typer.echo(in_stacks(lambda stacks: _add(stacks, source, tenant, wait=wait)))

    @commands.command("approve")
    def approve(
        document_id: str,
        text: Annotated[Path | None, typer.Option(help="The corrected text, from `show --out`.", exists=True)] = None,
        wait: Wait = False,
    ) -> None:
        """Let the bot use a text that was put right."""
        typer.echo(in_stacks(lambda stacks: _approve(stacks, document_id, text, wait=wait)))

    @commands.command("replace")
    def replace(document_id: str, file: Annotated[Path, typer.Argument(exists=True)], wait: Wait = False) -> None:
        """Give a document another file."""
        typer.echo(in_stacks(lambda stacks: _replace(stacks, document_id, file, wait=wait)))

    @commands.command("refresh")
    def refresh(document_id: str, wait: Wait = False) -> None:
        """Fetch a web page anew."""
        typer.echo(in_stacks(lambda stacks: _refresh(stacks, document_id, wait=wait)))

    @commands.command("remove")
    def remove(document_id: str) -> None:
        """Remove a document with every trace of it."""
        in_stacks(lambda stacks: _remove(stacks, document_id))
        typer.echo("Removed.")


async def _listing(stacks: Stacks, tenant: str) -> list[dict[str, Any]]:
    found = await stacks.library.listing(await directory.id_of(stacks.db, tenant))
    return [asdict(each) | {"error": sentence(each.error, "en") if each.error else None} for each in found]


async def _quota(stacks: Stacks, tenant: str) -> list[dict[str, Any]]:
    used, most = await stacks.library.used(await directory.id_of(stacks.db, tenant)), stacks.library.quota
    return [{"of": name, "used": value, "allowed": getattr(most, name)} for name, value in asdict(used).items()]


async def _owner(stacks: Stacks, document_id: str) -> str:
    async with stacks.db.platform(reads=True) as session:
        return await rows.owner(session, document_id)


async def _get(stacks: Stacks, document_id: str) -> Document:
    return await stacks.library.get(await _owner(stacks, document_id), document_id)


async def _add(stacks: Stacks, source: str, tenant: str, *, wait: bool) -> str:
    tenant_id = await directory.id_of(stacks.db, tenant)
    if source.startswith(("http://", "https://")):
        document = await stacks.library.add_url(tenant_id, source)
    else:
        data = await asyncio.to_thread(Path(source).read_bytes)
        document = await stacks.library.add_file(tenant_id, Path(source).name, data)
    return await _after(stacks, tenant_id, document.id, wait=wait)


async def _approve(stacks: Stacks, document_id: str, text: Path | None, *, wait: bool) -> str:
    tenant_id = await _owner(stacks, document_id)
    pages = text.read_text(encoding="utf-8").split(NEW_PAGE) if text else None
    await stacks.library.approve(tenant_id, document_id, pages)
    return await _after(stacks, tenant_id, document_id, wait=wait)


async def _replace(stacks: Stacks, document_id: str, file: Path, *, wait: bool) -> str:
    tenant_id = await _owner(stacks, document_id)
    await stacks.library.replace(tenant_id, document_id, file.name, await asyncio.to_thread(file.read_bytes))
    return await _after(stacks, tenant_id, document_id, wait=wait)


async def _refresh(stacks: Stacks, document_id: str, *, wait: bool) -> str:
    tenant_id = await _owner(stacks, document_id)
    if not await stacks.library.refresh(tenant_id, document_id):
        return "The page says what it said before."
    return await _after(stacks, tenant_id, document_id, wait=wait)


async def _remove(stacks: Stacks, document_id: str) -> None:
    await stacks.library.remove(await _owner(stacks, document_id), document_id)


async def _after(stacks: Stacks, tenant_id: str, document_id: str, *, wait: bool) -> str:
    if not wait:
        document = await stacks.library.get(tenant_id, document_id)
        waiting = "; a running server or worker takes it up" if document.state in _OPEN else ""
        return f"{document_id} is {document.state}{waiting}."
    working = asyncio.create_task(stacks.librarian.run())
    try:
        while (document := await stacks.library.get(tenant_id, document_id)).state in _OPEN:
            done = round(document.progress * BAR)
            typer.echo(f"\r[{'#' * done}{' ' * (BAR - done)}] {document.state}   ", nl=False, err=True)
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    typer.echo("", err=True)
    return _told(document)


def _told(document: Document) -> str:
    """Say where a document stands and what its owner may do about it."""
    lines = [f"{document.id}  {document.title}  {document.state}"]
    if document.error:
        lines += [sentence(document.error, "ar"), sentence(document.error, "en")]
    if document.state == DocumentState.APPROVAL:
        lines.append(f"Its text was put right: look at it (`show {document.id}`), then `approve {document.id}`.")
    return "\n".join(lines)
