# SPDX-License-Identifier: CC0-1.0
"""Modular belt conveyors for bottles: a 2 m section with guides on both sides, on one, on none; the
drive; a curve."""

from __future__ import annotations

import math

import cadquery as cq
from common import Model, box, cyl, group
from packaging_shapes import bolts, foot, pipe, rbox, rod, span, turned_y

TOP = 0.950  # belt
BELT = 0.250  # width
PITCH = 0.050  # of the belt's modules
FRAME = 0.160  # half width of the frame


def slats(x0, x1):
    """The carrying run: modules across the belt, a slit between them."""
    n = round((x1 - x0) / PITCH)
    run = [span(x0 + PITCH * i + 0.002, x0 + PITCH * (i + 1) - 0.002, -BELT / 2, BELT / 2, TOP - 0.014, TOP) for i in range(n)]
    return run


def roller(length, r=0.030):
    """A return roller about CAD Y, centred: tube, end caps with the key that shows it turning."""
    h = length / 2
    body = turned_y((0, -h), (r - 0.004, -h), (r, -h + 0.004), (r, h - 0.004), (r - 0.004, h), (0, h))
    keys = [span(-0.004, 0.018, s * h - 0.002, s * h + 0.002, -0.004, 0.004) for s in (-1, 1)]
    collars = [turned_y((0, y - 0.012), (r + 0.003, y - 0.012), (r + 0.003, y + 0.012), (0, y + 0.012)) for y in (-h * 0.6, h * 0.6)]
    return group(body, *keys, *collars)


def sprocket_shaft(length):
    """The shaft at the end of a belt, with three sprockets of eight teeth."""
    h = length / 2
    parts = [span(-0.014, 0.014, -h, h, -0.014, 0.014)]
    wheel = cq.Workplane("XZ").polygon(8, 0.112).extrude(0.024).translate((0, 0.012, 0))
    wheel = wheel.cut(cq.Workplane("XZ").polarArray(0.032, 0, 360, 4).circle(0.008).extrude(0.05).translate((0, 0.025, 0)))
    for y in (-0.085, 0.0, 0.085):
        parts.append(wheel.translate((0, y, 0)))
    return group(*parts)


def frame(x0, x1):
    """Two stainless side plates with a folded lip, cross tubes, wear strips."""
    bars = []
    for s in (-1, 1):
        y = s * FRAME
        bars.append(span(x0, x1, y - 0.0025, y + 0.0025, TOP - 0.150, TOP - 0.004))
        bars.append(span(x0, x1, y - s * 0.012 - 0.0125, y - s * 0.012 + 0.0125, TOP - 0.155, TOP - 0.150))
    n = max(2, round((x1 - x0) / 0.5))
    for i in range(n):
        x = x0 + (i + 0.5) * (x1 - x0) / n
        bars.append(cyl(0.014, 2 * FRAME, "Y", (x, -FRAME, TOP - 0.055)))
        for s in (-1, 1):
            bars.append(bolts(1, 0, 0.022, 0.010, "Y", (x, s * (FRAME + (0.0025 if s > 0 else 0.0125)), TOP - 0.055)))
    return group(*bars)


def wear_strips(x0, x1):
    return group(*[span(x0, x1, y - 0.010, y + 0.010, TOP - 0.040, TOP - 0.0145) for y in (-0.10, 0.0, 0.10)])


def legs(xs):
    """A pair of round legs with a cross tie at every x."""
    steel, feet = [], []
    for x in xs:
        for s in (-1, 1):
            y = s * (FRAME - 0.006)
            steel.append(cyl(0.024, TOP - 0.15 - 0.10, "Z", (x, y, 0.10)))
            steel.append(box(0.085, 0.012, 0.12, (x, s * (FRAME - 0.009), TOP - 0.21)))
            feet.append(foot(x, y, 0.13))
        steel.append(cyl(0.017, 2 * FRAME - 0.05, "Y", (x, -FRAME + 0.025, 0.30)))
    return group(*steel), group(*feet)


