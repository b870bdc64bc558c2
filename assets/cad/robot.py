# SPDX-License-Identifier: CC0-1.0
"""A six-axis palletising robot of 2.4 m reach on its pedestal, with a gripper for crates.

Zero pose: upper arm upright, forearm level along +X, flange looking along +X. Link lengths (metres):
    floor to axis 2       H2 = 1.150      axis 1 to axis 2      A1 = 0.300
    axis 2 to axis 3      A2 = 1.050      axis 3 to forearm     A3 = 0.150 (up, in zero pose)
    axis 3 to wrist       D4 = 1.050      wrist to flange       D6 = 0.200
Axes 1: CAD Z (glTF Y). Axes 2, 3, 5: the local glTF Z (CAD -Y); plus raises what points along +X.
Axes 4, 6: the local X.
"""

from __future__ import annotations

import math

import cadquery as cq
from common import Model, box, cyl, group, hexagon
from packaging_shapes import bolts, hose, hull2, picked, rbox, ring, span, turned, turned_x, turned_y

H_PED = 0.400
H1 = 0.720
H2 = 1.150
A1, A2, A3, D4, D6 = 0.300, 1.050, 0.150, 1.050, 0.200
X4 = 0.450  # where the turning part of the forearm begins, from axis 3
TCP = 0.400  # from the flange to the base of a gripped crate


def pedestal(m, base):
    steel = [rbox(0.90, 0.90, 0.030, r=0.03), rbox(0.56, 0.56, 0.340, (0, 0, 0.030), r=0.03), rbox(0.74, 0.74, 0.030, (0, 0, 0.370), r=0.05)]
    gusset = cq.Workplane("XZ").moveTo(0.28, 0.030).lineTo(0.42, 0.030).lineTo(0.42, 0.05).lineTo(0.30, 0.34).lineTo(0.28, 0.34).close().extrude(0.016)
    for k in range(4):
        for y in (-0.16, 0.18):
            steel.append(gusset.translate((0, y, 0)).rotate((0, 0, 0), (0, 0, 1), 90 * k))
    m.part("pedestal", group(*steel), "paint_anthracite", base, ang=0.6)
    anchors = []
    for x in (-0.39, 0.39):
        for y in (-0.39, 0.0, 0.39):
            anchors.append(group(cyl(0.026, 0.004, "Z", (x, y, 0.030)), hexagon(0.034, 0.020, "Z", (x, y, 0.034)), cyl(0.010, 0.045, "Z", (x, y, 0.034))))
    m.part("anchors", group(*anchors), "bolt_zinc", base, ang=0.8)


def foot_casting(m, base):
    """The fixed foot of the robot: a square flange drawn up into the round seat of axis 1."""
    low = rbox(0.64, 0.64, 0.045, (0, 0, H_PED), r=0.07, top=0.012)
    loft = (
        cq.Workplane("XY").workplane(offset=H_PED + 0.04).sketch().rect(0.54, 0.54).vertices().fillet(0.12).finalize().placeSketch(
            cq.Sketch().rect(0.54, 0.54).vertices().fillet(0.12), cq.Sketch().circle(0.275).moved(cq.Location(cq.Vector(0, 0, 0.20)))
        ).loft()
    )
    seat = turned((0, 0.62), (0.275, 0.62), (0.300, 0.645), (0.300, H1 - 0.012), (0.0, H1 - 0.012))
    m.part("foot", group(low, loft, seat), "robot_orange", base, ang=0.4)
    m.part("foot_bolts", group(*[hexagon(0.036, 0.022, "Z", (x, y, H_PED + 0.045)) for x in (-0.275, 0.275) for y in (-0.275, 0.275)],
                               *[hexagon(0.028, 0.018, "Z", (0.29 * math.cos(a), 0.29 * math.sin(a), H_PED + 0.045)) for a in (0, math.pi / 2, math.pi, -math.pi / 2)]), "bolt_zinc", base)
    # Connector panel at the back.
    plugs = [rbox(0.05, 0.20, 0.16, (-0.315, 0, H_PED + 0.055), r=0.008)]
    m.part("connector_box", group(*plugs), "paint_anthracite", base, ang=0.8)
    m.part("connectors", group(*[cyl(0.020, -0.035, "X", (-0.34, y, z)) for y in (-0.06, 0.0, 0.06) for z in (H_PED + 0.10, H_PED + 0.165)]), "steel_machined", base, ang=0.6)
    cables = [hose([(-0.37, y, H_PED + 0.10), (-0.45, y, H_PED + 0.09), (-0.52, y, H_PED - 0.12), (-0.54, y, 0.07), (-0.62, y, 0.030), (-0.80, y, 0.018)], 0.015) for y in (-0.06, 0.0, 0.06)]
    m.part("cables", group(*cables), "plastic_black", base, tol=0.004, ang=1.3)


