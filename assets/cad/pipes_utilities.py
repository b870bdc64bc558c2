# SPDX-License-Identifier: CC0-1.0
"""The pipe runs of the plant, in hall coordinates: one named node a run, so that a run can be tinted.

The node of a run carries the pipe itself; flanges, bolts, valves and supports are its children.
"""

from __future__ import annotations

import math

import control_valve
import instruments
import plate_heat_exchanger
import pump_skid
import tank_vertical
from common import Model, box, cq, cyl, group, hexagon
from fittings import DN, V, aim, flange_bolts, revolve, run_pipe, tube
from layout import LAYOUT

BEND = {65: 0.11, 80: 0.13, 100: 0.155, 125: 0.19}
FILLER_INLET = (0.0, 1.448, 0.55)  # of rotary_filler, in its own frame, looking to +Y


def world(asset, at, layout=LAYOUT):
    place = layout[asset]
    a = math.radians(place.yaw)
    x, y, z = at
    return tuple(round(v, 4) for v in (place.at[0] + x * math.cos(a) - y * math.sin(a), place.at[1] + x * math.sin(a) + y * math.cos(a), place.at[2] + z))


def port(asset, ports, name):
    return world(asset, ports[name][0])


def flange(dn, at, direction, neck=0.02, bore=True):
    """A plain flange: there are many here, always face to face, so a few triangles must do."""
    ro, rf, _, _, t, _ = DN[dn]
    pts = [(0, 0), (rf, 0), (rf, -t)] + ([(ro * 1.25, -t), (ro, -t - neck), (0, -t - neck)] if neck else [(0, -t)])
    return aim(revolve(pts), direction, at)


class Run:
    """A run of pipe: points, size, what it meets at its two ends (a flange's DN, 'cap' or None)."""

    def __init__(self, m, name, pts, dn, ends=(None, None), extras=None):
        self.m, self.dn, self.r = m, dn, DN[dn][0]
        self.flanges, self.bolts, self.levers, self.steel, self.bodies = [], [], [], [], []
        pts = [V(*p) for p in pts]
        pipe = []
        for which, end in enumerate(ends):
            k, j = (0, 1) if which == 0 else (-1, -2)
            out = (pts[k] - pts[j]).normalized()
            if end == "cap":
                self.flanges += [flange(dn, pts[k].toTuple(), out.toTuple(), 0.02), flange(dn, pts[k].toTuple(), (-out).toTuple(), 0, False)]
                self.bolts.append(flange_bolts(dn, pts[k].toTuple(), out.toTuple()))
            elif end:
                self.flanges.append(flange(end, pts[k].toTuple(), out.toTuple(), 0.02))
                self.bolts.append(flange_bolts(end, pts[k].toTuple(), out.toTuple()))
                if end != dn:
                    a, b = DN[end][0], self.r
                    pipe.append(aim(revolve([(0, 0.02), (a, 0.02), (a, 0.045), (b, 0.145), (0, 0.145)]), (-out).toTuple(), pts[k].toTuple()))
                    pts[k] = pts[k] - out * 0.14
                else:
                    pts[k] = pts[k] - out * 0.015
        pipe += run_pipe([p.toTuple() for p in pts], self.r, BEND[dn])
        self.node = m.part(name, group(*pipe), "stainless", extras={"role": "pipe", "dn": dn, **(extras or {})})

    def tee(self, at, direction, r_header):
        """A collar where this run leaves a header."""
        self.flanges.append(aim(revolve([(self.r, 0), (self.r + 0.03, 0), (self.r + 0.03, r_header * 0.9), (self.r + 0.004, r_header + 0.03), (self.r, r_header + 0.03)]), direction, at))
        return self

    def joint(self, at, d):
        """A bolted pair of flanges."""
        for s in (1, -1):
            dd = tuple(s * v for v in d)
            self.flanges.append(flange(self.dn, at, dd, 0.02))
        self.bolts.append(flange_bolts(self.dn, at, d, mate=True))
        return self

    def valve(self, at, d, up):
        """A butterfly valve between flanges, its hand lever towards `up`."""
        w = 0.05
        a, dv, u = V(*at), V(*d), V(*up)
        for s in (1, -1):
            self.flanges.append(flange(self.dn, (a - dv * (s * w / 2)).toTuple(), (dv * s).toTuple(), 0.02))
            self.bolts.append(flange_bolts(self.dn, (a - dv * (s * w / 2)).toTuple(), (dv * s).toTuple()))
        rf = DN[self.dn][1]
        self.bodies += [aim(cyl(rf * 0.72, w), d, (a - dv * (w / 2)).toTuple()), tube(0.018, (a + u * rf * 0.6).toTuple(), (a + u * (rf + 0.075)).toTuple()), tube(0.034, (a + u * (rf + 0.070)).toTuple(), (a + u * (rf + 0.082)).toTuple())]
        base = a + u * (rf + 0.090)
        self.levers.append(tube(0.010, (base - dv * 0.02).toTuple(), (base + dv * 0.22).toTuple()))
        return self

    def check(self, at, d):
        """A non-return valve: a short fat body with an arrow's cone."""
        self.bodies.append(aim(revolve([(0, -0.09), (self.r * 1.1, -0.09), (self.r * 1.8, -0.04), (self.r * 1.8, 0.04), (self.r * 1.1, 0.09), (0, 0.09)]), d, at))
        for s in (1, -1):
            p = V(*at) - V(*d) * (s * 0.105)
            dd = tuple(s * v for v in d)
            self.flanges += [flange(self.dn, p.toTuple(), dd, 0.02), flange(self.dn, p.toTuple(), tuple(-v for v in dd), 0.0)]
            self.bolts.append(flange_bolts(self.dn, p.toTuple(), dd, mate=True))
        return self

    def stand(self, x, y, z):
        """A post under a horizontal pipe whose axis runs through (x, y, z)."""
        top = z - self.r
        c = 0.045 if top > 1.2 else 0.03
        self.steel += [box(2 * c, 2 * c, top - 0.02, (x, y, 0.0), 0.006), box(0.20, 0.20, 0.014, (x, y, 0)), box(2.4 * self.r, 2.4 * self.r, 0.012, (x, y, top - 0.02)), box(1.3 * self.r, 1.3 * self.r, 0.012 + 0.25 * self.r, (x, y, top - 0.010)), *[box(0.016, 0.016, 0.02, (x + sx * 0.08, y + sy * 0.08, 0.014)) for sx in (-1, 1) for sy in (-1, 1)]]
        return self

    def clamp(self, at, d):
        """A pipe clamp around the pipe."""
        self.steel.append(aim(revolve([(self.r - 0.004, -0.02), (self.r + 0.010, -0.02), (self.r + 0.010, 0.02), (self.r - 0.004, 0.02)]), d, at))
        return self

    def done(self):
        for name, parts, mat in (("flanges", self.flanges, "stainless_satin"), ("bolts", self.bolts, "bolt_zinc"), ("valves", self.bodies, "paint_blue"), ("levers", self.levers, "plastic_yellow"), ("supports", self.steel, "steel_galvanised")):
            if parts:
                self.m.part(name, group(*parts), mat, self.node)
        return self


