# SPDX-License-Identifier: CC0-1.0
"""The EUR pallet, and the stand on which the robot loads it and from which the AGV takes it."""

from __future__ import annotations

from common import Model, box, cyl, group
from packaging_shapes import rbox, span


def pallet() -> Model:
    """EN 13698-1: 1200 x 800 x 144: five boards on top, three cross boards, nine blocks, three skids."""
    m = Model("pallet", ang=1.0)
    wood = []
    top = [(-0.3275, 0.145), (-0.1825, 0.100), (0.0, 0.145), (0.1825, 0.100), (0.3275, 0.145)]
    for y, w in top:
        wood.append(box(1.2, w, 0.022, (0, y, 0.122), chamfer=0.0))
    for x in (-0.5275, 0.0, 0.5275):
        wood.append(box(0.145, 0.8, 0.022, (x, 0, 0.100)))
    for y, w in ((-0.35, 0.100), (0.0, 0.145), (0.35, 0.100)):
        wood.append(box(1.2, w, 0.022, (0, y, 0.0)))
        for x in (-0.5275, 0.0, 0.5275):
            wood.append(box(0.145, w, 0.078, (x, y, 0.022), chamfer=0.008))
    m.part("boards", group(*wood), "wood")
    nails = []
    for y, w in top:
        for x in (-0.5275, 0.0, 0.5275):
            for dx in (-0.035, 0.035):
                nails.append(box(0.008, 0.008, 0.0006, (x + dx, y, 0.144)))
    m.part("nails", group(*nails), "steel_dark")
    brands = [box(0.05, 0.0006, 0.035, (x, s * 0.4002, 0.043)) for x in (-0.5275, 0.5275) for s in (-1, 1)]
    m.part("brands", group(*brands), "steel_dark")
    return m


def pallet_stand() -> Model:
    """Two rails 1.04 m apart along X: the AGV drives between them, the pallet lies across."""
    m = Model("pallet_stand", ang=0.6)
    steel, plates, pads, guides = [], [], [], []
    for s in (-1, 1):
        y = s * 0.575
        steel.append(rbox(0.90, 0.08, 0.10, (0, y, 0.285), r=0.008))
        for x in (-0.38, 0.38):
            steel.append(rbox(0.08, 0.08, 0.275, (x, y, 0.012), r=0.008))
            plates.append(rbox(0.16, 0.13, 0.012, (x, y + s * 0.02, 0), r=0.01))
            plates.append(cyl(0.010, 0.014, "Z", (x - 0.06, y + s * 0.06, 0.012)))
            plates.append(cyl(0.010, 0.014, "Z", (x + 0.06, y + s * 0.06, 0.012)))
        steel.append(span(-0.34, 0.34, y - 0.02, y + 0.02, 0.10, 0.14))
        pads.append(rbox(0.86, 0.10, 0.015, (0, y, 0.385), r=0.006))
        # Centring guides outside of the pallet.
        for x in (-0.3, 0.3):
            guides.append(span(x - 0.03, x + 0.03, s * 0.625 - 0.01, s * 0.625 + 0.01, 0.30, 0.47))
            guides.append(
                box(0.06, 0.012, 0.09, (0, 0, 0)).rotate((0, 0, 0), (1, 0, 0), -s * 30).translate((x, s * 0.628, 0.465))
            )
    m.part("rails", group(*steel), "paint_grey")
    m.part("feet", group(*plates), "steel_galvanised")
    m.part("pads", group(*pads), "plastic_black")
    m.part("guides", group(*guides), "safety_yellow")
    m.part("sensor", group(box(0.05, 0.03, 0.06, (-0.40, 0.52, 0.30))), "paint_blue")
    return m


def build() -> list[Model]:
    return [pallet(), pallet_stand()]
