"""One drawing in two states is no copy, and its edits are."""

import io
import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from synsift.dedupe import Tie, describe, relate
from synsift.dedupe.local.features import Features
from synsift.dedupe.local.geometry import Alignment, align
from synsift.dedupe.local.overlap import Overlap
from synsift.dedupe.local.relation import judge_state, shows_another
from synsift.dedupe.local.state import State, compare_states
from synsift.pipelines.decoding.protocol import MAX_ANSWER_BYTES
from tests.dedupe.local.test_relation import lying
from tests.dedupe.pictures import photograph

REMOVING = {Tie.COPY, Tie.PART_OF, Tie.CONTAINS}
WORDS = ["bread", "milk", "apples", "rice", "coffee", "soap", "paper", "cheese", "salt", "tea"]


def window(state: int) -> Image.Image:
    """A settings dialog with one page open of several."""
    rng = np.random.default_rng(state)
    image = Image.new("RGB", (640, 480), (236, 233, 226))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 640, 30), fill=(60, 90, 150))
    draw.text((12, 6), "Preferences of the little editor", fill="white", font_size=17)
    for number, word in enumerate(("Fonts", "Colours", "Indenting", "Saving", "Spelling", "Keys", "Printing", "About")):
        draw.rectangle((14, 46 + 44 * number, 150, 84 + 44 * number), fill=(255, 255, 255), outline=(150, 150, 150))
        draw.ellipse((22, 54 + 44 * number, 44, 76 + 44 * number), fill=(40 + 20 * number, 90, 200 - 20 * number))
        draw.text((54, 56 + 44 * number), word, fill="black", font_size=16)
    for number, word in enumerate(("Help", "Cancel", "Apply", "Close")):
        draw.rectangle((180 + 112 * number, 436, 280 + 112 * number, 468), fill=(220, 216, 208), outline=(90, 90, 90))
        draw.text((200 + 112 * number, 442), word, fill="black", font_size=16)
    for line in range(9):
        draw.rectangle((190, 56 + 40 * line, 204, 70 + 40 * line), outline="black", fill="white")
        draw.text((216, 52 + 40 * line), " ".join(rng.choice(WORDS, 5)), fill="black", font_size=17)
    return image


def board(state: int) -> Image.Image:
    """A board upon which one counter lies elsewhere each time."""
    image = Image.new("RGB", (480, 480), (222, 184, 135))
    draw = ImageDraw.Draw(image)
    for row, column in itertools.product(range(8), range(8)):
        place = (60 * column, 60 * row, 60 * column + 59, 60 * row + 59)
        draw.rectangle(place, fill=(240, 217, 181) if (row + column) % 2 else (181, 136, 99))
        draw.text((60 * column + 4, 60 * row + 2), f"{'abcdefgh'[column]}{8 - row}", fill="black", font_size=13)
    rng = np.random.default_rng(7)
    for place in rng.choice(56, 18, replace=False):
        x, y = 60 * (place % 8), 60 * (place // 8)
        draw.polygon([(x + 30, y + 16), (x + 48, y + 52), (x + 12, y + 52)], fill="white", outline="black")
    draw.ellipse((60 * state + 8, 428, 60 * state + 52, 472), fill=(150, 20, 20), outline="black", width=3)
    return image


def gallows(state: int) -> Image.Image:
    """A game's drawing, with one line more for each mistake, hatched as by a pencil."""
    image = Image.new("RGB", (440, 360), "white")
    draw = ImageDraw.Draw(image)
    lines = [((40, 330), (400, 330)), ((90, 330), (90, 30)), ((90, 40), (300, 40)), ((90, 110), (160, 40))]
    lines += [((280, 40), (280, 110)), ((250, 150), (310, 150)), ((280, 150), (280, 230)), ((330, 330), (370, 270))]
    rng = np.random.default_rng(3)
    for (x, y), (to_x, to_y) in lines[: 4 + state]:
        for _ in range(26):
            off = rng.integers(-12, 13, 4)
            draw.line((x + off[0], y + off[1], to_x + off[2], to_y + off[3]), fill=(40, 80, 130), width=1)
    return image


def account(state: int) -> Image.Image:
    """A window with a table of which other rows are seen."""
    rng = np.random.default_rng(5)
    rows = [(" ".join(rng.choice(WORDS, 3)), f"{rng.uniform(1, 900):.2f}") for _ in range(60)]
    image = Image.new("RGB", (640, 420), (210, 210, 214))
    draw = ImageDraw.Draw(image)
    for number, word in enumerate(("Save", "Close", "Copy", "Delete", "Enter", "Split", "Jump", "Print")):
        draw.rectangle((8 + 78 * number, 30, 78 + 78 * number, 76), fill=(245, 245, 245), outline=(120, 120, 120))
        draw.ellipse((30 + 78 * number, 34, 52 + 78 * number, 56), fill=(200 - 20 * number, 120, 20 * number))
        draw.text((18 + 78 * number, 57), word, fill="black", font_size=15)
    draw.text((10, 6), "Checking account of the shop", fill="black", font_size=16)
    for line, (text, sum_of) in enumerate(rows[4 * state : 4 * state + 13]):
        y = 84 + 25 * line
        draw.rectangle((0, y, 640, y + 24), fill=(190, 222, 190) if line % 2 else (235, 245, 225))
        draw.text((10, y + 3), text, fill="black", font_size=15)
        draw.text((520, y + 3), sum_of, fill="black", font_size=15)
    return image


def progress(state: int) -> Image.Image:
    """How far something is: of two, the one's white is everywhere the other's green."""
    image = Image.new("RGB", (480, 220), (239, 239, 239))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 480, 28), fill=(43, 74, 127))
    draw.text((12, 5), "Copying files", fill="white", font_size=16)
    draw.text((20, 50), "Everything of the old disk goes to the new one.", fill="black", font_size=16)
    draw.rectangle((20, 90, 460, 120), outline=(100, 100, 100), fill="white", width=2)
    draw.rectangle((22, 92, 22 + 109 * (state + 1), 118), fill=(63, 163, 77))
    draw.text((20, 132), f"{25 * (state + 1)}% of 4,096 files", fill="black", font_size=16)
    draw.rectangle((360, 170, 460, 202), fill=(221, 221, 221), outline=(80, 80, 80))
    draw.text((384, 176), "Cancel", fill="black", font_size=16)
    return image


