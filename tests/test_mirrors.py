"""Mirrors that are slow, damaged, odd or gone, and downloads that were broken off."""

import hashlib

import pytest
from made_up_data import leftovers
from made_up_mirrors import ASTRAY, DONE, ENDLESS, ODD

from gmm_tutorial import data
from gmm_tutorial.data import catalog, mirrors


@pytest.mark.parametrize("first", ["missing", "corrupt", "truncated", "unmeasured", "login", "stalled", "silent"])
def test_a_bad_mirror_is_passed_over(first, serve, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "ANSWER", 0.5)
    monkeypatch.setattr(mirrors, "STALL", 0.5)
    server = serve(first, "good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE
    resumed = server.asked[-1][1] is not None
    assert resumed == (first in ("truncated", "unmeasured", "stalled"))  # what came is kept, and the rest asked for


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("missing", "answered 404 Not Found"),
        ("truncated", "broke off the connection"),
        ("unmeasured", "broke off after"),
        ("login", "offers 26 bytes instead of"),
        ("stalled", "sent nothing for 0.3 s"),
        ("silent", "no answer within 0.2 s"),
        ("http://127.0.0.1:9/closed", "Connection refused"),
    ],
)
def test_what_is_said_when_nothing_is_to_be_had(how, why, serve, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "ANSWER", 0.2)
    monkeypatch.setattr(mirrors, "STALL", 0.3)
    serve(how)
    with pytest.raises(data.DataUnavailable) as error:
        data.fetch("cifar10", tmp_path)
    row, text = catalog.entry("cifar10"), str(error.value)
    assert f"{row.archive.files[0].mirrors[0]}: " in text and why in text
    for wanted in (row.archive.files[0].md5, "cifar10.npz", "GMM_TUTORIAL_DATA", "shapes", str(tmp_path)):
        assert wanted in text
    assert data.find("cifar10", tmp_path) is None  # nothing half done is taken for the data set


def test_an_endless_answer_ends_where_the_file_should(serve, archive, tmp_path):
    server = serve("endless")
    with pytest.raises(data.DataUnavailable, match=f"sends more than the {len(archive):,} bytes"):
        data.fetch("cifar10", tmp_path)
    assert server.sent < ENDLESS // 2 and leftovers(tmp_path) == set()  # what is on its way when it is stopped, no more
    serve("endless", "good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE


@pytest.mark.parametrize("how", ODD)
def test_an_odd_length_does_not_end_the_search(how, serve, archive, tmp_path):
    server = serve(how, "good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE and server.asked[0] == (how, None)
    if how in ("misnumbered", "negative", "empty-handed"):  # then it says nothing, and what comes may well be right
        assert len(server.asked) == 1


@pytest.mark.parametrize("number", range(len(ASTRAY)))
def test_an_odd_redirect_does_not_end_the_search(number, serve, tmp_path):
    server = serve(str(number), "good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE and server.asked[-1] == ("good", None)


@pytest.mark.parametrize("how", ["dripping", "faltering"])
def test_a_trickle_is_a_stall(how, serve, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "STALL", 0.3)
    server = serve(how)
    with pytest.raises(data.DataUnavailable, match=rf"{how}: sent only \d+ bytes in 0\.\d+ s"):
        data.fetch("cifar10", tmp_path)
    serve("good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE
    assert server.asked[-1][0] == "good" and server.asked[-1][1] is not None  # what came is kept


def test_a_slow_mirror_is_not_given_up(serve, archive, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "STALL", 0.4)  # several windows, each with enough: about 26 kB, and 12 are needed
    monkeypatch.setattr(mirrors, "SLOWEST", 30_000)
    server = serve("leisurely", "good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE and server.asked == [("leisurely", None)]


@pytest.mark.parametrize("how", ["good", "partial"])
def test_a_part_that_is_too_long_is_begun_anew(how, serve, archive, tmp_path):
    server = serve(how)
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(archive + b"more")
    data.fetch("cifar10", tmp_path)
    assert server.asked == [(how, None)] and leftovers(tmp_path) == DONE


def test_a_damaged_download_is_named_by_its_checksum_and_thrown_away(serve, archive, tmp_path):
    serve("corrupt")
    with pytest.raises(data.DataUnavailable, match=hashlib.md5(archive[:-1] + bytes([archive[-1] ^ 1])).hexdigest()):
        data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == set()


def test_a_broken_off_download_is_taken_up_again(serve, archive, tmp_path):
    server = serve("good")
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(archive[:100])
    assert data.find("cifar10", tmp_path) is None
    data.fetch("cifar10", tmp_path)
    assert server.asked == [("good", "bytes=100-")]


def test_a_server_that_cannot_resume_sends_it_all(serve, archive, tmp_path):
    server = serve("rangeless")
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(archive[:100])
    data.fetch("cifar10", tmp_path)
    assert server.asked == [("rangeless", "bytes=100-")] and leftovers(tmp_path) == DONE


@pytest.mark.parametrize("length", [100, None, 5_000_000])
def test_wrong_bytes_of_an_earlier_run_are_replaced(length, serve, archive, tmp_path):
    server = serve("good")  # the only mirror: it must be asked again
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(b"x" * (length or len(archive)))
    data.fetch("cifar10", tmp_path)
    assert server.asked[-1] == ("good", None) and leftovers(tmp_path) == DONE


def test_a_complete_part_needs_no_download(serve, archive, tmp_path):
    server = serve("good")
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(archive)
    data.fetch("cifar10", tmp_path)
    assert server.asked == [] and leftovers(tmp_path) == DONE
