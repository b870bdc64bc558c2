# SPDX-License-Identifier: CC0-1.0
"""Shapes the packaging machines share: rounded boxes, turned profiles, bent tubes, guards, lamps."""

from __future__ import annotations

import math

import cadquery as cq
from common import MATERIALS, _shape, box, cyl, group, hexagon, material

MATERIALS.setdefault("robot_orange", material("#ef6a12", 0.05, 0.38))
MATERIALS.setdefault("paint_light", material("#dfe3e4", 0.0, 0.42))
MATERIALS.setdefault("safety_yellow", material("#f5c400", 0.0, 0.42))
MATERIALS.setdefault("bottle_glass", material("#8fd0c4", 0.0, 0.10, alpha=0.42))
MATERIALS.setdefault("bottle_dark", material("#2f7f74", 0.0, 0.18))
MATERIALS.setdefault("bottle_liquid", material("#e58a12", 0.0, 0.20))
MATERIALS.setdefault("light_strip", material("#2aa7e8", 0.0, 0.30, emissive="#1f9be0"))
MATERIALS.setdefault("acetal_blue", material("#1f6fb4", 0.0, 0.38))
MATERIALS.setdefault("acetal_white", material("#e8eae8", 0.0, 0.40))
MATERIALS.setdefault("belt_grey", material("#6b757b", 0.0, 0.62))
MATERIALS.setdefault("crate_red", material("#b3231d", 0.0, 0.50))


def picked(body, kind, selector) -> cq.Workplane:
    """Edges or faces by a selector with not / and / or. Such selectors go through sets, whose order
    changes from run to run; here they are sorted by where they are, so a build repeats exactly."""

    def key(e):
        c = e.Center()
        b = e.BoundingBox()
        return tuple(round(v, 5) for v in (c.x, c.y, c.z, b.xmin, b.ymin, b.zmin, b.xmax, b.ymax, b.zmax))

    found = body.edges(selector) if kind == "edges" else body.faces(selector)
    return found.newObject(sorted(found.vals(), key=key))


def rbox(x, y, z, at=(0, 0, 0), r=0.01, top=0.0, bottom=0.0) -> cq.Workplane:
    """A box standing on at.z with rounded vertical edges and, wanted, a rounded top and bottom rim."""
    b = cq.Workplane("XY").box(x, y, z, centered=(True, True, False))
    if r:
        b = b.edges("|Z").fillet(r)
    if top:
        b = b.faces(">Z").edges().fillet(top)
    if bottom:
        b = b.faces("<Z").edges().fillet(bottom)
    return b.translate(at)


def span(x0, x1, y0, y1, z0, z1) -> cq.Workplane:
    """A plain box by its bounds."""
    return box(x1 - x0, y1 - y0, z1 - z0, ((x0 + x1) / 2, (y0 + y1) / 2, z0))


def turned(*points, close=True) -> cq.Workplane:
    """A body turned about Z from its (radius, height) half profile."""
    return cq.Workplane("XZ").polyline(list(points)).close().revolve(360, (0, 0, 0), (0, 1, 0))


def turned_x(*points) -> cq.Workplane:
    """The same along +X: points are (radius, x)."""
    return turned(*points).rotate((0, 0, 0), (0, 1, 0), 90)


def turned_y(*points) -> cq.Workplane:
    """The same along +Y: points are (radius, y)."""
    return turned(*points).rotate((0, 0, 0), (1, 0, 0), -90)


def ring(r_out, r_in, h, at=(0, 0, 0)) -> cq.Workplane:
    return cq.Workplane("XY").circle(r_out).circle(r_in).extrude(h).translate(at)


def rod(a, b, r) -> cq.Workplane:
    """A round bar from point to point."""
    d = cq.Vector(*b) - cq.Vector(*a)
    return cq.Workplane(obj=cq.Solid.makeCylinder(r, d.Length, cq.Vector(*a), d))


