# SPDX-License-Identifier: CC0-1.0
"""The rotary filler (24 valves) and the rotary capper (8 spindles), each with its two starwheels.

Bottles come along +X on the conveyor in front (CAD -Y). The starwheels turn anticlockwise seen from
above, the carousels clockwise; all pockets have one pitch, so a star turns (stations / 8) times the
carousel's angle the other way. The zero pose is in step.
"""

from __future__ import annotations

import math

import cadquery as cq
from common import Model, box, cyl, group
from packaging_shapes import (
    arc_band, bolts, foot, hmi, hose, lamp_tower, machine_guards, picked, pipe, rbox, ring, span, star, star_disc, turned,
)

TOP = 0.950
STAR_R = 0.8 * 8 / 24  # 8 pockets at the filler's pitch


def geometry(radius, sx):
    """(y of the stars, y of the conveyor) for a carousel of this pitch radius."""
    d = radius + STAR_R
    sy = -math.sqrt(d * d - sx * sx)
    return sy, sy - STAR_R


def phases(radius, stations, sx):
    """Start angles of (carousel, star_in, star_out) that are in step."""
    sy, _ = geometry(radius, sx)
    t_in = math.degrees(math.atan2(sy, -sx))  # transfer points seen from the carousel
    t_out = math.degrees(math.atan2(sy, sx))
    step = 360 / stations
    lag = (t_in - t_out) % step  # how far (clockwise) the next station still has to go to t_out
    return t_in, t_in + 180, t_out + 180 - lag * stations / 8


def bottle_guides(m, sx, sy, conv_y, x_end):
    """The fixed guides outside of both stars' ways, on posts on the table."""
    rails, posts = [], []
    a = math.degrees(math.atan2(-sy, sx))
    for s in (-1, 1):
        a0, a1 = (-72, a - 12) if s < 0 else (180 - a + 12, 252)
        for z in (0.055, 0.140):
            rails.append(arc_band(s * sx, sy, STAR_R + 0.036, STAR_R + 0.046, TOP + z, TOP + z + 0.016, a0, a1))
        for t in (a0 + 25, (a0 + a1) / 2, a1 - 6):
            u = math.radians(t)
            p = (s * sx + (STAR_R + 0.052) * math.cos(u), sy + (STAR_R + 0.052) * math.sin(u))
            if p[1] > conv_y + 0.18:
                posts.append(cyl(0.007, 0.165, "Z", (*p, TOP - 0.004)))
    m.part("bottle_guides", group(*rails), "acetal_white", tol=0.001, ang=0.5)
    m.part("guide_posts", group(*posts), "stainless_bright", ang=0.9)


# -------------------------------------------------------------------------------------- the filler

R = 0.80
N = 24
SX = 0.40


def filler_station_steel():
    """One filling valve hanging under the bowl, drawn at the pitch circle (its +X outward)."""
    valve = turned((0, 1.200), (0.010, 1.200), (0.012, 1.225), (0.024, 1.235), (0.024, 1.290), (0.034, 1.290), (0.034, 1.332), (0.026, 1.332), (0.026, 1.446), (0.036, 1.446), (0.036, 1.465), (0.018, 1.465), (0.018, 1.560), (0, 1.560))
    pedestal = turned((0, 0.900), (0.030, 0.900), (0.030, 0.928), (0.043, 0.928), (0.043, TOP), (0, TOP))
    guide = cyl(0.009, 0.42, "Z", (-0.075, 0, 0.900))
    # The ends that nobody sees are left out: there are 24 of these.
    return group(picked(valve, "faces", "not >Z"), picked(pedestal, "faces", "not <Z"), guide)


def filler_station_clamp():
    """The neck clamp and the actuator of the valve."""
    neck = cq.Workplane("XY").rect(0.075, 0.050).extrude(0.010).cut(cq.Workplane("XY").center(0.028, 0).circle(0.016).extrude(0.010)).cut(box(0.04, 0.026, 0.010, (0.045, 0, 0)))
    block = box(0.040, 0.045, 0.035, (-0.070, 0, 1.148))
    return group(neck.translate((-0.028, 0, 1.155)), block, box(0.045, 0.040, 0.085, (0.042, 0, 1.345)), cyl(0.006, 0.035, "Z", (0.042, 0, 1.430)))