def guides(x0, x1, sides, xs):
    """(brackets, knobs, rails): adjustable bottle guides, two rails on each side."""
    brackets, knobs, rails = [], [], []
    for s in sides:
        for x in xs:
            y = s * (FRAME + 0.020)
            brackets.append(box(0.040, 0.034, 0.050, (x, s * (FRAME + 0.0175), TOP - 0.115), chamfer=0.005))
            brackets.append(cyl(0.0065, 0.235, "Z", (x, y, TOP - 0.110)))
            for z in (TOP + 0.050, TOP + 0.105):
                brackets.append(cyl(0.0055, -s * (FRAME + 0.050 - 0.048), "Y", (x, s * (FRAME + 0.050), z)))
                knobs.append(box(0.024, 0.026, 0.024, (x, y, z - 0.012), chamfer=0.004))
            knobs.append(cyl(0.013, s * 0.022, "Y", (x, s * (FRAME + 0.0345), TOP - 0.090)))
        for z in (TOP + 0.050, TOP + 0.105):
            y = s * 0.0410
            rails.append(span(x0, x1, y - 0.006, y + 0.006, z - 0.010, z + 0.010))
            brackets.append(span(x0, x1, s * 0.0505 - 0.0035, s * 0.0505 + 0.0035, z - 0.013, z + 0.013))
    return group(*brackets), group(*knobs), group(*rails)


def section(name, sides) -> Model:
    m = Model(name, ang=0.6)
    steel, feet = legs((-0.60, 0.60))
    m.part("frame", group(frame(-1, 1), steel), "stainless")
    m.part("feet", feet, "plastic_black", ang=1.1)
    m.part("wear_strips", wear_strips(-1, 1), "acetal_white")
    if sides:
        b, k, r = guides(-1, 1, sides, (-0.75, -0.25, 0.25, 0.75))
        m.part("guide_brackets", b, "stainless_bright", ang=1.2)
        m.part("guide_knobs", k, "plastic_black", ang=1.2)
        m.part("guide_rails", r, "acetal_white")
    m.part("belt", group(*slats(-1, 1)), "belt_grey")
    m.part("belt_return", span(-1, 1, -BELT / 2, BELT / 2, TOP - 0.114, TOP - 0.102), "belt_grey")
    rol = roller(0.290)
    for i in range(6):
        m.part(f"roller_{i + 1:02}", rol, "plastic_grey", at=(-0.833 + i * 0.3333, 0, TOP - 0.147), ang=0.9)
    m.part("name_plate", group(box(0.16, 0.002, 0.05, (0, -FRAME - 0.0035, TOP - 0.135))), "paint_blue")
    m.part("sensor", group(box(0.03, 0.02, 0.055, (0.42, -0.105, TOP + 0.055)), box(0.012, 0.07, 0.006, (0.42, -0.145, TOP + 0.06)), box(0.020, 0.016, 0.14, (0.42, -0.170, TOP - 0.074))), "plastic_black")
    return m


