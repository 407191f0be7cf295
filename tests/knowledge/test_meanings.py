"""What a word of a question may mean: other spellings, words, letters; and what is made of wares and texts."""

from __future__ import annotations

import pytest

from core_pipeline.arabic.analysis import terms, tokens
from core_pipeline.knowledge.dialect import written_for
from core_pipeline.knowledge.entries import Extract, Ware, ware_entry
from core_pipeline.knowledge.evidence import clues
from core_pipeline.knowledge.pieces import Section, digest, piece
from core_pipeline.knowledge.store import fuse, one_term_each
from core_pipeline.knowledge.texts import find, sentences
from core_pipeline.knowledge.vocabulary import VERY_MANY, Counts, Vocabulary


def vocabulary(text: str, more: int = 0) -> Vocabulary:
    found = {each.word: each.term for each in tokens(text)} | {f"zz{n}zz": f"zz{n}zz" for n in range(more)}
    return Vocabulary(Counts(10 + more, dict.fromkeys(found.values(), 1), found))


def meant(known: Vocabulary, word: str) -> set[str]:
    return {term for token in tokens(word) for term in known.meanings(token)}


def test_a_customers_word_means_the_businesss_where_it_has_it() -> None:
    (room,) = terms("غرفة")
    assert room in written_for(*terms("اوضة"))
    assert meant(vocabulary("سعر الغرفة"), "الاوضة") == {room}
    assert meant(vocabulary("سعر السيارة"), "الاوضة") == set()
    assert meant(vocabulary("bicycles for hire"), "bike") == set(terms("bicycles"))


def test_a_word_the_business_uses_itself_keeps_its_meaning() -> None:
    known = vocabulary("اوضة غرفة")
    (own,) = tokens("اوضة")
    assert known.meanings(own)[own.term] == 1.0
    assert set(known.meanings(own)) == {own.term, *terms("غرفة")}


def test_among_many_words_only_long_ones_are_taken_for_misspelt() -> None:
    for word, slip in (("golf", "gold"), ("مسجد", "مسجل")):
        assert meant(vocabulary(word), slip) == set(terms(word))
        assert meant(vocabulary(word, VERY_MANY), slip) == set()
    assert meant(vocabulary("breakfast", VERY_MANY), "breakfst") == set(terms("breakfast"))


def test_arabizi_is_heard_by_its_consonants_and_few_of_many_are_meant() -> None:
    assert set(vocabulary("مسبح").sounding("masba7")) == set(terms("مسبح"))
    crowd = " ".join(f"م{a}س{b}ب{c}ح" for a in ("", "ا", "و") for b in ("", "ا", "ي") for c in ("", "و", "ي"))
    words = {each.word: each.term for each in tokens(crowd)}
    seen = dict.fromkeys(words.values(), 1) | dict.fromkeys(terms("مسبح"), 2)
    heard = Vocabulary(Counts(50, seen, words)).sounding("masba7")
    assert 1 < len(heard) <= 6 < len(words)
    assert next(iter(heard)) == terms("مسبح")[0]
    assert "ماسابيح" in words
    assert words["ماسابيح"] not in heard, "three long vowels are more than two vowels can mean"


@pytest.mark.parametrize(
    ("ware", "answer"),
    [
        (Ware("1", "شاي", "", "ar", "50.00", "EGP"), "سعر شاي هو 50 جنيها."),
        (Ware("1", "شاي", "", "ar", "3", "SAR"), "سعر شاي هو 3 ريالات سعودية."),
        (Ware("1", "شاي", "", "ar", "102", "EGP"), "سعر شاي هو 102 جنيه."),
        (Ware("1", "شاي", "ساخن.", "ar", "12.5", "EGP"), "سعر شاي هو 12.5 جنيه. ساخن."),
        (Ware("1", "Tea", "", "en", "1250.50", "KWD"), "Tea costs 1250.5 Kuwaiti dinars."),
        (Ware("1", "Tea", "", "en", "9", "XYZ"), "Tea costs 9 XYZ."),
        (Ware("1", "Tea", "", "en", "0", "EGP"), "Tea costs 0 Egyptian pounds."),
        (Ware("1", "Tea", "", "en"), "Yes, we have Tea."),
        (Ware("1", "Tea", "", "en", "by weight", "EGP"), "Yes, we have Tea."),
        (Ware("1", "Tea", "", "en", "NaN", "EGP"), "Yes, we have Tea."),
        (Ware("1", "شاي", "", "ar", "50", "EGP", available=False), "شاي غير متوفر حاليا."),
    ],
)
def test_a_wares_answer_can_be_spoken(ware: Ware, answer: str) -> None:
    assert ware_entry(ware).answer == answer


def test_an_amount_answers_how_much_and_a_time_when() -> None:
    text = piece(Extract("1", "الغرفة بمبلغ 900 جنيه.\nالفطور في 7:30 صباحا.\nعندنا 12 غرفة.", "ar")).told.split("\n")
    price, when = terms("سعر")[0], terms("متى")[0]
    assert [price in line.split() for line in text] == [True, False, False]
    assert [when in line.split() for line in text] == [False, True, False]


def test_the_sentences_that_answer_are_told_apart() -> None:
    extract = Extract("1", "We are by the sea. Towels are lent. Pets may stay. They pay nothing.", "en", title="Pets")
    known = piece(extract)
    words = Vocabulary(Counts(50, dict.fromkeys(f"{known.asked} {known.told}".split(), 1), {}))
    finding = find(clues(tokens("are towels lent"), words, arabizi=False), known.asked, known.told)
    assert sentences(extract.text)[finding.first : finding.end] == ["Towels are lent."]
    assert finding.sure > 0.9
    assert find([], known.asked, known.told).sure == 0
    assert find(clues(tokens("how much"), words, arabizi=False), known.asked, known.told).sure == 0


def test_a_pieces_digest_changes_with_any_of_its_content() -> None:
    first = Extract("1", "Text", "en", "Heading", "Title", 3)
    others = [
        Extract("1", *rest) for rest in (("T", "en", "Heading", "Title", 3), ("Text", "en", "Heading", "Title", 4))
    ]
    assert digest(first) == digest(Extract("1", "Text", "en", "Heading", "Title", 3))
    assert len({digest(each) for each in (first, *others)}) == 3
    assert piece(first).section is Section.TEXTS


def test_ranks_are_fused_and_cut() -> None:
    assert list(fuse([[1, 2, 3], [3, 2, 9]], 3)) == [3, 2, 1]
    assert fuse([[7], []], 3) == {7: 1.0}
    assert fuse([[], []], 3) == {}


def test_a_spelling_stands_for_what_it_stands_for_most() -> None:
    assert one_term_each([("w", "b", 2), ("w", "a", 2), ("w", "c", 1), ("v", "c", 1)]) == {"w": "a", "v": "c"}
