# SPDX-License-Identifier: CC0-1.0
"""Control cabinet (0.8 x 0.5 x 2.0 m) and battery / UPS cabinet (0.9 x 0.8 x 2.0 m)."""

from __future__ import annotations

from common import Model, box, cq, cyl, group, hexagon
from fittings import V, aim, plate_text, revolve


def lamp_ring(r, h):
    return revolve([(0, 0), (r, 0), (r, h - 0.003), (r - 0.003, h), (0, h)])


def stack_light(m, at, lamps):
    """A signal tower: foot, tube, black rings, one named part per lens."""
    n = m.node("stack_light", at=at)
    m.part("tube", group(cyl(0.012, 0.14), cyl(0.034, 0.012)), "stainless", n, ang=0.5)
    black = [lamp_ring(0.031, 0.03).translate(V(0, 0, 0.14))]
    z = 0.17
    for name, mat in lamps:
        m.part(name, lamp_ring(0.030, 0.058), mat, n, at=(0, 0, z), extras={"role": "lamp"})
        black.append(lamp_ring(0.031, 0.008).translate(V(0, 0, z + 0.058)))
        z += 0.066
    m.part("rings", group(*black), "plastic_black", n)


def vents(w, h, rows, x, y, z):
    """Louvre slats standing proud of a door that looks to -Y."""
    return [box(w, 0.012, 0.010, (x, y, z + h * k / rows)) for k in range(rows)]


def control_cabinet():
    m = Model("control_cabinet", tol=0.0012, ang=0.4)
    W, D, H, P = 0.8, 0.5, 2.0, 0.1
    m.part("plinth", box(W - 0.02, D - 0.02, P), "paint_anthracite")
    body = box(W, D, H - P - 0.02, (0, 0, P)).edges("|Z").fillet(0.012)
    roof = box(W + 0.012, D + 0.012, 0.022, (0, 0, H - 0.022), 0.012)
    m.part("body", group(body, roof), "paint_grey")
    eyes = [aim(cq.Workplane("XY").circle(0.020).circle(0.011).extrude(0.010, both=True), (1, 0, 0), (x, y, H + 0.018)) for x in (-0.36, 0.36) for y in (-0.21, 0.21)]
    m.part("lifting_eyes", group(*eyes), "bolt_zinc", ang=0.6)
    d = m.node("door", at=(-W / 2 + 0.006, -D / 2 - 0.001, P + 0.012), extras={"rotate": "+Y", "deg": [0, -110]})
    dw, dh = W - 0.012, H - P - 0.046
    leaf = box(dw, 0.022, dh, (dw / 2, -0.011, 0)).edges("|Y").fillet(0.008).faces("<Y").edges().chamfer(0.003)
    m.part("leaf", leaf, "paint_grey", d)
    m.part("hinges", group(*[cyl(0.009, 0.09, "Z", (0.004, -0.020, z)) for z in (0.16, 0.9, dh - 0.25)]), "steel_dark", d)
    m.part("handle", group(box(0.034, 0.010, 0.20, (dw - 0.055, -0.027, 0.90)), box(0.022, 0.022, 0.15, (dw - 0.055, -0.040, 0.93), 0.004), cyl(0.011, 0.006, "Y", (dw - 0.055, -0.030, 0.918))), "plastic_black", d)
    # HMI: bezel and the screen itself (a part of its own).
    m.part("hmi_bezel", box(0.40, 0.016, 0.28, (dw / 2, -0.030, 1.20)).edges("|Y").fillet(0.010), "plastic_black", d)
    m.part("screen", box(0.36, 0.004, 0.225, (0, -0.002, -0.1125)), "screen", d, at=(dw / 2, -0.0375, 1.345), extras={"role": "screen", "size_m": [0.36, 0.225]})
    # Main switch, emergency stop, lit push buttons.
    m.part("switch_plate", box(0.085, 0.003, 0.085, (dw - 0.16, -0.0235, 0.64)), "plastic_yellow", d)
    m.part("main_switch", group(cyl(0.034, -0.014, "Y", (dw - 0.16, -0.025, 0.6825)), box(0.018, 0.020, 0.066, (dw - 0.16, -0.048, 0.6495))), "plastic_red", d)
    m.part("estop_plate", cyl(0.042, -0.003, "Y", (0.40, -0.022, 1.02)), "plastic_yellow", d)
    m.part("estop", group(cyl(0.017, -0.018, "Y", (0.40, -0.025, 1.02)), cyl(0.027, -0.014, "Y", (0.40, -0.043, 1.02))), "plastic_red", d)
    for k, (name, mat) in enumerate((("button_green", "plastic_green"), ("button_white", "plastic_white"), ("button_blue", "plastic_blue"))):
        x = 0.17 + 0.065 * k
        m.part(name, group(cyl(0.015, -0.010, "Y", (x, -0.024, 1.02))), mat, d)
        m.part(f"{name}_ring", cyl(0.019, -0.004, "Y", (x, -0.022, 1.02)), "steel_machined", d)
    m.part("vent_low", group(box(0.26, 0.006, 0.26, (0.24, -0.025, 0.10)), *vents(0.22, 0.22, 9, 0.24, -0.030, 0.125)), "plastic_grey", d)
    m.part("vent_high", group(box(0.20, 0.006, 0.17, (0.24, -0.025, 1.60)), *vents(0.17, 0.14, 6, 0.24, -0.030, 1.62)), "plastic_grey", d)
    plate, lines = plate_text(0.12, 0.05)
    m.part("name_plate", plate.translate((dw / 2 + 0.10, -0.0222, 1.70)), "label", d)
    m.part("name_plate_text", lines.translate((dw / 2 + 0.10, -0.0222, 1.70)), "plastic_black", d)
    m.part("warning", cq.Workplane("XZ").polyline([(-0.045, 0), (0.045, 0), (0, 0.078)]).close().extrude(0.002).translate((dw - 0.16, -0.0222, 0.78)), "plastic_yellow", d)
    # Inside, seen when the door stands open: mounting plate with devices.
    i = m.node("inside", at=(0, -D / 2 + 0.002, P))
    m.part("cavity", box(W - 0.07, 0.002, H - P - 0.12, (0, -0.001, 0.04)), "paint_anthracite", i)
    dev = [box(0.6, 0.002, 0.10, (0, -0.0025, z)) for z in (0.35, 0.75, 1.15, 1.5)]
    m.part("devices", group(*dev), "plastic_white", i)
    stack_light(m, (0.28, 0, H), (("lamp_green", "lamp_green"), ("lamp_amber", "lamp_amber"), ("lamp_red", "lamp_red")))
    return m


