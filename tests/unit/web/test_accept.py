import pytest

from dispatch.web.accept import preferred

OFFERED = ("application/json", "text/csv", "application/geo+json")


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/csv;q=0", "application/json"),
        ("text/csv;q=0.0, */*", "application/json"),
        ("application/json;q=0.5, text/csv", "text/csv"),
        ("text/csv;q=0.4, application/json;q=0.5", "application/json"),
        ("TEXT/CSV; charset=utf-8", "text/csv"),
        ("text/*, application/json;q=0.9", "text/csv"),
        ("application/geo+json ; q=1, application/*;q=0.1", "application/geo+json"),
        ("x-text/csv", "application/json"),
        ("text/html", "application/json"),
        ("text/csv;q=many", "application/json"),
        (",;,", "application/json"),
    ],
)
def test_a_client_gets_the_type_it_likes_best_of_those_there_are(accept: str, answer: str) -> None:
    assert preferred(accept, OFFERED) == answer
