# SPDX-License-Identifier: CC0-1.0
"""End-suction centrifugal pump (DN 100 x DN 80) with a 15 kW finned motor on a base frame."""

from __future__ import annotations

import math

from common import Model, box, circle_of, cq, cyl, group, hexagon
from fittings import (
    V,
    aim,
    beacon_dome,
    channel,
    extrude_x,
    flange,
    flange_bolts,
    plate_text,
    revolve,
    run_pipe,
    tube,
)

AXIS = 0.42  # shaft height over the floor
PUMP_X = -0.60  # plane of the volute and of the discharge
SUCTION_X = -0.80  # face of the suction flange
DISCHARGE_Z = 0.72  # face of the discharge flange
PORTS = {"suction": ((SUCTION_X, 0.0, AXIS), (-1, 0, 0), 100), "discharge": ((PUMP_X, 0.0, DISCHARGE_Z), (0, 0, 1), 80)}


def ring_at(r, y, z, direction):
    return cq.Wire.makeCircle(r, V(0, y, z), V(0, *direction))


def volute():
    """The growing spiral and its swan neck to the middle, in the pump's axis frame."""
    rings = []
    for k in range(0, 8):
        t = math.radians(62 - 38.8 * k)  # clockwise, from after the cutwater to the left side
        r = 0.022 + 0.030 * k / 7
        rad = 0.128 + r * 0.75
        rings.append(ring_at(r, rad * math.cos(t), rad * math.sin(t), (math.sin(t), -math.cos(t))))
    for y, z, r, d in ((-0.112, 0.118, 0.053, (0.45, 0.9)), (-0.045, 0.198, 0.050, (0.5, 0.85)), (0.0, 0.255, 0.045, (0.05, 1))):
        n = math.hypot(*d)
        rings.append(ring_at(r, y, z, (d[0] / n, d[1] / n)))
    return cq.Solid.makeLoft(rings, False)