def motor_y(r, length, flange=0.02):
    """A servo motor along -Y from the origin: flange, ribbed body, end bell, plug."""
    f = r * 1.12
    body = turned_y((0, 0), (f, 0), (f, -flange), (r, -flange), (r, -length * 0.62), (r * 0.93, -length * 0.63), (r * 0.93, -length * 0.66), (r, -length * 0.67), (r, -length + 0.015), (r - 0.015, -length), (0, -length))
    plug = rbox(r * 0.9, 0.05, r * 0.5, (0, -length * 0.82, r * 0.80), r=0.006)
    return group(body, plug, cyl(0.013, 0.05, "X", (r * 0.45 - 0.03, -length * 0.82, r * 1.08)))


def shoulder(m, ax):
    """The turning column: its plate, the casting forward to axis 2, motors 1 and 2."""
    plate = turned((0, 0), (0.310, 0), (0.320, 0.010), (0.320, 0.060), (0.300, 0.080), (0, 0.080))
    # Casting in side view, 0.30 m wide, around the axis-2 hub.
    hx, hz = A1, H2 - H1
    side = (
        cq.Workplane("XZ").moveTo(-0.27, 0.07).lineTo(0.30, 0.07)
        .threePointArc((0.46, 0.20), (hx + 0.205, hz)).threePointArc((hx, hz + 0.205), (hx - 0.16, hz + 0.128))
        .lineTo(-0.02, 0.26).threePointArc((-0.10, 0.225), (-0.18, 0.22)).lineTo(-0.24, 0.22).threePointArc((-0.268, 0.205), (-0.28, 0.17)).close()
        .extrude(-0.30)
    )
    side = picked(side, "edges", "not(|Y)").fillet(0.022)
    side = side.translate((0, -0.185, 0))
    pocket = hull2(0.055, 0.075, 0.16, 0.05).rotate((0, 0, 0), (0, 1, 0), 52).translate((0.07, 0.095, 0.185))
    side = side.cut(pocket)
    hub = turned_y((0, 0.08), (0.205, 0.08), (0.205, 0.110), (0.195, 0.125), (0, 0.125)).translate((hx, 0, hz))
    m.part("column", group(plate, side, hub), "robot_orange", ax, ang=0.4)
    m.part("seal", ring(0.302, 0.27, 0.014, (0, 0, -0.012)), "plastic_black", ax)
    m.part("column_bolts", group(bolts(16, 0.298, 0.020, 0.010, "Z", (0, 0, 0.074)), bolts(10, 0.165, 0.018, 0.01, "Y", (hx, -0.185, hz))), "bolt_zinc", ax)
    motors = [motor_y(0.095, 0.26).translate((hx, -0.195, hz)),
              turned_y((0, 0), (0.14, 0), (0.14, -0.012), (0, -0.012)).translate((hx, -0.185, hz)),
              motor_y(0.085, 0.27).rotate((0, 0, 0), (1, 0, 0), -90).rotate((0, 0, 0), (0, 0, 1), 180).translate((-0.165, -0.04, 0.21))]
    m.part("motors", group(*motors), "paint_anthracite", ax, ang=0.45)
    # Hoses from the column over to the upper arm.
    m.part("hose", hose([(-0.20, 0.13, 0.18), (-0.10, 0.20, 0.32), (0.06, 0.22, 0.50), (0.14, 0.215, 0.60)], 0.020), "plastic_black", ax, tol=0.003, ang=1.0)


