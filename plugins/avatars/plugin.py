"""Portraits of people in five drawn styles, each part of which can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from zoo import Card, Field, Generator, Params, WeightsRef, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

ZOO_API = 1

Style = Literal["any", "lorelei", "notionists", "open-peeps", "micah", "toon-head"]
Hair = Literal["any", "bald", "short", "curly", "bob", "long", "tied"]
HairColour = Literal["any", "black", "brown", "chestnut", "copper", "blond", "silver", "rose", "teal"]
Skin = Literal["any", "fair", "light", "tan", "olive", "brown", "deep"]
Glasses = Literal["any", "none", "glasses", "sunglasses"]
Beard = Literal["any", "none", "moustache", "beard"]
Mouth = Literal["any", "smile", "laugh", "calm"]
Eyebrows = Literal["any", "soft", "raised", "stern"]
Clothes = Literal["any", "navy", "sky", "teal", "mustard", "terracotta", "rose", "violet", "cream"]
Background = Literal["any", "sky", "mint", "sage", "butter", "peach", "blush", "lilac", "stone"]


class Looks(Params):
    style: Style = Field("any", title="Style", description="Whose hand drew it. “any” leaves it to the seed.")
    hair: Hair = Field("any", title="Hair", description="How it is worn. “any” leaves it to the seed.")
    hair_colour: HairColour = Field("any", title="Hair colour", description="“any” leaves it to the seed.")
    skin: Skin = Field("any", title="Skin", description="Its tone. “any” leaves it to the seed.")
    glasses: Glasses = Field("any", title="Glasses", description="Where the style has them.")
    beard: Beard = Field("any", title="Beard", description="Where the style has them.")
    mouth: Mouth = Field("any", title="Mouth", description="“any” leaves it to the seed.")
    eyebrows: Eyebrows = Field("any", title="Eyebrows", description="Where the style has them.")
    clothes_colour: Clothes = Field("any", title="Clothes", description="Their colour, where the style has clothes.")
    background: Background = Field("any", title="Background", description="Its colour. “any” leaves it to the seed.")
    truncation: float = Field(
        1.0, ge=0.3, le=1.0, title="Variety", description="Low: what most portraits have. High: all kinds."
    )


class Portraits(Generator):
    """People in five drawn styles, 256 px and sharp: every look can be asked for, or left to the seed."""

    name = "portraits"
    card = Card(
        "Portraits",
        "CC-BY-4.0",
        "https://www.dicebear.com/styles/",
        (
            "Lisa Wischofsky: Lorelei, CC0 1.0",
            "Zoish: Notionists, CC0 1.0",
            "Pablo Stanley: Open Peeps, CC0 1.0",
            "Micah Lanier: Avatar Illustration System, CC BY 4.0, recoloured",
            "Johan Melin: Toon Head, CC BY 4.0, recoloured",
            "DiceBear, by way of which they were drawn, MIT",
        ),
    )
    weights = WeightsRef(
        "persona-zoo/avatars-portraits", None, "b87968058967307f222da47e81c73da6f3d182dd936e675072f2213db554a5fd"
    )
    latent_shape = (22,)
    encodes = True
    directions = {
        "Hair": "axis_0",
        "Hair colour": "axis_1",
        "Skin": "axis_2",
        "Eyes": "axis_3",
        "Eyebrows": "axis_4",
        "Mouth": "axis_5",
        "Glasses": "axis_6",
        "Beard": "axis_7",
        "Clothes": "axis_8",
        "Background": "axis_9",
        "Principal 1": "principal_0",
        "Principal 2": "principal_1",
        "Principal 3": "principal_2",
    }
    Params = Looks

    def build(self) -> nn.Module:
        from .net import Portraits as Net

        return Net()

    def draw(self, latents: Tensor, params: Any) -> Tensor:
        asked = {name: value for name, value in params.model_dump().items() if value != "any" and name != "truncation"}
        return self.net(latents * params.truncation, asked)

    def encode(self, images: Tensor, progress: Callable[[float], None] = lambda share: None) -> Tensor:
        from .encoding import encode

        return encode(self.net, images, progress)


@hookimpl
def zoo_models() -> list[type[Generator]]:
    return [Portraits]