DRAWINGS: dict[str, Callable[[int], Image.Image]] = {
    "pages of a dialog": window,
    "a board": board,
    "gallows": gallows,
    "an account": account,
    "progress": progress,
}


def encoded(image: Image.Image, quality: int) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality)
    return target.getvalue()


@pytest.mark.parametrize("kind", DRAWINGS)
@pytest.mark.parametrize("quality", [None, 80])
def test_one_drawing_in_two_states_is_no_copy(kind: str, quality: int | None) -> None:
    drawn = [DRAWINGS[kind](state) for state in range(4)]
    states = [describe(image if quality is None else encoded(image, quality)) for image in drawn]
    assert not [1 for one, other in itertools.combinations(states, 2) if relate(one, other).tie in REMOVING]


@pytest.mark.parametrize("kind", DRAWINGS)
def test_edits_of_a_drawing_are_of_one_state(kind: str) -> None:
    image = DRAWINGS[kind](1)
    edits = [
        encoded(image, 60),
        image.rotate(15, Image.Resampling.BICUBIC, expand=True),
        ImageOps.expand(image, 40, "#336699"),
        ImageOps.mirror(image),
        Image.blend(image, Image.new("RGB", image.size, "white"), 0.1),
        image.resize((image.width * 2 // 3, image.height * 2 // 3), Image.Resampling.LANCZOS),
    ]
    original = describe(image)
    ties = [relate(describe(edit), original).tie for edit in edits]
    assert ties == [Tie.COPY] * len(edits)


def test_what_two_states_differ_by_is_ink_and_what_edits_do_is_usual() -> None:
    original = describe(window(1))
    other, edit = describe(window(2)), describe(encoded(window(1).resize((420, 315)), 60))
    another, same = (compare_states(one, original, must(align(one, original))) for one in (other, edit))
    assert another is not None
    assert same is not None
    assert another.drawn
    assert same.drawn
    assert another.ink - another.usual > 0.2
    assert same.ink - same.usual < 0.1


def piece(fill: tuple[int, int, int]) -> Image.Image:
    """A queen of one of two players, as hatched as the other's."""
    image = Image.new("RGB", (360, 360), "white")
    draw = ImageDraw.Draw(image)
    crown = [(60, 90), (110, 190), (120, 60), (165, 180), (180, 40), (195, 180), (240, 60), (250, 190), (300, 90)]
    draw.polygon([*crown, (265, 300), (95, 300)], fill=fill, outline="black", width=6)
    for line in range(7):
        draw.line((100, 215 + 12 * line, 260 - 8 * line, 215 + 12 * line), fill="black", width=3)
    for x, y in crown[::2]:
        draw.ellipse((x - 14, y - 14, x + 14, y + 14), fill=fill, outline="black", width=4)
    draw.rectangle((80, 300, 280, 330), fill=fill, outline="black", width=6)
    return image


def test_two_players_pieces_are_no_copies() -> None:
    dark, light = describe(piece((70, 120, 35))), describe(piece((220, 135, 138)))
    assert relate(dark, light).tie not in REMOVING
    assert relate(dark, describe(encoded(piece((70, 120, 35)), 50))).tie is Tie.COPY


def record(size: int, name: str) -> Image.Image:
    """A form in small letters."""
    image = Image.new("RGB", (640, 480), "#f0f0f0")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 640, 34), fill="#325aa0")
    draw.text((12, 10), "Customer record", fill="white", font_size=size)
    entries = (name, "12 Mill Lane", "Arlington", "likes engines", "+44 20 7946 0000", "never paints", "two boats")
    for number, entry in enumerate(entries):
        y = 60 + 52 * number
        draw.text((30, y + 8), WORDS[number].capitalize(), fill="black", font_size=size)
        draw.rectangle((150, y, 600, y + 30), fill="white", outline="#787878")
        draw.text((160, y + 7), entry, fill="black", font_size=size)
    return image


