"""What a client is given that accepts a file instead of JSON."""

import pytest
from starlette.requests import Request

from gateway.plain import accepted


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, ""),
        ("*/*", ""),
        ("application/json", ""),
        ("text/csv", "text/csv"),
        ("Text/CSV; q=0.5", "text/csv"),
        ("text/html, text/csv", "text/csv"),
        ("text/csv, application/json", "text/csv"),
        ("application/json, text/csv", ""),
        ("text/csv;q=0, */*", ""),
        ("text/csvx", ""),
        (",;,", ""),
    ],
)
def test_a_file_is_answered_to_who_names_it_before_json(accept: str | None, kind: str) -> None:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    request = Request({"type": "http", "headers": headers})
    assert accepted(request, ("text/csv",)) == kind