def filler() -> Model:
    m = Model("rotary_filler", ang=0.35)
    sy, cy = geometry(R, SX)
    ph, ph_in, ph_out = phases(R, N, SX)
    # Base: a round cabinet with doors, the table reaching forward to the conveyor.
    base = m.node("base")
    table_y = cy + 0.170
    table = cq.Workplane("XY").circle(1.02).extrude(0.035).union(box(1.50, 0.80, 0.035, (0, table_y + 0.40, 0)))
    table = table.edges("|Z").fillet(0.03).translate((0, 0, 0.867))
    body = turned((0, 0.16), (0.92, 0.16), (0.94, 0.18), (0.94, 0.840), (0.92, 0.867), (0, 0.867))
    front = rbox(1.30, 0.60, 0.70, (0, table_y + 0.36, 0.167), r=0.03)
    m.part("cabinet", group(body, front), "stainless", base, tol=0.002)
    # The dead plate stands over the table on the star side, at bottle height.
    dead = box(1.30, 0.42, 0.012, (0, table_y + 0.21, TOP - 0.014)).cut(cyl(R + 0.060, 0.1, "Z", (0, 0, TOP - 0.05)))
    m.part("table", group(table, dead, *[cyl(0.02, 0.05, "Z", (x, table_y + y, 0.90)) for x in (-0.6, -0.2, 0.2, 0.6) for y in (0.05, 0.12)]), "stainless_bright", base, tol=0.002)
    doors, handles = [], []
    for k in range(8):
        a = 22.5 + 45 * k
        if 225 < a < 315:
            continue
        doors.append(arc_band(0, 0, 0.938, 0.952, 0.22, 0.80, a - 20, a + 20))
        u = math.radians(a + 15)
        handles.append(rbox(0.03, 0.02, 0.12, r=0.006).rotate((0, 0, 0), (0, 0, 1), a + 15).translate((0.962 * math.cos(u), 0.962 * math.sin(u), 0.50)))
    for x in (-0.31, 0.31):
        doors.append(box(0.56, 0.014, 0.56, (x, table_y + 0.055, 0.23)))
        handles.append(rbox(0.02, 0.03, 0.12, (math.copysign(0.08, x), table_y + 0.04, 0.50), r=0.006))
    m.part("doors", group(*doors), "stainless_satin", base, tol=0.002)
    m.part("handles", group(*handles), "plastic_black", base, ang=0.9)
    m.part("feet", group(*[foot(0.80 * math.cos(math.radians(a)), 0.80 * math.sin(math.radians(a)), 0.18, 0.06) for a in range(30, 390, 60)], foot(-0.55, table_y + 0.15, 0.18, 0.06), foot(0.55, table_y + 0.15, 0.18, 0.06)), "stainless_satin", base, ang=0.9)
    # Central column, fixed, and the product line down at the back.
    column = turned((0, 0.90), (0.40, 0.90), (0.40, 0.915), (0.28, 0.930), (0.24, 0.98), (0.24, 1.42), (0.28, 1.47), (0.28, 1.50), (0, 1.50))
    m.part("column", group(column, bolts(16, 0.35, 0.024, 0.014, "Z", (0, 0, 0.915))), "stainless", base, ang=0.4)
    pipe_in = pipe([(0, 0, 2.06), (0, 0, 2.28), (0, 1.05, 2.28), (0, 1.05, 0.55), (0, 1.45, 0.55)], 0.038, 0.11)
    flange = [cyl(0.075, 0.018, "Y", (0, 1.43, 0.55)), cyl(0.060, 0.05, "Z", (0, 0, 2.06)), cyl(0.055, 0.02, "Z", (0, 1.05, 1.55)), cyl(0.055, 0.02, "Z", (0, 1.05, 1.525))]
    m.part("product_pipe", group(pipe_in, *flange), "stainless_bright", base, tol=0.004, ang=0.7)
    m.part("pipe_support", group(span(-0.03, 0.03, 0.98, 1.22, 1.95, 1.99), span(-0.03, 0.03, 0.98, 1.22, 0.98, 1.02)), "stainless_satin", base)

    # Everything that turns.
    c = m.node("carousel")
    disc = group(ring(0.87, 0.42, 0.022, (0, 0, 0.910)), ring(0.875, 0.855, 0.03, (0, 0, 0.905)), ring(0.76, 0.70, 0.030, (0, 0, 1.125)), ring(0.745, 0.715, 0.022, (0, 0, 1.305)))
    m.part("turntable", disc, "stainless_bright", c, tol=0.0015)
    bowl = (
        cq.Workplane("XZ").moveTo(0.64, 1.545).lineTo(0.95, 1.545).threePointArc((0.995, 1.565), (1.015, 1.61)).lineTo(1.015, 1.73)
        .threePointArc((0.99, 1.79), (0.93, 1.815)).lineTo(0.66, 1.815).threePointArc((0.60, 1.79), (0.575, 1.73)).lineTo(0.575, 1.61)
        .threePointArc((0.595, 1.565), (0.64, 1.545)).close().revolve(360, (0, 0, 0), (0, 1, 0))
    )
    m.part("bowl", bowl, "stainless", c, tol=0.003, ang=0.55)
    m.part("bowl_bands", group(ring(1.021, 1.00, 0.022, (0, 0, 1.660)), ring(1.018, 1.0, 0.05, (0, 0, 1.612))), "paint_blue", c, tol=0.0015)
    fittings = []
    for k in range(6):
        a = math.radians(60 * k + 10)
        ca, sa = math.cos(a), math.sin(a)
        fittings.append(pipe([(0.10 * ca, 0.10 * sa, 1.98), (0.42 * ca, 0.42 * sa, 1.98), (0.70 * ca, 0.70 * sa, 1.88), (0.70 * ca, 0.70 * sa, 1.80)], 0.022, 0.05))
        fittings.append(cyl(0.040, 0.014, "Z", (0.70 * ca, 0.70 * sa, 1.812)))
        b = math.radians(60 * k + 40)
        fittings.append(turned((0, 0), (0.085, 0), (0.085, 0.012), (0.06, 0.03), (0, 0.034)).translate((0.80 * math.cos(b), 0.80 * math.sin(b), 1.814)))
    joint = turned((0, 1.50), (0.20, 1.50), (0.20, 1.56), (0.12, 1.60), (0.12, 1.90), (0.15, 1.92), (0.15, 2.03), (0.10, 2.06), (0, 2.06))
    spokes = [span(0.10, 0.62, -0.025, 0.025, 1.62, 1.70).rotate((0, 0, 0), (0, 0, 1), 60 * k + 40) for k in range(6)]
    m.part("distributor", group(joint, *fittings, *spokes), "stainless_bright", c, tol=0.004, ang=0.9)
    steel, clamp = filler_station_steel(), filler_station_clamp()
    for k in range(N):
        a = ph + 360 / N * k
        u = math.radians(a)
        s = m.node(f"station_{k + 1:02}", c, (R * math.cos(u), R * math.sin(u), 0), (0, 0, a))
        m.part("valve", steel, "stainless_bright", s, tol=0.003, ang=1.0)
        m.part("clamp", clamp, "acetal_blue", s, tol=0.003, ang=1.3)
    star(m, "star_in", None, (-SX, sy, TOP), start=ph_in)
    star(m, "star_out", None, (SX, sy, TOP), start=ph_out)
    bottle_guides(m, SX, sy, cy, 0.65)
    machine_guards(m, 1.24, cy - 0.25, 1.24, cy, 2.24)
    # Panel on its arm at the right front post, lamp on the header.
    m.part("hmi_arm", pipe([(1.24, cy - 0.25, 1.86), (1.24, cy - 0.42, 1.86), (1.24, cy - 0.42, 1.66)], 0.022, 0.05), "stainless_satin", ang=0.6)
    hmi(m, None, (1.24, cy - 0.46, 1.48), 0)
    lamp_tower(m, None, (-1.24, cy - 0.25, 2.41))
    return m