def pump(m):
    n = m.node("pump", at=(PUMP_X, 0, AXIS))
    # Wet casing: spiral, core with suction cover, discharge and suction nozzles.
    core = cq.Workplane("YZ").circle(0.150).extrude(0.098).translate((-0.049, 0, 0)).edges().fillet(0.03)
    suction = revolve([(0, 0.0), (0.105, 0.0), (0.100, 0.022), (0.072, 0.050), (0.060, 0.080), (0.058, 0.155), (0, 0.155)], "X")
    suction = suction.rotate(V(0, 0, 0), V(0, 0, 1), 180).translate(V(-0.03, 0, 0))
    neck = revolve([(0, 0.245), (0.046, 0.245), (0.0445, 0.285), (0, 0.285)])
    cast = [volute(), core, suction, neck]
    cast.append(box(0.075, 0.10, 0.09, (0, 0, -0.265)))  # foot under the volute
    cast.append(box(0.11, 0.26, 0.022, (0, 0, -0.268), 0.012))
    cast.append(cyl(0.017, 0.06, "Z", (0, 0, -0.205)))
    for y in (-0.07, 0.07):
        cast.append(extrude_x([(y - 0.006, -0.25), (y + 0.006, -0.25), (y * 0.8 + 0.006, -0.10), (y * 0.8 - 0.006, -0.10)], 0.06, -0.03))
    m.part("casing", group(*cast), "paint_blue", n, tol=0.002, ang=0.45)
    fl = [flange(100, (SUCTION_X - PUMP_X, 0, 0), (-1, 0, 0), 0.02), flange(80, (0, 0, DISCHARGE_Z - AXIS), (0, 0, 1), 0.02)]
    m.part("flanges", group(*fl), "paint_blue", n)
    # Casing cover with its ring of bolts, lantern, bearing housing, foot.
    cover = revolve([(0, 0.045), (0.165, 0.045), (0.168, 0.048), (0.168, 0.066), (0.165, 0.069), (0.100, 0.069), (0.092, 0.085), (0, 0.085)], "X")
    lantern = [
        revolve([(0.060, 0.085), (0.092, 0.085), (0.074, 0.150), (0.060, 0.150)], "X"),
        revolve([(0, 0.19), (0.066, 0.19), (0.070, 0.194), (0.070, 0.214), (0.060, 0.224), (0.056, 0.320), (0.060, 0.330), (0.070, 0.334), (0.070, 0.354), (0.064, 0.360), (0, 0.360)], "X"),
    ]
    web = extrude_x([(-0.012, -0.012), (0.012, -0.012), (0.012, 0.012), (-0.012, 0.012)], 0.060, 0.140)
    lantern.append(circle_of(web, 4, 0.064, "X", 45))
    lantern.append(circle_of(box(0.10, 0.010, 0.020, (0.272, 0, -0.010)), 6, 0.060, "X", 30))
    lantern.append(extrude_x([(-0.020, -0.055), (0.020, -0.055), (0.055, -0.268), (-0.055, -0.268)], 0.018, 0.262))
    lantern.append(box(0.070, 0.16, 0.018, (0.271, 0, -0.268), 0.008))
    m.part("bearing_bracket", group(cover, *lantern), "paint_blue", n)
    zinc = [
        flange_bolts(100, (SUCTION_X - PUMP_X, 0, 0), (-1, 0, 0)),
        flange_bolts(80, (0, 0, DISCHARGE_Z - AXIS), (0, 0, 1)),
        circle_of(hexagon(0.019, 0.010, "X", (0.069, 0, 0)), 12, 0.150, "X", 15),
        circle_of(hexagon(0.013, 0.006, "X", (0.354, 0, 0)), 6, 0.056, "X"),
    ]
    for x, y in ((-0.04, 0.105), (0.04, 0.105), (-0.04, -0.105), (0.04, -0.105)):
        zinc.append(hexagon(0.022, 0.011, "Z", (x, y, -0.246)))
    for y in (-0.06, 0.06):
        zinc.append(hexagon(0.018, 0.009, "Z", (0.271, y, -0.250)))
    zinc.append(hexagon(0.020, 0.014, "Z", (0.27, 0, 0.055)))  # vent of the bearing housing
    m.part("bolts", group(*zinc), "bolt_zinc", n)
    m.part("seal_cover", revolve([(0, 0.083), (0.05, 0.083), (0.05, 0.110), (0.035, 0.118), (0.03, 0.19), (0, 0.19)], "X"), "stainless", n)
    m.part("oil_glass", aim(cyl(0.014, 0.012), (0, -1, 0), (0.27, -0.055, -0.012)), "brass", n)
    plate, lines = plate_text(0.07, 0.032)
    m.part("name_plate", plate.translate((0.27, -0.068, 0.022)), "label", n)
    m.part("name_plate_text", lines.translate((0.27, -0.068, 0.022)), "plastic_black", n)
    # Drain: nipple, ball valve, lever.
    drain = [tube(0.012, (0, 0, -0.200), (0, 0, -0.232)), tube(0.012, (0, -0.02, -0.222), (0, -0.165, -0.222)), tube(0.016, (0, -0.165, -0.222), (0, -0.178, -0.222))]
    drain += [cq.Workplane("XY").sphere(0.021).translate((0, -0.12, -0.222)), hexagon(0.032, 0.014, "Y", (0, -0.150, -0.222)), hexagon(0.032, 0.014, "Y", (0, -0.104, -0.222))]
    m.part("drain", group(*drain), "stainless", n, ang=0.6)
    m.part("drain_lever", group(box(0.012, 0.085, 0.004, (0, -0.085, -0.192)), cyl(0.006, 0.012, "Z", (0, -0.12, -0.203))), "plastic_red", n)
    # Inside the eye: a closed impeller, seen through the suction flange.
    blade = cq.Workplane("YZ").moveTo(0.03, 0).threePointArc((0.07, 0.035), (0.12, 0.03)).lineTo(0.12, 0.024).threePointArc((0.07, 0.029), (0.03, -0.006)).close().extrude(0.028)
    wheel = [revolve([(0, 0.016), (0.124, 0.016), (0.124, 0.022), (0, 0.022)], "X"), circle_of(blade.translate((-0.012, 0, 0)), 6, 0, "X"), revolve([(0, -0.02), (0.018, -0.012), (0.028, 0.016), (0, 0.016)], "X")]
    m.part("impeller", group(*wheel), "stainless_bright", n, extras={"spin": "+X"})


