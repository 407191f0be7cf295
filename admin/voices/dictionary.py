"""The dictionary of pronunciation: words as they are written and spoken, heard before and after, in and out as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from admin.voices.sending import by_script, done, file_of, order, words_of, workroom
from core_pipeline.arabic.pronouncing import AS_WRITTEN, Pronouncing, clean
from core_pipeline.cloning.preview import FORMAT
from core_pipeline.thinking import pronouncing
from errors import Impossible
from tenants import pronunciations

if TYPE_CHECKING:
    from admin.frame.visit import Visit


async def shown(visit: Visit, status: int = 200, **more: Any) -> Response:
    """The table of words."""
    async with visit.work(reads=True) as session:
        words = await pronunciations.listing(session)
    given: dict[str, Any] = {"words": words, "typed": {}, "wrong": {}, "most": pronunciations.MOST}
    return visit.page("voices/words.html", status=status, **{**given, **more})


async def saved(visit: Visit) -> Response:
    """Keep a word: a new one, or the one that is named."""
    fields = await visit.fields()
    word_id = fields.get("id", "")
    given = (fields.get("language", ""), fields.get("written", ""), fields.get("spoken", ""))
    try:
        async with visit.work() as session:
            await pronouncing.keep(session, visit.actor, *given, pronunciation_id=word_id)
    except Impossible as error:
        return await shown(visit, 422, typed={word_id: fields}, wrong={word_id: words_of(visit, error)})
    return visit.go("/voices/words", "Saved. It is spoken so from the next answer on.")


async def dropped(visit: Visit) -> Response:
    """Delete a word."""
    async with visit.work() as session:
        await pronouncing.drop(session, visit.actor, (await visit.fields()).get("id", ""))
    return visit.go("/voices/words", "The word is deleted.")


async def heard(visit: Visit) -> Response:
    """A word as sound in the voice that is chosen: "before" as it is written, "after" as it is to be spoken."""
    fields = await visit.fields()
    language, written, spoken = (fields.get(name, "") for name in ("language", "written", "spoken"))
    text = clean(written.replace("\0", ""))[: pronouncing.LONGEST_WRITTEN]
    if language not in pronouncing.LANGUAGES or not text:
        raise Impossible("pronunciation-words", "give how it is written and spoken")
    said = clean(spoken.replace("\0", ""))[: pronouncing.LONGEST_SPOKEN]
    own = Pronouncing(((text, said),)) if fields.get("how") == "after" and said else AS_WRITTEN
    choice = visit.policy.voice.get(language, "")
    sound = await workroom(visit).spoken(visit.the_tenant.id, text, language, choice, order(visit), own)
    return Response(sound, media_type=FORMAT.mime)


async def table(visit: Visit) -> Response:
    """The whole dictionary as CSV."""
    async with visit.work(reads=True) as session:
        rows = await pronunciations.listing(session)
    named = f'attachment; filename="pronunciation-{visit.the_tenant.slug}.csv"'
    return Response(
        pronouncing.table(rows), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": named}
    )


async def taken_in(visit: Visit) -> Response:
    """Keep every word of a CSV file, or say what is wrong with it."""
    try:
        words = pronouncing.read_table(await file_of(visit, "table"))
        async with visit.work() as session:
            await pronouncing.take_in(session, visit.actor, words)
    except Impossible as error:
        told = f"{words_of(visit, error)} ({error.detail})" if "line" in error.detail else words_of(visit, error)
        if by_script(visit):
            return visit.json({"error": told}, 422)
        return await shown(visit, 422, wrong={"table": told})
    return done(visit, "/voices/words", "The table is taken in.")
