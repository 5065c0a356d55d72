"""What this plugin adds to the zoo: one generator."""

from zoo import Card, Field, Generator, Params, hookimpl

ZOO_API = 1


class Example(Generator):
    """Draws soft clouds of colour: a network that was never trained."""

    name = "clouds"
    card = Card("Example", license="Apache-2.0", source="https://example.org", credits=("Your name",))
    latent_shape = (32,)
    # weights = WeightsRef("owner/repo", revision="<40 hex digits>", sha256="<64 hex digits>")

    class Params(Params):
        contrast: float = Field(4.0, ge=0, le=8, description="How far the colours are apart.")

    def build(self):
        from torch import nn

        return nn.Sequential(
            nn.Linear(32, 3 * 8 * 8),
            nn.Unflatten(1, (3, 8, 8)),
            nn.Upsample(scale_factor=8, mode="bicubic"),
        )

    def draw(self, latents, params):
        return (params.contrast * self.net(latents)).sigmoid()


@hookimpl
def zoo_models():
    return [Example]