def pipe(points, r, bend=0.0) -> cq.Workplane:
    """A round tube along a polyline, its corners bent with the given radius."""
    w = cq.Workplane("XY").polyline([tuple(p) for p in points]).wire().val()
    pts = [cq.Vector(*p) for p in points]
    if bend and len(pts) > 2:
        edges = []
        last = pts[0]
        for i in range(1, len(pts) - 1):
            u = (pts[i - 1] - pts[i]).normalized()
            v = (pts[i + 1] - pts[i]).normalized()
            half = u.getAngle(v) / 2
            t = bend / math.tan(half)
            p, q = pts[i] + u * t, pts[i] + v * t
            m = (u + v).normalized()
            mid = pts[i] + m * (bend / math.sin(half) - bend)
            if (p - last).Length > 1e-6:
                edges.append(cq.Edge.makeLine(last, p))
            edges.append(cq.Edge.makeThreePointArc(p, mid, q))
            last = q
        edges.append(cq.Edge.makeLine(last, pts[-1]))
        w = cq.Wire.assembleEdges(edges)
    d = pts[1] - pts[0]
    profile = cq.Workplane(cq.Plane(pts[0], normal=d)).circle(r)
    return profile.sweep(cq.Workplane(obj=w), transition="round" if not bend else "right")


def hose(points, r) -> cq.Workplane:
    """A round hose along a smooth curve through the points."""
    pts = [cq.Vector(*p) for p in points]
    path = cq.Workplane(obj=cq.Edge.makeSpline(pts))
    d = cq.Workplane(obj=path.val()).val().tangentAt(0)
    return cq.Workplane(cq.Plane(pts[0], normal=d)).circle(r).sweep(path)


def hull2(r1, r2, dist, depth, plane="XZ") -> cq.Workplane:
    """The plate around two circles: r1 at the origin, r2 `dist` up the plane's second axis; `depth`
    along +normal of the CAD axis (for XZ: along +Y)."""
    s = (r1 - r2) / dist
    c = math.sqrt(1 - s * s)
    w = (
        cq.Workplane(plane)
        .moveTo(r1 * c, r1 * s)
        .lineTo(r2 * c, dist + r2 * s)
        .threePointArc((0, dist + r2), (-r2 * c, dist + r2 * s))
        .lineTo(-r1 * c, r1 * s)
        .threePointArc((0, -r1), (r1 * c, r1 * s))
        .close()
    )
    return w.extrude(-depth if plane == "XZ" else depth)


def bolts(count, radius, af=0.014, h=0.006, axis="Z", at=(0, 0, 0), start=0.0):
    """A circle of hexagon bolt heads around `at`."""
    out = []
    for k in range(count):
        a = math.radians(start + 360 * k / count)
        u, v = radius * math.cos(a), radius * math.sin(a)
        p = {"X": (0, u, v), "Y": (u, 0, v), "Z": (u, v, 0)}[axis]
        out.append(hexagon(af, abs(h), axis, (0, 0, 0)).translate(tuple(i + j for i, j in zip(at, p))))
    return group(*out)


def foot(x, y, top, r=0.045) -> cq.Workplane:
    """A levelling foot: its disc on the floor, the spindle up to `top`."""
    disc = turned((0, 0), (r, 0), (r, 0.012), (r * 0.5, 0.028), (0, 0.028)).translate((x, y, 0))
    return group(disc, cyl(0.010, top - 0.02, "Z", (x, y, 0.02)))


def guard(width, z0, z1, post=0.03, mid=None):
    """(frame, pane) of a guard standing in the XZ plane, centred on x = 0."""
    h = width / 2
    bars = [
        span(-h, -h + post, -post / 2, post / 2, z0, z1),
        span(h - post, h, -post / 2, post / 2, z0, z1),
        span(-h + post, h - post, -post / 2, post / 2, z1 - post, z1),
        span(-h + post, h - post, -post / 2, post / 2, z0, z0 + post),
    ]
    if mid:
        bars.append(span(-h + post, h - post, -post / 2, post / 2, mid - post / 2, mid + post / 2))
    return group(*bars), span(-h + post, h - post, -0.003, 0.003, z0 + post, z1 - post)


