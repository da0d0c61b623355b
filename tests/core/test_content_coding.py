"""Who is given a zipped body."""

import pytest

from mobility.core.content_coding import accepts_gzip


@pytest.mark.parametrize("header", ["gzip", "br, GZIP", "gzip;q=0.5", "gzip; q=1.0", "*", "x-gzip", "*;q=0, gzip"])
def test_gzip_is_taken_by_name_or_by_the_star(header: str) -> None:
    assert accepts_gzip(header)


@pytest.mark.parametrize(
    "header", ["", "br", "gzip;q=0", "gzip;q=0.0", "gzip; q=0.000", "*, gzip;q=0", "gzip;q=", "gzipped"]
)
def test_gzip_is_refused_by_silence_and_by_a_weight_of_nothing(header: str) -> None:
    assert not accepts_gzip(header)
