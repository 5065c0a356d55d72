"""Portraits of people in five drawn styles, each part of which can be asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zoo import Card, Field, Generator, Params, WeightsRef, ZooError, hookimpl

if TYPE_CHECKING:
    from torch import Tensor, nn

ZOO_API = 1
WEIGHTS = Path(__file__).parent / "weights"

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
        "persona-zoo/avatars-portraits", None, "4b870ae858a9e93daff0d3b6efc26665e46a27e618ec57b32b66e549630a6647"
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


class Adapted(Portraits):
    """The portraits in a look of your own, adapted to a folder of pictures."""

    def build(self) -> nn.Module:
        from .look_net import Look

        return Look()

    def load(self, tensors: Mapping[str, Tensor]) -> nn.Module:
        from safetensors.torch import load

        file = (WEIGHTS / "portraits" / "model.safetensors").read_bytes()
        if sha256(file).hexdigest() != Portraits.weights.sha256:
            raise ZooError("The portraits that this look rests on are not those of this version. Adapt them anew.")
        look = super().load(tensors)
        look.rest_on(load(file))
        return look


def looks() -> Iterator[type[Generator]]:
    """A model for each look in `weights`: what `zoo train avatars/portraits --adapt FOLDER` left there."""
    for file in sorted(WEIGHTS.glob("*/metrics.json")):
        facts = json.loads(file.read_text("utf-8"))
        if "base" in facts:
            name = file.parent.name
            title = name.replace("_", " ").capitalize()
            members = {
                "__doc__": Adapted.__doc__,
                "__module__": __name__,
                "name": name,
                "card": replace(Portraits.card, title=title),
                "weights": WeightsRef(f"persona-zoo/avatars-{name}", None, facts["sha256"]),
            }
            yield type(name, (Adapted,), members)


@hookimpl
def zoo_models() -> list[type[Generator]]:
    return [Portraits, *looks()]
