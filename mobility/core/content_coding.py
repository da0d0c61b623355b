"""In which coding a body may go out, as the asker says (RFC 9110 §12.5.3, ``Accept-Encoding``)."""


def accepts_gzip(header: str) -> bool:
    """Return whether the header's value allows gzip; a weight that cannot be read counts as a no."""
    weights = {
        name.strip(): weight.strip() for name, _, weight in (p.partition(";") for p in header.lower().split(","))
    }
    weight = weights.get("gzip", weights.get("x-gzip", weights.get("*")))
    return weight is not None and (weight == "" or weight.removeprefix("q=").strip("0. ") != "")
