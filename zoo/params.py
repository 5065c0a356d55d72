"""What a visitor may change about a model: a pydantic class whose every field can be shown as a control."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MultipleOf
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from zoo.errors import ParamsError

Value = bool | int | float | str
Kind = Literal["bool", "number", "choice", "text", "color"]

COLOR_PATTERN = r"^#[0-9a-f]{6}$"
Color = Annotated[str, StringConstraints(pattern=COLOR_PATTERN)]
"""An sRGB colour, `#rrggbb`, lower case."""


class Params(BaseModel):
    """A model's settings. Subclass it; give every field a default and a description.

    Fields may be `bool`, `int` or `float` (with `ge` and `le` a slider), `Literal` of strings, `str`
    or `Color`. Any other type is refused by name when the class is made.
    """

    # Built when first used: a zoo is listed in a blink, and building the validators of its params is most of that.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True, defer_build=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        describe(cls)


P = TypeVar("P", bound=Params)


@dataclass(frozen=True)
class Param:
    """One field of a `Params` class, as the studio, the API and the docs show it."""

    name: str
    kind: Kind
    title: str
    description: str
    default: Value
    whole: bool = False
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    max_length: int | None = None


def describe(params: type[Params]) -> tuple[Param, ...]:
    """The fields of `params`, in order. Raises `ParamsError` naming the first that cannot be shown."""
    return tuple(_param(params.__name__, name, field) for name, field in params.model_fields.items())


def accept(params: type[P], values: dict[str, Any]) -> P:
    """`values` as an instance of `params`. Raises `ParamsError` naming the value and what is allowed."""
    try:
        return params.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or params.__name__
        raise ParamsError("The setting “{name}” cannot be used: {why}.", name=where, why=first["msg"]) from None


def threshold(params: type[Params]) -> Param | None:
    """The param from which scores on a corrector speaks of an anomaly: `threshold`, from 0 to 1. None without one."""
    named = [param for param in describe(params) if param.name == "threshold" and param.kind == "number"]
    return next((param for param in named if (param.minimum, param.maximum) == (0, 1)), None)


def _param(owner: str, name: str, field: FieldInfo) -> Param:
    if field.default is PydanticUndefined:
        raise ParamsError("{owner}.{name} has no default. Give it one: every param has.", owner=owner, name=name)
    if not field.description:
        raise ParamsError(
            "{owner}.{name} has no description. Write Field(…, description=…) for the visitor.", owner=owner, name=name
        )
    kind, whole, choices = _kind(owner, name, field)
    limits = _limits(field)
    param = Param(
        name=name,
        kind=kind,
        whole=whole,
        title=field.title or name.replace("_", " ").capitalize(),
        description=field.description,
        default=field.default,
        choices=choices,
        **limits,
    )
    if not _allows(param, param.default):
        raise ParamsError(
            "{owner}.{name} does not allow its own default, {default}. Change the default or the limits.",
            owner=owner,
            name=name,
            default=param.default,
        )
    return param


def _allows(param: Param, value: object) -> bool:
    """Whether `param` can have `value`, as far as its control knows; the rest is validation's."""
    match param.kind, value:
        case ("bool", bool()) | ("text", str()):
            return True
        case "number", bool():
            return False
        case "number", int() | float():
            low, high = param.minimum, param.maximum
            return (low is None or value >= low) and (high is None or value <= high)
        case "choice", str():
            return value in param.choices
        case "color", str():
            return re.fullmatch(COLOR_PATTERN, value) is not None
    return False


def _kind(owner: str, name: str, field: FieldInfo) -> tuple[Kind, bool, tuple[str, ...]]:
    """A field's kind, whether it counts in whole numbers, and its choices."""
    annotation = field.annotation
    if annotation is bool:
        return "bool", False, ()
    if annotation in (int, float):
        return "number", annotation is int, ()
    if annotation is str:
        patterns = [m.pattern for m in field.metadata if isinstance(m, StringConstraints)]
        return ("color" if COLOR_PATTERN in patterns else "text"), False, ()
    if get_origin(annotation) is Literal and all(isinstance(choice, str) for choice in get_args(annotation)):
        return "choice", False, get_args(annotation)
    raise ParamsError(
        "{owner}.{name} is a {type}, which no control can show. Use bool, int, float, Literal of strings, str or "
        "Color.",
        owner=owner,
        name=name,
        type=getattr(annotation, "__name__", str(annotation)),
    )


def _limits(field: FieldInfo) -> dict[str, Any]:
    """What the field's constraints say of its range. Exclusive bounds are left to validation."""
    found: dict[str, Any] = {}
    for rule in field.metadata:
        match rule:
            case Ge(ge=value):
                found["minimum"] = value
            case Le(le=value):
                found["maximum"] = value
            case MultipleOf(multiple_of=value):
                found["step"] = value
            case MaxLen(max_length=value):
                found["max_length"] = value
            case StringConstraints(max_length=int(value)):
                found["max_length"] = value
            case Gt() | Lt() | _:
                pass
    return found