def rotor(m):
    """Shaft and pin coupling, spinning about local X through the origin of the node."""
    r = m.node("rotor", at=(-0.13, 0, AXIS), extras={"spin": "+X"})
    shaft = group(tube(0.019, (-0.42, 0, 0), (-0.02, 0, 0)), tube(0.021, (0.02, 0, 0), (0.15, 0, 0)))
    m.part("shaft", shaft, "steel_machined", r)
    hub = revolve([(0, -0.075), (0.040, -0.075), (0.042, -0.073), (0.042, -0.028), (0.076, -0.026), (0.078, -0.024), (0.078, -0.005), (0.076, -0.003), (0, -0.003)], "X")
    other = hub.mirror("YZ", V(0, 0, 0))
    m.part("coupling_hubs", group(hub, other), "steel_dark", r)
    pins = circle_of(group(hexagon(0.017, 0.010, "X", (-0.036, 0, 0)), hexagon(0.017, 0.010, "X", (0.026, 0, 0))), 6, 0.060, "X")
    m.part("coupling_pins", pins, "bolt_zinc", r)
    m.part("coupling_elastomer", revolve([(0, -0.0035), (0.072, -0.0035), (0.072, 0.0035), (0, 0.0035)], "X"), "plastic_red", r)
    marks = group(box(0.018, 0.016, 0.003, (-0.0145, 0, 0.0765)), box(0.018, 0.016, 0.003, (0.0145, 0, 0.0765)), box(0.030, 0.010, 0.003, (0.052, 0, 0.0405)), box(0.030, 0.010, 0.003, (-0.052, 0, 0.0405)))
    m.part("mark", marks, "paint_white", r)


def guard(m):
    g = m.node("coupling_guard", at=(-0.13, 0, AXIS))
    ro, ri, foot = 0.112, 0.109, -0.30
    arch = cq.Workplane("YZ").moveTo(-ro, foot).lineTo(-ro, 0).threePointArc((0, ro), (ro, 0)).lineTo(ro, foot).lineTo(ri, foot).lineTo(ri, 0).threePointArc((0, ri), (-ri, 0)).lineTo(-ri, foot).close().extrude(0.19).translate((-0.095, 0, 0))
    for k in range(6):
        x = -0.0725 + 0.029 * k
        for s in (-1, 1):
            arch = arch.cut(box(0.021, 0.2, 0.30, (x, s * 0.112, -0.16)))
    feet = [box(0.19, 0.04, 0.004, (0, s * 0.13, foot)) for s in (-1, 1)]
    m.part("guard", group(arch, *feet), "paint_yellow", g)
    m.part("guard_bolts", group(*[hexagon(0.013, 0.006, "Z", (x, s * 0.135, foot + 0.004)) for s in (-1, 1) for x in (-0.07, 0.07)]), "bolt_zinc", g)


