# SPDX-License-Identifier: CC0-1.0
"""An underride transport vehicle: drives in between the rails of a pallet stand, lifts, drives off.

Front is CAD +X. The deck is 0.35 m high, the lift plate goes 0.10 m further up.
"""

from __future__ import annotations

import cadquery as cq
from common import Model, box, cyl, group
from packaging_shapes import bolts, rbox, ring, turned, turned_y

L, W, H = 1.60, 0.90, 0.350
WHEEL_R = 0.100


def outline(x, y, r, z0, z1):
    return cq.Workplane("XY").rect(x, y).extrude(z1 - z0).edges("|Z").fillet(r).translate((0, 0, z0))


def build() -> list[Model]:
    m = Model("agv", ang=0.45)
    body = outline(L - 0.06, W - 0.06, 0.13, 0.095, 0.322).faces(">Z").edges().fillet(0.022)
    # Room for the wheels, and the well of the lift plate.
    for x in (-0.52, 0.52):
        for s in (-1, 1):
            body = body.cut(box(0.27, 0.16, 0.16, (x, s * 0.39, 0.06)))
    # The laser scanners look out of slots at two opposite corners.
    for s in (-1, 1):
        body = body.cut(cyl(0.19, 0.075, "Z", (s * 0.735, s * 0.385, 0.150)))
    well = outline(1.06, 0.78, 0.05, 0.300, 0.34)
    body = body.cut(well)
    m.part("body", body, "paint_light")
    m.part("chassis", group(outline(L - 0.12, W - 0.24, 0.08, 0.060, 0.10)), "paint_anthracite", ang=0.6)
    # Bumper all around, its safety-yellow band, the light strip above it.
    bumper = outline(L, W, 0.155, 0.060, 0.135).cut(outline(L - 0.09, W - 0.09, 0.12, 0.05, 0.14))
    for x in (-0.52, 0.52):
        bumper = bumper.cut(box(0.26, 2.0, 0.2, (x, 0, 0.0)))
    m.part("bumper", bumper, "rubber")
    band = outline(L - 0.052, W - 0.052, 0.133, 0.265, 0.283).cut(outline(L - 0.07, W - 0.07, 0.125, 0.26, 0.29))
    m.part("light_strip", band, "light_strip")
    stripes = []
    for s in (-1, 1):
        for k in range(5):
            x = (-0.16 + 0.08 * k)
            p = cq.Workplane("XZ").moveTo(x - 0.03, 0.150).lineTo(x + 0.01, 0.150).lineTo(x + 0.04, 0.190).lineTo(x, 0.190).close().extrude(0.003)
            stripes.append(p.translate((0, s * (W / 2 - 0.0285) + 0.0015, 0)))
    m.part("stripes", group(*stripes), "safety_yellow")
    # Lift: the plate with its pads and pins, scissor columns below it.
    lift = m.node("lift", None, (0, 0, 0.350))
    plate = outline(1.02, 0.74, 0.04, -0.022, -0.006).faces(">Z").edges().chamfer(0.004)
    m.part("plate", plate, "steel_dark", lift, ang=0.7)
    m.part("pads", group(*[rbox(0.90, 0.075, 0.008, (0, y, -0.008), r=0.02) for y in (-0.28, 0.0, 0.28)]), "rubber", lift, ang=0.8)
    m.part("bolts", group(*[cyl(0.012, 0.003, "Z", (x, y, -0.006)) for x in (-0.47, 0.47) for y in (-0.20, 0.20)]), "bolt_zinc", lift, ang=0.7)
    m.part("columns", group(*[cyl(0.035, 0.16, "Z", (x, y, -0.18)) for x in (-0.36, 0.36) for y in (-0.24, 0.24)]), "steel_machined", lift, ang=0.6)
    # Wheels: rubber tyre, rim with holes, so that one sees them turn.
    tyre = turned_y((0.070, -0.032), (0.092, -0.032), (WHEEL_R, -0.024), (WHEEL_R, 0.024), (0.092, 0.032), (0.070, 0.032))
    rim = turned_y((0, -0.028), (0.070, -0.028), (0.070, 0.028), (0, 0.028))
    rim = rim.cut(cq.Workplane("XZ").polarArray(0.045, 0, 360, 5).circle(0.013).extrude(0.10).translate((0, 0.05, 0)))
    hub = group(cyl(0.022, 0.072, "Y", (0, -0.036, 0)), *[bolts(5, 0.027, 0.008, 0.006, "Y", (0, y, 0), 36) for y in (0.028, -0.022 - 0.006)])
    for name, x, s in (("wheel_fl", 0.52, 1), ("wheel_fr", 0.52, -1), ("wheel_rl", -0.52, 1), ("wheel_rr", -0.52, -1)):
        w = m.part(name, tyre, "rubber", None, (x, s * 0.375, WHEEL_R), ang=0.4)
        m.part("rim", rim, "aluminium", w, ang=0.6)
        m.part("hub", hub, "steel_dark", w, ang=0.8)
    # Safety laser scanners at the front left and the rear right, a navigation lidar on the mast.
    scan = turned((0, 0), (0.062, 0), (0.062, 0.018), (0.056, 0.018), (0.056, 0.045), (0.062, 0.045), (0.062, 0.070), (0, 0.070))
    for k, s in enumerate((1, -1)):
        m.part(f"scanner_{k + 1}", scan, "plastic_black", None, (s * 0.675, s * 0.335, 0.1525))
        m.part(f"scanner_cap_{k + 1}", ring(0.063, 0.03, 0.010, (0, 0, 0.057)), "safety_yellow", None, (s * 0.675, s * 0.335, 0.1525))
    m.part("lidar_foot", group(turned((0, 0), (0.050, 0), (0.046, 0.012), (0, 0.012)), cyl(0.030, 0.02, "Z", (0, 0, 0.01))), "paint_anthracite", None, (0.685, 0, 0.322))
    m.part("lidar", turned((0, 0.0), (0.038, 0.0), (0.038, 0.040), (0.032, 0.050), (0, 0.052)), "plastic_black", None, (0.685, 0, 0.350))
    # Panel with screen at the back, emergency stops at the corners, beacon, charging contacts.
    m.part("panel", group(rbox(0.10, 0.30, 0.006, (-0.665, 0, 0.321), r=0.01)), "plastic_black", ang=0.8)
    m.part("screen", box(0.07, 0.13, 0.002, (-0.665, 0.06, 0.327)), "screen")
    m.part("keys", group(*[cyl(0.011, 0.008, "Z", (-0.665, y, 0.326)) for y in (-0.05, -0.09)]), "plastic_green", ang=0.7)
    stops, rings_ = [], []
    for x, y in ((0.68, 0.28), (0.68, -0.28), (-0.68, 0.28), (-0.68, -0.28)):
        rings_.append(cyl(0.026, 0.010, "Z", (x, y, 0.321)))
        stops.append(turned((0, 0), (0.010, 0), (0.010, 0.010), (0.019, 0.012), (0.019, 0.022), (0.014, 0.026), (0, 0.026)).translate((x, y, 0.330)))
    m.part("estop_bases", group(*rings_), "safety_yellow", ang=0.7)
    m.part("estops", group(*stops), "plastic_red", ang=0.7)
    m.part("charge_contacts", group(*[box(0.012, 0.10, 0.022, (-L / 2 + 0.027, y, 0.195)) for y in (-0.09, 0.09)]), "copper")
    m.part("status_lamp", group(box(0.006, 0.20, 0.018, (L / 2 - 0.030, 0, 0.215))), "lamp")
    for s, n in ((1, "head_lamps"), (-1, "tail_lamps")):
        m.part(n, group(*[box(0.010, 0.10, 0.028, (s * (L / 2 - 0.032), y, 0.212)) for y in (-0.22, 0.22)]), "plastic_white" if s > 0 else "plastic_red")
    plates = [box(0.26, 0.003, 0.050, (0.0, s * (W / 2 - 0.0295), 0.205)) for s in (-1, 1)]
    m.part("name_plate", group(*plates), "paint_blue")
    m.part("side_covers", group(*[box(0.16, 0.004, 0.10, (x, s * (W / 2 - 0.030), 0.150)) for x in (-0.30, 0.30) for s in (-1, 1)]), "paint_grey_mid")
    return [m]
