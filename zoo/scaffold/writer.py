"""What this plugin adds to the zoo: one writer."""

from random import Random

from zoo import Card, Field, Params, Post, Profile, Writer, hookimpl

ZOO_API = 1

WORDS = {
    "en": {
        "name": ["Mina Vale", "Theo Lark", "Juno Reed", "Arlo Finch", "Ida Moss"],
        "tagline": ["Collects rainy mornings.", "Draws before breakfast.", "Lost in a good map."],
        "bio": ["Baker by day, stargazer by night.", "Writes letters and forgets the stamps."],
        "interest": ["tea", "old maps", "cycling", "ferns", "jazz", "kites"],
        "post": [
            "The first cherries are here.",
            "Found a shop that mends umbrellas.",
            "Slow bread, fast bike.",
            "Rain.",
        ],
    },
    "zh": {
        "name": ["米娜", "西奥", "朱诺", "阿洛", "艾达"],
        "tagline": ["收集下雨的早晨。", "早餐前先画画。", "在好地图里迷路。"],
        "bio": ["白天做面包，夜里看星星。", "爱写信，常忘了贴邮票。"],
        "interest": ["喝茶", "旧地图", "骑行", "蕨类", "爵士乐", "风筝"],
        "post": ["今年的樱桃上市了。", "找到一家修伞的小店。", "慢面包，快单车。"],
    },
}


class Example(Writer):
    """Writes a few quiet words for a portrait."""

    name = "words"
    card = Card("Example", license="Apache-2.0", source="https://example.org", credits=("Your name",))

    class Params(Params):
        interests: int = Field(4, ge=3, le=5, description="How many interests to name.")

    def write(self, traits, seed, language, params):
        words, dice = WORDS[language], Random(seed)
        return Profile(
            language=language,
            nickname=dice.choice(words["name"]),
            handle=f"@words_{seed}",
            tagline=dice.choice(words["tagline"]),
            bio=dice.choice(words["bio"]),
            interests=tuple(dice.sample(words["interest"], params.interests)),
            posts=tuple(Post(text=text) for text in dice.sample(words["post"], 3)),
        )


@hookimpl
def zoo_models():
    return [Example]
