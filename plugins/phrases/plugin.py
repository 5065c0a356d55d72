"""What this plugin adds to the zoo: one writer."""

from zoo import Card, Field, Params, Profile, Traits, Writer, hookimpl

ZOO_API = 1


class Grammar(Writer):
    """Writes a nickname, a bio and first posts that suit the portrait's style and colours."""

    name = "grammar"
    card = Card(
        title="Phrases",
        license="Apache-2.0",
        source="https://github.com/persona-zoo/persona-zoo",
        credits=("Words and sentences written for Persona Zoo",),
    )

    class Params(Params):
        emoji: bool = Field(True, description="A small emoji here and there")

    def write(self, traits: Traits, seed: int, language: str, params: "Grammar.Params") -> Profile:
        from .grammar import profile

        return profile(traits, seed, language, emoji=params.emoji)


@hookimpl
def zoo_models():
    return [Grammar]
