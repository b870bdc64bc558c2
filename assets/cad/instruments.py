# SPDX-License-Identifier: CC0-1.0
"""Magnetic flow meter on a stand, pressure gauge, temperature transmitter."""

from __future__ import annotations

from common import Model, box, circle_of, cq, cyl, group, hexagon
from control_valve import pipe_stand
from fittings import V, aim, beacon_dome, flange, flange_bolts, plate_text, revolve, tube

FLOW_PORTS = {"inlet": ((-0.10, 0, 1.0), (-1, 0, 0), 80), "outlet": ((0.10, 0, 1.0), (1, 0, 0), 80)}


def flow_meter():
    m = Model("flow_meter", tol=0.0008, ang=0.38)
    pipe_stand(m, 0.895)
    b = m.node("body", at=(0, 0, 1.0))
    tube_ = revolve([(0, -0.085), (0.050, -0.085), (0.062, -0.066), (0.085, -0.060), (0.088, -0.055), (0.088, 0.055), (0.085, 0.060), (0.062, 0.066), (0.050, 0.085), (0, 0.085)], "X")
    coil = [box(0.07, 0.09, 0.205, (0, 0, -0.1025), 0.012), cyl(0.024, 0.14, "Z", (0, 0, 0.06))]
    m.part("sensor", group(tube_, *coil), "stainless", b)
    m.part("flanges", group(*[flange(80, (s * 0.10, 0, 0), (s, 0, 0), 0.0) for s in (-1, 1)]), "stainless_satin", b)
    m.part("bolts", group(*[flange_bolts(80, (s * 0.10, 0, 0), (s, 0, 0)) for s in (-1, 1)]), "bolt_zinc", b)
    h = m.node("head", at=(0, 0, 1.27))
    body = group(cyl(0.066, 0.115, "Y", (0, -0.0575, 0)), cyl(0.071, 0.020, "Y", (0, -0.068, 0)), cyl(0.071, 0.020, "Y", (0, 0.048, 0)), cyl(0.036, 0.05, "Z", (0, 0, -0.085)), cyl(0.014, 0.05, "X", (0.06, 0, -0.02)))
    m.part("housing", body, "paint_blue", h)
    m.part("gland", hexagon(0.026, 0.02, "X", (0.11, 0, -0.02)), "plastic_black", h)
    m.part("window_ring", revolve([(0.048, 0), (0.060, 0), (0.060, 0.004), (0.048, 0.004)], "Y", (0, -0.072, 0)), "paint_blue_dark", h)
    m.part("screen", box(0.070, 0.003, 0.046, (0, -0.0015, -0.023)), "screen", h, at=(0, -0.0685, 0), extras={"role": "screen", "size_m": [0.07, 0.046]})
    arrow = cq.Workplane("XZ").polyline([(-0.035, -0.005), (0.010, -0.005), (0.010, -0.014), (0.036, 0), (0.010, 0.014), (0.010, 0.005), (-0.035, 0.005)]).close().extrude(0.004)
    m.part("flow_arrow", arrow, "paint_red", b, at=(0, -0.045, 0.085))
    m.part("status_lamp", beacon_dome(0.012, 0.024), "lamp", h, at=(0, 0, 0.064), ang=0.6, extras={"role": "lamp"})
    return m


def pressure_gauge():
    """Dial gauge, 160 mm, its origin at the tapping; 0 .. 10 bar over 270 degrees."""
    m = Model("pressure_gauge", tol=0.0005, ang=0.3)
    z = 0.22
    m.part("siphon", group(cyl(0.009, z - 0.08), hexagon(0.024, 0.03, "Z", (0, 0, 0.035)), hexagon(0.022, 0.022, "Z", (0, 0, z - 0.10)), tube(0.007, (0, 0.0, 0.085), (0, -0.05, 0.085))), "stainless", ang=0.5)
    m.part("cock_handle", box(0.010, 0.010, 0.06, (0, -0.05, 0.055)), "plastic_red")
    d = m.node("dial", at=(0, 0, z))
    case = revolve([(0, -0.030), (0.076, -0.030), (0.080, -0.026), (0.080, 0.016), (0.084, 0.018), (0.084, 0.030), (0.080, 0.032), (0.075, 0.032), (0.075, 0.020), (0, 0.020)], "Y").rotate(V(0, 0, 0), V(0, 0, 1), 180)
    m.part("case", case, "stainless_bright", d)
    m.part("face", cyl(0.0755, -0.002, "Y", (0, -0.020, 0)), "paint_white", d)
    marks = []
    for k in range(51):
        long, t = (k % 5 == 0), (0.0016 if k % 5 == 0 else 0.0008)
        if k % 5 and k % 5 not in (1, 2, 3, 4):
            continue
        marks.append(box(t * 2, 0.0008, 0.013 if long else 0.006, (0, 0, 0.056 if long else 0.063)).rotate((0, 0, 0), (0, 1, 0), -135 + 270 * k / 50))
    m.part("marks", group(*marks).translate(V(0, -0.0222, 0)), "paint_black", d)
    arc = cq.Workplane("XZ").circle(0.0725).circle(0.0690).extrude(0.0006)
    keep = cq.Workplane("XZ").polyline([(0, 0), (0.2, -0.2), (0.2, 0.02), (0, 0)]).close().extrude(0.01, both=True)
    m.part("red_zone", arc.intersect(keep).translate((0, -0.0222, 0)), "needle_red", d)
    # Drawn pointing up (half scale): +135 degrees about local +Z is 0 bar, -135 is full scale.
    needle = group(cq.Workplane("XZ").polyline([(-0.0045, -0.022), (0.0045, -0.022), (0.0025, 0.050), (0, 0.062), (-0.0025, 0.050)]).close().extrude(0.0014), cyl(0.008, -0.003, "Y"))
    m.part("needle", needle, "needle_red", d, at=(0, -0.0242, 0), extras={"rotate": "+Z", "deg_at_0": 135, "deg_at_100": -135})
    m.part("glass", cyl(0.075, -0.001, "Y", (0, -0.0300, 0)), "glass", d)
    return m


def temperature_transmitter():
    """Head transmitter on a thermowell, its origin at the process connection."""
    m = Model("temperature_transmitter", tol=0.0005, ang=0.38)
    m.part("thermowell", group(tube(0.005, (0, 0, -0.045), (0, 0, 0.02)), hexagon(0.032, 0.022, "Z", (0, 0, 0.0)), cyl(0.010, 0.12), hexagon(0.028, 0.018, "Z", (0, 0, 0.115))), "stainless", ang=0.5)
    h = m.node("head", at=(0, 0, 0.18))
    m.part("housing", group(cyl(0.046, 0.085, "Y", (0, -0.0425, 0)), cyl(0.050, 0.016, "Y", (0, -0.052, 0)), cyl(0.022, 0.04, "Z", (0, 0, -0.060)), cyl(0.011, 0.04, "X", (0.04, 0, 0))), "paint_blue", h)
    m.part("gland", hexagon(0.022, 0.018, "X", (0.08, 0, 0)), "plastic_black", h)
    m.part("screen", box(0.052, 0.003, 0.030, (0, -0.0015, -0.015)), "screen", h, at=(0, -0.052, 0), extras={"role": "screen", "size_m": [0.052, 0.03]})
    m.part("status_lamp", beacon_dome(0.008, 0.016), "lamp", h, at=(0, 0, 0.044), ang=0.6, extras={"role": "lamp"})
    return m


def build():
    return [flow_meter(), pressure_gauge(), temperature_transmitter()]
