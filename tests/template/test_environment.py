"""The template sets exactly what the functions read, within the bounds that they take."""

from __future__ import annotations

from collections import UserDict

import pytest

from segment_rehook.aws.settings import ingest_settings, redrive_settings
from tests.template.stack import environment, parameter_behind, parameters

# Read by the C library when the process starts.
C_LIBRARYS = {"MALLOC_TRIM_THRESHOLD_"}
READERS = {"IngestFunction": ingest_settings, "RedriveFunction": redrive_settings}


class WatchedEnvironment(UserDict[str, str]):
    """Remembers which variables were asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)


@pytest.mark.parametrize("function", READERS)
def test_each_variable_set_is_read_and_each_one_read_is_set(function: str) -> None:
    """Each variable that the template sets is read by its function, and the other way round."""
    watched = WatchedEnvironment(environment(function))
    READERS[function](watched)
    assert watched.asked == set(watched) - C_LIBRARYS


def bounds_and_choices() -> list[tuple[str, str, str]]:
    """Every extreme or named choice of every parameter that a function reads."""
    cases = set()
    for function in READERS:
        for parameter in set(parameter_behind(function).values()):
            said = parameters()[parameter]
            values = said.get("AllowedValues", [])
            extremes = [said[bound] for bound in ("MinValue", "MaxValue") if bound in said]
            cases |= {(function, parameter, str(value)) for value in [*values, *extremes]}
    return sorted(cases)


@pytest.mark.parametrize(("function", "parameter", "value"), bounds_and_choices())
def test_what_the_template_allows_the_function_takes(
    function: str, parameter: str, value: str
) -> None:
    """A function takes each extreme and each choice that the template's parameters allow."""
    READERS[function](environment(function, **{parameter: value}))


@pytest.mark.parametrize("function", READERS)
def test_a_bound_is_the_same_on_both_sides(function: str) -> None:
    """A parameter's default is the one that the code has for its variable."""
    deployed = READERS[function](environment(function))
    tied = parameter_behind(function)
    by_default = {name: value for name, value in environment(function).items() if name not in tied}
    assert READERS[function](by_default) == deployed
