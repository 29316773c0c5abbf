from __future__ import annotations

import multiprocessing

import pytest

from copilot.lanes import MOST_SENT_AHEAD, Lane

LONG = bytes(range(256)) * 1000
MESSAGE = (None, [("a", b"short", LONG), ("b", b"", LONG[1:]), ("c", LONG[:256], LONG[:255])])


@pytest.mark.parametrize("is_shared", [True, False])
def test_messages_arrive_as_they_were_sent(is_shared: bool) -> None:
    ours, theirs = multiprocessing.Pipe()
    lane = Lane(2, is_shared=is_shared)
    messages: list[object] = [MESSAGE, [], MESSAGE]
    for message in messages:
        packed = lane.packed(message)
        # A pipe holds less than this message has without shared memory.
        if is_shared:
            lane.send(ours, packed)
            assert lane.receive(theirs) == message
    assert (len(packed) < MOST_SENT_AHEAD) == is_shared


def test_unread_messages_do_not_share_memory() -> None:
    ours, theirs = multiprocessing.Pipe()
    lane = Lane(3, is_shared=True)
    sent = [bytes([number]) * 100_000 for number in range(5)]
    for number in range(3):
        lane.send(ours, lane.packed(sent[number]))
    received = [lane.receive(theirs), lane.receive(theirs)]
    for number in (3, 4):
        lane.send(ours, lane.packed(sent[number]))
    assert [*received, *(lane.receive(theirs) for _ in range(3))] == sent


def test_what_finds_no_room_in_memory_is_in_the_message() -> None:
    ours, _ = multiprocessing.Pipe()
    lane = Lane(1, is_shared=True)
    large = bytes(5_000_000)
    assert len(lane.packed([LONG, large])) > len(large)
    ours.close()
