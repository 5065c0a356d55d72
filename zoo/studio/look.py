"""What the report on the page is about. The page keeps it as JSON: a restart loses nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from zoo.engine import Engine
from zoo.errors import RecipeError
from zoo.persona import Persona, Picture, Report
from zoo.recipe import Recipe, Step, parse, validate


@dataclass(frozen=True)
class Look:
    """A portrait that was looked at, and the step that would mend it; or, `mended`, the one that did."""

    recipe: Recipe
    step: Step
    mended: bool = False

    @property
    def text(self) -> str:
        """As JSON."""
        step = self.step.model_dump(mode="json", exclude_defaults=True)
        return json.dumps({"recipe": self.recipe.canonical, "step": step, "mended": self.mended})

    def report(self, engine: Engine) -> Report:
        """What was found."""
        if not self.mended:
            return engine.look(self.recipe, self.step)
        report = engine.run(self.recipe.model_copy(update={"steps": (*self.recipe.steps, self.step)})).report
        assert report is not None
        return report

    def picture(self, engine: Engine) -> tuple[Persona, Picture]:
        """The portrait that was looked at."""
        persona = engine.run(self.recipe)
        return persona, persona.picture


def read_look(text: str) -> Look:
    """What `Look.text` wrote. Raises `RecipeError` where it was not that."""
    try:
        data: dict[str, Any] = json.loads(text)
        return Look(parse(str(data["recipe"])), validate(Step, data["step"]), bool(data["mended"]))
    except (ValueError, KeyError, TypeError):
        raise RecipeError("There is no report yet. Press Detect first.") from None


def look_of(persona: Persona) -> Look | None:
    """What mended the persona last, if that was its last step: an older report says nothing of the picture now."""
    recipe = persona.recipe
    last = recipe.steps[-1] if recipe.steps else None
    if not (last and persona.report and last.model == persona.report.model):
        return None
    return Look(recipe.upto(len(recipe.steps) - 1), last, mended=True)
