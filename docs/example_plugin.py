"""A whole plugin. Saved as plugins/duotone.py, it is in the studio: tabs, sliders, links, API and all."""

from zoo import Card, Color, Field, Params, Stylizer, hookimpl

ZOO_API = 1


class Duotone(Stylizer):
    """Prints a portrait in two inks, one for the shadows and one for the light."""

    name = "duotone"
    card = Card("Duotone", license="Apache-2.0", source="https://en.wikipedia.org/wiki/Duotone")

    class Params(Params):
        shadows: Color = Field("#2b1055", description="The ink of the dark parts.")
        lights: Color = Field("#ffd3a5", description="The ink of the light parts.")
        contrast: float = Field(1.2, ge=0.5, le=2, description="How far the two are apart.")

    def stylize(self, images, params, reference=None):
        weights = images.new_tensor([0.2126, 0.7152, 0.0722]).view(3, 1, 1)
        luma = (images * weights).sum(1, keepdim=True)
        tone = ((luma - 0.5) * params.contrast + 0.5).clamp(0, 1)
        dark, light = (images.new_tensor(rgb(ink)).view(3, 1, 1) for ink in (params.shadows, params.lights))
        return dark + tone * (light - dark)


def rgb(ink):
    return [channel / 255 for channel in bytes.fromhex(ink[1:])]


@hookimpl
def zoo_models():
    return [Duotone]
