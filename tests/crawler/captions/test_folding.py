"""What the words of a caption are, and which of them follow each other."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsift.crawler.captions.byte_keys import keys_of, padded
from synsift.crawler.captions.folding import texts_of, words_of


def phrases(caption: str) -> list[str]:
    """The words of a caption, those with a space between that may be one phrase."""
    column = pa.array(["other", caption, "other"], pa.large_string())
    words, found = texts_of(column)[1], words_of(column)
    joined = found.joined[1 : 1 + len(words)]
    told: list[str] = []
    for word, is_joined in zip(words, joined, strict=True):
        if is_joined:
            told[-1] += f" {word}"
        else:
            told.append(word)
    return told


@pytest.mark.parametrize(
    ("caption", "told"),
    [
        ("Great-White SHARK", ["great white shark"]),
        ("great white shark", ["great white shark"]),
        ("cat. Dog", ["cat", "dog"]),
        ("St. Bernard", ["st bernard"]),
        ("cats, dogs; birds", ["cats", "dogs", "birds"]),
        ("tags,with,no,blanks", ["tags", "with", "no", "blanks"]),
        ("a dog - food bowl", ["a dog", "food bowl"]),
        ("the dog's nose", ["the dog nose"]),
        ("the dogs' noses", ["the dogs noses"]),
        ("the dog’s nose", ["the dog nose"]),
        ("o'clock", ["o clock"]),
        ("a jack-o'-lantern in a window", ["a jack o lantern in a window"]),
        ("Cat-o’-nine-tails", ["cat o nine tails"]),
        ("will-o'-the-wisp's - light", ["will o the wisp", "light"]),
        ("STRASSE, Straße", ["strasse", "strasse"]),
        ("salt &amp; pepper", ["salt pepper"]),
        ("“Hund” – café", ["hund", "café"]),
        (unicodedata.normalize("NFD", "Café Señor"), ["café señor"]),
        ("CAFÉ ŽIVÝ", ["café živý"]),
        ("whippet IMG_1234 dog", ["whippet", "dog"]),
        ("cat my_dog.JPG", ["cat"]),
        ("see http://cat.example/dog/bird.png now", ["see", "now"]),
        ("www.dog.example cat", ["cat"]),
        ("from dog.com cat", ["from", "cat"]),
        ("@dogs #cat", ["cat"]),
        ("photo by <PERSON>, dog", ["photo by", "dog"]),
        ("golden_retriever", ["golden retriever"]),
        ("大熊猫", ["大 熊 猫"]),
        ("大熊猫，狗", ["大 熊 猫", "狗"]),
        ("狗dog狗", ["狗 dog 狗"]),
        ("soft\xadhyphen zero\u200bwidth", ["softhyphen zerowidth"]),
        ("no\xa0break", ["no break"]),
        ("a\nb\tc", ["a", "b c"]),
        ("…—!?", []),
        ("", []),
        ("\x00\x1f\x7f", []),
    ],
)
def test_captions_are_words_and_breaks(caption: str, told: list[str]) -> None:
    assert phrases(caption) == told


@pytest.mark.parametrize("around", ["a very plain caption", "ünplain, <b>", ""])
def test_a_caption_is_read_as_if_it_stood_alone(around: str) -> None:
    captions = [around, "great white", None, "shark", "大熊", "猫", around, "cat."]
    alone = [phrases(text or "") for text in captions]
    column = pa.array(captions, pa.large_string())
    words, found = texts_of(column), words_of(column)
    assert [len(each) for each in words] == found.counts.tolist()
    assert [sum(len(told.split()) for told in each) for each in alone] == found.counts.tolist()
    first = [at for at in range(len(found.rows)) if at == 0 or found.rows[at] != found.rows[at - 1]]
    assert not found.joined[first].any()


def test_a_caption_that_is_a_whole_article_is_cut() -> None:
    long = "dog " * 3_000_000
    assert words_of(pa.array(["cat", long, "é" + long], pa.large_string())).counts.tolist() == [1, 500, 500]


@given(st.lists(st.text(max_size=60), max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_text_has_words_and_each_caption_its_own(texts: list[str]) -> None:
    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    column = pa.array(clean, pa.large_string())
    found, words = words_of(column), texts_of(column)
    assert found.counts.tolist() == [len(each) for each in words]
    assert len(found.keys) == len(found.rows) == len(found.joined) == found.counts.sum()
    for caption, each in zip(clean, words, strict=True):
        assert texts_of(pa.array([caption], pa.large_string())) == [each]


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=30))
def test_keys_are_the_same_for_the_same_bytes_alone(pieces: list[bytes]) -> None:
    import numpy as np

    data = padded(np.frombuffer(b"".join(pieces), np.uint8))
    lengths = np.array([len(each) for each in pieces], np.int64)
    keys = keys_of(data, np.cumsum(lengths) - lengths, lengths).tolist()
    assert len(set(keys)) == len(set(pieces))
    assert all(keys[at] == keys[pieces.index(each)] for at, each in enumerate(pieces))
