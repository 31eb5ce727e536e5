"""Rules decide by the first that fits; what can never match is refused with the reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propagation.rules.evaluate import judge
from propagation.rules.expression import BrokenExpressionError, compile_expression, fits
from propagation.rules.rule import (
    BUILT_IN,
    Action,
    ChangeFacts,
    Conditions,
    Rule,
    TargetFacts,
    Verdict,
)
from propagation.rules.validate import InvalidRuleError, check_rule

CHANGE = ChangeFacts(
    source_types=frozenset({"character"}),
    fields=frozenset({"attributes.wardrobe", "notes"}),
    impact="high",
)
TARGET = TargetFacts(
    code="shot-0107",
    kind="shot",
    type="shot",
    statuses=frozenset({"open"}),
    roles=frozenset({"character", "prop"}),
    facets=frozenset({"visual"}),
)
SETS = {
    "source_types": ({"character", "prop"}, {"prop"}),
    "target_types": ({"shot"}, {"sequence"}),
    "roles": ({"prop", "style"}, {"style"}),
    "facets": ({"visual"}, {"media", "metadata"}),
    "fields": ({"attributes"}, {"attribute"}),
    "impacts": ({"high", "critical"}, {"low"}),
    "target_statuses": ({"open"}, {"locked", "approved"}),
}
EXPRESSIONS = {
    'impact == "high"': True,
    '"visual" in facets and target_kind == "shot"': True,
    '"notes" in fields and not ("locked" in target_statuses)': True,
    'target_code == "shot-0107" or target_type == "style"': True,
    '"prop" in source_types': False,
    'roles == ["character", "prop"]': True,
}


def decide(*rules: Rule) -> Verdict:
    return judge([*rules, *BUILT_IN], change=CHANGE, target=TARGET)


def hold(name: str = "mine", /, **conditions: object) -> Rule:
    """Return a rule that holds what these conditions fit."""
    given_: dict[str, Any] = {
        key: value if isinstance(value, str) else frozenset(value)  # type: ignore[call-overload]
        for key, value in conditions.items()
    }
    return Rule(name=name, action=Action.HOLD, conditions=Conditions(**given_))


@pytest.mark.parametrize("name", SETS)
def test_one_of_the_named_is_enough_and_none_is_not(name: str) -> None:
    fitting, other = SETS[name]
    assert decide(hold(**{name: fitting})).action == Action.HOLD
    assert decide(hold(**{name: other})) == decide()


def test_all_conditions_have_to_fit() -> None:
    everything = {name: fitting for name, (fitting, _) in SETS.items()}
    assert decide(hold(**everything)).rule == "mine"
    for name, (_, other) in SETS.items():
        assert decide(hold(**{**everything, name: other})).rule == "all-else"


def test_the_first_that_fits_decides_and_says_why() -> None:
    first, second = hold("first", roles={"prop"}), hold("second")
    verdict = decide(hold("no", roles={"style"}), first, second)
    assert (verdict.rule, verdict.reason) == ("first", "used as prop")
    assert decide(second, first).reason == "fits anything"


@pytest.mark.parametrize(
    ("pattern", "fitting"),
    [
        ("attributes", True),
        ("attributes.wardrobe", True),
        ("attributes.*", True),
        ("*.wardrobe", True),
        ("attributes.war", False),
        ("Attributes", False),
        ("note?", True),
    ],
)
def test_a_field_is_named_by_itself_what_it_lies_in_or_a_pattern(
    pattern: str, *, fitting: bool
) -> None:
    assert (decide(hold(fields={pattern})).rule == "mine") == fitting


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_is_asked_about_the_facts(text: str) -> None:
    assert fits(text, change=CHANGE, target=TARGET) == EXPRESSIONS[text]
    assert (decide(hold(expression=text)).rule == "mine") == EXPRESSIONS[text]


@pytest.mark.parametrize("status", ["locked", "approved"])
def test_what_is_locked_or_approved_is_held_by_default(status: str) -> None:
    target = TargetFacts(
        code="a",
        kind="asset",
        type="prop",
        statuses=frozenset({status}),
        roles=frozenset({"prop"}),
        facets=frozenset({"visual"}),
    )
    verdict = judge(BUILT_IN, change=CHANGE, target=target)
    assert (verdict.action, verdict.reason) == (Action.HOLD, f"target is {status}")


@pytest.mark.parametrize(
    "text",
    [
        "impact ==",
        "nobody == 1",
        "impact > 5",
        'impact =~ "(a+)+$"',
        'impact !~ "x"',
        '__import__("os")',
        "impact.__class__",
        "1 +",
        "x" * 1001,
        "((((" * 200,
    ],
)
def test_a_broken_expression_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(BrokenExpressionError) as broken:
        compile_expression(text)
    assert str(broken.value)
    with pytest.raises(InvalidRuleError) as refused:
        check_rule(hold(expression=text), before=[])
    assert refused.value.pointer == "/expression"


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_expressions(text: str) -> None:
    try:
        compile_expression(text)
    except BrokenExpressionError:
        return
    assert fits(text, change=CHANGE, target=TARGET) in (True, False)


@pytest.mark.parametrize(
    ("rule", "before", "pointer"),
    [
        (hold(expression="1 == 2"), [], "/expression"),
        (hold(roles={"character"}, target_types={"sequence"}), [], "/roles"),
        (hold(roles={"worn_by"}, target_types={"shot"}), [], "/roles"),
        (hold(impacts={"low"}, target_types={"shot"}), [], "/impacts"),
        (hold(roles={"prop"}), [hold("all")], "/position"),
        (hold(roles={"prop"}), [hold("props", roles={"prop", "style"})], "/position"),
        (
            hold(expression='impact == "low"'),
            [hold("same", expression='impact == "low"')],
            "/position",
        ),
    ],
)
def test_what_can_never_match_is_refused(rule: Rule, before: list[Rule], pointer: str) -> None:
    with pytest.raises(InvalidRuleError, match="never match") as refused:
        check_rule(rule, before=before)
    assert refused.value.pointer == pointer


@pytest.mark.parametrize(
    ("rule", "before"),
    [
        (hold(), []),
        (hold(roles={"prop", "style"}), [hold("props", roles={"prop"})]),
        (hold(), [hold("some", expression='impact == "low"')]),
        (hold(roles={"my_own"}, target_types={"sequence"}), []),
        (hold(roles={"prop"}), [hold("high", impacts={"high"})]),
    ],
)
def test_what_can_match_is_taken(rule: Rule, before: list[Rule]) -> None:
    check_rule(rule, before=before)


names = st.sampled_from(["source_types", "roles", "facets", "impacts", "target_statuses"])
words = {
    "source_types": ["character", "prop"],
    "roles": ["character", "prop"],
    "facets": ["visual", "media"],
    "impacts": ["high", "low"],
    "target_statuses": ["open", "locked"],
}
conditions = st.dictionaries(names, st.just(None), max_size=3).flatmap(
    lambda keys: st.fixed_dictionaries(
        {key: st.sets(st.sampled_from(words[key]), min_size=1) for key in keys}
    )
)


@given(st.lists(conditions, min_size=1, max_size=5), st.data())
def test_a_rule_that_is_taken_decides_about_something(
    drawn: list[dict[str, set[str]]], data: st.DataObject
) -> None:
    """What is refused for its place never decides, whatever the facts are."""
    rules = [hold(f"r{index}", **one) for index, one in enumerate(drawn)]
    last, before = rules[-1], rules[:-1]
    try:
        check_rule(last, before=before)
    except InvalidRuleError:
        facts = {key: frozenset(data.draw(st.sets(st.sampled_from(words[key])))) for key in words}
        verdict = judge(
            [*rules, *BUILT_IN],
            change=ChangeFacts(
                source_types=facts["source_types"],
                fields=frozenset(),
                impact=data.draw(st.sampled_from(words["impacts"])),
            ),
            target=TargetFacts(
                code="x",
                kind="shot",
                type="shot",
                statuses=facts["target_statuses"],
                roles=facts["roles"],
                facets=facts["facets"],
            ),
        )
        assert verdict.rule != last.name
