"""What this plugin adds to the zoo: one stylizer."""

from zoo import Card, Field, Params, Stylizer, hookimpl

ZOO_API = 1


class Example(Stylizer):
    """Prints a portrait in a few flat colours, like a poster."""

    name = "poster"
    card = Card("Example", license="Apache-2.0", source="https://example.org", credits=("Your name",))

    class Params(Params):
        levels: int = Field(4, ge=2, le=8, description="How many steps of each colour are left.")
        strength: float = Field(1.0, ge=0, le=1, description="How much of the effect is mixed in.")

    def stylize(self, images, params, reference=None):
        steps = params.levels - 1
        poster = (images * steps).round() / steps
        return images + params.strength * (poster - images)


@hookimpl
def zoo_models():
    return [Example]
