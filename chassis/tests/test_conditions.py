"""What is not asked for is not in the statement."""

from chassis.db.conditions import Conditions


def test_conditions_number_their_parameters_in_the_order_in_which_they_are_asked_for() -> None:
    where = Conditions("casa").add("restaurant_id = $1").add("at < {} AND id <> {}", 5, "x")
    assert where.parameter(50) == "$4"
    assert str(where) == "restaurant_id = $1 AND at < $2 AND id <> $3"
    assert where.arguments == ["casa", 5, "x", 50]


def test_no_condition_is_true() -> None:
    assert (str(Conditions()), Conditions("casa").arguments) == ("true", ["casa"])
