"""What this plugin adds to the zoo: one corrector."""

from zoo import Card, Corrector, Field, Findings, Params, hookimpl

ZOO_API = 1


class Example(Corrector):
    """Finds single pixels that fit nothing around them, and paints them over."""

    name = "specks"
    card = Card("Example", license="Apache-2.0", source="https://example.org", credits=("Your name",))
    kinds = {"specks": "Specks"}

    class Params(Params):
        contrast: float = Field(0.3, ge=0.05, le=1, description="How far a pixel may be off, from 0 to 1.")

    def detect(self, images, params, context):
        off = (images - neighbourhood(images)).abs().amax(1, keepdim=True)
        where = (off > params.contrast).float()
        share = where.mean((1, 2, 3))
        return Findings({"specks": (500 * share).clamp(0, 1)}, where)

    def fix(self, images, findings, params):
        return images + findings.map * (neighbourhood(images) - images)


def neighbourhood(images):
    """The median of the 3×3 pixels around each."""
    import torch
    from torch.nn.functional import pad

    height, width = images.shape[2:]
    padded = pad(images, (1, 1, 1, 1), mode="replicate")
    around = [padded[..., y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return torch.stack(around).median(0).values


@hookimpl
def zoo_models():
    return [Example]