def lamp_tower(model, parent, at, pole=0.25):
    """A signal tower: a pole, a dark foot and the segment `status_lamp` that the twin lights."""
    x, y, z = at
    model.part(
        "lamp_pole",
        group(turned((0, 0), (0.035, 0), (0.035, 0.012), (0.012, 0.02), (0.012, pole), (0, pole)),
              turned((0, pole), (0.036, pole), (0.036, pole + 0.03), (0, pole + 0.03)),
              turned((0, pole + 0.19), (0.036, pole + 0.19), (0.03, pole + 0.205), (0, pole + 0.205))),
        "plastic_black", parent, at, ang=0.5,
    )
    return model.part(
        "status_lamp", turned((0, 0), (0.034, 0), (0.034, 0.16), (0, 0.16)), "lamp", parent, (x, y, z + pole + 0.03), ang=0.35
    )


def hmi(model, parent, at, yaw=0.0):
    """An operator panel facing CAD -Y before its turn: housing with a bezel, a screen, buttons."""
    n = model.node("hmi", parent, at, (0, 0, yaw))
    model.part("housing", rbox(0.46, 0.09, 0.36, (0, 0, -0.18), r=0.015), "paint_light", n, ang=0.6)
    model.part("bezel", group(rbox(0.40, 0.012, 0.24, (0, -0.047, -0.08), r=0.004)), "plastic_black", n, ang=0.9)
    model.part("screen", box(0.36, 0.006, 0.20, (0, -0.054, -0.06)), "screen", n)
    model.part("start", cyl(0.014, -0.018, "Y", (-0.12, -0.045, -0.125)), "plastic_green", n, ang=0.6)
    model.part("stop", cyl(0.014, -0.018, "Y", (-0.06, -0.045, -0.125)), "plastic_red", n, ang=0.6)
    model.part("estop_base", cyl(0.028, -0.012, "Y", (0.14, -0.045, -0.125)), "safety_yellow", n, ang=0.5)
    model.part("estop", cyl(0.020, -0.03, "Y", (0.14, -0.057, -0.125)), "plastic_red", n, ang=0.5)
    return n