def upper_arm(m, ax):
    """The link arm on the +Y side: two bosses, a waisted web with a pocket, both faces."""
    y0, y1 = 0.130, 0.270
    web = (
        cq.Workplane("XZ").moveTo(0.185, 0.03)
        .threePointArc((0.125, A2 * 0.48), (0.140, A2 - 0.02)).threePointArc((0, A2 + 0.150), (-0.140, A2 - 0.02))
        .threePointArc((-0.125, A2 * 0.48), (-0.185, 0.03)).threePointArc((0, -0.195), (0.185, 0.03)).close()
        .extrude(-(y1 - y0 - 0.02)).translate((0, y0 + 0.01, 0))
    )
    web = web.edges().fillet(0.018)
    slot = cq.Workplane("XZ").center(0, A2 * 0.50).slot2D(0.50, 0.125, 90).extrude(-0.035).translate((0, y1 - 0.045, 0))
    web = web.cut(slot)
    low = turned_y((0, y0 - 0.002), (0.200, y0 - 0.002), (0.200, y1 - 0.02), (0.185, y1), (0, y1))
    high = turned_y((0, y0 - 0.002), (0.155, y0 - 0.002), (0.155, y1 - 0.02), (0.140, y1), (0, y1)).translate((0, 0, A2))
    m.part("upper_arm", group(web, low, high), "robot_orange", ax, ang=0.4)
    caps = [turned_y((0, y1), (0.125, y1), (0.118, y1 + 0.014), (0, y1 + 0.014)), turned_y((0, y1), (0.092, y1), (0.086, y1 + 0.012), (0, y1 + 0.012)).translate((0, 0, A2))]
    m.part("covers", group(*caps), "paint_anthracite", ax, ang=0.4)
    m.part("bolts", group(bolts(12, 0.156, 0.018, 0.009, "Y", (0, y1, 0), 15), bolts(10, 0.115, 0.016, 0.008, "Y", (0, y1, A2), 15)), "bolt_zinc", ax)
    m.part("plate", span(-0.035, 0.035, y1 - 0.012, y1 - 0.008, A2 * 0.5 - 0.14, A2 * 0.5 + 0.14), "paint_light", ax)
    # Dress pack along the back edge.
    m.part("hose", hose([(-0.16, 0.215, 0.17), (-0.175, 0.20, 0.30), (-0.165, 0.19, 0.55), (-0.175, 0.19, 0.80), (-0.20, 0.17, 0.98), (-0.24, 0.12, 1.12)], 0.020), "plastic_black", ax, tol=0.003, ang=1.0)
    m.part("clamps", group(*[box(0.085, 0.070, 0.030, (-0.145, 0.195, z)) for z in (0.27, 0.74)]), "steel_dark", ax)


