import pickle

import pytest

from hub.kernel.errors import ACK, HTTP, Category, HubError


@pytest.mark.parametrize("category", list(Category))
def test_every_category_has_one_answer_over_http_and_one_by_acknowledgement(category: Category) -> None:
    assert 400 <= HTTP[category].status < 600
    assert ACK[category].code in {"AE", "AR"}


def test_an_error_says_where_what_and_what_to_do() -> None:
    error = HubError(Category.INVALID, "is not a date", where="PID-7", todo="send YYYYMMDD")
    assert str(error) == "PID-7: is not a date; send YYYYMMDD"


def test_an_error_survives_the_way_between_processes() -> None:
    error = HubError(Category.CONFLICT, "taken", where="port 2575", todo="choose another", code="port")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (copy.category, str(copy), copy.code) == (error.category, str(error), "port")
