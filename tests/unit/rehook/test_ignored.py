"""Why a subscription does not take an event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.mapping.errors import MappingError
from segment_rehook.rehook.plan import Ignored
from tests.unit.rehook.test_plan import destination, event, tracked, values


@given(
    members=st.fixed_dictionaries(
        {"type": st.sampled_from(["track", "page", "group", 5, None])},
        optional={"properties": st.dictionaries(st.sampled_from(["total", "b"]), values)},
    ),
    trigger=st.sampled_from(
        ['type = "track"', "properties.total > 1", 'type = "page" or properties.b != null', "()"]
    ),
    enabled=st.booleans(),
)
def test_a_subscription_has_a_reason_exactly_where_it_does_not_take_the_event(
    members: dict[str, Any], trigger: str, enabled: bool
) -> None:
    """`takes`, `why_ignored` and `ignored` agree about every subscription."""
    both = f'{trigger} and type != "x"' if trigger == "()" else trigger
    rules = destination(tracked(trigger=both, enabled=enabled), eventTypes={"page": "ignore"})
    (item,) = rules.subscriptions
    sent = event(**members)
    try:
        taken = rules.takes(item, sent)
    except MappingError:
        with pytest.raises(MappingError):
            rules.why_ignored(item, sent)
        assert rules.ignored(sent) == ()
        return
    why = rules.why_ignored(item, sent)
    assert (why is None) is taken
    assert rules.ignored(sent) == (() if why is None else (Ignored("t", why),))
