"""What a click does to a recipe."""

from __future__ import annotations

from zoo.errors import RecipeError
from zoo.recipe import STEP_LIMIT, Recipe, Step, Write
from zoo.registry import Zoo


def with_step(recipe: Recipe, step: Step, zoo: Zoo, on_top: bool = True) -> Recipe:
    """`recipe` with one more step; not `on_top`, it takes the place of the last where both are of one kind."""
    steps = recipe.steps
    if not on_top and steps and zoo.entry(steps[-1].model).kind == zoo.entry(step.model).kind:
        steps = steps[:-1]
    if len(steps) >= STEP_LIMIT:
        raise RecipeError("A persona takes at most {limit} steps. Undo one first.", limit=STEP_LIMIT)
    return recipe.model_copy(update={"steps": (*steps, step)})


def without_last_step(recipe: Recipe) -> Recipe:
    """`recipe` one step back. Raises `RecipeError` where there is none."""
    if not recipe.steps:
        raise RecipeError("There is no step to undo. This is the portrait as it came.")
    return recipe.model_copy(update={"steps": recipe.steps[:-1]})


def with_words(recipe: Recipe, write: Write | None) -> Recipe:
    """`recipe` with another profile."""
    return Recipe.model_validate(recipe.model_copy(update={"profile": write}).model_dump())
