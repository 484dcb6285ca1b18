import pytest

from hub.kernel.errors import Category, HubError
from hub.kernel.settings import SETTINGS, Settings


def test_without_an_environment_every_setting_has_its_default() -> None:
    settings = Settings.load({})
    assert [settings.values[s.name] for s in SETTINGS] == [s.default for s in SETTINGS]


def test_a_variable_that_cannot_be_read_is_named_with_its_meaning() -> None:
    with pytest.raises(HubError) as caught:
        Settings.load({"YILIAN_PORT": "many"})
    assert caught.value.where == "YILIAN_PORT"
    assert "Port of the HTTP API" in caught.value.todo


def test_a_misspelt_variable_is_refused() -> None:
    with pytest.raises(HubError) as caught:
        Settings.load({"YILIAN_PROT": "1"})
    assert (caught.value.category, caught.value.where) == (Category.INVALID, "YILIAN_PROT")


def test_a_child_process_reads_the_same_settings() -> None:
    settings = Settings.load({"YILIAN_PAGE_SIZE": "7", "YILIAN_PRODUCTION": "yes"}, port=9000)
    again = Settings.load(settings.environment())
    assert dict(again.values) == dict(settings.values)
    assert (again.port, again.page_size, again.production) == (9000, 7, True)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = Settings.load({}).no_such_setting


def test_the_value_of_a_secret_is_not_repeated_in_an_error() -> None:
    with pytest.raises(HubError) as caught:
        Settings.load({"YILIAN_API_WORKERS": "0"})
    assert "at least 1" in str(caught.value)
