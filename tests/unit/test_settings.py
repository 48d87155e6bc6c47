"""Settings are read from the environment once, and every wrong one is named."""

import pytest

from chalicelib.settings import PREFIX, BadSettings, Settings, read_settings

GOOD = {
    "GREENSHIELD_READINGS_TABLE": "readings",
    "GREENSHIELD_OPERATIONS_TABLE": "operations",
    "GREENSHIELD_REGISTRY_TABLE": "registry",
    "GREENSHIELD_PHOTO_BUCKET": "photos",
    "GREENSHIELD_MODEL_BUCKET": "models",
    "GREENSHIELD_PUSH_QUEUE_URL": "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/push",
    "GREENSHIELD_OIDC_ISSUER": "https://issuer.example",
    "GREENSHIELD_OIDC_JWKS_URL": "https://issuer.example/jwks.json",
}
REQUIRED = sorted(GOOD)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(BadSettings, match=name):
        read_settings({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize("name", REQUIRED)
def test_an_empty_setting_is_named(name: str) -> None:
    with pytest.raises(BadSettings, match=name):
        read_settings({**GOOD, name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("GREENSHIELD_OIDC_JWKS_URL", "issuer.example/jwks.json", id="keys without a scheme"),
        pytest.param("GREENSHIELD_OIDC_JWKS_URL", "file:///etc/passwd", id="keys in a file"),
        pytest.param("GREENSHIELD_FCM_ENDPOINT", "fcm.googleapis.com", id="a push endpoint without a scheme"),
        pytest.param("GREENSHIELD_TIME_ZONE", "Mars/Olympus", id="a time zone that there is not"),
        pytest.param("GREENSHIELD_TIME_ZONE", "../../etc/passwd", id="a time zone that is a path"),
        pytest.param("GREENSHIELD_TIME_ZONE", "", id="no time zone"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        read_settings({**GOOD, name: value})


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings({})
    assert all(name in str(refused.value) for name in REQUIRED)


def test_a_refusal_shows_no_value() -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings({**GOOD, "GREENSHIELD_OIDC_JWKS_URL": "secret-in-a-wrong-place"})
    assert "secret" not in str(refused.value)


def test_good_settings_are_taken_with_their_defaults() -> None:
    settings = read_settings(GOOD)
    assert settings.readings_table == "readings"
    assert (settings.oidc_audience, settings.fcm_secret, settings.time_zone) == ("green-shield", "", "Asia/Shanghai")
    assert settings.zone.key == "Asia/Shanghai"


def test_other_variables_do_not_matter() -> None:
    assert read_settings({**GOOD, "PATH": "/bin", "AWS_REGION": "cn-north-1"}) == read_settings(GOOD)


def test_every_setting_has_a_description_and_a_name_of_one_form() -> None:
    assert all(field.description for field in Settings.model_fields.values())
    assert {PREFIX + name.upper() for name in Settings.model_fields} >= set(REQUIRED)