def motor(m):
    n = m.node("motor", at=(0.02, 0, AXIS))
    r0, r1, fins = 0.138, 0.162, 44
    pts = []
    for k in range(fins):
        a = 2 * math.pi * (k + 0.5) / fins
        if abs(math.cos(a)) < 0.34 and math.sin(a) > 0 or abs(math.cos(a)) < 0.5 and math.sin(a) < 0:
            pts.append((r0 * math.cos(a), r0 * math.sin(a)))  # no fins under the box and between the feet
            continue
        for da, r in ((-0.36, r0), (-0.17, r1), (0.17, r1), (0.36, r0)):
            b = a + da * 2 * math.pi / fins
            pts.append((r * math.cos(b), r * math.sin(b)))
    m.part("stator", extrude_x(pts, 0.33, 0.045), "paint_blue", n)
    shields = [
        revolve([(0, -0.012), (0.050, -0.012), (0.055, -0.004), (0.070, 0.0), (0.135, 0.018), (0.158, 0.024), (0.162, 0.030), (0.162, 0.048), (0, 0.048)], "X"),
        revolve([(0, 0.372), (0.162, 0.372), (0.162, 0.392), (0.150, 0.400), (0, 0.400)], "X"),
        circle_of(box(0.022, 0.014, 0.055, (0.018, 0, -0.0275)), 6, 0.098, "X", 30),
    ]
    for x in (0.09, 0.31):  # feet
        for s in (-1, 1):
            shields.append(extrude_x([(s * 0.075, -0.115), (s * 0.10, -0.09), (s * 0.150, -0.160), (s * 0.150, -0.180), (s * 0.085, -0.180)], 0.075, x - 0.0375))
    shields.append(circle_of(cq.Workplane("XZ").circle(0.014).circle(0.008).extrude(0.010, both=True).translate((0.21, 0, 0.150)), 1, 0, "X"))
    m.part("end_shields", group(*shields), "paint_blue", n)
    # Terminal box on a neck, with its lid, screws and cable glands.
    tb = box(0.135, 0.130, 0.062, (0.12, 0, 0.155)).edges("|Z").fillet(0.012)
    lid = box(0.143, 0.138, 0.016, (0.12, 0, 0.219)).edges("|Z").fillet(0.014).faces(">Z").edges().chamfer(0.004)
    m.part("terminal_box", group(box(0.10, 0.10, 0.04, (0.12, 0, 0.125)), tb, lid), "paint_blue", n, ang=0.5)
    bolts = [hexagon(0.010, 0.004, "Z", (0.12 + sx * 0.056, sy * 0.054, 0.235)) for sx in (-1, 1) for sy in (-1, 1)]
    bolts += [hexagon(0.022, 0.011, "Z", (x, s * 0.128, -0.160)) for x in (0.09, 0.31) for s in (-1, 1)]
    bolts.append(circle_of(hexagon(0.014, 0.007, "X", (0.008, 0, 0)), 4, 0.145, "X", 45).translate(V(0.0075, 0, 0)))
    m.part("bolts", group(*bolts), "bolt_zinc", n)
    glands = [hexagon(0.032, 0.014, "Y", (x, -0.065 - 0.014, 0.185)) for x in (0.095, 0.145)] + [cyl(0.011, 0.022, "Y", (x, -0.101, 0.185)) for x in (0.095, 0.145)]
    m.part("cable_glands", group(*glands), "plastic_black", n)
    cable = group(*run_pipe([(0.095, -0.10, 0.185), (0.095, -0.178, 0.185), (0.095, -0.178, -0.30), (0.095, -0.265, -0.30)], 0.008, 0.04))
    m.part("cable", cable, "rubber", n, ang=0.6)
    # Fan cowl: an open drum with a ring grille; the fan turns inside.
    cowl = revolve([(0.160, 0.385), (0.166, 0.385), (0.166, 0.500), (0.150, 0.520), (0.128, 0.520), (0.128, 0.516), (0.148, 0.516), (0.160, 0.499)], "X")
    rings = [revolve([(r, 0.514), (r + 0.006, 0.514), (r + 0.006, 0.519), (r, 0.519)], "X") for r in (0.104, 0.080, 0.056)]
    spokes = [box(0.004, 0.006, 0.262, (0.5165, 0, -0.131)).rotate((0, 0, 0), (1, 0, 0), a) for a in (0, 45, 90, 135)]
    m.part("fan_cowl", group(cowl, *rings, *spokes, revolve([(0, 0.513), (0.034, 0.513), (0.034, 0.520), (0, 0.520)], "X")), "paint_blue", n)
    blade = box(0.050, 0.004, 0.075, (0, 0, 0.045)).rotate((0, 0, 0), (0, 0, 1), 18)
    fan = group(cyl(0.050, 0.056, "X", (-0.028, 0, 0)), *[blade.rotate((0, 0, 0), (1, 0, 0), 360 / 7 * k) for k in range(7)])
    m.part("motor_fan", fan, "plastic_grey", n, at=(0.465, 0, 0), extras={"spin": "+X"})
    plate, lines = plate_text(0.085, 0.05)
    for p, name, mat in ((plate, "name_plate", "label"), (lines, "name_plate_text", "plastic_black")):
        m.part(name, p, mat, n, at=(0.235, -0.163, 0.02))


