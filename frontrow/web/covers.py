"""Covers for events that have no picture: cut paper on a stage, the same for an event each time."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from random import Random

WIDTH, HEIGHT, TILE = 1600, 900, 320


@dataclass(frozen=True, slots=True)
class Shape:
    """A piece of paper: its outline as the `d` of an SVG path, its colour, and how much it covers."""

    outline: str
    fill: str
    opacity: str = "1"  # a string, so that no language writes it with a comma


@dataclass(frozen=True, slots=True)
class Art:
    """A picture of 1600 by 900: the colour of its ground, and what lies on it, the lowest first."""

    ground: str
    shapes: tuple[Shape, ...]


Palette = tuple[str, str, str, str, str]  # the ground, three papers, and the light
Family = Callable[[Random, Palette], list[Shape]]

NIGHT = ("#2a1233", "#8e1f5b", "#e0365f", "#ff9e5e", "#ffe3b0")
VELVET = ("#5a0c2c", "#8f1239", "#c81e4e", "#f2626b", "#ffd9c7")
LAGOON = ("#0f2f3d", "#14576a", "#1f8a8c", "#7cc6b0", "#fbe7c2")
PAPER = ("#f4e4cd", "#e2543f", "#f2a541", "#2f6d73", "#3a1a3f")
MEADOW = ("#20382b", "#3f6b45", "#8aa84f", "#e6c35c", "#fbf1d3")
DUSK = ("#33265c", "#5b3f92", "#a75fb3", "#f08a8a", "#ffe0c2")
CITRUS = ("#f8d26a", "#f2873d", "#d9432f", "#7a1f3d", "#fff6df")
INK = ("#16121c", "#37304a", "#6d5f88", "#d6486a", "#f6ead6")
ROSE = ("#f6d5cf", "#d4456a", "#8c2155", "#f0955f", "#3b1233")
SLATE = ("#1d2b4a", "#2f4c7d", "#5c86b3", "#e98f5a", "#fbeedd")


def art(event_id: str, title: str, category: str) -> Art:
    """The cover of an event, by its id; while it has none yet, by its title. Its category gives the mood."""
    chance = Random(sha256((event_id or title).encode()).digest())  # noqa: S311 - nothing secret
    palettes, families = MOODS.get(category.strip().casefold().removesuffix("s"), OTHER)
    palette = chance.choice(palettes)
    return Art(palette[0], tuple(chance.choice(families)(chance, palette)))


def spotlights(chance: Random, palette: Palette) -> list[Shape]:
    """Beams that cross above a stage."""
    _, low, mid, high, light = palette
    floor = HEIGHT - chance.randint(120, 220)
    shapes = [Shape(_box(0, floor, WIDTH, HEIGHT - floor), low)]
    for fill, lamp in zip((mid, high, light), chance.sample([150, 500, 800, 1100, 1450], 3), strict=True):
        foot, half = chance.randint(350, 1250), chance.randint(130, 230)
        beam = f"M{lamp - 16} 0h32L{foot + half} {floor + 60}H{foot - half}z"
        shapes += [
            Shape(beam, fill, "0.45"),
            Shape(_oval(foot, floor + 60, half, half // 4), fill, "0.85"),
        ]
    return shapes


def rows(chance: Random, palette: Palette) -> list[Shape]:
    """The rows of an amphitheatre around a light."""
    _, *papers, light = palette
    x, y = chance.choice([(800, 960), (800, 960), (260, 900), (1340, 900), (0, 450), (1600, 450)])
    step, count = chance.randint(125, 160), 6
    rings = [
        Shape(_oval(x, y, step * n + 90, step * n + 90), papers[n % 3], "0.92") for n in range(count, 0, -1)
    ]
    seats = _ring(x, y, step * 3 + 25, 46, 17)
    return [*rings, Shape(seats, light, "0.55"), Shape(_oval(x, y, 120, 120), light)]


def seats(chance: Random, palette: Palette) -> list[Shape]:
    """A house from above; some seats are taken, and one is lit."""
    _, low, mid, high, light = palette
    places = [(x, y) for y in range(4) for x in range(8)]
    chance.shuffle(places)
    groups = [(low, places[:18]), (mid, places[18:27]), (high, places[27:31]), (light, places[31:])]
    return [
        Shape("".join(_seat(60 + 190 * x, 65 + 205 * y) for x, y in taken), fill) for fill, taken in groups
    ]


def waves(chance: Random, palette: Palette) -> list[Shape]:
    """Sound, or hills, before a rising moon."""
    _, low, mid, high, light = palette
    moon = _oval(
        chance.randint(350, 1250), chance.randint(230, 380), radius := chance.randint(130, 210), radius
    )
    fills = [high, mid, low, mid, low]
    bands = [
        Shape(_wave(chance, 400 + 105 * n), fill, "0.88" if n else "0.75") for n, fill in enumerate(fills)
    ]
    return [Shape(moon, light), *bands]


def curtain(chance: Random, palette: Palette) -> list[Shape]:
    """A curtain that opens on a light."""
    _, low, mid, high, light = palette
    opening, folds = chance.randint(500, 700), 5
    glow = chance.randint(200, 300)
    shapes = [
        Shape(_oval(800, 760, glow * 2, glow * 2), high, "0.25"),
        Shape(_oval(800, 560, glow, glow), light),
    ]
    width = (WIDTH - opening) // 2 // folds
    for n in range(folds):
        fill, reach = (mid, low)[n % 2], 900 - 26 * (folds - 1 - n)
        for x in (width * (folds - 1 - n), WIDTH - width * (folds - n)):
            shapes.append(Shape(_fold(x, width, reach), fill))
    return [*shapes, Shape(_box(0, 0, WIDTH, 70), high, "0.9")]


def tiles(chance: Random, palette: Palette) -> list[Shape]:
    """Quarters, halves and wholes of circles in a grid."""
    grounds, figures = dict.fromkeys(palette, ""), dict.fromkeys(palette, "")
    for x in range(0, WIDTH, TILE):
        for y in range(-30, HEIGHT, TILE):
            paper, figure = chance.sample(palette, 2)
            grounds[paper] += _box(x, y, TILE, TILE)
            figures[figure] += chance.choice([_quarter, _quarter, _leaf, _dot])(chance, x, y)
    return [
        Shape(outline, fill) for layer in (grounds, figures) for fill, outline in layer.items() if outline
    ]


def rings(chance: Random, palette: Palette) -> list[Shape]:
    """Plates, wheels or records that overlap."""
    _, *papers, light = palette
    shapes = []
    for n, x in enumerate(chance.sample([180, 520, 830, 1120, 1440], 4)):
        y, radius = chance.randint(180, 720), chance.randint(190, 330)
        shapes.append(Shape(_oval(x, y, radius, radius), papers[n % 3], "0.9"))
        shapes.append(Shape(_oval(x, y, radius * 3 // 5, radius * 3 // 5), light, "0.28"))
        shapes.append(Shape(_oval(x, y, radius // 6, radius // 6), light))
    return shapes


def lanes(chance: Random, palette: Palette) -> list[Shape]:
    """The lanes of a track, and a sun."""
    _, *papers, light = palette
    lean, wide = chance.choice([-1, 1]) * chance.randint(260, 520), chance.randint(90, 130)
    start = 800 - wide * 3 - lean // 2
    bands = [
        Shape(f"M{start + wide * n} 900h{wide - 14}l{lean}-900h{14 - wide}z", papers[n % 3]) for n in range(6)
    ]
    x = 300 if lean > 0 else 1300
    return [Shape(_oval(x, 330, 190, 190), light), *bands]


def _box(x: int, y: int, width: int, height: int) -> str:
    return f"M{x} {y}h{width}v{height}h{-width}z"


def _oval(x: int, y: int, across: int, up: int) -> str:
    return f"M{x - across} {y}a{across} {up} 0 1 0 {2 * across} 0a{across} {up} 0 1 0 {-2 * across} 0z"


def _ring(x: int, y: int, radius: int, count: int, dot: int) -> str:
    """Dots on a circle, those of them that can be seen."""
    turns = [2 * math.pi * n / count for n in range(count)]
    places = [(x + round(radius * math.cos(t)), y + round(radius * math.sin(t))) for t in turns]
    return "".join(_oval(a, b, dot, dot) for a, b in places if 0 <= a <= WIDTH and 0 <= b <= HEIGHT)


def _seat(x: int, y: int) -> str:
    return f"M{x} {y + 155}v-100a55 55 0 0 1 55-55h40a55 55 0 0 1 55 55v100z"


def _wave(chance: Random, top: int) -> str:
    """From the left edge to the right in four swings, and all below."""
    swing, shift = chance.randint(40, 110), chance.choice([-1, 1])
    first = f"M0 {top}q200 {-2 * swing * shift} 400 0"
    return f"{first}t400 0t400 0t400 0V900H0z"


def _fold(x: int, width: int, reach: int) -> str:
    return f"M{x} 0h{width}v{reach - width // 2}a{width // 2} {width // 2} 0 0 1 {-width} 0z"


def _quarter(chance: Random, x: int, y: int) -> str:
    a, b, turn = chance.choice([(0, 0, 1), (320, 0, 0), (0, 320, 0), (320, 320, 1)])
    across, down = (320 if a == 0 else -320), (320 if b == 0 else -320)
    return f"M{x + a} {y + b}h{across}a320 320 0 0 {turn} {-across} {down}z"


def _leaf(chance: Random, x: int, y: int) -> str:
    if chance.random() < 1 / 2:
        return f"M{x} {y}a320 320 0 0 1 320 320a320 320 0 0 1-320-320z"
    return f"M{x + 320} {y}a320 320 0 0 0-320 320a320 320 0 0 0 320-320z"


def _dot(chance: Random, x: int, y: int) -> str:
    radius = chance.choice([70, 110, 160])
    return _oval(x + 160, y + 160, radius, radius)


OTHER: tuple[list[Palette], list[Family]] = (
    [NIGHT, LAGOON, PAPER, DUSK, ROSE],
    [spotlights, rows, seats, waves, tiles, rings],
)
MOODS: dict[str, tuple[list[Palette], list[Family]]] = {  # by category, without the s of a plural
    "concert": ([NIGHT, DUSK, VELVET, INK], [waves, spotlights, rows, rings]),
    "conference": ([LAGOON, SLATE, PAPER, INK], [tiles, rows, seats]),
    "workshop": ([PAPER, CITRUS, MEADOW, ROSE], [tiles, rings, waves]),
    "theatre": ([VELVET, NIGHT, ROSE], [curtain, spotlights, seats]),
    "comedy": ([CITRUS, ROSE, DUSK], [spotlights, curtain, tiles]),
    "sport": ([SLATE, MEADOW, CITRUS], [lanes, rings, waves]),
    "film": ([INK, SLATE, VELVET], [seats, spotlights, rows]),
    "food": ([MEADOW, CITRUS, PAPER], [rings, tiles, waves]),
    "party": ([DUSK, NIGHT, ROSE], [rings, rows, spotlights]),
}
