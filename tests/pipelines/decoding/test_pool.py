"""Real decoder processes: what they refuse, what they survive, and that they may do nothing else."""

import io
import os
import signal
import struct
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from synsift.dedupe import ImageError, compare, fingerprint
from synsift.pipelines.decoding.errors import DecodeMemory, DecoderCrashed, DecodersUnavailable, DecodeTimeout
from synsift.pipelines.decoding.pool import DecoderPool, Limits, ProcessPool, _Decoder
from tests.dedupe.pictures import encoded, scene


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    found = DecoderPool(1, Limits(100_000_000, cpu_s=5))
    yield found
    found.close()


@pytest.fixture(scope="module")
def hashing_pool() -> Iterator[DecoderPool]:
    """One whose decoder makes hashes of other libraries, too."""
    found = DecoderPool(1, Limits(100_000_000, cpu_s=5), ["phash", "dhash", "md5"])
    yield found
    found.close()


def decoder_of(pool: DecoderPool) -> _Decoder:
    """The pool's one process."""
    decoder = pool._free.get()
    pool._free.put(decoder)
    assert decoder is not None
    return decoder


def refused(pool: DecoderPool, data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        pool.fingerprint(data)
    return caught.value.outcome


def huge_png(width: int, height: int) -> bytes:
    """A grey picture of few bytes and many pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer = zlib.compressobj(9)
    row = bytes(width + 1)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def costly_jpeg(scans: int, side: int = 10_000) -> bytes:
    """A progressive JPEG that asks for the same refinement again and again."""

    def segment(marker: int, body: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body

    head = b"\xff\xd8" + segment(0xDB, b"\0" + bytes([16] * 64))
    head += segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + bytes([1, 0x11, 0]))
    return head + segment(0xDA, bytes([1, 1, 0, 1, 63, 0x10])) * scans + b"\xff\xd9"


def huge_gif(side: int) -> bytes:
    """A small screen, and a frame that is disposed of before it was seen, so that its reader makes it all at once."""
    frame = b"\x2c" + struct.pack("<HHHH", 0, 0, side, side) + b"\0\x02\x02\x4c\x01\0"
    return b"GIF89a\x10\0\x10\0\0\0\0" + b"\x21\xf9\x04\x09\0\0\0\0" + frame + b";"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_a_picture_gets_the_fingerprint_that_it_gets_anywhere(pool: DecoderPool, kind: str) -> None:
    data = encoded(scene(3), kind)
    assert pool.fingerprint(data) == fingerprint(data)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"])
def test_so_does_one_of_any_mode(pool: DecoderPool, hashing_pool: DecoderPool, mode: str) -> None:
    """Pillow loads what converts LAB when it meets the first, and a decoder can load nothing any more."""
    picture = scene(3)
    if mode in ("I;16", "I"):
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    picture = (picture.convert("L") if mode == "LA" else picture).convert(mode)
    file = io.BytesIO()
    picture.save(file, "TIFF")
    found = pool.fingerprint(file.getvalue())
    assert found == fingerprint(file.getvalue())
    assert compare(fingerprint(scene(3)), found).are_copies
    assert hashing_pool.look(file.getvalue())[1].keys() == {"phash", "dhash", "md5"}


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"", "not_an_image"),
        (b"<html>", "not_an_image"),
        (b"\xff\xd8\xff\xe0 nothing more", "corrupt_image"),
        (costly_jpeg(400), "too_costly"),
        (huge_gif(60_000), "too_many_pixels"),
        (b"\xff\xd8" + b"\xff\xe1\x00\x09Exif\0\0X" * 5_000 + encoded(scene(1), "JPEG")[2:], "too_costly"),
        (b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0tEXt\0\0\0\0" * 60_000, "too_costly"),
        (b"RIFF\xff\xff\xff\x00WEBP" + b"ICCP\0\0\0\0" * 5_000, "too_costly"),
        (b"GIF89a\1\0\1\0\0\0\0!\xfe" + (b"\xff" + bytes(255)) * 20_000 + b"\0;", "too_costly"),
        (huge_png(20_000, 20_000)[:5_000], "too_many_pixels"),
    ],
    ids=[
        "empty",
        "html",
        "stub",
        "scans",
        "gif-frame",
        "segments",
        "png-chunks",
        "riff-chunks",
        "gif-comments",
        "pixels",
    ],
)
def test_what_is_refused_has_its_reason_and_costs_no_process(pool: DecoderPool, data: bytes, outcome: str) -> None:
    pool.fingerprint(encoded(scene(1), "PNG"))
    before = decoder_of(pool)
    assert refused(pool, data) == outcome
    assert decoder_of(pool) is before


def test_memory_ends_a_picture_and_nothing_else(pool: DecoderPool) -> None:
    file = io.BytesIO()
    Image.new("RGB", (10_000, 10_000)).save(file, "WEBP", lossless=True, method=0)
    with pytest.raises(DecodeMemory):
        pool.fingerprint(file.getvalue())
    assert pool.fingerprint(encoded(scene(2), "PNG")) == fingerprint(encoded(scene(2), "PNG"))


def test_a_progressive_jpeg_for_which_memory_lacks_is_not_called_broken(pool: DecoderPool) -> None:
    data = bytearray(encoded(scene(1, size=(64, 48)), "JPEG", progressive=True, subsampling=0))
    frame = data.index(b"\xff\xc2")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 9_900, 9_900)
    assert refused(pool, bytes(data)) == "decode_memory"


def test_a_large_picture_gets_the_large_grant(pool: DecoderPool) -> None:
    found = pool.fingerprint(huge_png(9_000, 9_000))
    assert (found.width_px, found.height_px) == (9_000, 9_000)


def test_cpu_time_ends_a_picture_and_nothing_else() -> None:
    pool = DecoderPool(1, Limits(2_000_000_000, cpu_s=1, memory_bytes=4 << 30))
    with pytest.raises(DecodeTimeout, match="CPU"):
        pool.fingerprint(huge_png(40_000, 40_000))
    assert pool.fingerprint(encoded(scene(2), "PNG")) == fingerprint(encoded(scene(2), "PNG"))
    pool.close()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
@pytest.mark.parametrize("times", [1, 2])
def test_a_decoder_that_dies_is_replaced_and_its_picture_tried_once_more(times: int, number: signal.Signals) -> None:
    pool = DecoderPool(1, Limits(400_000_000, cpu_s=60, memory_bytes=1 << 30))
    slow = huge_png(19_000, 19_000)
    pool.fingerprint(encoded(scene(1), "PNG"))
    killed: list[int] = []

    def kill() -> None:
        last = None
        while len(killed) < times:
            for pid in children():
                if pid != last and is_busy(pid):
                    os.kill(pid, number)
                    killed.append(pid)
                    last = pid
            time.sleep(0.001)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    if times == 1:
        assert pool.fingerprint(slow).width_px == 19_000
    else:
        with pytest.raises(DecoderCrashed, match=number.name):
            pool.fingerprint(slow)
    killer.join()
    assert len(set(killed)) == times
    assert pool.fingerprint(encoded(scene(2), "PNG")) == fingerprint(encoded(scene(2), "PNG"))
    pool.close()


def test_a_decoder_that_was_killed_while_it_had_nothing_to_do_costs_no_picture() -> None:
    pool = DecoderPool(1, Limits(1_000_000))
    picture = encoded(scene(1), "PNG")
    for _ in range(3):
        pool.fingerprint(picture)
        process = decoder_of(pool)._process
        process.kill()
        process.wait()
        assert pool.fingerprint(picture) == fingerprint(picture)
    pool.close()


def test_where_no_decoder_starts_no_picture_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = DecoderPool(1, Limits(1_000_000))
    picture = encoded(scene(1), "PNG")
    monkeypatch.setattr("synsift.pipelines.decoding.pool._START_WAITS_S", (0.0, 0.0))
    with monkeypatch.context() as broken:
        broken.setattr("sys.executable", "/bin/false")
        with pytest.raises(DecodersUnavailable, match="exit status 1"):
            pool.fingerprint(picture)
    assert pool.fingerprint(picture) == fingerprint(picture)
    pool.close()


def children() -> list[int]:
    """Decoders that this process started: by their module, as what forks others for tests names them, too."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat, open(f"/proc/{name}/cmdline") as cmdline:
                    if (
                        int(stat.read().rpartition(")")[2].split()[1]) == os.getpid()
                        and "decoding.decoder" in cmdline.read()
                    ):
                        found.append(int(name))
            except (OSError, IndexError):
                continue
    return found


def is_busy(pid: int) -> bool:
    """Whether a decoder has a large picture in its memory."""
    try:
        with open(f"/proc/{pid}/statm") as statm:
            return int(statm.read().split()[1]) * 4096 > 200_000_000
    except (OSError, IndexError):
        return False


def test_a_decoder_opens_and_writes_nothing(pool: DecoderPool) -> None:
    pool.fingerprint(encoded(scene(1), "PNG"))
    pid = decoder_of(pool)._process.pid
    with open(f"/proc/{pid}/limits") as file:
        limits = {line[:26].strip(): line[26:].split()[:2] for line in file.readlines()[1:]}
    open_files = len(os.listdir(f"/proc/{pid}/fd"))
    assert int(limits["Max open files"][0]) == int(limits["Max open files"][1]) <= open_files + 2
    assert limits["Max file size"] == ["0", "0"]
    assert limits["Max core file size"] == ["0", "0"]


def test_a_decoder_knows_no_secrets(pool: DecoderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNSIFT_STORE__SECRET_ACCESS_KEY", "hush")
    other = DecoderPool(1, Limits(1_000_000))
    other.fingerprint(encoded(scene(1), "PNG"))
    with open(f"/proc/{decoder_of(other)._process.pid}/environ") as file:
        assert "hush" not in file.read()
    other.close()


def test_decoders_end_with_their_pool() -> None:
    pool = DecoderPool(2, Limits(1_000_000))
    pool.fingerprint(encoded(scene(1), "PNG"))
    process = decoder_of(pool)._process
    pool.close()
    assert process.poll() is not None


ANSWERS = {
    "two answers at once": "E\0\0\0\0" * 2,
    "an empty one, and more": "M\0\0\0\0F",
    "an answer, and half of another": "E\3\0\0\0abcE\1",
    "one that is too long": "F\0\0\0\x7f",
}


@pytest.mark.parametrize("said", ANSWERS.values(), ids=ANSWERS)
def test_a_decoder_that_says_more_than_its_answer_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    program = tmp_path / "decoder"
    text = ["import os, sys, time", r"os.write(1, b'R\0\0\0\0')", "sys.stdin.buffer.read(30)"]
    text += [f"os.write(1, {said.encode('latin-1')!r})", "time.sleep(60)"]
    program.write_text("\n".join([f"#!{sys.executable}", *text]) + "\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    pool = DecoderPool(1, Limits(100))
    with pytest.raises(DecoderCrashed):
        pool.fingerprint(b"xx")
    pool.close()


def test_an_answer_may_come_in_pieces_and_a_request_go_in_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "decoder"
    text = ["import os, sys, time", r"answer = b'R\0\0\0\0'", "while True:"]
    text += ["    for n in range(len(answer)): os.write(1, answer[n:n+1]); time.sleep(0.001)"]
    text += [
        "    head = sys.stdin.buffer.read(28)",
        "    if not head: break",
        "    size = int.from_bytes(head[:8], 'little')",
    ]
    text += ["    data = sys.stdin.buffer.read(size)", r"    answer = b'D' + (4).to_bytes(4, 'little') + data[-4:]"]
    program.write_text("\n".join([f"#!{sys.executable}", *text]) + "\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    pool = ProcessPool(1, Limits(100), ("x",))
    for data in (b"abcd", bytes(5_000_000) + b"last", b"and again"):
        assert pool.request(data) == (b"D", data[-4:])
    pool.close()
