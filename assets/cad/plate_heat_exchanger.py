# SPDX-License-Identifier: CC0-1.0
"""Gasketed plate heat exchanger: 60 plates between frame and pressure plate, DN 100 ports."""

from __future__ import annotations

from common import Model, box, circle_of, cq, cyl, group, hexagon
from fittings import V, beacon_dome, flange, flange_bolts, plate_text, revolve, tube

W, TOP = 0.52, 1.48  # width and top of the frame plates
FACE = -0.62  # outside of the frame plate
PORT_Y, PORT_LOW, PORT_HIGH = 0.135, 0.36, 1.20
PORT_X = FACE - 0.10
N, PITCH, PACK = 60, 0.0085, -0.575
PORTS = {
    "product_in": ((PORT_X, PORT_Y, PORT_LOW), (-1, 0, 0), 100),
    "product_out": ((PORT_X, PORT_Y, PORT_HIGH), (-1, 0, 0), 100),
    "medium_in": ((PORT_X, -PORT_Y, PORT_HIGH), (-1, 0, 0), 100),
    "medium_out": ((PORT_X, -PORT_Y, PORT_LOW), (-1, 0, 0), 100),
}


def slab(t, w, z0, z1, x, c):
    return cq.Workplane("YZ").rect(w, z1 - z0).extrude(t).edges("|X").chamfer(c).translate((x, 0, (z0 + z1) / 2))


def build():
    m = Model("plate_heat_exchanger", tol=0.0008, ang=0.34)
    end = PACK + N * PITCH
    fr = m.node("frame")
    front = slab(0.045, W, 0.06, TOP, FACE, 0.03).faces("<X").edges().chamfer(0.004)
    press = slab(0.045, W, 0.14, TOP - 0.10, end + 0.002, 0.03).faces(">X").edges().chamfer(0.004)
    m.part("frame_plate", group(front, box(0.10, W + 0.10, 0.02, (FACE + 0.02, 0, 0.04)), *[box(0.09, 0.07, 0.04, (FACE + 0.02, s * 0.23, 0)) for s in (-1, 1)]), "paint_blue", fr)
    m.part("pressure_plate", group(press, box(0.03, 0.10, 0.14, (end + 0.060, 0, TOP - 0.17))), "paint_blue", fr)
    col = [box(0.08, 0.10, TOP - 0.02, (0.66, 0, 0.02)), box(0.14, 0.34, 0.02, (0.66, 0, 0)), box(0.012, 0.30, 0.16, (0.70, 0, 0.06))]
    m.part("end_column", group(*col), "paint_blue", fr)
    bar = [box(1.30, 0.045, 0.075, (0.02, 0, TOP - 0.085)), box(1.28, 0.05, 0.035, (0.02, 0, 0.125))]
    m.part("carrying_bar", group(*bar), "stainless_satin", fr)
    hanger = [tube(0.030, (end + 0.045, s * 0.035 - 0.006 * s, TOP + 0.012), (end + 0.045, s * 0.035 + 0.012 * s, TOP + 0.012)) for s in (-1, 1)]
    m.part("roller", group(*hanger, box(0.05, 0.10, 0.016, (end + 0.045, 0, TOP + 0.03))), "steel_machined", fr)

    p = m.node("plate_pack", at=(PACK, 0, 0))
    z0, z1 = 0.17, TOP - 0.105
    plate = cq.Workplane("YZ").rect(0.46, z1 - z0).extrude(0.0042).edges("|X").chamfer(0.025).translate((0, 0, (z0 + z1) / 2))
    m.part("plates", group(*[plate.translate((PITCH * k, 0, 0)) for k in range(N)]), "stainless_bright", p)
    gasket = cq.Workplane("YZ").rect(0.446, z1 - z0 - 0.014).extrude(PITCH - 0.0042).edges("|X").chamfer(0.025).translate((0.0042, 0, (z0 + z1) / 2))
    m.part("gaskets", group(*[gasket.translate((PITCH * k, 0, 0)) for k in range(N)]), "rubber", p)

    # Tie bolts: five a side, long rods with nuts and bearing washers.
    rods, nuts = [], []
    for s in (-1, 1):
        for k in range(5):
            y, z = s * (W / 2 + 0.022), 0.25 + 0.262 * k
            rods.append(tube(0.013, (FACE - 0.045, y, z), (end + 0.235, y, z)))
            nuts += [hexagon(0.038, 0.026, "X", (FACE - 0.028, y, z)), hexagon(0.038, 0.032, "X", (end + 0.052, y, z))]
    m.part("tie_bolts", group(*rods), "steel_machined", ang=0.6)
    m.part("tie_nuts", group(*nuts), "bolt_zinc")
    ears = [box(0.045, 0.05, 0.055, (x + 0.0225, s * (W / 2 + 0.020), 0.25 + 0.262 * k - 0.0275)) for s in (-1, 1) for k in range(5) for x in (FACE, end + 0.002)]
    m.part("bolt_ears", group(*ears), "paint_blue")

    n = m.node("nozzles")
    for name, (at, d, dn) in PORTS.items():
        body = group(tube(0.0572, (FACE + 0.005, at[1], at[2]), (PORT_X + 0.02, at[1], at[2])), flange(dn, at, d, 0.0), revolve([(0.0572, FACE - 0.012), (0.085, FACE - 0.012), (0.085, FACE), (0.0572, FACE)], "X", (0, at[1], at[2])))
        m.part(name, body, "stainless", n)
        m.part(f"{name}_bolts", flange_bolts(dn, at, d), "bolt_zinc", n)
    plate_, lines = plate_text(0.16, 0.09)
    for s, name, mat in ((plate_, "name_plate", "label"), (lines, "name_plate_text", "plastic_black")):
        m.part(name, s.rotate(V(0, 0, 0), V(0, 0, 1), -90), mat, at=(FACE - 0.001, 0, 0.86))
    m.part("warning", cq.Workplane("YZ").polyline([(-0.05, 0), (0.05, 0), (0, 0.087)]).close().extrude(-0.002).translate((FACE, 0, 0.66)), "plastic_yellow")
    # A stainless guard over the pack's top, the lamp on the end column.
    m.part("lamp_foot", revolve([(0, 0), (0.045, 0), (0.045, 0.03), (0.036, 0.04), (0, 0.04)], "Z", (0.66, 0, TOP)), "plastic_black")
    m.part("status_lamp", beacon_dome(0.035, 0.075), "lamp", at=(0.66, 0, TOP + 0.04), extras={"role": "lamp"})
    m.part("anchors", group(*[hexagon(0.024, 0.012, "Z", (x, y, 0.02 if x > 0 else 0.06)) for x, y in ((0.66, -0.13), (0.66, 0.13), (FACE + 0.05, 0.29), (FACE + 0.05, -0.29))]), "bolt_zinc")
    return [m]
