"""The bytes that the generators send and read."""

import pytest

from bench.generator import frames
from bench.generator.http import length_of
from bench.stage import menu_csv
from services.realtime.protocol import text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_frames_of_the_server_are_split_wherever_the_bytes_are_cut(size: int) -> None:
    payload = b"x" * size
    stream = text_frame(payload) + text_frame(b"second")
    assert [stream[start:end] for _, start, end in frames.split(stream)] == [payload, b"second"]
    for cut in {0, 1, 2, 3, 5, 9, size // 2, len(stream) - 1}:
        whole = [stream[start:end] for _, start, end in frames.split(stream[:cut])]
        assert whole == ([payload] if cut >= len(text_frame(payload)) else [])


@pytest.mark.parametrize("size", [3, 125, 126, 2_000])
def test_a_clients_frame_is_masked_and_says_its_length(size: int) -> None:
    frame = frames.masked_text(b"y" * size)
    assert frame[1] & 0x80
    stated = frame[1] & 0x7F
    if stated == 126:
        stated = int.from_bytes(frame[2:4], "big")
    assert stated == size
    assert frame.endswith(b"\0\0\0\0" + b"y" * size)


def test_the_instant_of_a_command_is_read_from_its_id_only() -> None:
    assert frames.instant_in(b'{"t":"ev","cid":"b.1234567.3.9","d":{}}') == 1_234_567
    assert frames.instant_in(b'{"t":"ev","cid":"018f-another","d":{"note":"b.99.1"}}') == 0


def test_the_length_of_an_answer_is_found_in_any_case_and_may_be_missing() -> None:
    assert length_of(b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\nx: y\r\n") == 17
    assert length_of(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n") == 5
    assert length_of(b"HTTP/1.1 304 Not Modified\r\netag: 1\r\n") == 0


def test_a_menu_has_as_many_rows_as_asked() -> None:
    assert len(menu_csv(1_000).splitlines()) == 1_001
