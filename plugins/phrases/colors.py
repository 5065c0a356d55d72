"""Names for colours: the nearest one in OKLab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

Lab = tuple[float, float, float]


@dataclass(frozen=True)
class ColorName:
    """A colour as people call it; `family` is its basic colour, `pinyin` how the Chinese name is spelt in a handle."""

    rgb: str
    family: str
    en: str
    zh: str
    pinyin: str


NAMES = tuple(
    ColorName(*row.split(", "))
    for row in """
#b01c2e, red, crimson, 绯红, feihong
#e0301e, red, scarlet, 朱红, zhuhong
#6d1a30, red, burgundy, 酒红, jiuhong
#a0412d, red, brick red, 砖红, zhuanhong
#d2714f, orange, terracotta, 柿橙, shicheng
#f28a1a, orange, tangerine, 橘橙, jucheng
#f9b681, orange, apricot, 杏橙, xingcheng
#cc8a22, yellow, ochre, 赭黄, zhehuang
#e3b23c, yellow, mustard yellow, 芥黄, jiehuang
#f7d93b, yellow, sunflower yellow, 明黄, minghuang
#f6e7a1, yellow, primrose yellow, 鹅黄, ehuang
#6b7a34, green, moss green, 苔绿, tailv
#a3b18a, green, sage green, 豆绿, doulv
#1f8a50, green, emerald, 翠绿, cuilv
#22502f, green, pine green, 松绿, songlv
#86c96e, green, spring green, 嫩绿, nenlv
#b9dcc0, green, celadon, 瓷绿, cilv
#15807c, teal, teal, 黛青, daiqing
#3fc7c0, teal, turquoise, 碧青, biqing
#a6e2d6, teal, seafoam, 水青, shuiqing
#0d4650, teal, deep teal, 鸦青, yaqing
#86c5ec, blue, sky blue, 天蓝, tianlan
#1f4fb0, blue, cobalt, 钴蓝, gulan
#1b2a52, blue, navy, 藏蓝, zanglan
#4338a0, blue, indigo, 靛青, dianqing
#4a74a8, blue, denim blue, 靛蓝, dianlan
#bcd8ea, blue, powder blue, 冰蓝, binglan
#6b8aa6, blue, misty blue, 雾蓝, wulan
#7a3fb0, purple, violet, 堇紫, jinzi
#c3a6dc, purple, lilac, 丁香紫, dingxiangzi
#b6b2ea, purple, wisteria, 藤紫, tengzi
#8c5f86, purple, mauve, 藕荷, ouhe
#5c2452, purple, mulberry purple, 绛紫, jiangzi
#f7b7c8, pink, blossom pink, 樱粉, yingfen
#f3d0cc, pink, shell pink, 浅粉, qianfen
#d9667f, pink, dusty rose, 蔷薇粉, qiangweifen
#d62f8a, pink, fuchsia, 品红, pinhong
#80461b, brown, russet, 栗棕, lizong
#4d362a, brown, umber, 茶褐, chahe
#b5793f, brown, tawny, 驼色, tuose
#d9ad80, brown, fawn, 浅驼, qiantuo
#e3d2b8, brown, beige, 米色, mise
#8b7d73, brown, taupe, 灰褐, huihe
#3a3d42, black, charcoal, 炭黑, tanhei
#121214, black, ink black, 墨黑, mohei
#67727e, grey, slate grey, 石板灰, shibanhui
#9a9ea1, grey, dove grey, 鸽灰, gehui
#808184, grey, smoke grey, 烟灰, yanhui
#c6cacd, grey, silver grey, 银灰, yinhui
#f6f0df, white, ivory, 象牙白, xiangyabai
#fbfbfd, white, snow white, 雪白, xuebai
""".strip().splitlines()
)

_COLORFUL = 0.035  # OKLab chroma below which people say grey, black or white before any hue


@lru_cache(maxsize=1024)
def oklab(rgb: str) -> Lab:
    """`#rrggbb` in OKLab, where distance is difference to the eye.

    Source: B. Ottosson, A perceptual color space for image processing, 2020.
    """
    r, g, b = (_linear(int(rgb[i : i + 2], 16) / 255) for i in (1, 3, 5))
    l = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)  # noqa: E741
    m = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
        1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
        0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s,
    )


def color_name(rgb: str) -> ColorName:
    """The name nearest to `rgb`."""
    return min(NAMES, key=lambda name: _difference(oklab(name.rgb), oklab(rgb)))


def color_names(colors: Sequence[str]) -> tuple[ColorName, ...]:
    """The names of a portrait's `colors`, without its blacks, greys and whites if it has others; all names for none."""
    colorful = [rgb for rgb in colors if chroma(rgb) >= _COLORFUL]
    return tuple(dict.fromkeys(map(color_name, colorful or colors))) or NAMES


def chroma(rgb: str) -> float:
    """How far `rgb` is from grey, 0 to about 0.32."""
    _, a, b = oklab(rgb)
    return (a * a + b * b) ** 0.5


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _difference(one: Lab, other: Lab) -> float:
    return sum((x - y) ** 2 for x, y in zip(one, other, strict=True))