def forearm(m, ax):
    """The arm: axis-3 housing with its motor, the wrist motors at the back, the taper forward."""
    hub = turned_y((0, -0.150), (0.145, -0.150), (0.160, -0.135), (0.160, 0.128), (0, 0.128))
    # Side profile of the casting, then rounded: the back box with the forearm line at A3.
    body = (
        cq.Workplane("XZ").moveTo(-0.33, A3 - 0.115).lineTo(-0.15, -0.02).threePointArc((0.0, -0.165), (0.14, -0.06)).lineTo(0.30, A3 - 0.118)
        .lineTo(0.30, A3 + 0.118).lineTo(-0.02, A3 + 0.145).lineTo(-0.33, A3 + 0.125).close().extrude(-0.25).translate((0, -0.125, 0))
    )
    body = picked(body, "edges", "not(|Y)").fillet(0.04)
    body = picked(body, "edges", "|Y and <X").fillet(0.03)
    cone = turned_x((0, 0.26), (0.122, 0.26), (0.122, 0.31), (0.110, X4 - 0.03), (0.118, X4 - 0.025), (0.118, X4 - 0.004), (0, X4 - 0.004)).translate((0, 0, A3))
    m.part("arm", group(hub, body, cone), "robot_orange", ax, ang=0.4)
    m.part("bolts", group(bolts(10, 0.104, 0.013, 0.008, "X", (0.30, 0, A3), 18), bolts(8, 0.120, 0.016, 0.008, "Y", (0, -0.158, 0))), "bolt_zinc", ax)
    motors = [motor_y(0.080, 0.23).translate((0, -0.150, 0))]
    # Three wrist motors look out of the back.
    for y, z, ln in ((-0.062, A3 + 0.050, 0.20), (0.062, A3 + 0.050, 0.20), (0.0, A3 - 0.055, 0.16)):
        mo = turned_x((0, 0), (0.056, 0), (0.056, -0.018), (0.050, -0.018), (0.050, -ln * 0.65), (0.046, -ln * 0.67), (0.050, -ln * 0.70), (0.050, -ln + 0.01), (0.042, -ln), (0, -ln))
        motors.append(mo.translate((-0.325, y, z)))
    motors.append(turned_y((0, 0), (0.105, 0), (0.105, -0.010), (0, -0.010)).translate((0, -0.148, 0)))
    m.part("motors", group(*motors), "paint_anthracite", ax, ang=0.45)
    m.part("name_plate", group(box(0.20, 0.002, 0.055, (0.10, -0.126, A3 + 0.02)), box(0.20, 0.002, 0.055, (0.10, 0.126, A3 + 0.02))), "paint_anthracite", ax)
    m.part("stripe", group(box(0.20, 0.002, 0.010, (0.10, -0.126, A3 - 0.005)), box(0.20, 0.002, 0.010, (0.10, 0.126, A3 - 0.005))), "paint_blue", ax)
    # Dress pack over the top.
    m.part("hose", hose([(-0.24, 0.10, 0.07 + A3 - 0.16), (-0.30, 0.16, A3 + 0.05), (-0.20, 0.13, A3 + 0.19), (0.02, 0.05, A3 + 0.215), (0.25, 0.03, A3 + 0.195), (0.43, 0.02, A3 + 0.165)], 0.022), "plastic_black", ax, tol=0.003, ang=1.0)
    m.part("clamps", group(box(0.04, 0.09, 0.095, (0.0, 0.045, A3 + 0.14)), box(0.03, 0.07, 0.11, (0.33, 0.025, A3 + 0.10))), "steel_dark", ax)


def wrist_tube(m, ax):
    """Axis 4: the tapering tube and the fork that holds axis 5."""
    tail = D4 - X4
    tube = turned_x((0, 0), (0.112, 0), (0.116, 0.006), (0.116, 0.030), (0.098, 0.055), (0.088, tail - 0.22), (0.094, tail - 0.17), (0.094, tail - 0.13), (0, tail - 0.13))
    cheeks = []
    for s in (-1, 1):
        c = hull2(0.078, 0.070, 0.165, 0.028).rotate((0, 0, 0), (0, 1, 0), -90)
        cheeks.append(c.translate((tail, s * 0.086 - 0.014, 0)))
    m.part("tube", group(tube, *cheeks), "robot_orange", ax, ang=0.4)
    covers = [turned_y((0, s * 0.099), (0.060, s * 0.099), (0.054, s * 0.112), (0, s * 0.112)).translate((tail, 0, 0)) for s in (-1, 1)]
    m.part("covers", group(*covers), "paint_anthracite", ax, ang=0.45)
    m.part("bolts", group(bolts(12, 0.1, 0.011, 0.010, "X", (0.032, 0, 0))), "bolt_zinc", ax)
    m.part("hose", hose([(0.0, 0.02, 0.165), (0.10, 0.02, 0.150), (0.26, 0.02, 0.135), (0.40, 0.02, 0.135), (0.46, 0.02, 0.115), (0.485, 0.02, 0.06)], 0.022), "plastic_black", ax, tol=0.003, ang=1.0)
    m.part("clamps", group(box(0.03, 0.06, 0.085, (0.22, 0.02, 0.075)), box(0.03, 0.06, 0.085, (0.40, 0.02, 0.070)), cyl(0.028, 0.03, "Z", (0.486, 0.02, 0.060))), "steel_dark", ax)