# -------------------------------------------------------------------------------------- the capper

CR = STAR_R
CN = 8
CSX = 0.31


def capper() -> Model:
    m = Model("capper", ang=0.4)
    sy, cy = geometry(CR, CSX)
    ph, ph_in, ph_out = phases(CR, CN, CSX)
    base = m.node("base")
    table_y = cy + 0.170
    y1 = 0.46
    depth = y1 - table_y
    m.part("cabinet", group(rbox(1.22, depth - 0.06, 0.70, (0, (table_y + y1) / 2, 0.167), r=0.03, top=0.0)), "stainless", base)
    dead = box(1.24, depth, 0.012, (0, (table_y + y1) / 2, TOP - 0.014)).cut(cyl(CR + 0.050, 0.1, "Z", (0, 0, TOP - 0.05)))
    m.part("table", group(rbox(1.28, depth, 0.035, (0, (table_y + y1) / 2, 0.867), r=0.03), dead, *[cyl(0.02, 0.05, "Z", (x, y, 0.90)) for x in (-0.55, 0.0, 0.55) for y in (table_y + 0.05, y1 - 0.05)]), "stainless_bright", base)
    doors, handles = [], []
    for x in (-0.30, 0.30):
        doors.append(box(0.54, 0.014, 0.56, (x, table_y + 0.027, 0.23)))
        handles.append(rbox(0.02, 0.03, 0.12, (math.copysign(0.08, x), table_y + 0.012, 0.50), r=0.006))
    for s in (-1, 1):
        doors.append(box(0.014, depth - 0.20, 0.56, (s * 0.612, (table_y + y1) / 2, 0.23)))
    m.part("doors", group(*doors), "stainless_satin", base)
    m.part("handles", group(*handles), "plastic_black", base, ang=0.9)
    m.part("feet", group(*[foot(x, y, 0.18, 0.055) for x in (-0.52, 0.52) for y in (table_y + 0.12, y1 - 0.12)]), "stainless_satin", base, ang=0.9)
    # The head is carried from behind by two columns and a bridge.
    bridge = [rbox(0.46, 0.50, 0.10, (0, 0.16, 1.985), r=0.06, top=0.015)]
    for x in (-0.16, 0.16):
        bridge.append(cyl(0.040, 1.11, "Z", (x, 0.36, 0.90)))
        bridge.append(cyl(0.060, 0.03, "Z", (x, 0.36, 0.902)))
    m.part("bridge", group(*bridge), "stainless", base)
    m.part("drive", group(cyl(0.085, 0.10, "Z", (0, 0.0, 2.085)), rbox(0.15, 0.15, 0.13, (0, 0, 2.085), r=0.03)), "paint_blue", base, ang=0.5)
    m.part("motor", group(cyl(0.065, 0.20, "Z", (0, 0, 2.215)), cyl(0.072, 0.05, "Z", (0, 0, 2.415)), *[box(0.012, 0.004, 0.15, (0.068, 0, 2.235)).rotate((0, 0, 0), (0, 0, 1), 30 * k) for k in range(12)]), "paint_blue_dark", base, ang=0.5)

    c = m.node("head_carousel")
    low = turned((0, 0.905), (CR + 0.040, 0.905), (CR + 0.043, 0.910), (CR + 0.043, 0.945), (CR + 0.038, TOP), (0, TOP))
    shaft = turned((0, TOP), (0.09, TOP), (0.09, 0.97), (0.055, 0.985), (0.055, 1.44), (0.0, 1.44))
    m.part("turntable", group(low, shaft), "stainless_bright", c, tol=0.0015)
    neck = star_disc(8, CR, 0.0325, 0.012).rotate((0, 0, 0), (0, 0, 1), ph)
    nk = star_disc(8, CR, 0.0150, 0.012).rotate((0, 0, 0), (0, 0, 1), ph)
    m.part("body_star", neck, "acetal_blue", c, (0, 0, TOP + 0.06), tol=0.002, ang=0.8)
    m.part("neck_star", nk, "acetal_blue", c, (0, 0, TOP + 0.204), tol=0.002, ang=0.8)
    drum = turned((0, 1.44), (CR + 0.055, 1.44), (CR + 0.065, 1.45), (CR + 0.065, 1.485), (CR + 0.01, 1.50), (CR + 0.01, 1.66), (CR + 0.065, 1.675), (CR + 0.065, 1.86), (CR + 0.03, 1.90), (0.12, 1.93), (0.12, 1.985), (0, 1.985))
    m.part("drum", drum, "stainless", c, tol=0.0012, ang=0.4)
    m.part("drum_band", ring(CR + 0.068, CR + 0.05, 0.05, (0, 0, 1.745)), "paint_blue", c, tol=0.0012)
    spindle = turned((0, 1.30), (0.026, 1.30), (0.040, 1.312), (0.040, 1.395), (0.030, 1.402), (0.018, 1.41), (0.018, 1.66), (0, 1.66))
    chuck = group(
        turned((0.0, 1.196), (0.0165, 1.185), (0.024, 1.185), (0.026, 1.195), (0.026, 1.255), (0.018, 1.262), (0.018, 1.30), (0, 1.30)),
        *[box(0.006, 0.012, 0.045, (0.027, 0, 1.198)).rotate((0, 0, 0), (0, 0, 1), 90 * k) for k in range(4)],
        *[box(0.005, 0.010, 0.06, (0.0405, 0, 1.322)).rotate((0, 0, 0), (0, 0, 1), 60 * k) for k in range(6)],
    )
    for k in range(CN):
        a = ph + 360 / CN * k
        u = math.radians(a)
        s = m.node(f"spindle_{k + 1:02}", c, (CR * math.cos(u), CR * math.sin(u), 0), (0, 0, a))
        m.part("shaft", spindle, "stainless_bright", s, tol=0.002, ang=0.9)
        m.part("chuck", chuck, "steel_dark", s, tol=0.002, ang=1.0)
    star(m, "star", None, (-CSX, sy, TOP), start=ph_in)
    star(m, "star_out", None, (CSX, sy, TOP), start=ph_out)
    bottle_guides(m, CSX, sy, cy, 0.55)

    # The cap sorter behind: a bowl on its stand with a turning disc, and the chute to the heads.
    sx0, sy0, sz0 = -0.30, 0.98, 1.78
    srt = m.node("sorter", None, (sx0, sy0, 0))
    m.part("stand", group(cyl(0.045, sz0 - 0.06, "Z", (0, 0, 0.02)), rbox(0.46, 0.46, 0.03, r=0.04), cyl(0.16, 0.06, "Z", (0, 0, sz0 - 0.08)), cyl(0.09, 0.16, "Z", (0, 0, sz0 - 0.24))), "stainless_satin", srt)
    bowl = turned((0.0, 0), (0.20, 0), (0.30, 0.03), (0.345, 0.10), (0.345, 0.26), (0.36, 0.26), (0.36, 0.272), (0.333, 0.272), (0.333, 0.105), (0.292, 0.042), (0.20, 0.012), (0, 0.012))
    m.part("bowl", bowl, "stainless", srt, (0, 0, sz0), tol=0.0012)
    disc = cq.Workplane("XY").circle(0.262).extrude(0.014).cut(cq.Workplane("XY").polarArray(0.262, 0, 360, 20).circle(0.018).extrude(0.02))
    m.part("sorting_disc", group(disc, turned((0, 0.014), (0.10, 0.014), (0.02, 0.08), (0, 0.08)), *[box(0.15, 0.008, 0.02, (0.15, 0, 0.014)).rotate((0, 0, 0), (0, 0, 1), 90 * k) for k in range(4)]), "acetal_blue", srt, (0, 0, sz0 + 0.035), tol=0.002, ang=1.0)
    caps = []
    cap = picked(cyl(0.015, 0.02), "faces", "not <Z")
    for i in range(34):  # a heap of caps, always the same
        r = 0.07 + 0.20 * math.sqrt(((i * 37) % 34) / 34)
        a = i * 2.39996
        caps.append(cap.rotate((0, 0, 0), (1, 0, 0), (i * 53) % 70 - 35).rotate((0, 0, 0), (0, 0, 1), i * 77 % 360).translate((r * math.cos(a), r * math.sin(a), 0.060 + (i * 13 % 5) * 0.005)))
    m.part("caps", group(*caps), "plastic_blue", srt, (0, 0, sz0), tol=0.003, ang=1.2)
    # The chute: four rods and ties along a falling curve, from the bowl to the head's pick-up.
    pick = (-0.30, 0.06, 1.235)
    way = [(sx0, sy0 - 0.33, sz0 + 0.06), (sx0 - 0.005, sy0 - 0.45, sz0 + 0.02), (sx0 - 0.01, 0.28, 1.40), pick]
    rods = []
    for dx in (-0.021, 0.021):
        for dz in (-0.014, 0.014):
            rods.append(hose([(x + dx, y, z + dz) for x, y, z in way], 0.004))
    m.part("chute", group(*rods), "stainless_bright", base, tol=0.003, ang=1.6)
    path = cq.Edge.makeSpline([cq.Vector(*p) for p in way])
    ties, row = [], []
    for i in range(6):
        p = path.positionAt(0.06 + 0.17 * i)
        ties.append(box(0.060, 0.010, 0.050, (p.x, p.y, p.z - 0.025)).cut(box(0.036, 0.02, 0.026, (p.x, p.y, p.z - 0.013))))
    for i in range(22):
        p = path.positionAt(0.03 + i / 22.5)
        t = path.tangentAt(0.03 + i / 22.5)
        tilt = math.degrees(math.atan2(t.z, -t.y))
        row.append(cyl(0.015, 0.018, "Z", (0, 0, -0.009)).rotate((0, 0, 0), (1, 0, 0), -tilt).translate((p.x, p.y, p.z)))
    m.part("chute_ties", group(*ties), "stainless_satin", base)
    m.part("chute_caps", group(*row), "plastic_blue", base, tol=0.003, ang=1.2)
    machine_guards(m, 0.72, cy - 0.25, 0.56, cy, 2.02)
    m.part("hmi_arm", pipe([(0.72, cy - 0.25, 1.80), (0.72, cy - 0.42, 1.80), (0.72, cy - 0.42, 1.66)], 0.022, 0.05), "stainless_satin", ang=0.6)
    hmi(m, None, (0.72, cy - 0.46, 1.48), 0)
    lamp_tower(m, None, (-0.72, cy - 0.25, 2.19))
    return m


def build() -> list[Model]:
    return [filler(), capper()]