@pytest.mark.parametrize("size", [10, 13, 20])
def test_a_form_with_another_name_is_another_form_and_its_edits_are_not(size: int) -> None:
    original, other = describe(record(size, "Ada Lovelace")), describe(record(size, "Alan Turing"))
    assert relate(original, other).tie is Tie.SHARES_A_PART
    assert shows_another(original, other)
    assert shows_another(other, original)
    image = record(size, "Ada Lovelace")
    edits = [
        *(encoded(image, quality) for quality in (30, 60, 90)),
        image.resize((320, 240), Image.Resampling.LANCZOS),
        image.resize((214, 160), Image.Resampling.LANCZOS),
        image.filter(ImageFilter.GaussianBlur(2)),
        image.crop((32, 24, 608, 456)),
        ImageOps.expand(image, 40, "#336699"),
        ImageOps.grayscale(image),
        ImageOps.mirror(image),
        image.point(lambda level: min(255, round(1.4 * level))),
        image.point(lambda level: level * 6 // 10),
        image.rotate(5, Image.Resampling.BICUBIC, expand=True),
    ]
    assert not [number for number, edit in enumerate(edits) if shows_another(describe(edit), original)]


def test_of_photographs_with_something_in_one_place_nothing_is_said() -> None:
    image = photograph(5)
    covered = image.copy()
    ImageDraw.Draw(covered).rectangle((20, 20, 90, 60), fill="white")
    assert not shows_another(describe(image), describe(covered))


def test_the_darkest_letters_of_a_sheet_keep_their_tone_where_hardly_any_are_as_dark() -> None:
    image = Image.new("RGB", (620, 877), "white")
    draw = ImageDraw.Draw(image)
    draw.text((310, 40), "A title", fill="black", font_size=26, anchor="mm")
    for number in range(14):
        draw.text((40, 90 + 50 * number), WORDS[number % 10], fill="#777777", font_size=13)
        draw.rectangle((220, 82 + 50 * number, 580, 114 + 50 * number), outline="#888888")
    one, other = describe(image), describe(encoded(image, 95))
    found = compare_states(one, other, must(align(one, other)))
    assert found is not None
    assert found.ink < 0.01
    assert found.apart < 0.04


def must(found: Alignment | None) -> Alignment:
    assert found is not None
    return found


def test_a_photograph_is_no_drawing_and_keeps_no_finer_copy() -> None:
    assert describe(ImageOps.equalize(photograph(5))).finer.size == 0
    assert max(describe(window(1)).finer.shape) == 192


def test_wares_on_white_that_are_shaded_are_no_drawings() -> None:
    image = Image.new("L", (480, 360), 255)
    rows, columns = np.indices((360, 480))
    inside = ((columns - 240) / 150) ** 2 + ((rows - 180) / 110) ** 2
    shade = np.where(inside < 1, 110 + 50 * inside + 12 * np.sin(columns / 30) * np.cos(rows / 26), 255)
    image = Image.fromarray(shade.clip(0, 255).astype(np.uint8)).convert("RGB")
    ware = describe(image)
    at_rest = Alignment(np.eye(3), False, 20, ware.points[:20, :2].astype(float), ware.points[:20, :2].astype(float))
    found = compare_states(ware, ware, at_rest)
    assert found is not None
    assert not found.drawn
    assert found.ink < 0.05


@pytest.mark.parametrize(
    ("tie", "state", "lies", "told"),
    [
        # A line more in a drawing; a frame around a window; an account with other entries; the same, framed.
        (Tie.COPY, State(0.18, 0.01, True), lying(0.98, covered=0.02), Tie.SHARES_A_PART),
        (Tie.COPY, State(0.10, 0.04, True), lying(0.96, covered=0.08), Tie.COPY),
        (Tie.CONTAINS, State(0.17, 0.11, True), lying(0.7, covered=0.43), Tie.SHARES_A_PART),
        (Tie.PART_OF, State(0.08, 0.06, True), lying(0.82, covered=0.3), Tie.PART_OF),
        # A dialog that was turned, of which few points agree; the same of two pages of it.
        (Tie.SHARES_A_PART, State(0.04, 0.01, True), lying(0.98), Tie.COPY),
        (Tie.SHARES_A_PART, State(0.2, 0.01, True), lying(0.94), Tie.SHARES_A_PART),
        # Small letters: other rows of an account, on each other; the same, turned.
        (Tie.SHARES_A_PART, State(0.08, 0.03, True), lying(1.0, moved=0.0, evenly=0.67), Tie.SHARES_A_PART),
        (Tie.SHARES_A_PART, State(0.08, 0.03, True), lying(1.0, moved=0.2, evenly=0.67), Tie.COPY),
        # The pieces of two players; hearts of two colours.
        (Tie.COPY, State(0.0, 0.0, True, lighter=67, coloured=47), lying(1.0), Tie.SHARES_A_PART),
        (Tie.SHARES_A_PART, State(0.0, 0.0, True, lighter=42, coloured=2), lying(1.0), Tie.SHARES_A_PART),
        # A photograph with a sticker, on plain ground; and one on any ground.
        (Tie.COPY, State(0.9, 0.02, False), lying(0.8, covered=0.2), Tie.COPY),
        # A ware on white with grain and shadows; with a sticker, as wares of one shop; with another size beside it.
        (Tie.COPY, State(0.3, 0.02, True), lying(0.97, covered=0.05, of_ware=True), Tie.COPY),
        (Tie.COPY, State(0.3, 0.02, True), lying(0.8, covered=0.2, of_ware=True), Tie.SHARES_A_PART),
        (Tie.COPY, State(0.3, 0.0, True, apart=0.07, usually_apart=0.001), lying(1.0, of_ware=True), Tie.SHARES_A_PART),
        # Flags of two colours of one lightness, shaded.
        (Tie.SHARES_A_PART, State(0.02, 0.01, False), lying(1.0), Tie.SHARES_A_PART),
        (Tie.COPY, None, lying(0.8, covered=0.2), Tie.COPY),
        # A form with another name; as many points of it agree as of a form of its own; a blurred one.
        (Tie.COPY, State(0.0, 0.0, True, apart=0.07, usually_apart=0.001), lying(1.0), Tie.SHARES_A_PART),
        (Tie.SHARES_A_PART, State(0.0, 0.0, True, apart=0.07, usually_apart=0.001), lying(1.0), Tie.SHARES_A_PART),
        (Tie.COPY, State(0.06, 0.03, True, apart=0.13, usually_apart=0.06), lying(1.0), Tie.COPY),
        # Clubs and spades, of which the numbers agree; a card at a third of its size; the same where more points agree.
        (
            Tie.SHARES_A_PART,
            State(0.03, 0.0, True, apart=0.3, usually_apart=0.14, half_apart=0.03),
            lying(1.0, met=0.16),
            Tie.SHARES_A_PART,
        ),
        (
            Tie.SHARES_A_PART,
            State(0.03, 0.01, True, apart=0.15, usually_apart=0.1, half_apart=0.03),
            lying(1.0, met=0.16),
            Tie.COPY,
        ),
        (
            Tie.SHARES_A_PART,
            State(0.03, 0.0, True, apart=0.3, usually_apart=0.14, half_apart=0.03),
            lying(1.0, met=0.3),
            Tie.COPY,
        ),
    ],
)
def test_ink_beyond_what_is_usual_tells_states_apart(tie: Tie, state: State | None, lies: Overlap, told: Tie) -> None:
    assert judge_state(tie, state, lies) is told


def test_features_of_the_busiest_drawing_fit_into_a_describers_answer() -> None:
    rng = np.random.default_rng(1)
    image = np.full((512, 512), 255, np.uint8)
    image[:, 160:] = rng.integers(0, 2, (512, 352), dtype=np.uint8) * 255
    made = describe(image)
    assert made.finer.size
    assert len(made.to_bytes()) < MAX_ANSWER_BYTES
    assert (Features.from_bytes(made.to_bytes()).finer == made.finer).all()


def test_bytes_of_features_are_refused_or_read_whatever_was_changed_in_their_head() -> None:
    rng, good = np.random.default_rng(2), describe(window(0))
    data, head_bytes = good.to_bytes(), 15
    for _ in range(300):
        changed = bytearray(data)
        for place in rng.integers(1, head_bytes, 2):
            changed[place] = rng.integers(0, 256)
        try:
            back = Features.from_bytes(bytes(changed))
        except ValueError:
            continue
        assert relate(back, good).points >= 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 192), (192, 1), (3, 5)])
def test_finer_copies_of_any_shape_are_compared(shape: tuple[int, int]) -> None:
    good = describe(window(0))
    odd = replace(good, finer=np.zeros(shape, np.uint8))
    for one, other in ((odd, good), (good, odd), (odd, odd)):
        assert relate(one, other).tie in Tie
