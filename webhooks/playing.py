"""The operator's `simulate`: a customer who writes, sends voice notes or calls, through the real doors."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from channels import discover
from errors import Impossible
from webhooks.rehearsal import CallAsked
from webhooks.simulate import REPLIES, Asked, spec_of

Play = Callable[[Asked, str | None], Any]
PlayCall = Callable[[CallAsked], Any]
Tell = Callable[[Any, bool, bool], None]

KEYS = frozenset("0123456789*#")


def add_to(app: typer.Typer, play: Play, play_call: PlayCall, tell: Tell) -> None:
    """Add `simulate`; `tell` prints what came of a message: as JSON or not, with the engines' bills or without."""

    @app.command()
    def simulate(
        channel: Annotated[str, typer.Argument(help=f"One of: {', '.join(sorted(discover()))}.")],
        tenant: Annotated[str, typer.Option(help="The tenant's short name.")] = "demo",
        say: Annotated[str | None, typer.Option(help="What the customer says; we make the voice.")] = None,
        voice: Annotated[Path | None, typer.Option(help="A recorded voice note.", exists=True, dir_okay=False)] = None,
        text: Annotated[str | None, typer.Option(help="What the customer writes.")] = None,
        language: Annotated[str, typer.Option(help="Language of --say.")] = "ar",
        reply: Annotated[str | None, typer.Option(help="video, voice or text, whatever the tenant has set.")] = None,
        out: Annotated[Path, typer.Option(help="Where the reply, or the call, is kept.")] = Path("out"),
        server: Annotated[str | None, typer.Option(help="A running platform; none: one is started for this.")] = None,
        engines: Annotated[bool, typer.Option("--engines", help="Show engine, time and cost of every stage.")] = False,
        call: Annotated[bool, typer.Option("--call", help="Call instead of sending a voice note.")] = False,
        then: Annotated[list[str] | None, typer.Option(help="What the caller says next; may be repeated.")] = None,
        barge_at: Annotated[float | None, typer.Option(help="Break into answers after so many seconds.")] = None,
        press: Annotated[str, typer.Option(help="The keys that the caller presses at the end.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")] = False,
    ) -> None:
        """Play a customer through the real webhook and the vendor's emulator; show what came of it."""
        logging.getLogger().setLevel(logging.WARNING)
        if call or then or press or barge_at is not None or _only_called(channel):
            if say is None or voice or text or server or reply:
                raise typer.BadParameter("a call takes --say, --then, --barge-at, --press, and no --server or --reply")
            if (barge_at is not None and not then) or set(press) - KEYS:
                raise typer.BadParameter(f"--barge-at is for what --then says; keys are {''.join(sorted(KEYS))}")
            _call(play_call(CallAsked(channel, tenant, (say, *(then or [])), barge_at, press, language, out)))
        if sum(one is not None for one in (say, voice, text)) != 1:
            raise typer.BadParameter("give exactly one of --say, --voice, --text")
        if reply is not None and (server or reply not in REPLIES):
            raise typer.BadParameter("--reply is video, voice or text, and only without --server")
        played = play(Asked(channel, tenant, say, voice, text, language, out, reply), server)
        tell(played, as_json, engines)
        raise typer.Exit(0 if played.state == "answered" else 1)


def _only_called(channel: str) -> bool:
    """Whether this channel carries calls and no messages; says which ones there are for one that there is not."""
    try:
        return spec_of(channel).emulator is None
    except Impossible as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from error


def _call(played: Any) -> None:
    typer.echo(json.dumps(asdict(played), ensure_ascii=False, indent=1))
    raise typer.Exit(0 if played.state == "ended" else 1)
