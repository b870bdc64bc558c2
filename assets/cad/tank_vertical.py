# SPDX-License-Identifier: CC0-1.0
"""Stainless process tank, 2.2 m in diameter, dished ends, 3.5 m to the top of the dome."""

from __future__ import annotations

import math

from common import Model, box, circle_of, cq, cyl, group, hexagon
from fittings import V, aim, beacon_dome, elbow, flange, flange_bolts, plate_text, revolve, run_pipe, tube

R = 1.1
T0, T1 = 1.0, 3.05  # tangent lines
DISH = 0.4263  # height of a dished end with crown radius 2R and knuckle radius 0.2R
GLASS_Z, GLASS_TRAVEL = 1.16, 1.70
INLET = (0.40, 0.35, 3.62)
PORTS = {"outlet": ((0.0, -1.25, 0.42), (0, -1, 0), 100), "inlet": (INLET, (0, 0, 1), 80), "vent": ((-0.45, 0.40, 3.62), (0, 0, 1), 50)}


def dome_z(r):
    """Height of the top dish at radius r (crown only)."""
    return T1 - 1.7737 + math.sqrt(2.2**2 - r * r)


def polar(r, deg, z):
    return (r * math.cos(math.radians(deg)), r * math.sin(math.radians(deg)), z)


def build():
    m = Model("tank_vertical", tol=0.002, ang=0.34)
    kx, kz = 0.9778, 0.1971  # where the crown meets the knuckle
    mx = 0.88 + 0.22 * math.cos(math.radians(32)), 0.22 * math.sin(math.radians(32))
    shell = (
        cq.Workplane("XZ")
        .moveTo(0, T0 - DISH)
        .threePointArc((0.5, T0 - (math.sqrt(4.84 - 0.25) - 1.7737)), (kx, T0 - kz))
        .threePointArc((mx[0], T0 - mx[1]), (R, T0))
        .lineTo(R, T1)
        .threePointArc((mx[0], T1 + mx[1]), (kx, T1 + kz))
        .threePointArc((0.5, T1 + (math.sqrt(4.84 - 0.25) - 1.7737)), (0, T1 + DISH))
        .close()
        .revolve(360, (0, 0, 0), (0, 1, 0))
    )
    m.part("shell", shell, "stainless", tol=0.004, ang=0.24)
    bands = [revolve([(R - 0.01, z), (R + 0.004, z), (R + 0.004, z + h), (R - 0.01, z + h)]) for z, h in ((T0 - 0.004, 0.03), (1.68, 0.012), (2.37, 0.012), (T1 - 0.026, 0.03))]
    m.part("weld_bands", group(*bands), "stainless_satin", tol=0.004, ang=0.24)
    legs, feet = [], []
    for k in range(4):
        x, y, _ = polar(0.90, 45 + 90 * k, 0)
        legs += [tube(0.057, (x, y, 0.03), (x, y, 1.0))]
        legs.append(box(0.20, 0.20, 0.016, (x, y, 0.018)))
        legs.append(box(0.012, 0.26, 0.22, (R - 0.004, 0, 0.95)).rotate((0, 0, 0), (0, 0, 1), 45 + 90 * k))
        feet += [cyl(0.045, 0.018, "Z", (x, y, 0))]
        feet += [hexagon(0.024, 0.012, "Z", (x + sx * 0.075, y + sy * 0.075, 0.034)) for sx, sy in ((-1, -1), (1, 1), (-1, 1), (1, -1))]
    m.part("legs", group(*legs), "stainless_satin")
    m.part("feet", group(*feet), "steel_galvanised", ang=0.6)

    # Outlet below, nozzles on the dome.
    noz = [elbow(0.0572, 0.155, (0, 0, 0.42), (0, 0, -1), (0, -1, 0)), tube(0.0572, (0, -0.155, 0.42), (0, -1.20, 0.42)), flange(100, (0, -1.25, 0.42), (0, -1, 0))]
    bolts = [flange_bolts(100, (0, -1.25, 0.42), (0, -1, 0))]
    for (x, y, z), dn in ((INLET, 80), (PORTS["vent"][0], 50), ((-0.10, 0.72, 3.60), 50)):
        top = dome_z(math.hypot(x, y))
        ro = {80: 0.0445, 50: 0.0302}[dn]
        noz += [tube(ro, (x, y, top - 0.05), (x, y, z - 0.03)), flange(dn, (x, y, z), (0, 0, 1), 0.02), revolve([(ro, top - 0.02), (ro * 2, top - 0.02), (ro * 2, top + 0.012), (ro, top + 0.016)], "Z", (x, y, 0))]
        bolts.append(flange_bolts(dn, (x, y, z)))
    # vent goose-neck with a hygienic filter
    vx, vy, vz = PORTS["vent"][0]
    noz += [flange(50, (vx, vy, vz), (0, 0, -1), 0.02)]
    noz += run_pipe([(vx, vy, vz + 0.03), (vx, vy, vz + 0.22), (vx - 0.16, vy, vz + 0.22), (vx - 0.16, vy, vz + 0.10)], 0.0302, 0.075)
    noz.append(cyl(0.055, 0.12, "Z", (vx - 0.16, vy, vz - 0.01)))
    # radar level transmitter on the third nozzle
    lx, ly, lz = -0.10, 0.72, 3.60
    noz += [flange(50, (lx, ly, lz), (0, 0, -1), 0.0), cyl(0.028, 0.07, "Z", (lx, ly, lz + 0.018))]
    m.part("nozzles", group(*noz), "stainless_bright", ang=0.55)
    m.part("nozzle_bolts", group(*bolts), "bolt_zinc")
    head = group(cyl(0.056, 0.10, "X", (lx - 0.05, ly, lz + 0.14)), cyl(0.040, 0.06, "Z", (lx, ly, lz + 0.08)), cyl(0.061, 0.02, "X", (lx - 0.055, ly, lz + 0.14)), cyl(0.061, 0.02, "X", (lx + 0.035, ly, lz + 0.14)))
    m.part("level_transmitter", head, "paint_blue", ang=0.45)

    # Manway on the side, front right.
    mw = m.node("manway", at=(0, 0, 1.62), rot=(0, 0, -48))
    body = group(cyl(0.250, 0.22, "X", (0.98, 0, 0)), revolve([(0.25, 1.165), (0.305, 1.165), (0.305, 1.193), (0.25, 1.193)], "X"), revolve([(0.25, 1.06), (0.36, 1.06), (0.33, 1.085), (0.25, 1.085)], "X"))
    m.part("neck", body, "stainless", mw)
    cover = revolve([(0, 1.195), (0.305, 1.195), (0.305, 1.215), (0.24, 1.218), (0.16, 1.245), (0, 1.256)], "X")
    m.part("cover", cover, "stainless_bright", mw)
    hw = [circle_of(group(hexagon(0.030, 0.018, "X", (1.215, 0, 0)), hexagon(0.030, 0.016, "X", (1.149, 0, 0))), 16, 0.281, "X", 11.25)]
    hw += run_pipe([(1.24, -0.09, 0.0), (1.30, -0.09, 0.0), (1.30, 0.09, 0.0), (1.24, 0.09, 0.0)], 0.009, 0.02)
    hw += [tube(0.018, (1.195, 0.325, -0.12), (1.195, 0.325, 0.12)), box(0.02, 0.05, 0.06, (1.205, 0.300, 0.05)), box(0.02, 0.05, 0.06, (1.205, 0.300, -0.11))]
    m.part("hardware", group(*hw), "steel_machined", mw, ang=0.6)

    # Sight glass: front left, between two cocks, before a white scale.
    g = m.node("sight_glass", at=(0, 0, 0), rot=(0, 0, -112))
    gx = R + 0.13
    arms = []
    for z in (GLASS_Z - 0.06, GLASS_Z + GLASS_TRAVEL + 0.06):
        arms += [tube(0.014, (R - 0.02, 0, z), (gx, 0, z)), box(0.06, 0.055, 0.055, (gx - 0.075, 0, z - 0.0275)), cyl(0.036, 0.055, "Z", (gx, 0, z - 0.0275))]
    m.part("cocks", group(*arms), "stainless_bright", g, ang=0.5)
    m.part("cock_levers", group(*[box(0.012, 0.10, 0.010, (gx - 0.075, -0.065, z)) for z in (GLASS_Z - 0.06, GLASS_Z + GLASS_TRAVEL + 0.06)]), "plastic_red", g)
    m.part("scale_board", box(0.006, 0.20, GLASS_TRAVEL + 0.04, (gx - 0.050, 0.0, GLASS_Z - 0.02)), "paint_white", g)
    ticks = []
    for k in range(0, 21):
        w = 0.055 if k % 5 == 0 else 0.030
        ticks += [box(0.003, w, 0.006, (gx - 0.046, s * (0.099 - w / 2), GLASS_Z + GLASS_TRAVEL * k / 20 - 0.003)) for s in (-1, 1)]
    m.part("scale_ticks", group(*ticks), "paint_black", g)
    rods = [tube(0.005, (gx + 0.026, s * 0.026, GLASS_Z - 0.05), (gx + 0.026, s * 0.026, GLASS_Z + GLASS_TRAVEL + 0.05)) for s in (-1, 1)]
    m.part("guard_rods", group(*rods), "stainless", g, ang=0.8)
    m.part("glass_tube", cyl(0.031, GLASS_TRAVEL + 0.07, "Z", (gx, 0, GLASS_Z - 0.035)), "glass", g)
    # One metre high as drawn: scale along its own up axis by the level in metres (0 .. 1.70).
    m.part("level_fluid", cyl(0.0255, 1.0), "fluid", g, at=(gx, 0, GLASS_Z), extras={"scale": "+Y", "unit_m": 1.0, "travel_m": GLASS_TRAVEL})

    # Ladder with hoops at the left, rail around part of the dome.
    lad = m.node("ladder", rot=(0, 0, 180))
    x0 = R + 0.16
    st = [box(0.05, 0.012, 4.15, (x0, s * 0.21, 0.0)) for s in (-1, 1)]
    st += [tube(0.012, (x0, -0.205, 0.30 + 0.27 * k), (x0, 0.205, 0.30 + 0.27 * k)) for k in range(13)]
    st += [box(0.18, 0.012, 0.05, (R + 0.075, s * 0.222, z)) for s in (-1, 1) for z in (1.15, 2.05, 2.95)]
    m.part("rungs", group(*st), "steel_galvanised", lad, ang=0.8)
    hoops = []
    for z in (2.2, 2.75, 3.3, 3.85):
        hoop = cq.Workplane("XY").moveTo(0, -0.22).lineTo(0.34, -0.32).threePointArc((0.66, 0), (0.34, 0.32)).lineTo(0, 0.22).lineTo(0, 0.214).lineTo(0.337, 0.312).threePointArc((0.652, 0), (0.337, -0.312)).lineTo(0, -0.214).close().extrude(0.045)
        hoops.append(hoop.translate((x0, 0, z)))
    hoops += [box(0.006, 0.040, 1.70, (x0 + 0.655 * c, 0.655 * s, 2.2)) for c, s in ((0.995, 0.0),)]
    hoops += [box(0.030, 0.006, 1.70, (x0 + 0.40, s * 0.312, 2.2)) for s in (-1, 1)]
    m.part("hoops", group(*hoops), "paint_yellow", lad, ang=0.4)

    rail, posts = [], 9
    a0, a1 = 196, 524
    for z in (3.42, 3.80, 4.15):
        ring = cq.Solid.revolve(cq.Face.makeFromWires(cq.Wire.makeCircle(0.017 if z > 3.5 else 0.012, V(1.0, 0, z), V(0, 1, 0))), a1 - a0, V(0, 0, 0), V(0, 0, 1))
        rail.append(ring.rotate(V(0, 0, 0), V(0, 0, 1), a0))
    for k in range(posts):
        p = polar(1.0, a0 + (a1 - a0) * k / (posts - 1), 0)
        rail.append(tube(0.017, (p[0], p[1], 3.20), (p[0], p[1], 4.15)))
    m.part("handrail", group(*rail), "paint_yellow", tol=0.006, ang=0.95)

    # Tag plate, junction box, lamp: at eye height in front.
    b = m.node("tag", rot=(0, 0, -80))
    plate = box(0.008, 0.42, 0.16, (R + 0.020, 0, 2.12))
    m.part("tag_plate", plate, "paint_blue_dark", b)
    m.part("tag_bars", group(*[box(0.004, w, 0.030, (R + 0.0255, (0.36 - w) / -2 * s, z)) for w, z, s in ((0.32, 2.215, 1), (0.22, 2.155, 1))]), "paint_white", b)
    m.part("junction_box", group(box(0.10, 0.20, 0.15, (R + 0.05, 0, 1.42)), box(0.05, 0.04, 0.06, (R + 0.05, 0, 1.57))), "paint_grey", b)
    m.part("lamp_foot", revolve([(0, 0), (0.050, 0), (0.050, 0.03), (0.042, 0.04), (0, 0.04)], "Z", (R + 0.07, 0, 1.62)), "plastic_black", b)
    x, y, z = polar(R + 0.07, -80, 1.66)
    m.part("status_lamp", beacon_dome(0.040, 0.085), "lamp", at=(round(x, 4), round(y, 4), z), extras={"role": "lamp"})
    return [m]
