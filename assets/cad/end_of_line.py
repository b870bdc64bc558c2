# SPDX-License-Identifier: CC0-1.0
"""The end of the line: labeller, case packer (twelve bottles at a time into a crate), crate conveyor."""

from __future__ import annotations

import math

import cadquery as cq
from bottles import PITCH_Y, cells
from common import Model, box, cyl, group
from packaging_shapes import _shape, foot, guard, hmi, hose, lamp_tower, pipe, rbox, ring, rod, span, turned, turned_y

TOP = 0.950  # bottles
CRATES = 0.750  # top of the crate rollers
CRATE_Y = -0.900  # crate lane of the packer


# ------------------------------------------------------------------------------- crate conveyor


def crate_roller():
    r, h = 0.0300, 0.300
    tube = turned_y((0, -h), (r - 0.003, -h), (r, -h + 0.003), (r, h - 0.003), (r - 0.003, h), (0, h))
    # The key on the end caps and the belt groove show that it turns.
    keys = [span(0.004, 0.024, s * h - 0.003, s * h + 0.003, -0.004, 0.004) for s in (-1, 1)]
    axle = [turned_y((0, -h - 0.022), (0.008, -h - 0.022), (0.008, h + 0.022), (0, h + 0.022))]
    return group(tube, *keys, *axle)


def crate_conveyor() -> Model:
    m = Model("crate_conveyor", ang=0.7)
    steel, legs, feet, tops = [], [], [], []
    for s in (-1, 1):
        y = s * 0.325
        steel.append(span(-1, 1, y - 0.003, y + 0.003, CRATES - 0.115, CRATES + 0.012))
        steel.append(span(-1, 1, min(y, y + s * 0.030), max(y, y + s * 0.030), CRATES - 0.115, CRATES - 0.110))
        steel.append(span(-1, 1, min(y, y + s * 0.030), max(y, y + s * 0.030), CRATES + 0.007, CRATES + 0.012))
        for x in (-0.65, 0.65):
            legs.append(rbox(0.06, 0.045, CRATES - 0.115 - 0.10, (x, s * 0.335, 0.10), r=0.006))
            feet.append(foot(x, s * 0.335, 0.13))
        # Guide rail on brackets.
        for x in (-0.8, 0.0, 0.8):
            tops.append(span(x - 0.02, x + 0.02, s * 0.352 - 0.004, s * 0.352 + 0.004, CRATES - 0.09, CRATES + 0.115))
            tops.append(cyl(0.008, -s * 0.125, "Y", (x, s * 0.352, CRATES + 0.095)))
        for x in (-0.65, 0.65):
            legs.append(rod((x, s * 0.335, 0.42), (x * 0.52, s * 0.335, CRATES - 0.115), 0.012))
    for x in (-0.65, 0.65):
        legs.append(span(x - 0.02, x + 0.02, -0.32, 0.32, 0.28, 0.32))
        legs.append(span(x - 0.02, x + 0.02, -0.32, 0.32, CRATES - 0.16, CRATES - 0.12))
    m.part("frame", group(*steel), "paint_blue")
    m.part("legs", group(*legs), "paint_grey", ang=1.3)
    m.part("feet", group(*feet), "plastic_black", ang=1.3)
    m.part("guide_brackets", group(*tops), "steel_galvanised", ang=0.9)
    m.part("guide_rails", group(*[span(-1, 1, s * 0.218 - 0.008, s * 0.218 + 0.008, CRATES + 0.070, CRATES + 0.120) for s in (-1, 1)]), "acetal_white")
    rol = crate_roller()
    for i in range(16):
        m.part(f"roller_{i + 1:02}", rol, "steel_galvanised", at=(-0.9375 + 0.125 * i, 0, CRATES - 0.030), ang=0.6)
    m.part("drive_cover", group(rbox(1.96, 0.020, 0.085, (0, 0.342, CRATES - 0.098), r=0.006)), "safety_yellow", ang=0.9)
    m.part("name_plate", box(0.18, 0.003, 0.05, (0.0, -0.3295, CRATES - 0.075)), "paint_light")
    m.part("sensor", group(box(0.035, 0.022, 0.05, (0.86, -0.365, CRATES + 0.03)), cyl(0.008, 0.03, "Y", (0.86, -0.355, CRATES + 0.055)), box(0.03, 0.010, 0.12, (0.86, -0.358, CRATES - 0.075))), "plastic_black", ang=0.9)
    m.part("reflector", box(0.04, 0.008, 0.04, (0.86, 0.345, CRATES + 0.035)), "plastic_red")
    return m


