"""The colours of a frame. A picture cannot read the page's CSS, so there is one set per theme.

Skin, hair and clothes are the frames' own; all else are the tokens of the charts. For a frame that
is written into a page (`page`), every colour is a custom property of `static/css/figure.css`.
"""

from dataclasses import dataclass, fields
from typing import Literal

from adherence.charts.style import THEMES, mixed

FrameTheme = Literal["light", "dark", "contrast", "dark-contrast", "print", "page"]
FRAME_THEMES: tuple[FrameTheme, ...] = (
    "light",
    "dark",
    "contrast",
    "dark-contrast",
    "print",
    "page",
)


@dataclass(frozen=True, slots=True)
class Ink:
    """The colours one frame is drawn with.

    `edge` cuts clothes from each other, `skin_edge` bounds skin; `far_…` is the limb further away.
    `was` is where the body was before. `mark` shows what works, `stripe` is the ground of the
    stripes on what is stretched. `wood` is furniture, `tool` what hands hold.
    """

    surface: str
    floor: str
    wood: str
    wood_side: str
    wood_edge: str
    skin: str
    skin_edge: str
    hair: str
    top: str
    legs: str
    shoe: str
    edge: str
    far_skin: str
    far_top: str
    far_legs: str
    far_shoe: str
    was: str
    mark: str
    stripe: str
    mark_edge: str
    arrow: str
    tool: str
    tool_edge: str


def _ink(
    surface: str,
    floor: str,
    wood: str,
    wood_side: str,
    wood_edge: str,
    skin: str,
    skin_edge: str,
    hair: str,
    top: str,
    legs: str,
    shoe: str,
    edge: str,
    was: str,
    mark: str,
    stripe: str,
    mark_edge: str,
    arrow: str,
    tool: str,
    tool_edge: str,
    far: float = 0.62,
) -> Ink:
    """Return the colours; a far limb keeps the share `far` of its colour over the surface."""
    return Ink(
        surface=surface,
        floor=floor,
        wood=wood,
        wood_side=wood_side,
        wood_edge=wood_edge,
        skin=skin,
        skin_edge=skin_edge,
        hair=hair,
        top=top,
        legs=legs,
        shoe=shoe,
        edge=edge,
        far_skin=mixed(skin, surface, far),
        far_top=mixed(top, surface, far),
        far_legs=mixed(legs, surface, far),
        far_shoe=mixed(shoe, surface, far),
        was=was,
        mark=mark,
        stripe=stripe,
        mark_edge=mark_edge,
        arrow=arrow,
        tool=tool,
        tool_edge=tool_edge,
    )


_LIGHT, _DARK = THEMES["light"], THEMES["dark"]
INKS: dict[str, Ink] = {
    "light": _ink(
        surface=_LIGHT.surface,
        floor="#F0E7E8",
        wood="#F3E9E2",
        wood_side="#E6D8D2",
        wood_edge=_LIGHT.line_strong,
        skin="#E2B193",
        skin_edge="#8C5640",
        hair="#3B2A33",
        top="#8A3B6C",
        legs="#47193B",
        shoe="#2C1A2A",
        edge=_LIGHT.surface,
        was="#E9DBD9",
        mark="#F3BC4B",
        stripe="#F3BC4B",
        mark_edge=_LIGHT.thread_ink,
        arrow=_LIGHT.thread_ink,
        tool="#5B8C7B",
        tool_edge="#2F5B4C",
    ),
    "dark": _ink(
        surface=_DARK.surface,
        floor="#32242F",
        wood="#4A3844",
        wood_side="#3E2F3A",
        wood_edge=_DARK.line_strong,
        skin="#E0AE90",
        skin_edge="#5A3426",
        hair="#6E5665",
        top="#D68FB8",
        legs="#9A6B8C",
        shoe="#CFBBC8",
        edge=_DARK.surface,
        was="#4B3A48",
        mark="#F3BC4B",
        stripe="#F3BC4B",
        mark_edge="#2A1B03",
        arrow=_DARK.thread_ink,
        tool="#86BFAB",
        tool_edge="#1F3B32",
        far=0.72,
    ),
    "contrast": _ink(
        surface="#FFFFFF",
        floor="#E8E8E8",
        wood="#FFFFFF",
        wood_side="#E6E6E6",
        wood_edge="#000000",
        skin="#F4D9C6",
        skin_edge="#000000",
        hair="#000000",
        top="#8A2F68",
        legs="#2A0D22",
        shoe="#000000",
        edge="#FFFFFF",
        was="#D8D8D8",
        mark="#FFC93C",
        stripe="#FFC93C",
        mark_edge="#000000",
        arrow="#000000",
        tool="#2F7A62",
        tool_edge="#000000",
        far=0.6,
    ),
    "dark-contrast": _ink(
        surface="#000000",
        floor="#2A2A2A",
        wood="#1A1A1A",
        wood_side="#333333",
        wood_edge="#FFFFFF",
        skin="#F2C6A8",
        skin_edge="#000000",
        hair="#7A6672",
        top="#FFB3D6",
        legs="#C590B4",
        shoe="#FFFFFF",
        edge="#000000",
        was="#3C3C3C",
        mark="#FFD46B",
        stripe="#FFD46B",
        mark_edge="#000000",
        arrow="#FFD46B",
        tool="#8FE3C8",
        tool_edge="#000000",
        far=0.6,
    ),
    "print": _ink(
        surface="#FFFFFF",
        floor="#EEEEEE",
        wood="#FFFFFF",
        wood_side="#F0F0F0",
        wood_edge="#555555",
        skin="#FFFFFF",
        skin_edge="#000000",
        hair="#444444",
        top="#E0E0E0",
        legs="#B4B4B4",
        shoe="#3A3A3A",
        edge="#000000",
        was="#E4E4E4",
        mark="#222222",
        stripe="#FFFFFF",
        mark_edge="#000000",
        arrow="#000000",
        tool="#FFFFFF",
        tool_edge="#000000",
        far=0.5,
    ),
}
INKS["page"] = Ink(**{name.name: f"var(--f-{name.name.replace('_', '-')})" for name in fields(Ink)})