def star_disc(pockets, pitch_radius, bottle_r, h, clear=0.003) -> cq.Workplane:
    """A starwheel disc: a plate out to just inside the pitch circle with a pocket per bottle."""
    r = pitch_radius + bottle_r * 0.05
    d = cq.Workplane("XY").circle(r).extrude(h)
    cut = (
        cq.Workplane("XY")
        .polarArray(pitch_radius, 0, 360, pockets)
        .circle(bottle_r + clear)
        .extrude(h)
    )
    holes = cq.Workplane("XY").polarArray(pitch_radius * 0.52, 180 / pockets, 360, pockets // 2).circle(pitch_radius * 0.13).extrude(h)
    return d.cut(cut).cut(holes)


def star(model, name, parent, at, pockets=8, pitch_radius=0.26667, bottle_r=0.0325, start=0.0):
    """A starwheel standing on the bottle plane: two discs, spacers, hub and clamp. Pocket 0 at +X turned by `start`."""
    n = model.node(name, parent, at)
    disc = star_disc(pockets, pitch_radius, bottle_r, 0.012).rotate((0, 0, 0), (0, 0, 1), start)
    neck = star_disc(pockets, pitch_radius, 0.0150, 0.012).rotate((0, 0, 0), (0, 0, 1), start)
    model.part("disc_low", disc, "acetal_blue", n, (0, 0, 0.035), tol=0.002, ang=0.8)
    model.part("disc_high", disc, "acetal_blue", n, (0, 0, 0.110), tol=0.002, ang=0.8)
    model.part("disc_neck", neck, "acetal_blue", n, (0, 0, 0.190), tol=0.002, ang=0.8)
    posts = []
    for k in range(4):
        a = math.radians(start + 45 + 90 * k)
        posts.append(cyl(0.010, 0.16, "Z", (0.2 * math.cos(a), 0.2 * math.sin(a), 0.04)))
    hub = turned((0, 0), (0.060, 0), (0.060, 0.035), (0.045, 0.040), (0.045, 0.205), (0.065, 0.205), (0.065, 0.225), (0.03, 0.24), (0, 0.24))
    model.part("hub", group(hub, *posts, bolts(4, 0.048, 0.012, 0.008, at=(0, 0, 0.225))), "stainless_bright", n, ang=0.8)
    return n


def arc_band(cx, cy, r0, r1, z0, z1, a0, a1) -> cq.Workplane:
    """An annulus sector about (cx, cy) from angle a0 to a1 (degrees, anticlockwise)."""
    w = cq.Workplane("XZ").moveTo(r0, z0).lineTo(r1, z0).lineTo(r1, z1).lineTo(r0, z1).close().revolve(a1 - a0, (0, 0, 0), (0, 1, 0))
    return w.rotate((0, 0, 0), (0, 0, 1), a0).translate((cx, cy, 0))


def machine_guards(m, x, y0, y1, conv_y, top, low=0.16, front_low=1.16):
    """Guards around a rotary machine with the bottle conveyor running through its front:
    posts, panes (doors in front), a header all around, handles."""
    g = m.node("guards")
    frames, panes, handles = [], [], []

    def add(width, z0, z1, at, yaw, mid=None):
        f, p = guard(width, z0, z1, 0.035, mid)
        for what, into in ((f, frames), (p, panes)):
            into.append(_shape(what).rotate(cq.Vector(), cq.Vector(0, 0, 1), yaw).translate(cq.Vector(*at)))

    tunnel = conv_y + 0.21
    # Front: two doors above the conveyor.
    for s in (-1, 1):
        add(x - 0.03, front_low, top, (s * x / 2, y0, 0), 0)
        handles.append(rbox(0.022, 0.035, 0.20, (s * 0.07, y0 - 0.035, (front_low + top) / 2 - 0.1), r=0.008))
    # Sides: behind the conveyor down to the machine's foot, over it only a short pane.
    for s in (-1, 1):
        ym = (tunnel + y1) / 2
        half = (y1 - tunnel) / 2
        for k in (-1, 1):
            add(half - 0.03, low, top, (s * x, ym + k * half / 2, 0), 90, 0.92)
        add(tunnel - y0 - 0.03, 1.36, top, (s * x, (tunnel + y0) / 2, 0), 90)
        handles.append(rbox(0.035, 0.022, 0.20, (s * (x + 0.035), ym - 0.07, 1.35), r=0.008))
    for s in (-1, 1):
        add(x - 0.03, low, top, (s * x / 2, y1, 0), 0, 0.92)
    posts, feet = [], []
    for px in (-x, x):
        for py in (y0, y1):
            posts.append(rbox(0.06, 0.06, top - 0.09, (px, py, 0.10), r=0.008))
            feet.append(foot(px, py, 0.12))
    m.part("frame", group(*frames), "paint_grey", g)
    m.part("posts", group(*posts), "stainless_satin", g, ang=0.9)
    m.part("feet", group(*feet), "plastic_black", g, ang=0.8)
    m.part("panes", group(*panes), "polycarbonate", g)
    m.part("handles", group(*handles), "plastic_black", g, ang=0.9)
    head = cq.Workplane("XY").rect(2 * x + 0.09, y1 - y0 + 0.09).extrude(0.17).edges("|Z").fillet(0.035)
    head = head.cut(cq.Workplane("XY").rect(2 * x - 0.10, y1 - y0 - 0.10).extrude(0.17))
    m.part("header", head.translate((0, (y0 + y1) / 2, top)), "paint_light", g, ang=0.5)
    band = cq.Workplane("XY").rect(2 * x + 0.094, y1 - y0 + 0.094).extrude(0.035).edges("|Z").fillet(0.037)
    band = band.cut(cq.Workplane("XY").rect(2 * x, y1 - y0).extrude(0.035))
    m.part("header_stripe", band.translate((0, (y0 + y1) / 2, top + 0.03)), "paint_blue", g, ang=0.5)
    m.part("name_plate", box(0.44, 0.003, 0.07, (0, y0 - 0.047, top + 0.085)), "paint_blue_dark", g)
    return g