# ---------------------------------------------------------------------------------- case packer


def case_packer() -> Model:
    m = Model("case_packer", ang=0.6)
    x, y0, y1, top = 0.95, -1.42, 0.50, 2.02
    frame = m.node("frame")
    # Portal: four posts, the ring of beams, two rails along Y for the gantry.
    posts = []
    for px in (-x, x):
        for py in (y0, y1):
            posts.append(rbox(0.10, 0.10, top - 0.10, (px, py, 0.10), r=0.012))
        posts.append(span(px - 0.05, px + 0.05, y0 + 0.05, y1 - 0.05, top - 0.12, top))
    for py in (y0, y1):
        posts.append(span(-x + 0.05, x - 0.05, py - 0.05, py + 0.05, top - 0.12, top))
    m.part("portal", group(*posts), "paint_light", frame, ang=0.9)
    m.part("feet", group(*[foot(px, py, 0.12, 0.07) for px in (-x, x) for py in (y0, y1)]), "steel_galvanised", frame, ang=0.9)
    m.part("beams", group(*[rbox(0.10, y1 - y0, 0.12, (px, (y0 + y1) / 2, top), r=0.010) for px in (-0.40, 0.40)]), "paint_blue", frame, ang=0.9)
    m.part("rails", group(*[span(px - 0.015, px + 0.015, y0 + 0.05, y1 - 0.05, top + 0.12, top + 0.142) for px in (-0.40, 0.40)],
                          *[span(px + s * 0.050 - 0.004, px + s * 0.050 + 0.004, y0 + 0.1, y1 - 0.1, top + 0.03, top + 0.045) for px, s in ((-0.40, 1), (0.40, -1))]), "steel_machined", frame)
    # Drive of the gantry: belt pulley box and motor at the back.
    m.part("drive", group(rbox(0.10, 0.12, 0.14, (-0.52, y1 - 0.02, top), r=0.02), rbox(0.96, 0.05, 0.05, (0, y1 - 0.02, top + 0.045), r=0.01)), "paint_anthracite", frame, ang=0.9)
    m.part("motor", group(cyl(0.055, 0.22, "Z", (-0.52, y1 - 0.02, top + 0.14)), cyl(0.06, 0.02, "Z", (-0.52, y1 - 0.02, top + 0.14))), "paint_blue_dark", frame)
    # Bottle table: a wide belt, lane dividers, the spreading guides, legs.
    table = m.node("table")
    m.part("belt", group(*[span(-1.0 + 0.05 * i + 0.002, -0.95 + 0.05 * i - 0.002, -0.165, 0.165, TOP - 0.014, TOP) for i in range(26)], span(-1.0, 0.30, -0.165, 0.165, TOP - 0.114, TOP - 0.100)), "belt_grey", table)
    plates = [span(-1.0, 0.34, s * 0.200 - 0.003, s * 0.200 + 0.003, TOP - 0.150, TOP - 0.004) for s in (-1, 1)]
    for px in (-0.70, 0.15):
        for s in (-1, 1):
            plates.append(cyl(0.024, TOP - 0.25, "Z", (px, s * 0.185, 0.10)))
        plates.append(cyl(0.017, 0.36, "Y", (px, -0.18, 0.32)))
    plates.append(span(0.30, 0.34, -0.20, 0.20, TOP - 0.150, TOP - 0.004))
    m.part("frame", group(*plates), "stainless", table)
    m.part("feet", group(*[foot(px, s * 0.185, 0.13) for px in (-0.70, 0.15) for s in (-1, 1)]), "plastic_black", table, ang=1.0)
    rails, rods = [], []
    for z in (TOP + 0.05, TOP + 0.105):
        for y in (-1.5, -0.5, 0.5, 1.5):
            yy = y * PITCH_Y
            rails.append(span(-0.40, 0.20, yy - 0.0045, yy + 0.0045, z - 0.012, z + 0.012))
        for s in (-1, 1):
            rails.append(span(-1.0, -0.72, s * 0.042 - 0.005, s * 0.042 + 0.005, z - 0.012, z + 0.012))
            d = math.hypot(0.32, 1.5 * PITCH_Y - 0.042)
            a = math.degrees(math.atan2(1.5 * PITCH_Y - 0.042, 0.32))
            rails.append(box(d, 0.010, 0.024).rotate((0, 0, 0), (0, 0, 1), s * a).translate((-0.56, s * (1.5 * PITCH_Y + 0.042) / 2, z - 0.012)))
    for px in (-0.9, -0.38, 0.195):
        for s in (-1, 1):
            rods.append(cyl(0.008, 0.38, "Z", (px, s * 0.212, TOP - 0.10)))
        rods.append(cyl(0.007, 0.44, "Y", (px, -0.22, TOP + 0.265)))
        lanes = (-1.5, -0.5, 0.5, 1.5) if px > -0.5 else ()
        for y in lanes:
            rods.append(cyl(0.005, 0.24, "Z", (px, y * PITCH_Y, TOP + 0.025)))
        if not lanes:
            for s in (-1, 1):
                rods.append(cyl(0.005, 0.24, "Z", (px, s * 0.042, TOP + 0.025)))
    # The cross bars of the last two sit outside the field of the gripper.
    m.part("lanes", group(*rails), "acetal_white", table)
    m.part("lane_rods", group(*rods), "stainless_bright", table, ang=1.0)
    m.part("stop", group(span(0.185, 0.200, -0.15, 0.15, TOP + 0.02, TOP + 0.075), cyl(0.022, 0.10, "X", (0.20, 0, TOP + 0.05))), "plastic_blue", table)

    # Gantry: the bridge on both rails; the lift with its mast; the head with twelve tulips.
    g = m.node("gantry", None, (0, 0, top), extras={"travel": 0.9})
    bridge = [rbox(0.92, 0.16, 0.07, (0, 0, 0.165), r=0.012)]
    cars = []
    for px in (-0.40, 0.40):
        for y in (-0.11, 0.11):
            cars.append(span(px - 0.038, px + 0.038, y - 0.05, y + 0.05, 0.122, 0.165))
        bridge.append(rbox(0.12, 0.34, 0.016, (px, 0, 0.163), r=0.01))
    bridge.append(rbox(0.26, 0.24, 0.26, (0, 0.0, 0.09), r=0.02).cut(box(0.112, 0.112, 0.4, (0, 0, 0.0))))
    m.part("bridge", group(*bridge), "paint_light", g, ang=0.9)
    m.part("carriages", group(*cars), "steel_dark", g)
    m.part("lift_motor", group(cyl(0.050, 0.20, "X", (0.13, 0, 0.275)), cyl(0.055, 0.03, "X", (0.13, 0, 0.275)), box(0.06, 0.06, 0.04, (0.24, 0, 0.31))), "paint_blue_dark", g)
    m.part("energy_chain", group(*[box(0.055, 0.030, 0.026, (-0.28, 0.10 - 0.033 * i, 0.240)) for i in range(7)]), "plastic_black", g)
    lift = m.node("lift", g, extras={"travel": -0.80})
    z = -0.270  # the underside of the tulips, below the rails, at the top of the stroke
    m.part("mast", group(rbox(0.10, 0.10, 1.14, (0, 0, z + 0.17), r=0.010), rbox(0.13, 0.13, 0.016, (0, 0, z + 1.31), r=0.015)), "aluminium", lift, ang=0.9)
    m.part("rack", group(span(0.050, 0.060, -0.018, 0.018, z + 0.20, z + 1.28)), "steel_dark", lift)
    m.part("head", group(rbox(0.44, 0.34, 0.016, (0, 0, z + 0.135), r=0.02), rbox(0.22, 0.20, 0.030, (0, 0, z + 0.150), r=0.02), *[span(px - 0.008, px + 0.008, -0.16, 0.16, z + 0.105, z + 0.136) for px in (-0.19, 0.19)]), "paint_blue", lift, ang=0.8)
    tulip = turned((0.017, 0), (0.026, 0), (0.030, 0.010), (0.030, 0.050), (0.020, 0.058), (0.012, 0.060), (0.012, 0.136), (0, 0.136), (0, 0.030), (0.017, 0.030))
    for i, (cx, cy) in enumerate(cells()):
        m.part(f"tulip_{i + 1:02}", tulip, "plastic_black", lift, (cx, cy, z), tol=0.002, ang=0.9)
    m.part("air_hoses", group(*[hose([(s * 0.10, 0.10, z + 0.18), (s * 0.12, 0.15, z + 0.30), (s * 0.08, 0.12, z + 0.42), (s * 0.05, 0.055, z + 0.50)], 0.010) for s in (-1, 1)]), "plastic_blue", lift, tol=0.003, ang=1.2)

    # Guards: doors in front, panes at the sides above both tunnels, closed at the back.
    frames, panes = [], []

    def add(width, z0, z1, at, yaw, mid=None):
        f, p = guard(width, z0, z1, 0.035, mid)
        for what, into in ((f, frames), (p, panes)):
            into.append(_shape(what).rotate(cq.Vector(), cq.Vector(0, 0, 1), yaw).translate(cq.Vector(*at)))

    for s in (-1, 1):
        add(x - 0.06, 0.16, top - 0.13, (s * (x - 0.045) / 2, y0, 0), 0, 0.70)
        add(x - 0.06, 0.16, top - 0.13, (s * (x - 0.045) / 2, y1, 0), 0, 0.90)
        add((y1 - y0) / 2 - 0.07, 1.26, top - 0.13, (s * x, y0 + 0.05 + (y1 - y0) / 4, 0), 90)
        add((y1 - y0) / 2 - 0.07, 1.26, top - 0.13, (s * x, y1 - 0.05 - (y1 - y0) / 4, 0), 90)
    gd = m.node("guards")
    m.part("frame", group(*frames), "paint_grey", gd)
    m.part("panes", group(*panes), "polycarbonate", gd)
    m.part("handles", group(*[rbox(0.022, 0.035, 0.20, (s * 0.06, y0 - 0.035, 1.15), r=0.008) for s in (-1, 1)]), "plastic_black", gd, ang=0.9)
    m.part("stripe", group(span(-x - 0.001, x + 0.001, y0 - 0.053, y0 - 0.050, top - 0.075, top - 0.045)), "paint_blue", gd)
    m.part("name_plate", box(0.40, 0.003, 0.07, (0.55, y0 - 0.053, top - 0.095)), "paint_blue_dark", gd)
    hmi(m, None, (x + 0.31, y0 - 0.06, 1.45), 0)
    m.part("hmi_arm", pipe([(x, y0, 1.75), (x + 0.31, y0, 1.75), (x + 0.31, y0, 1.62)], 0.020, 0.05), "stainless_satin")
    lamp_tower(m, None, (-x, y0, top))
    return m