def drive() -> Model:
    """The end of a line: drive shaft, rounded belt nose, bevel gear motor hanging on the front."""
    m = Model("conveyor_drive", ang=0.5)
    x0, xs = -0.30, 0.20
    steel, feet = legs((-0.05,))
    m.part("frame", group(frame(x0, xs - 0.075), steel), "stainless")
    m.part("feet", feet, "plastic_black", ang=1.1)
    # End plates around the shaft.
    ends = []
    for s in (-1, 1):
        p = (
            cq.Workplane("XZ").moveTo(xs - 0.075, TOP - 0.150).lineTo(xs + 0.02, TOP - 0.150)
            .threePointArc((xs + 0.075, TOP - 0.075), (xs + 0.02, TOP - 0.004)).lineTo(xs - 0.075, TOP - 0.004).close().extrude(-0.005)
        )
        ends.append(p.translate((0, s * FRAME - 0.0025, 0)))
        ends.append(turned_y((0, 0), (0.052, 0), (0.052, 0.010), (0.040, 0.030), (0, 0.030)).translate((xs, FRAME, TOP - 0.068)) if s > 0 else
                    turned_y((0, 0), (0.052, 0), (0.052, -0.010), (0.040, -0.030), (0, -0.030)).translate((xs, -FRAME, TOP - 0.068)))
    m.part("end_plates", group(*ends), "stainless")
    m.part("wear_strips", wear_strips(x0, xs - 0.06), "acetal_white")
    b, k, r = guides(x0, xs, (-1, 1), (-0.2, 0.08))
    m.part("guide_brackets", b, "stainless_bright", ang=1.2)
    m.part("guide_knobs", k, "plastic_black", ang=1.2)
    m.part("guide_rails", r, "acetal_white")
    belt = slats(x0, xs)
    for i in range(7):  # the modules around the sprockets
        seg = span(-0.0215, 0.0215, -BELT / 2, BELT / 2, 0.0, 0.014)
        a = 22.5 + 180 * i / 7
        if i < 6:
            belt.append(seg.translate((0, 0, 0.052)).rotate((0, 0, 0), (0, 1, 0), a - 8).translate((xs + 0.006, 0, TOP - 0.066)))
    belt.append(span(x0, xs, -BELT / 2, BELT / 2, TOP - 0.134, TOP - 0.120))
    m.part("belt", group(*belt), "belt_grey")
    m.part("drive_roller", group(sprocket_shaft(0.30), roller(0.05, 0.036)), "acetal_blue", at=(xs, 0, TOP - 0.066), ang=1.0)
    rol = roller(0.290)
    m.part("roller_01", rol, "plastic_grey", at=(-0.10, 0, TOP - 0.165), ang=0.9)
    # Bevel gear motor on the front side: the gearbox around the shaft, the motor hanging down.
    z = TOP - 0.068
    gear = [
        rbox(0.13, 0.12, 0.15, (xs, -0.265, z - 0.075), r=0.025, top=0.012, bottom=0.012),
        turned_y((0, 0), (0.062, 0), (0.062, 0.022), (0, 0.022)).translate((xs, -0.215, z)),
        cyl(0.050, 0.03, "Z", (xs, -0.265, z - 0.105)),
    ]
    m.part("gearbox", group(*gear), "paint_blue", ang=0.8)
    motor = [cyl(0.060, 0.20, "Z", (xs, -0.265, z - 0.305)), cyl(0.068, 0.012, "Z", (xs, -0.265, z - 0.117)),
             rbox(0.07, 0.075, 0.10, (xs + 0.08, -0.265, z - 0.26), r=0.01)]
    for i in range(12):
        a = math.radians(30 * i)
        f = box(0.014, 0.005, 0.17, (0.065, 0, 0)).rotate((0, 0, 0), (0, 0, 1), 30 * i)
        motor.append(f.translate((xs, -0.265, z - 0.295)))
    m.part("motor", group(*motor), "paint_blue_dark", ang=0.5)
    m.part("fan_cowl", group(cyl(0.070, 0.055, "Z", (xs, -0.265, z - 0.360)), ), "plastic_black")
    m.part("torque_arm", group(box(0.012, 0.03, 0.02, (xs - 0.07, -0.20, z - 0.03)), box(0.10, 0.012, 0.03, (xs - 0.10, -0.185, z - 0.035)), box(0.03, 0.03, 0.03, (xs - 0.14, -0.175, z - 0.035))), "stainless_bright")
    m.part("cable", pipe([(xs + 0.08, -0.265, z - 0.255), (xs + 0.08, -0.265, z - 0.36), (xs + 0.02, -0.265 + 0.09, z - 0.42), (-0.05, -FRAME + 0.03, z - 0.42)], 0.008, 0.03), "plastic_black", ang=0.9)
    m.part("name_plate", box(0.10, 0.002, 0.04, (-0.18, -FRAME - 0.0035, TOP - 0.10)), "paint_blue")
    return m


