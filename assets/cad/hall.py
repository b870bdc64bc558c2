# SPDX-License-Identifier: CC0-1.0
"""The hall: floor with painted zones and lanes, steel columns and low walls on two sides, no roof."""

from __future__ import annotations

from common import Model, box, cq, group
from layout import CELL_X, CELL_Y, HALL_X, HALL_Y, WAREHOUSE_DOOR

PAINT = 0.004  # every painted layer lies this much higher than the one below


def rect(x0, x1, y0, y1, layer=1):
    z = -0.02
    return box(x1 - x0, y1 - y0, PAINT * layer - z, ((x0 + x1) / 2, (y0 + y1) / 2, z))


def outline(x0, x1, y0, y1, w=0.10, layer=2):
    return [rect(x0, x1, y0, y0 + w, layer), rect(x0, x1, y1 - w, y1, layer), rect(x0, x0 + w, y0 + w, y1 - w, layer), rect(x1 - w, x1, y0 + w, y1 - w, layer)]


def h_column(x, y, h, turn=0):
    c = [box(0.28, 0.018, h, (0, s * 0.131, 0)) for s in (-1, 1)] + [box(0.011, 0.244, h)]
    c += [box(0.42, 0.42, 0.025)] + [box(0.03, 0.03, 0.06, (sx * 0.16, sy * 0.17, 0)) for sx in (-1, 1) for sy in (-1, 1)]
    return group(*c).rotate(cq.Vector(), cq.Vector(0, 0, 1), turn).translate(cq.Vector(x, y, 0))


