"""What a visitor may change: every field has a control, or its class is refused by name."""

from typing import Literal

import pytest

from zoo import Color, Field, Params
from zoo.errors import ParamsError
from zoo.params import Param, accept, describe


class Brush(Params):
    dry: bool = Field(False, description="Whether the bristles show.")
    width: int = Field(3, ge=1, le=9, description="In pixels.")
    pressure: float = Field(0.5, ge=0, le=1, multiple_of=0.1, description="How hard it is pressed.")
    tip: Literal["flat", "round"] = Field("round", description="Its shape.")
    motto: str = Field("", max_length=20, description="Written on the handle.")
    ink: Color = Field("#102030", title="Ink", description="Its colour.")


def test_every_field_is_described_for_its_control() -> None:
    assert describe(Brush) == (
        Param("dry", "bool", "Dry", "Whether the bristles show.", False),
        Param("width", "number", "Width", "In pixels.", 3, whole=True, minimum=1, maximum=9),
        Param("pressure", "number", "Pressure", "How hard it is pressed.", 0.5, minimum=0, maximum=1, step=0.1),
        Param("tip", "choice", "Tip", "Its shape.", "round", choices=("flat", "round")),
        Param("motto", "text", "Motto", "Written on the handle.", "", max_length=20),
        Param("ink", "color", "Ink", "Its colour.", "#102030"),
    )


def test_values_that_fit_are_accepted_and_the_rest_is_default() -> None:
    brush = accept(Brush, {"width": 9, "ink": "#ffffff"})
    assert (brush.width, brush.ink, brush.tip) == (9, "#ffffff", "round")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"width": 10}, "The setting “width” cannot be used: Input should be less than or equal to 9."),
        ({"tip": "square"}, "The setting “tip” cannot be used: Input should be 'flat' or 'round'."),
        ({"ink": "red"}, "The setting “ink” cannot be used"),
        ({"pressure": float("nan")}, "The setting “pressure” cannot be used"),
        ({"length": 1}, "The setting “length” cannot be used: Extra inputs are not permitted."),
    ],
)
def test_a_value_that_does_not_fit_is_named(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ParamsError) as caught:
        accept(Brush, values)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("annotation", "default", "reason"),
    [
        (int, 5, "does not allow its own default, 5"),
        (bool, 1, "does not allow its own default, 1"),
        (Color, "blue", "does not allow its own default, blue"),
        (Literal["a", "b"], "c", "does not allow its own default, c"),
        (list[int], [], "no control can show"),
        (Literal[1, 2], 1, "no control can show"),
        (int | None, None, "no control can show"),
    ],
)
def test_a_field_that_cannot_be_shown_refuses_the_class(annotation: object, default: object, reason: str) -> None:
    limits = {"le": 4} if annotation is int else {}
    body = {
        "__annotations__": {"size": annotation},
        "__module__": __name__,
        "size": Field(default, description="How large.", **limits),
    }
    with pytest.raises(ParamsError, match=r"Odd\.size") as caught:
        type("Odd", (Params,), body)
    assert reason in str(caught.value)