def build():
    m = Model("pipes_utilities", tol=0.002, ang=0.45)
    tank, pump, hx = tank_vertical.PORTS, pump_skid.PORTS, plate_heat_exchanger.PORTS
    pumps = ["P-101", "P-102", "P-103"]

    x, y, z = port("TK-101", tank, "inlet")
    Run(m, "raw_supply", [(x, y, z), (x, y, 4.45), (x, 12.25, 4.45), (x, 12.25, 0.0)], 80, (80, None)).joint((x, 12.25, 1.4), (0, 0, 1)).valve((x, 12.25, 1.1), (0, 0, 1), (0, -1, 0)).stand(x, 9.4, 4.45).clamp((x, 12.25, 2.4), (0, 0, 1)).done()

    x, y, z = port("TK-101", tank, "outlet")
    head_y = 2.6
    Run(m, "run_raw_to_pumps", [(x, y, z), (x, head_y, z), (x + 0.42, head_y, z)], 125, (100, 125)).valve((x, 4.1, z), (0, -1, 0), (0, 0, 1)).stand(x, 3.4, z).done()
    end = LAYOUT["P-103"].at[0] + 0.45
    h = Run(m, "header_suction", [(x + 0.42, head_y, z), (end, head_y, z)], 125, (125, "cap"))
    for k in (0, 1):
        h.stand((LAYOUT[pumps[k]].at[0] + LAYOUT[pumps[k + 1]].at[0]) / 2, head_y, z)
    h.done()
    for k, p in enumerate(pumps):
        px, py, pz = port(p, pump, "suction")
        Run(m, f"suction_p{k + 1}", [(px, head_y - 0.02, pz), (px, py, pz)], 100, (None, 100)).tee((px, head_y, pz), (0, -1, 0), DN[125][0]).valve((px, 1.95, pz), (0, -1, 0), (0, 0, 1)).done()

    top = 2.25
    for k, p in enumerate(pumps):
        px, py, pz = port(p, pump, "discharge")
        r = Run(m, f"discharge_p{k + 1}", [(px, py, pz), (px, py, top - 0.02)], 80, (80, None)).tee((px, py, top), (0, 0, -1), DN[125][0])
        r.check((px, py, 1.27), (0, 0, 1)).valve((px, py, 1.72), (0, 0, 1), (0, -1, 0))
        gx, gy, gz = LAYOUT[f"PI-10{k + 1}"].at
        r.flanges += run_pipe([(px, py, 0.92), (gx, gy, 0.92), (gx, gy, gz)], 0.009, 0.03)
        r.done()
    x0 = LAYOUT["P-101"].at[0] - 0.35
    x1 = LAYOUT["P-103"].at[0] + 0.62
    dy = port("P-101", pump, "discharge")[1]
    h = Run(m, "header_discharge", [(x0, dy, top), (x1, dy, top)], 125, ("cap", 125))
    for k in (0, 1):
        h.stand((LAYOUT[pumps[k]].at[0] + LAYOUT[pumps[k + 1]].at[0]) / 2 + 0.1, dy, top)
    h.done()

    hxp = {n: port("HX-101", hx, n) for n in hx}
    x, y, z = hxp["product_in"]
    Run(m, "header_to_hx", [(x1, dy, top), (x - 0.78, dy, top), (x - 0.78, y, top), (x - 0.78, y, z), (x, y, z)], 100, (125, 100)).joint((x - 0.78, y, 1.3), (0, 0, 1)).stand(x - 0.45, y, z).done()

    x, y, z = hxp["product_out"]
    ft = {n: port("FT-101", instruments.FLOW_PORTS, n) for n in ("inlet", "outlet")}
    cv = {n: port("CV-101", control_valve.PORTS, n) for n in ("inlet", "outlet")}
    fx, fy, fz = ft["inlet"]
    r = Run(m, "hx_to_cv", [(x, y, z), (x - 0.38, y, z), (x - 0.38, y, 2.8), (x - 0.38, fy, 2.8), (x - 0.38, fy, fz), (fx, fy, fz)], 80, (100, 80))
    r.stand(x - 0.38, 2.4, 2.8).joint((x - 0.38, 1.6, 2.8), (0, 1, 0)).joint((x - 0.38, fy, 1.7), (0, 0, 1))
    a, b = ft["outlet"], cv["inlet"]
    r.m.part("ft_to_cv", group(tube(r.r, (a[0] + 0.015, a[1], a[2]), (b[0] - 0.015, b[1], b[2]))), "stainless", r.node)
    for p, d in ((a, (-1, 0, 0)), (b, (1, 0, 0))):
        r.flanges.append(flange(80, p, d, 0.02))
        r.bolts.append(flange_bolts(80, p, d))
    r.done()

    x, y, z = cv["outlet"]
    tx, ty, tz = port("TK-102", tank, "inlet")
    r = Run(m, "cv_to_product", [(x, y, z), (x + 0.75, y, z), (x + 0.75, y, 4.45), (tx, y, 4.45), (tx, ty, 4.45), (tx, ty, tz)], 80, (80, 80))
    r.joint((x + 0.75, y, 2.6), (0, 0, 1)).clamp((x + 0.75, y, 1.9), (0, 0, 1)).stand(x + 0.42, y, z).done()

    x, y, z = port("TK-102", tank, "outlet")
    ex, ey, ez = world("FL-201", FILLER_INLET)
    ry = 4.6
    r = Run(m, "product_to_filler", [(x, y, z), (x, ry, z), (-6.3, ry, z), (-6.3, ry, 3.1), (ex, ry, 3.1), (ex, ry, ez), (ex, ey, ez)], 65, (100, 65))
    r.valve((-7.3, ry, z), (1, 0, 0), (0, 0, 1)).joint((-6.3, ry, 1.5), (0, 0, 1)).joint((ex, ry, 1.5), (0, 0, 1)).joint((-3.2, ry, 3.1), (1, 0, 0))
    for sx in (-5.4, -3.5, -1.6):
        r.stand(sx, ry, 3.1)
    r.stand(-7.9, ry, z).done()

    for name, portname, y_end, tint in (("hot_water_supply", "medium_in", -0.95, "paint_red"), ("hot_water_return", "medium_out", -0.55, "paint_blue_dark")):
        x, y, z = hxp[portname]
        r = Run(m, name, [(x, y, z), (x - 0.29, y, z), (x - 0.29, y_end, z), (x - 0.29, y_end, 0.0)], 100, (100, None))
        band = aim(revolve([(r.r - 0.003, 0), (r.r + 0.003, 0), (r.r + 0.003, 0.08), (r.r - 0.003, 0.08)]), (0, -1, 0), (x - 0.29, (y + y_end) / 2 + 0.04, z))
        r.done()
        m.part("band", band, tint, r.node)
    return [m]