def build() -> list[Model]:
    m = Model("robot", ang=0.45)
    base = m.node("base")
    pedestal(m, base)
    foot_casting(m, base)
    a1 = m.node("axis1", base, (0, 0, H1))
    shoulder(m, a1)
    a2 = m.node("axis2", a1, (A1, 0, H2 - H1))
    upper_arm(m, a2)
    a3 = m.node("axis3", a2, (0, 0, A2))
    forearm(m, a3)
    a4 = m.node("axis4", a3, (X4, 0, A3))
    wrist_tube(m, a4)
    a5 = m.node("axis5", a4, (D4 - X4, 0, 0))
    m.part("hand", group(
        turned_y((0, -0.070), (0.066, -0.070), (0.072, -0.064), (0.072, 0.064), (0.066, 0.070), (0, 0.070)),
        turned_x((0, 0), (0.066, 0), (0.066, 0.115), (0.074, 0.12), (0.074, 0.155), (0.0, 0.155)),
    ), "robot_orange", a5, ang=0.4)
    m.part("hand_bolts", bolts(8, 0.064, 0.009, 0.006, "X", (0.155, 0, 0)), "bolt_zinc", a5)
    a6 = m.node("axis6", a5, (D6, 0, 0))
    m.part("flange", turned_x((0, -0.043), (0.052, -0.043), (0.052, -0.020), (0.070, -0.018), (0.070, 0.0), (0, 0.0)), "steel_machined", a6, ang=0.4)
    gripper(m, a6)
    return [m]


def gripper(m, a6):
    """Takes a crate by the handles of its ends: X is the approach, the crate lies along Y."""
    g = m.node("gripper", a6)
    adapter = turned_x((0, 0), (0.085, 0), (0.085, 0.020), (0.060, 0.024), (0.060, 0.050), (0, 0.050))
    plate = cq.Workplane("YZ").rect(0.50, 0.26).extrude(0.014).edges("|X").fillet(0.03).translate((0.050, 0, 0))
    beams = [span(0.064, 0.104, -0.30, 0.30, z - 0.020, z + 0.020) for z in (-0.085, 0.085)]
    m.part("frame", group(adapter, plate, *beams), "aluminium", g, ang=0.5)
    m.part("rails", group(*[span(0.104, 0.116, -0.295, 0.295, z - 0.010, z + 0.010) for z in (-0.085, 0.085)]), "steel_machined", g)
    m.part("cylinder", group(cyl(0.026, 0.30, "Y", (0.092, -0.15, 0)), cyl(0.009, 0.42, "Y", (0.092, -0.21, 0)), span(0.066, 0.12, -0.165, -0.145, -0.03, 0.03), span(0.066, 0.12, 0.145, 0.165, -0.03, 0.03)), "stainless_bright", g, ang=0.6)
    m.part("valves", group(box(0.045, 0.12, 0.06, (0.030, 0.14, 0.02)), box(0.04, 0.16, 0.045, (0.030, -0.16, -0.06))), "paint_blue_dark", g)
    m.part("pads", group(*[cyl(0.022, 0.040, "X", (0.100, y, z)) for y in (-0.10, 0.10) for z in (-0.045, 0.045)]), "rubber", g, ang=0.7)
    m.part("hose", hose([(0.028, -0.02, 0.050), (0.020, -0.03, 0.10), (0.020, 0.03, 0.150), (0.026, 0.10, 0.13), (0.030, 0.14, 0.075)], 0.012), "plastic_black", g, ang=1.0)
    for name, s in (("jaw_left", 1), ("jaw_right", -1)):
        # The pivot is on the crate's end: zero is closed, s * travel along CAD Y opens.
        y = s * 0.200
        def b(x0, x1, ya, yb, z0, z1):
            lo, hi = sorted((s * ya, s * yb))
            return span(x0, x1, lo, hi, z0, z1)
        parts = [b(0.116, 0.130, -0.02, 0.040, -0.125, 0.125), b(0.130, 0.245, 0.006, 0.016, -0.115, 0.115)]
        for z in (-0.085, 0.0, 0.085):
            rib = cq.Workplane("XY").moveTo(0.130, s * 0.016).lineTo(0.130, s * 0.040).lineTo(0.235, s * 0.016).close().extrude(0.010).translate((0, 0, z - 0.005))
            parts.append(rib)
        hook = b(0.177, 0.197, -0.018, 0.006, -0.055, 0.055)
        j = m.part(name, group(*parts), "safety_yellow", g, (0, y, 0), extras={"travel": 0.06})
        m.part("hook", group(hook), "steel_machined", j)
        m.part("carriages", group(*[b(0.098, 0.117, -0.03, 0.03, z - 0.022, z + 0.022) for z in (-0.085, 0.085)]), "steel_dark", j)
    m.node("tcp", g, (TCP, 0, 0), (-90, 0, 90))