def ups_cabinet():
    m = Model("ups_cabinet", tol=0.0012, ang=0.4)
    W, D, H, P = 0.9, 0.8, 2.0, 0.1
    m.part("plinth", box(W - 0.03, D - 0.03, P), "paint_black")
    # A frame around the window: the battery modules stand in a recess behind it.
    body = box(W, D, H - P, (0, 0, P)).edges("|Z").fillet(0.014)
    wx, wz, ww, wh = -0.09, 0.42, 0.58, 0.98
    recess = box(ww, 0.5, wh, (wx, -D / 2, wz))
    m.part("body", body.cut(recess), "paint_anthracite")
    mods, faces, leds, grips = [], [], [], []
    for r in range(5):
        for c in range(3):
            x, z = wx - ww / 2 + 0.100 + 0.190 * c, wz + 0.022 + 0.190 * r
            mods.append(box(0.178, 0.16, 0.165, (x, -D / 2 + 0.15, z)))
            faces.append(box(0.160, 0.006, 0.060, (x, -D / 2 + 0.068, z + 0.095)))
            grips.append(box(0.09, 0.018, 0.014, (x, -D / 2 + 0.062, z + 0.045)))
            leds.append(box(0.022, 0.003, 0.007, (x + 0.060, -D / 2 + 0.068, z + 0.022)))
    m.part("battery_modules", group(*mods), "plastic_grey")
    m.part("module_labels", group(*faces), "plastic_blue")
    m.part("module_grips", group(*grips), "plastic_black")
    m.part("module_leds", group(*leds), "charge")
    m.part("shelves", group(*[box(ww, 0.20, 0.008, (wx, -D / 2 + 0.14, wz + 0.010 + 0.190 * r)) for r in range(5)]), "steel_galvanised")
    frame = box(ww + 0.09, 0.022, wh + 0.09, (wx, -D / 2 - 0.011, wz - 0.045)).edges("|Y").fillet(0.012).cut(box(ww - 0.01, 0.1, wh - 0.01, (wx, -D / 2, wz + 0.005)))
    m.part("window_frame", frame, "paint_grey")
    m.part("window", box(ww, 0.004, wh, (wx, -D / 2 - 0.006, wz)), "glass")
    # Charge bar: one metre of travel is too tall here; 0.90 m, drawn full.
    bx = 0.335
    m.part("charge_frame", box(0.10, 0.018, 1.00, (bx, -D / 2 - 0.009, wz - 0.01)).edges("|Y").fillet(0.010), "plastic_black")
    m.part("charge_ticks", group(*[box(0.022 if k % 5 == 0 else 0.012, 0.002, 0.004, (bx + 0.036, -D / 2 - 0.019, wz + 0.04 + 0.09 * k - 0.002)) for k in range(11)]), "plastic_white")
    m.part("charge_bar", box(0.046, 0.006, 0.90, (0, -0.003, 0)), "charge", at=(bx - 0.008, -D / 2 - 0.018, wz + 0.04), extras={"scale": "+Y", "height_m": 0.9})
    # Display, E-off, vents above and below.
    m.part("display_bezel", box(0.24, 0.014, 0.17, (-0.20, -D / 2 - 0.007, 1.60)).edges("|Y").fillet(0.008), "plastic_black")
    m.part("screen", box(0.205, 0.003, 0.125, (0, -0.0015, -0.0625)), "screen", at=(-0.20, -D / 2 - 0.014, 1.69), extras={"role": "screen", "size_m": [0.205, 0.125]})
    m.part("eoff_plate", cyl(0.036, -0.003, "Y", (0.335, -D / 2, 1.56)), "plastic_yellow")
    m.part("eoff", group(cyl(0.015, -0.018, "Y", (0.335, -D / 2 - 0.003, 1.56)), cyl(0.024, -0.013, "Y", (0.335, -D / 2 - 0.021, 1.56))), "plastic_red")
    louvres = [box(0.46, 0.014, 0.012, (0.13 if z > 1 else 0.0, -D / 2 - 0.006, z)) for z in [1.72 + 0.028 * k for k in range(7)]]
    louvres += [box(0.66, 0.014, 0.012, (0.0, -D / 2 - 0.006, 0.14 + 0.028 * k)) for k in range(7)]
    m.part("louvres", group(*louvres), "paint_grey_mid")
    sides = [box(0.014, 0.46, 0.012, (s * (W / 2 + 0.005), 0, z)) for s in (-1, 1) for z in [0.30 + 0.03 * k for k in range(7)] + [1.50 + 0.03 * k for k in range(7)]]
    m.part("side_louvres", group(*sides), "paint_grey_mid")
    fans = []
    for x in (-0.21, 0.21):
        fans += [revolve([(r, 0), (r + 0.008, 0), (r + 0.008, 0.012), (r, 0.012)], "Z", (x, 0, H)) for r in (0.145, 0.10, 0.055)]
        fans += [box(0.30, 0.007, 0.010, (0, 0, 0)).rotate((0, 0, 0), (0, 0, 1), a).translate((x, 0, H)) for a in (0, 60, 120)]
    m.part("fan_grilles", group(*fans), "steel_galvanised")
    bolt = cq.Workplane("XZ").polyline([(0.010, 0.075), (-0.026, 0.030), (-0.004, 0.030), (-0.012, -0.010), (0.026, 0.040), (0.004, 0.040)]).close().extrude(0.002)
    m.part("warning", cq.Workplane("XZ").polyline([(-0.06, 0), (0.06, 0), (0, 0.104)]).close().extrude(0.002).translate((0.335, -D / 2, 1.63)), "plastic_yellow")
    m.part("warning_sign", bolt.translate((0.335, -D / 2 - 0.002, 1.642)), "paint_black")
    m.part("handle", group(box(0.030, 0.010, 0.16, (0.225, -D / 2 - 0.012, 0.25)), box(0.018, 0.020, 0.12, (0.225, -D / 2 - 0.025, 0.27))), "plastic_black")
    m.part("lamp_foot", revolve([(0, 0), (0.040, 0), (0.040, 0.02), (0.034, 0.03), (0, 0.03)], "Z", (0.0, -0.33, H)), "plastic_black")
    dome = cq.Workplane("XY").circle(0.032).extrude(0.068).faces(">Z").edges().fillet(0.024)
    m.part("status_lamp", dome, "lamp", at=(0.0, -0.33, H + 0.03), extras={"role": "lamp"})
    return m


def build():
    return [control_cabinet(), ups_cabinet()]