def build():
    m = Model("hall", tol=0.002)
    X, Y = HALL_X / 2, HALL_Y / 2
    m.part("floor", box(HALL_X, HALL_Y, 0.20, (0, 0, -0.20)), "floor")
    zones = m.node("zones")
    util, fill, pal = (-21.4, -6.6, -3.2, 12.4), (-5.9, 10.9, -3.2, 7.0), (11.5, 21.0, -6.0, 7.0)
    for name, z in (("utilities", util), ("filling", fill), ("palletising", pal)):
        m.part(name, rect(*z), "concrete", zones, extras={"role": "zone"})
    (dx, dy), dw = WAREHOUSE_DOOR
    lanes = m.node("lanes")
    lane_y = (dy - 2.0, dy + 2.0)
    m.part("agv_lane", group(rect(-X + 0.02, 21.2, *lane_y), rect(15.0, 20.6, lane_y[1], -6.02)), "floor_lane", lanes)
    m.part("agv_lane_edges", group(rect(-X + 0.02, 21.2, lane_y[0], lane_y[0] + 0.12, 2), rect(-X + 0.02, 15.0, lane_y[1] - 0.12, lane_y[1], 2), rect(20.6, 21.2, lane_y[1] - 0.12, lane_y[1], 2)), "marking_white", lanes)
    dashes = [rect(-21.5 + 2.4 * k, -20.3 + 2.4 * k, dy - 0.05, dy + 0.05, 2) for k in range(17)]
    arrows = []
    for x, s, y in ((-16, -1, -9), (-4, -1, -9), (8, -1, -9), (-16, 1, -11), (-4, 1, -11), (8, 1, -11)):
        tri = cq.Workplane("XY").polyline([(s * 0.7, 0), (0, 0.38), (0, 0.12), (-s * 0.8, 0.12), (-s * 0.8, -0.12), (0, -0.12), (0, -0.38)]).close().extrude(0.02 + 2 * PAINT).translate((x, y, -0.02))
        arrows.append(tri)
    m.part("agv_marks", group(*dashes, *arrows), "marking_yellow", lanes)
    m.part("walkway", group(rect(-21.4, 11.2, -5.6, -4.2)), "marking_green", lanes)
    m.part("walkway_edges", group(*[rect(-21.4, 11.2, y, y + 0.08, 2) for y in (-5.6, -4.28)]), "marking_white", lanes)
    bars = [rect(-1.2 + 0.55 * k, -0.92 + 0.55 * k, -8.0 + 0.06, -5.66, 2) for k in range(5)]
    m.part("crossing", group(*bars), "marking_white", lanes)
    marks = outline(*util) + outline(*fill) + outline(pal[0], pal[1], pal[2], pal[3])
    m.part("zone_outlines", group(*marks), "marking_yellow", lanes)
    m.part("cell_floor", rect(CELL_X[0] + 0.1, CELL_X[1] - 0.1, CELL_Y[0] + 0.1, CELL_Y[1] - 0.1, 2), "floor_lane", lanes)
    m.part("cell_outline", group(*outline(CELL_X[0] - 0.25, CELL_X[1] + 0.25, CELL_Y[0] - 0.25, CELL_Y[1] + 0.25, 0.14, 3)), "marking_red", lanes)
    m.part("pallet_places", group(*[o for y in (1.8, -1.8) for o in outline(15.6, 17.2, y - 0.85, y + 0.85, 0.06, 3)]), "marking_yellow", lanes)
    m.part("drain_channels", group(rect(-20.6, -7.2, 4.85, 5.0, 2), rect(-5.4, 9.0, -1.6, -1.45, 2)), "steel_dark", lanes)

    # Columns and beams along the back and the left side.
    H = 6.0
    cols = [h_column(x, Y - 0.35, H) for x in (-22.6, -15.2, -7.6, 0.0, 7.6, 15.2, 22.6)]
    cols += [h_column(-X + 0.35, y, H, 90) for y in (6.4, 0.0, -6.4, -12.6)]
    st = m.node("structure")
    m.part("columns", group(*cols), "paint_grey_mid", st)
    beams = [box(HALL_X - 0.4, 0.20, 0.02, (0, Y - 0.35, H + z)) for z in (0, 0.28)] + [box(HALL_X - 0.4, 0.012, 0.26, (0, Y - 0.35, H + 0.02))]
    beams += [box(0.20, HALL_Y - 0.7, 0.02, (-X + 0.35, 0, H + z)) for z in (0.0, 0.28)] + [box(0.012, HALL_Y - 0.7, 0.26, (-X + 0.35, 0, H + 0.02))]
    m.part("beams", group(*beams), "paint_grey_mid", st)
    m.part("column_guards", group(*[box(0.55, 0.55, 0.40, (x, Y - 0.45, 0), 0.06) for x in (-7.6, 0.0, 7.6, 15.2)] + [box(0.55, 0.55, 0.40, (-X + 0.45, y, 0), 0.06) for y in (6.4, 0.0, -6.4)]), "marking_yellow", st)

    # Low walls: concrete plinth, sandwich panels with open joints, a strip of windows behind.
    w = m.node("walls")
    d0, d1 = dy - dw / 2, dy + dw / 2
    plinth = [box(HALL_X, 0.20, 0.35, (0, Y - 0.10, 0)), box(0.20, Y - 0.2 - d1, 0.35, (-X + 0.10, (Y - 0.2 + d1) / 2, 0)), box(0.20, d0 + Y, 0.35, (-X + 0.10, (d0 - Y) / 2, 0))]
    m.part("plinth", group(*plinth), "concrete", w)
    panels = [box(1.985, 0.12, 2.9, (-22 + 2 * k, Y - 0.08, 0.35)) for k in range(23)]
    n = 10
    step = (Y - 0.2 - d1) / n
    panels += [box(0.12, step - 0.015, 2.9, (-X + 0.08, d1 + step * (k + 0.5), 0.35)) for k in range(n)]
    panels += [box(0.12, d0 + Y - 0.01, 2.9, (-X + 0.08, (d0 - Y) / 2, 0.35))]
    m.part("panels", group(*panels), "wall_panel", w)
    m.part("coping", group(box(HALL_X, 0.22, 0.05, (0, Y - 0.11, 3.25)), box(0.22, Y - 0.22 - d1, 0.05, (-X + 0.11, (Y - 0.22 + d1) / 2, 3.25)), box(0.22, d0 + Y, 0.05, (-X + 0.11, (d0 - Y) / 2, 3.25))), "paint_blue_dark", w)
    # The warehouse door: jambs, roller box, the shutter half raised into it.
    door = m.node("warehouse_door", at=(-X + 0.10, dy, 0))
    m.part("jambs", group(*[box(0.30, 0.22, 3.3, (0, s * (dw / 2 - 0.02), 0)) for s in (-1, 1)]), "paint_yellow", door)
    m.part("roller_box", box(0.55, dw + 0.5, 0.50, (0, 0, 3.3)), "paint_grey", door)
    m.part("shutter", group(*[box(0.04, dw - 0.28, 0.085, (0.0, 0, 0.09 * k)) for k in range(8)]), "aluminium", door, at=(0, 0, 2.58), extras={"translate": "+Y", "travel_m": [-2.58, 0.0]})
    boll = [box(0.16, 0.16, 1.0, (0.55, s * (dw / 2 + 0.25), 0), 0.03) for s in (-1, 1)]
    m.part("bollards", group(*boll), "paint_yellow", door)
    m.part("bollard_bands", group(*[box(0.164, 0.164, 0.12, (0.55, s * (dw / 2 + 0.25), z), 0.03) for s in (-1, 1) for z in (0.45, 0.75)]), "paint_black", door)
    return [m]