# ------------------------------------------------------------------------------------- labeller


def labeller() -> Model:
    """An in-line wrap-around labeller; the bottles pass on y = -0.45."""
    m = Model("labeller", ang=0.45)
    base = m.node("base")
    m.part("cabinet", rbox(0.80, 0.46, 0.66, (0, 0.12, 0.12), r=0.02, top=0.008), "stainless", base, ang=0.7)
    m.part("doors", group(*[box(0.36, 0.012, 0.52, (x, -0.113, 0.19)) for x in (-0.19, 0.19)]), "stainless_satin", base)
    m.part("handles", group(*[rbox(0.018, 0.026, 0.11, (s * 0.04, -0.128, 0.44), r=0.005) for s in (-1, 1)]), "plastic_black", base, ang=0.9)
    m.part("feet", group(*[foot(x, y, 0.14, 0.05) for x in (-0.33, 0.33) for y in (-0.05, 0.29)]), "stainless_satin", base, ang=0.9)
    m.part("column", group(cyl(0.040, 0.86, "Z", (0, 0.22, 0.78)), turned((0, 0), (0.08, 0), (0.08, 0.02), (0.045, 0.03), (0, 0.03)).translate((0, 0.22, 0.78)), rbox(0.14, 0.14, 0.12, (0, 0.22, 0.85), r=0.02)), "stainless_bright", base)
    m.part("crank", group(cyl(0.008, 0.07, "Z", (0, 0.22, 1.64)), rod((0, 0.22, 1.70), (0.08, 0.22, 1.70), 0.007), cyl(0.013, 0.06, "Z", (0.08, 0.22, 1.70))), "plastic_black", base, ang=0.9)
    z = 0.958
    head = m.node("head", None, (0, 0, z))
    outline = cq.Workplane("XY").polyline([(-0.40, 0.30), (0.40, 0.30), (0.40, -0.10), (0.10, -0.375), (0.02, -0.375), (-0.40, -0.14)]).close().extrude(0.014).edges("|Z").fillet(0.02)
    m.part("plate", outline, "paint_light", head, ang=0.7)
    m.part("panel", group(rbox(0.30, 0.12, 0.30, (-0.0, 0.22, 0.16), r=0.015)), "paint_blue", head, ang=0.7)
    m.part("panel_screen", box(0.20, 0.004, 0.13, (0, 0.159, 0.27)), "screen", head)

    def reel(r):
        core = turned((0, 0), (0.165, 0), (0.165, 0.004), (0.045, 0.004), (0.045, 0.085), (0.012, 0.085), (0.012, 0.10), (0, 0.10))
        roll = ring(r, 0.045, 0.064, (0, 0, 0.006))
        marks = [box(0.09, 0.012, 0.003, (0.105, 0, 0.070)).rotate((0, 0, 0), (0, 0, 1), 120 * k) for k in range(3)]
        return core, roll, group(*marks)

    for name, px, r in (("reel_supply", 0.21, 0.145), ("reel_take_up", -0.215, 0.080)):
        core, roll, marks = reel(r)
        n = m.part(name, core, "acetal_blue", head, (px, 0.115 if px > 0 else 0.08, 0.016))
        m.part("roll", roll, "plastic_white", n)
        m.part("marks", marks, "plastic_blue", n)
    pins = [(0.33, -0.10), (0.12, -0.12), (0.20, -0.20), (-0.10, -0.16), (-0.02, -0.26)]
    m.part("rollers", group(*[cyl(0.020, 0.085, "Z", (px, py, 0.014)) for px, py in pins]), "steel_machined", head, ang=0.6)
    m.part("roller_caps", group(*[cyl(0.024, 0.006, "Z", (px, py, 0.099)) for px, py in pins]), "plastic_black", head, ang=0.6)

    def web(a, b):
        d = math.hypot(b[0] - a[0], b[1] - a[1])
        return box(d, 0.0012, 0.062).rotate((0, 0, 0), (0, 0, 1), math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))).translate(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, 0.023))

    m.part("web", group(web((0.353, 0.09), (0.350, -0.10)), web((0.33, -0.12), (0.20, -0.22)), web((0.19, -0.218), (0.066, -0.392)), web((0.060, -0.392), (-0.036, -0.272)), web((-0.03, -0.24), (-0.11, -0.178)), web((-0.12, -0.15), (-0.285, 0.04))), "plastic_white", head)
    m.part("peel_plate", cq.Workplane("XY").polyline([(0.063, -0.391), (0.15, -0.27), (0.05, -0.27)]).close().extrude(0.075).translate((0, 0, 0.014)), "steel_machined", head)
    m.part("press_roller", group(cyl(0.022, 0.085, "Z", (0, 0, 0.0)), box(0.030, 0.006, 0.004, (0.004, 0, 0.085))), "rubber", head, (0.018, -0.385, 0.016), ang=0.5)
    # The wrapping pad on the other side of the conveyor, on its own stand.
    pad = m.node("wrap_pad")
    m.part("stand", group(cyl(0.022, 0.98, "Z", (0.16, -0.70, 0.02)), rbox(0.16, 0.16, 0.02, (0.16, -0.70, 0), r=0.02), cyl(0.010, 0.17, "Y", (0.16, -0.71, 1.00)), rbox(0.05, 0.05, 0.06, (0.16, -0.70, 0.97), r=0.01)), "stainless_satin", pad, ang=0.7)
    m.part("back", rbox(0.36, 0.016, 0.085, (0.16, -0.512, 0.965), r=0.006), "stainless_bright", pad, ang=0.9)
    m.part("foam", rbox(0.34, 0.020, 0.075, (0.16, -0.495, 0.970), r=0.008), "rubber", pad, ang=0.9)
    hmi(m, None, (-0.45, -0.06, 1.42), 0)
    m.part("hmi_arm", pipe([(0, 0.22, 1.58), (-0.45, 0.22, 1.58), (-0.45, -0.06, 1.58)], 0.020, 0.05), "stainless_satin", ang=0.7)
    lamp_tower(m, None, (0.33, 0.28, 0.78), 0.75)
    return m


def build() -> list[Model]:
    return [crate_conveyor(), case_packer(), labeller()]
