# SPDX-License-Identifier: CC0-1.0
"""DN 80 globe control valve with a pneumatic diaphragm actuator and positioner, on a pipe stand."""

from __future__ import annotations

from common import Model, box, circle_of, cq, cyl, group, hexagon
from fittings import V, aim, beacon_dome, flange, flange_bolts, plate_text, revolve, run_pipe, tube

AXIS = 1.0  # height of the pipe
HALF = 0.155  # half of the face-to-face length
TRAVEL = 0.030
PORTS = {"inlet": ((-HALF, 0, AXIS), (-1, 0, 0), 80), "outlet": ((HALF, 0, AXIS), (1, 0, 0), 80)}


def pipe_stand(m, top, y=0.0):
    """A floor stand with a saddle, under a pipe or body whose underside is at `top`."""
    n = m.node("stand")
    col = [tube(0.024, (0, y, 0.012), (0, y, top - 0.045)), box(0.16, 0.16, 0.012, (0, y, 0)), hexagon(0.055, 0.03, "Z", (0, y, top - 0.09)), tube(0.016, (0, y, top - 0.06), (0, y, top - 0.004)), box(0.09, 0.11, 0.008, (0, y, top - 0.008))]
    m.part("column", group(*col), "stainless_satin", n, ang=0.5)
    m.part("anchors", group(*[hexagon(0.019, 0.010, "Z", (sx * 0.06, y + sy * 0.06, 0.012)) for sx in (-1, 1) for sy in (-1, 1)]), "bolt_zinc", n)