def curve() -> Model:
    """A 90 degree bend of 0.6 m radius: enters along +X at (0, 0), leaves along +Y at (0.6, 0.6)."""
    m = Model("conveyor_curve", ang=0.35)
    rad = 0.60

    def arc(r0, r1, z0, z1, a0=0.0, a1=90.0):
        """An annulus sector about (0, rad); angle 0 is the entry."""
        w = (
            cq.Workplane("XZ").moveTo(r0, z0).lineTo(r1, z0).lineTo(r1, z1).lineTo(r0, z1).close()
            .revolve(a1 - a0, (0, 0, 0), (0, 1, 0))
        )
        return w.rotate((0, 0, 0), (0, 0, 1), -90 + a0).translate((0, rad, 0))

    n = 20
    step = 90 / n
    m.part("belt", group(*[arc(rad - BELT / 2, rad + BELT / 2, TOP - 0.014, TOP, i * step + 0.2, (i + 1) * step - 0.2) for i in range(n)]), "belt_grey")
    m.part("belt_return", arc(rad - BELT / 2, rad + BELT / 2, TOP - 0.114, TOP - 0.102), "belt_grey")
    plates = []
    for r in (rad - FRAME, rad + FRAME):
        plates.append(arc(r - 0.0025, r + 0.0025, TOP - 0.150, TOP - 0.004))
    m.part("wear_strips", group(*[arc(rad + y - 0.010, rad + y + 0.010, TOP - 0.04, TOP - 0.0145) for y in (-0.1, 0.1)]), "acetal_white")
    rails, brackets, knobs, feet = [], [], [], []
    for s in (-1, 1):
        for z in (TOP + 0.050, TOP + 0.105):
            rails.append(arc(rad + s * 0.041 - 0.006, rad + s * 0.041 + 0.006, z - 0.010, z + 0.010))
            brackets.append(arc(rad + s * 0.0505 - 0.0035, rad + s * 0.0505 + 0.0035, z - 0.013, z + 0.013))
    def polar(r, a):
        t = math.radians(a - 90)
        return r * math.cos(t), rad + r * math.sin(t)
    for a in (12, 45, 78):
        for s in (-1, 1):
            x, y = polar(rad + s * (FRAME + 0.020), a)
            brackets.append(cyl(0.0065, 0.235, "Z", (x, y, TOP - 0.110)))
            knobs.append(box(0.034, 0.034, 0.050, chamfer=0.005).rotate((0, 0, 0), (0, 0, 1), a).translate((x, y, TOP - 0.115)))
            for z in (TOP + 0.050, TOP + 0.105):
                p, q = polar(rad + s * (FRAME + 0.050), a), polar(rad + s * 0.048, a)
                brackets.append(rod((*p, z), (*q, z), 0.0055))
                knobs.append(box(0.024, 0.026, 0.024, chamfer=0.004).rotate((0, 0, 0), (0, 0, 1), a).translate((x, y, z - 0.012)))
    for a in (15, 75):
        ps = []
        for s in (-1, 1):
            x, y = polar(rad + s * (FRAME - 0.006), a)
            ps.append((x, y, 0.30))
            plates.append(cyl(0.024, TOP - 0.25, "Z", (x, y, 0.10)))
            feet.append(foot(x, y, 0.13))
        plates.append(rod(ps[0], ps[1], 0.017))
    for a in (15, 45, 75):
        p, q = polar(rad - FRAME, a), polar(rad + FRAME, a)
        plates.append(rod((*p, TOP - 0.055), (*q, TOP - 0.055), 0.014))
    m.part("frame", group(*plates), "stainless")
    m.part("guide_brackets", group(*brackets), "stainless_bright", ang=1.2)
    m.part("guide_knobs", group(*knobs), "plastic_black", ang=1.1)
    m.part("guide_rails", group(*rails), "acetal_white")
    m.part("feet", group(*feet), "plastic_black", ang=1.1)
    rol = roller(0.290)
    for i, a in enumerate((10, 37, 64)):
        x, y = polar(rad, a)
        m.part(f"roller_{i + 1:02}", rol, "plastic_grey", at=(x, y, TOP - 0.147), rot=(0, 0, a), ang=0.9)
    return m


def build() -> list[Model]:
    return [section("conveyor_section", (-1, 1)), section("conveyor_open", (-1,)), section("conveyor_plain", ()), drive(), curve()]
