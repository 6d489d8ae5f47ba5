"""The macros that nodes can call are compiled once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from dbt.clients.jinja import MacroGenerator
from dbt_common.clients import jinja

from orchestration.resources.dbt_macros import callable_macros, compile_macros


def macro(name: str, *calls: str) -> SimpleNamespace:
    return SimpleNamespace(
        name=name,
        macro_sql=f"{{% macro {name}(number) %}}{name} {{{{ number }}}}{{% endmacro %}}",
        depends_on=SimpleNamespace(macros=list(calls)),
    )


@pytest.fixture
def manifest() -> SimpleNamespace:
    """A model that calls `asked`, which calls `answered`, which calls `asked` and one of nobody."""
    return SimpleNamespace(
        macros={
            "macro.shop.asked": macro("asked", "macro.shop.answered"),
            "macro.shop.answered": macro("answered", "macro.shop.asked", "macro.gone.missing"),
            "macro.dbt.materialization_table_default": macro("materialization_table_default"),
            "macro.dbt.idle": macro("idle"),
        },
        nodes={"model": SimpleNamespace(depends_on=SimpleNamespace(macros=["macro.shop.asked"]))},
    )


def test_macros_are_found_through_others_and_idle_ones_are_left(manifest: SimpleNamespace) -> None:
    assert callable_macros(manifest) == {
        "macro.shop.asked",
        "macro.shop.answered",
        "macro.dbt.materialization_table_default",
    }


def test_dbt_finds_them_compiled(
    monkeypatch: pytest.MonkeyPatch, manifest: SimpleNamespace
) -> None:
    monkeypatch.setattr(jinja.template_cache, "file_cache", {})
    compile_macros(manifest)

    def compiled_anew(*_args, **_kwargs):
        raise AssertionError("compiled anew")

    monkeypatch.setattr(jinja, "get_template", compiled_anew)
    assert MacroGenerator(manifest.macros["macro.shop.answered"], {}).call_macro(3) == "answered 3"
    with pytest.raises(AssertionError, match="compiled anew"):
        MacroGenerator(manifest.macros["macro.dbt.idle"], {}).call_macro(3)