def build():
    m = Model("control_valve", tol=0.0006, ang=0.34)
    pipe_stand(m, AXIS - 0.105)
    b = m.node("body", at=(0, 0, AXIS))
    globe = cq.Workplane("XZ").moveTo(-0.100, 0).lineTo(-0.100, 0.050).threePointArc((-0.072, 0.066), (-0.052, 0.084)).threePointArc((0, 0.104), (0.052, 0.084)).threePointArc((0.072, 0.066), (0.100, 0.050)).lineTo(0.100, 0).close().revolve(360, (0, 0, 0), (1, 0, 0))
    low = cq.Workplane("XY").sphere(0.088).translate((0, 0, -0.020))
    neck = revolve([(0, 0.03), (0.080, 0.03), (0.074, 0.085), (0.078, 0.098), (0.104, 0.102), (0.106, 0.104), (0.106, 0.120), (0.104, 0.122), (0, 0.122)])
    ends = [revolve([(0, 0.09), (0.052, 0.09), (0.050, 0.12), (0.0445, 0.140), (0, 0.140)], "X"), revolve([(0, 0.09), (0.052, 0.09), (0.050, 0.12), (0.0445, 0.140), (0, 0.140)], "X").mirror("YZ", V(0, 0, 0))]
    fl = [flange(80, (s * HALF, 0, 0), (s, 0, 0), 0.0) for s in (-1, 1)]
    m.part("globe", group(globe, low, neck, *ends, *fl), "stainless", b, tol=0.0012, ang=0.40)
    bonnet = revolve([(0, 0.124), (0.104, 0.124), (0.106, 0.126), (0.106, 0.144), (0.104, 0.146), (0.060, 0.148), (0.046, 0.160), (0.046, 0.176), (0.030, 0.180), (0.030, 0.196), (0.014, 0.198), (0, 0.198)])
    m.part("bonnet", bonnet, "stainless", b)
    zinc = [flange_bolts(80, (s * HALF, 0, 0), (s, 0, 0)) for s in (-1, 1)]
    zinc.append(circle_of(group(hexagon(0.022, 0.014, "Z", (0, 0, 0.146)), cyl(0.006, 0.022, "Z", (0, 0, 0.146)), hexagon(0.022, 0.012, "Z", (0, 0, 0.090))), 8, 0.090, "Z", 22.5))
    m.part("bolts", group(*zinc), "bolt_zinc", b, ang=0.8)
    arrow = cq.Workplane("XZ").polyline([(-0.035, -0.005), (0.010, -0.005), (0.010, -0.014), (0.036, 0), (0.010, 0.014), (0.010, 0.005), (-0.035, 0.005)]).close().extrude(0.012)
    m.part("flow_arrow", arrow, "paint_red", b, at=(0, -0.096, 0.0))
    # Yoke: two legs, open between, so that the stem is seen.
    y = m.node("yoke", at=(0, 0, AXIS))
    legs = [cq.Workplane("XZ").polyline([(s * 0.048, 0.160), (s * 0.078, 0.205), (s * 0.078, 0.375), (s * 0.058, 0.375), (s * 0.058, 0.215), (s * 0.030, 0.175)]).close().extrude(0.020, both=True) for s in (-1, 1)]
    top = revolve([(0, 0.372), (0.090, 0.372), (0.092, 0.376), (0.092, 0.390), (0, 0.390)])
    bottom = revolve([(0.032, 0.158), (0.058, 0.158), (0.058, 0.182), (0.032, 0.182)])
    m.part("frame", group(*legs, top, bottom), "paint_blue", y)
    scale = box(0.020, 0.003, 0.075, (0.068, -0.0225, 0.238))
    ticks = [box(0.012 if k % 2 == 0 else 0.007, 0.002, 0.0016, (0.064, -0.0245, 0.2594 + 0.0075 * k - 0.0008)) for k in range(5)]
    m.part("travel_scale", scale, "paint_white", y)
    m.part("travel_ticks", group(*ticks), "paint_black", y)
    # Diaphragm casing: two pressed halves with a ring of bolts, spring housing.
    a = m.node("actuator", at=(0, 0, AXIS))
    lower = revolve([(0, 0.390), (0.070, 0.390), (0.110, 0.398), (0.140, 0.415), (0.150, 0.432), (0.172, 0.434), (0.172, 0.439), (0, 0.439)])
    upper = revolve([(0, 0.440), (0.172, 0.440), (0.172, 0.445), (0.150, 0.447), (0.142, 0.475), (0.120, 0.500), (0.080, 0.512), (0.076, 0.560), (0.066, 0.574), (0.030, 0.580), (0, 0.580)])
    m.part("casing", group(lower, upper), "paint_blue", a, tol=0.001)
    m.part("casing_bolts", circle_of(group(hexagon(0.014, 0.008, "Z", (0, 0, 0.445)), hexagon(0.014, 0.008, "Z", (0, 0, 0.426))), 16, 0.161, "Z"), "bolt_zinc", a)
    m.part("cap", group(revolve([(0, 0.58), (0.022, 0.58), (0.022, 0.60), (0.014, 0.606), (0, 0.606)]), hexagon(0.02, 0.02, "X", (0.14, 0, 0.478))), "plastic_black", a)
    # Stem, coupling block and pointer: travels up along the node's own up axis.
    s = m.node("stem", at=(0, 0, AXIS + 0.20), extras={"translate": "+Y", "travel_m": TRAVEL})
    m.part("rod", group(cyl(0.008, 0.20, "Z", (0, 0, -0.03)), revolve([(0, 0.10), (0.013, 0.10), (0.013, 0.172), (0, 0.172)])), "stainless_bright", s)
    m.part("coupling_block", group(box(0.042, 0.036, 0.040, (0, 0, 0.050), 0.006), hexagon(0.026, 0.010, "Z", (0, 0, 0.090))), "steel_machined", s)
    m.part("pointer", group(box(0.052, 0.003, 0.006, (0.040, -0.0195, 0.0594 - 0.003)), box(0.012, 0.006, 0.012, (0.016, -0.019, 0.0594 - 0.006))), "needle_red", s)
    # Positioner at the front of the yoke's left leg, with a dial, two gauges and the air lines.
    p = m.node("positioner", at=(-0.165, -0.02, AXIS + 0.21))
    case = box(0.125, 0.085, 0.150, (0, 0, 0)).edges("|Y").fillet(0.014)
    m.part("case", group(case, box(0.06, 0.03, 0.06, (0.075, 0.02, 0.05))), "paint_grey", p, ang=0.6)
    m.part("cover", cyl(0.044, 0.012, "Y", (0, -0.0545, 0.088)), "paint_white", p)
    m.part("dial_marks", group(*[box(0.004, 0.002, 0.012, (0, -0.0555, 0.026)).rotate((0, 0, 0), (0, 1, 0), d) for d in (-45, -22.5, 0, 22.5, 45)]).translate(V(0, 0, 0.088)), "paint_black", p)
    needle = group(box(0.007, 0.003, 0.036, (0, -0.0015, -0.004)), cyl(0.007, 0.005, "Y", (0, -0.004, 0)))
    # Drawn pointing to half; zero (closed) is -45 degrees to the left: see the README.
    m.part("position_indicator", needle, "needle_red", p, at=(0, -0.0555, 0.088), extras={"rotate": "+Z", "deg_at_0": 45, "deg_at_100": -45})
    for k, x in enumerate((-0.032, 0.032)):
        m.part(f"gauge_{k}", group(cyl(0.022, 0.014, "Y", (x, -0.055, 0.022)), cyl(0.010, 0.02, "Y", (x, -0.045, 0.022))), "steel_machined", p, ang=0.5)
        m.part(f"gauge_face_{k}", cyl(0.019, 0.001, "Y", (x, -0.0562, 0.022)), "paint_white", p, ang=0.5)
    air = run_pipe([(-0.165, 0.0, AXIS + 0.36), (-0.165, 0.0, AXIS + 0.465), (-0.13, 0.0, AXIS + 0.465)], 0.004, 0.02) + run_pipe([(-0.228, 0.0, AXIS + 0.26), (-0.268, 0.0, AXIS + 0.26), (-0.268, 0.0, AXIS - 0.30)], 0.004, 0.02)
    m.part("air_lines", group(*air), "copper", ang=0.8)
    m.part("cable_gland", cyl(0.009, 0.05, "Z", (-0.19, 0.0, AXIS + 0.17)), "plastic_black")
    m.part("lamp_foot", cyl(0.016, 0.010, "Z", (-0.19, -0.02, AXIS + 0.36)), "plastic_black")
    m.part("status_lamp", beacon_dome(0.014, 0.030), "lamp", at=(-0.19, -0.02, AXIS + 0.37), extras={"role": "lamp"}, ang=0.5)
    return [m]