def base(m):
    n = m.node("base_frame")
    rails = [channel(1.36, 0.055, 0.115, 0.008, -0.70, s * 0.27, 0.02, -s) for s in (-1, 1)]
    cross = [box(0.055, 0.524, 0.108, (x, 0, 0.027)) for x in (-0.672, -0.20, 0.20, 0.632)]
    m.part("frame", group(*rails, *cross), "paint_anthracite", n)
    top = [box(0.20, 0.50, 0.015, (PUMP_X, 0, 0.135)), box(0.12, 0.50, 0.017, (PUMP_X + 0.271, 0, 0.135))]
    top += [box(0.40, 0.10, 0.105, (0.22, s * 0.12, 0.135)) for s in (-1, 1)] + [box(0.20, 0.52, 0.005, (-0.13, 0, 0.115))] + [box(0.055, 0.50, 0.108, (-0.32, 0, 0.027))]
    m.part("plinths", group(*top), "paint_anthracite", n)
    pads = [box(0.11, 0.11, 0.02, (x, s * 0.245, 0)) for x in (-0.62, 0.0, 0.58) for s in (-1, 1)]
    m.part("grout_pads", group(*pads), "concrete", n)
    feet = [box(0.09, 0.075, 0.012, (x, s * 0.305, 0.02)) for x in (-0.62, 0.0, 0.58) for s in (-1, 1)]
    pan = cq.Workplane("XY").box(0.25, 0.40, 0.012, centered=(True, True, False)).faces(">Z").shell(-0.003).translate((-0.365, 0, 0.150))
    m.part("anchor_feet", group(*feet), "steel_galvanised", n)
    m.part("drip_pan", pan, "stainless", n)
    m.part("anchors", group(*[g for x in (-0.62, 0.0, 0.58) for s in (-1, 1) for g in (hexagon(0.024, 0.012, "Z", (x, s * 0.318, 0.032)), cyl(0.007, 0.03, "Z", (x, s * 0.318, 0.032)))]), "bolt_zinc", n, ang=0.8)
    lug = cq.Workplane("XZ").polyline([(-0.03, 0), (0.03, 0), (0.018, 0.05), (-0.018, 0.05)]).close().extrude(0.008).faces("<Y").workplane(origin=(0, 0, 0.028)).hole(0.022)
    m.part("lifting_lugs", group(*[lug.translate((x, s * 0.262 + 0.004, 0.135)) for x in (-0.66, 0.62) for s in (-1, 1)]), "paint_yellow", n)


def station(m):
    """Local control station on a post, with the status lamp on top."""
    n = m.node("local_station", at=(0.63, 0.20, 0.135))
    m.part("post", group(box(0.04, 0.04, 0.62), box(0.09, 0.09, 0.008)), "stainless", n)
    b = box(0.085, 0.11, 0.19, (0.045, 0, 0.42)).edges("|X").fillet(0.008)
    m.part("box", b, "paint_grey", n)
    m.part("stop_button", group(cyl(0.012, 0.014, "X", (0.0875, 0, 0.455)), cyl(0.021, 0.010, "X", (0.1015, 0, 0.455))), "plastic_red", n)
    m.part("stop_ring", cyl(0.030, 0.003, "X", (0.0875, 0, 0.455)), "plastic_yellow", n)
    m.part("start_button", cyl(0.014, 0.010, "X", (0.0875, 0, 0.515)), "plastic_green", n)
    m.part("selector", group(cyl(0.014, 0.006, "X", (0.0875, 0, 0.570)), box(0.014, 0.007, 0.026, (0.098, 0, 0.557))), "plastic_black", n)
    m.part("lamp_foot", revolve([(0, 0.62), (0.030, 0.62), (0.030, 0.645), (0.026, 0.650), (0, 0.650)]), "plastic_black", n)
    m.part("status_lamp", beacon_dome(0.025, 0.055), "lamp", at=(0.63, 0.20, 0.135 + 0.65), extras={"role": "lamp"})


def build():
    m = Model("pump_skid", tol=0.0008, ang=0.34)
    base(m)
    pump(m)
    rotor(m)
    guard(m)
    motor(m)
    station(m)
    return [m]
