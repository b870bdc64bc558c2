# SPDX-License-Identifier: CC0-1.0
"""Flanges, pipe, lamps and plates shared by the process models. All in metres."""

from __future__ import annotations

import math

import cadquery as cq

from common import box, circle_of, cyl, group, hexagon, _shape

# DN: pipe outside radius, flange radius, bolt circle radius, bolts, flange thickness, wrench size
DN = {
    25: (0.0168, 0.0575, 0.0425, 4, 0.014, 0.019),
    50: (0.0302, 0.0825, 0.0625, 4, 0.018, 0.024),
    65: (0.0381, 0.0925, 0.0725, 8, 0.018, 0.024),
    80: (0.0445, 0.1000, 0.0800, 8, 0.020, 0.024),
    100: (0.0572, 0.1100, 0.0900, 8, 0.020, 0.024),
    125: (0.0699, 0.1250, 0.1050, 8, 0.022, 0.024),
    150: (0.0842, 0.1425, 0.1200, 8, 0.022, 0.030),
    500: (0.2540, 0.3350, 0.3100, 16, 0.026, 0.030),
}


def V(x, y, z):
    return cq.Vector(x, y, z)


def aim(shape, direction, at=(0, 0, 0)):
    """Turn a shape drawn along +Z so that it points along `direction`, then move it."""
    s = _shape(shape)
    x, y, z = direction
    n = math.sqrt(x * x + y * y + z * z)
    x, y, z = x / n, y / n, z / n
    if z < -0.999999:
        s = s.rotate(V(0, 0, 0), V(1, 0, 0), 180)
    elif z < 0.999999:
        s = s.rotate(V(0, 0, 0), V(-y, x, 0), math.degrees(math.acos(z)))
    return s.translate(V(*at))


def flange(dn, at=(0, 0, 0), direction=(0, 0, 1), neck=0.03, bore=True):
    """A weld-neck flange with its face at `at`, looking along `direction`."""
    ro, rf, _, _, t, _ = DN[dn]
    c = 0.002
    ri = ro * 0.93
    pts = [(ri, 0), (ro * 1.28, 0), (ro * 1.28, -c), (rf - c, -c), (rf, -2 * c), (rf, -t + c), (rf - c, -t), (ro * 1.3, -t)]
    pts += [(ro, -t - neck), (ri, -t - neck)] if neck else [(ri, -t)]
    if not bore:
        pts = [(0, 0)] + pts[1:-1] + [(0, pts[-1][1])]
    solid = cq.Workplane("XZ").polyline(pts).close().revolve(360, (0, 0, 0), (0, 1, 0))
    return aim(solid, direction, at)


def flange_bolts(dn, at=(0, 0, 0), direction=(0, 0, 1), start=None, mate=False):
    """The heads behind one flange (and, with `mate`, nuts behind the one it is bolted to)."""
    _, _, pcd, n, t, af = DN[dn]
    h = 0.45 * af
    parts = [hexagon(af, h, "Z", (0, 0, -t - h))]
    if mate:
        parts.append(hexagon(af, h, "Z", (0, 0, t)))
    ring = circle_of(group(*parts), n, pcd, "Z", 180 / n if start is None else start)
    return aim(ring, direction, at)


def tube(radius, a, b):
    """A straight solid pipe from a to b."""
    a, b = V(*a), V(*b)
    d = b - a
    return cq.Solid.makeCylinder(radius, d.Length, a, d)


def elbow(radius, bend, corner, d_in, d_out):
    """A 90° bend whose centre lines meet at `corner`: comes along d_in, leaves along d_out."""
    c, i, o = V(*corner), V(*d_in), V(*d_out)
    start = c - i * bend
    centre = start + o * bend
    axis = i.cross(o)
    face = cq.Face.makeFromWires(cq.Wire.makeCircle(radius, start, i))
    return cq.Solid.revolve(face, 90.0, centre, centre + axis)


def run_pipe(points, radius, bend=None):
    """A pipe along a polyline of right angles, with bends; returns solids that touch end to end."""
    bend = bend or 3.0 * radius
    out = []
    n = len(points)
    dirs = [(V(*points[k + 1]) - V(*points[k])).normalized() for k in range(n - 1)]
    for k in range(n - 1):
        a, b = V(*points[k]), V(*points[k + 1])
        if k > 0:
            a = a + dirs[k] * bend
        if k < n - 2:
            b = b - dirs[k] * bend
        if (b - a).dot(dirs[k]) > 1e-4:
            out.append(tube(radius, a.toTuple(), b.toTuple()))
        if k < n - 2:
            out.append(elbow(radius, bend, points[k + 1], dirs[k].toTuple(), dirs[k + 1].toTuple()))
    return out


def revolve(points, axis="Z", at=(0, 0, 0), degrees=360):
    """A turned part from (radius, along) points; radius 0 lies on the axis."""
    w = cq.Workplane("XZ").polyline(points).close().revolve(degrees, (0, 0, 0), (0, 1, 0))
    d = {"X": (1, 0, 0), "Y": (0, 1, 0), "Z": (0, 0, 1)}[axis]
    return aim(w, d, at)


def beacon_dome(r=0.022, h=0.045):
    """The lens of a small lamp, its foot at the origin."""
    return cq.Workplane("XY").circle(r).extrude(h).faces(">Z").edges().fillet(r * 0.75)


def plate_text(w, h, t=0.0015):
    """A name plate lying in XZ looking to -Y, with raised lines that read as text."""
    lines = [box(w * f, 0.0008, h * 0.07, (-(1 - f) * w * 0.42, -t, z * h)) for f, z in ((0.8, 0.30), (0.55, 0.05), (0.7, -0.15), (0.4, -0.35))]
    return box(w, t, h, (0, -t / 2, -h / 2)), group(*lines)


def extrude_x(plane_points, length, x=0.0):
    """A profile in (y, z) extruded along +X from x."""
    return cq.Workplane("YZ").polyline(plane_points).close().extrude(length).translate((x, 0, 0))


def channel(length, w, h, t, x=0.0, y=0.0, z=0.0, open_to=1):
    """A U channel along X, its web vertical, open towards +Y (open_to=1) or -Y."""
    s = open_to
    pts = [(0, 0), (s * w, 0), (s * w, t), (s * t, t), (s * t, h - t), (s * w, h - t), (s * w, h), (0, h)]
    return extrude_x(pts, length, x).translate((0, y, z))


__all__ = [n for n in dir() if not n.startswith("_")]
