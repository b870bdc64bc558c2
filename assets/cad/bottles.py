# SPDX-License-Identifier: CC0-1.0
"""The product: a half-litre bottle at each stage of its making, the crate for twelve of them, and the
full crate in low poly."""

from __future__ import annotations

import cadquery as cq
from common import Model, box, cyl, group
from packaging_shapes import picked, span, turned

R = 0.0325  # bottle radius
H = 0.230  # with its cap


def glass_shape() -> cq.Workplane:
    return (
        cq.Workplane("XZ")
        .moveTo(0, 0.006)
        .lineTo(0.022, 0.000)
        .threePointArc((0.0297, 0.0030), (R, 0.0100))
        .lineTo(R, 0.128)
        .threePointArc((0.0285, 0.1560), (0.0160, 0.1880))
        .lineTo(0.0130, 0.2040)
        .lineTo(0.0165, 0.2050)
        .lineTo(0.0165, 0.2095)
        .lineTo(0, 0.2095)  # the mouth is under the cap
        .close()
        .revolve(360, (0, 0, 0), (0, 1, 0))
    )


def liquid_shape() -> cq.Workplane:
    """Full: from the pivot (3 mm over the base) to 12 mm under the neck ring."""
    return (
        cq.Workplane("XZ")
        .moveTo(0, 0)
        .lineTo(R - 0.0035, 0.002)
        .lineTo(R - 0.0015, 0.010)
        .lineTo(R - 0.0015, 0.125)
        .threePointArc((0.0268, 0.1530), (0.0142, 0.1850))
        .lineTo(0, 0.1850)
        .close()
        .revolve(360, (0, 0, 0), (0, 1, 0))
    )


def cap_shape() -> cq.Workplane:
    return turned((0, 0), (0.0150, 0), (0.0150, 0.0185), (0.0135, 0.0205), (0, 0.0205))


def label_shape() -> cq.Workplane:
    return cq.Workplane("XY").circle(R + 0.0004).extrude(0.060).faces("%CYLINDER")


# What a bottle has after each machine that it has passed: a file for each.
STAGES = {
    "bottle_empty": (),
    "bottle_filled": ("liquid",),
    "bottle_capped": ("liquid", "cap"),
    "bottle": ("liquid", "cap", "label"),
}


def bottle(name: str) -> Model:
    m = Model(name, ang=0.63)
    has = STAGES[name]
    if "liquid" in has:
        m.part("liquid", liquid_shape(), "bottle_liquid", at=(0, 0, 0.003), tol=0.004, ang=1.0)
    if "label" in has:
        m.part("label", label_shape(), "plastic_white", at=(0, 0, 0.045), tol=0.002, ang=0.63)
    m.part("glass", glass_shape(), "bottle_glass", tol=0.004, ang=1.25)
    if "cap" in has:
        m.part("cap", cap_shape(), "plastic_blue", at=(0, 0, 0.2095), tol=0.002, ang=1.0)
    return m


# ---------------------------------------------------------------------------------------- the crate

CX, CY, CZ = 0.400, 0.300, 0.260
PITCH_X, PITCH_Y = 0.0935, 0.0915  # of the 4 x 3 cells


def cells():
    return [((i - 1.5) * PITCH_X, (j - 1.0) * PITCH_Y) for j in range(3) for i in range(4)]


def crate_shape() -> cq.Workplane:
    wall = 0.012
    body = cq.Workplane("XY").box(CX, CY, CZ, centered=(True, True, False)).edges("|Z").chamfer(0.014)
    body = body.cut(box(CX - 2 * wall, CY - 2 * wall, CZ, (0, 0, 0.010), chamfer=0.008))
    # The stacking rim: the foot of one crate goes 10 mm into the next.
    foot = cq.Workplane("XY").box(CX, CY, 0.010, centered=(True, True, False)).cut(
        box(CX - 2 * wall - 0.002, CY - 2 * wall - 0.002, 0.010)
    )
    body = body.cut(foot)
    # Low windows on the long sides show the bottles; the handles are in the ends.
    for x in (-0.093, 0.093):
        body = body.cut(box(0.155, CY * 2, 0.085, (x, 0, 0.120), chamfer=0))
    body = body.cut(box(CX * 2, 0.130, 0.045, (0, 0, 0.180)))
    body = body.cut(box(CX * 2, 0.190, 0.050, (0, 0, 0.085)))
    return body


def crate_ribs() -> cq.Compound:
    """What makes a crate a crate: the rim bead, corner ribs, the grid of the cells."""
    ribs = []
    for s in (-1, 1):
        ribs.append(span(-CX / 2 + 0.02, CX / 2 - 0.02, s * (CY / 2 + 0.000) - 0.004, s * (CY / 2 + 0.000) + 0.004, 0.105, 0.115))
        ribs.append(span(-CX / 2 + 0.02, CX / 2 - 0.02, s * (CY / 2 + 0.000) - 0.004, s * (CY / 2 + 0.000) + 0.004, 0.212, 0.222))
        for x in (-0.178, 0, 0.178):
            ribs.append(span(x - 0.004, x + 0.004, s * CY / 2 - 0.004, s * CY / 2 + 0.004, 0.014, 0.250))
        for y in (-0.118, 0.118):
            ribs.append(span(s * CX / 2 - 0.004, s * CX / 2 + 0.004, y - 0.004, y + 0.004, 0.014, 0.250))
        ribs.append(span(s * CX / 2 - 0.004, s * CX / 2 + 0.004, -0.118, 0.118, 0.228, 0.236))
    return group(*ribs)


def crate_grid() -> cq.Compound:
    g = []
    for i in range(3):
        x = (i - 1) * PITCH_X
        g.append(span(x - 0.002, x + 0.002, -CY / 2 + 0.012, CY / 2 - 0.012, 0.011, 0.105))
    for j in range(2):
        y = (j - 0.5) * PITCH_Y
        g.append(span(-CX / 2 + 0.012, CX / 2 - 0.012, y - 0.002, y + 0.002, 0.011, 0.105))
    return group(*g)


def plates() -> cq.Compound:
    return group(*[box(0.10, 0.0015, 0.050, (x, s * (CY / 2 + 0.0005), 0.040)) for x in (-0.09, 0.09) for s in (-1, 1)])


def crate() -> Model:
    m = Model("crate", ang=0.8)
    m.part("body", group(crate_shape(), crate_ribs(), crate_grid()), "plastic_blue")
    m.part("labels", plates(), "plastic_white")
    return m


def crate_full() -> Model:
    m = Model("crate_full", ang=1.3)
    m.part("body", group(crate_shape(), crate_ribs()), "plastic_blue")
    m.part("labels", plates(), "plastic_white")
    # Low poly on purpose: a few hundred of these stand on pallets. Only what shows is drawn.
    top = turned((0, 0), (R, 0), (R, 0.130), (0.0150, 0.190), (0.0135, 0.210), (0, 0.210))
    top = picked(top, "faces", "not (<Z or >Z)")
    cap = picked(cyl(0.0150, 0.0205), "faces", "not <Z")
    bottles, caps = [], []
    for x, y in cells():
        bottles.append(top.translate((x, y, 0.011)))
        caps.append(cap.translate((x, y, 0.2205)))
    m.part("bottles", group(*bottles), "bottle_dark", tol=0.004, ang=2.2)
    m.part("caps", group(*caps), "plastic_yellow", tol=0.004, ang=2.2)
    return m


def build() -> list[Model]:
    return [*map(bottle, STAGES), crate(), crate_full()]
