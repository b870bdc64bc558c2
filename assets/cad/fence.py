# SPDX-License-Identifier: CC0-1.0
"""Safety fence: 2 m panel, gate with a hinged door, a pair of light-curtain posts."""

from __future__ import annotations

from common import Model, box, cq, cyl, group, hexagon
from fittings import revolve

H = 2.0


def post(x):
    return [box(0.06, 0.06, H, (x, 0, 0.0)), box(0.15, 0.15, 0.012, (x, 0, 0))]


def mesh(x0, x1, z0, z1, nx, nz, t=0.006):
    """A welded grid drawn by few bars."""
    w, h = x1 - x0, z1 - z0
    bars = [box(t, t, h, (x0 + w * (k + 1) / (nx + 1), 0, z0)) for k in range(nx)]
    bars += [box(w, t, t, ((x0 + x1) / 2, t, z0 + h * (k + 1) / (nz + 1))) for k in range(nz)]
    return bars


def frame(x0, x1, z0, z1, t=0.025):
    c = (x0 + x1) / 2
    return [box(t, t, z1 - z0, (x0 + t / 2, 0, z0)), box(t, t, z1 - z0, (x1 - t / 2, 0, z0)), box(x1 - x0 - 2 * t, t, t, (c, 0, z0)), box(x1 - x0 - 2 * t, t, t, (c, 0, z1 - t))]


def build():
    m = Model("fence_panel")
    m.part("post", group(*post(-1.0)), "paint_yellow")
    m.part("frame", group(*frame(-0.96, 0.96, 0.15, H - 0.03)), "paint_anthracite")
    m.part("mesh", group(*mesh(-0.94, 0.94, 0.17, H - 0.05, 18, 7)), "paint_anthracite")

    g = Model("fence_gate", ang=0.5)
    g.part("posts", group(*post(-1.0), box(0.06, 0.06, H + 0.25, (-0.93, 0, 0)), box(0.06, 0.06, H + 0.25, (0.93, 0, 0)), box(1.92, 0.06, 0.06, (0, 0, H + 0.19)), box(0.15, 0.15, 0.012, (0.93, 0, 0)), box(0.15, 0.15, 0.012, (-0.93, 0, 0))), "paint_yellow")
    d = g.node("door", at=(-0.885, 0, 0), extras={"rotate": "+Y", "deg": [0, -95]})
    w = 1.76
    g.part("frame", group(*frame(0, w, 0.12, H - 0.02, 0.04)), "paint_yellow", d)
    g.part("mesh", group(*mesh(0.03, w - 0.03, 0.15, H - 0.05, 16, 7)), "paint_anthracite", d)
    g.part("hinges", group(*[cyl(0.018, 0.14, "Z", (-0.01, -0.02, z)) for z in (0.3, 1.65)]), "steel_dark", d)
    g.part("handle", group(box(0.03, 0.04, 0.16, (w - 0.06, -0.045, 0.98)), box(0.05, 0.012, 0.24, (w - 0.06, -0.026, 0.94))), "plastic_black", d)
    g.part("switch", group(box(0.05, 0.06, 0.20, (0.93, -0.06, 1.10)), box(0.04, 0.04, 0.06, (0.93, -0.06, 1.30))), "plastic_red")
    g.part("status_lamp", revolve([(0, 0), (0.03, 0), (0.03, 0.06), (0.022, 0.075), (0, 0.075)]), "lamp", at=(0.93, 0, H + 0.25), extras={"role": "lamp"})

    c = Model("light_curtain")
    for k, x in enumerate((-1.0, 1.0)):
        c.part(f"post_{k}", group(box(0.10, 0.10, 1.9, (x, 0, 0), 0.008), box(0.20, 0.20, 0.014, (x, 0, 0))), "paint_yellow")
        c.part(f"optic_{k}", box(0.004, 0.04, 1.35, (x - 0.051 * (1 if x > 0 else -1), 0, 0.35)), "plastic_black")
    c.part("status_lamp", revolve([(0, 0), (0.03, 0), (0.03, 0.06), (0.022, 0.075), (0, 0.075)]), "lamp", at=(-1.0, 0, 1.9), extras={"role": "lamp"})
    return [m, g, c]
