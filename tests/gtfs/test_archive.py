"""Zips from strangers are opened carefully."""

import io
import zipfile

import pytest

from gtfs.edge.archive import tables_in
from gtfs.edge.load import load_feed
from mobility.core.errors import BadInputError
from tests.gtfs.feed_files import FILES, feed, packed


def check_refused(path, words):
    with pytest.raises(BadInputError, match=words) as caught:
        load_feed(path)
    return str(caught.value)


def test_what_is_not_there_can_not_be_loaded(tmp_path):
    check_refused(tmp_path / "absent.zip", "there is no such feed")


def test_what_is_no_zip_is_refused(tmp_path):
    path = tmp_path / "feed.zip"
    for content in (b"", b"stop_id,stop_name\n", b"\x1f\x8b" + bytes(100)):
        path.write_bytes(content)
        check_refused(path, "no zip file")


def test_a_truncated_zip_is_refused(tmp_path):
    path = feed(tmp_path)
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        check_refused(path, "no zip file, or its end is missing")


def test_a_damaged_table_is_named(tmp_path):
    path = feed(tmp_path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("stop_times.txt")
    start = entry.header_offset + 30 + len("stop_times.txt")
    content[start : start + entry.compress_size] = bytes(entry.compress_size)
    path.write_bytes(bytes(content))
    assert "stop_times.txt" in check_refused(path, "damaged")


@pytest.mark.parametrize(
    "name", ["/etc/stops.txt", "../stops.txt", "a/../../stops.txt", "C:/stops.txt", "..\\stops.txt"]
)
def test_names_that_lead_out_of_the_zip_are_refused(tmp_path, name):
    check_refused(feed(tmp_path, {"stops.txt": None, name: FILES["stops.txt"]}), "leads out of the zip")


def test_a_table_in_the_zip_twice_is_refused(tmp_path):
    check_refused(feed(tmp_path, {"old/stops.txt": FILES["stops.txt"]}), "twice")


def test_a_feed_in_a_folder_of_the_zip_loads(tmp_path):
    path = tmp_path / "feed.zip"
    path.write_bytes(packed({f"feed/{name}": content for name, content in FILES.items()}))
    assert len(load_feed(path).trips) == 2


def test_a_table_that_unpacks_to_far_more_than_its_size_is_refused_before_it_is_read(tmp_path):
    check_refused(feed(tmp_path, {"stops.txt": FILES["stops.txt"] + " " * 20_000_000}), "times its size")


def test_more_data_than_the_limit_is_refused_before_it_is_read(tmp_path):
    path = feed(tmp_path)
    with pytest.raises(BadInputError, match="are read at most"):
        load_feed(path, max_bytes=500)


def test_a_size_that_lies_is_found_out(tmp_path):
    path = feed(tmp_path)
    content = bytearray(path.read_bytes())
    place = content.rindex(b"stop_times.txt") - 46 + 24
    content[place : place + 4] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    check_refused(path, "stop_times.txt")


def test_a_file_without_a_name_is_refused(tmp_path):
    path = feed(tmp_path)
    content = bytearray(path.read_bytes())
    content[content.rindex(b"stops.txt")] = 0
    path.write_bytes(bytes(content))
    check_refused(path, "no name")


def test_an_encrypted_zip_is_refused(tmp_path):
    path = feed(tmp_path)
    content = bytearray(path.read_bytes())
    place = content.rindex(b"stops.txt") - 46 + 8
    content[place] |= 1
    path.write_bytes(bytes(content))
    check_refused(path, "encrypted")


def test_other_packing_than_deflate_is_refused(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    path = tmp_path / "feed.zip"
    path.write_bytes(out.getvalue())
    check_refused(path, "not by deflate")


def test_only_text_tables_are_looked_at(tmp_path):
    path = feed(tmp_path, {"locations.geojson": "{}", "__MACOSX/": "", "readme.md": "x"})
    assert set(tables_in(path)) == set(FILES)
