"""Settings: any text is a value or refused by name, and no secret is repeated."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from orchestration.settings import ENV_PREFIX, Settings

#: Texts that an environment can hold: no NUL, and nothing that is no text.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
NASTY = st.sampled_from(
    ["nan", "inf", "-1", "0", "1e999", "９０", "9" * 400, "{{ x }}", "'; drop table x; --", "../..",
     "$(id)", "\u202e", "true", "null", "[]", "{}", "2024-02-30", "9999-12-31", "UTC", "4GB", " "]
)  # fmt: skip
NAMES = sorted(Settings.model_fields)
SECRETS = sorted(
    name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(name=st.sampled_from(NAMES), text=TEXTS | NASTY)
@example(name="memory_limit", text="4GB; attach 'x'")
@example(name="publish_roles", text="analyst,../x")
@example(name="currency", text="CNY'")
@example(name="timezone", text="../../etc/passwd")
def test_any_text_is_a_value_or_refused_by_name(name: str, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for known in [known for known in os.environ if known.startswith(ENV_PREFIX)]:
            patch.delenv(known)
        patch.setenv(f"{ENV_PREFIX}{name.upper()}", text)
        try:
            found = Settings(_env_file=None)
        except ValidationError as error:
            assert {problem["loc"][0] for problem in error.errors()} == {name}
            return
    # what reaches the text of models, of profiles and of statements holds nothing but its own form
    for value in found.compiled_into_models.values():
        assert not set(value) & set("'\";{}$\\\n"), value
    assert not set(found.memory_limit_or_default) & set("'\";")
    assert all(role.isidentifier() for role in found.published_role_names)


def test_there_are_secrets_to_look_for() -> None:
    assert {"hash_key", "smtp_password", "superset_password", "alert_webhook"} <= set(SECRETS)
    assert "dashboard_password" in SECRETS


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_never_shown(name: str) -> None:
    secret = "canary of the setting"
    found = Settings(**{name: secret}, _env_file=None)
    assert isinstance(getattr(found, name), SecretStr)
    for shown in (repr(found), str(found), found.model_dump_json(), f"{found.model_dump()}"):
        assert secret not in shown
