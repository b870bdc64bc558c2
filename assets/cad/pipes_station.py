# SPDX-License-Identifier: CC0-1.0
"""The pipe runs of the pump station, from nozzle to nozzle: tank, two pumps in parallel, meter, valve."""

from __future__ import annotations

import control_valve
import instruments
import pump_skid
import tank_vertical
from common import Model, group
from fittings import DN, flange_bolts, tube
from layout import STATION
from pipes_utilities import Run, flange, world


def build():
    m = Model("pipes_station", tol=0.002, ang=0.45)

    def port(asset, ports, name):
        return world(asset, ports[name][0], STATION)

    x, y, z = port("TK-1", tank_vertical.PORTS, "inlet")
    Run(m, "supply", [(x, y, z), (x, y, 4.45), (x, 3.4, 4.45), (x, 3.4, 0.0)], 80, (80, None)).joint((x, 3.4, 1.6), (0, 0, 1)).valve((x, 3.4, 1.2), (0, 0, 1), (0, -1, 0)).done()

    # Suction: out of the tank, past the first pump's branch, into the second pump.
    x, y, z = port("TK-1", tank_vertical.PORTS, "outlet")
    (s1, y1, _), (s2, y2, _) = (port(p, pump_skid.PORTS, "suction") for p in ("P-1", "P-2"))
    head = -1.75
    r = Run(m, "suction", [(x, y, z), (x, y - 0.65, z), (head, y - 0.65, z), (head, y2, z), (s2, y2, z)], 100, (100, 100))
    r.joint((-2.5, y - 0.65, z), (1, 0, 0)).valve((-1.25, y2, z), (1, 0, 0), (0, 0, 1)).stand(-2.95, y - 0.65, z).stand(head, 0.9, z).done()
    Run(m, "suction_p1", [(head + 0.02, y1, z), (s1, y1, z)], 100, (None, 100)).tee((head, y1, z), (1, 0, 0), DN[100][0]).valve((-1.25, y1, z), (1, 0, 0), (0, 0, 1)).done()

    # Discharge: both risers meet over the gap, and one line goes on.
    (d1, y1, zd), (_, y2, _) = (port(p, pump_skid.PORTS, "discharge") for p in ("P-1", "P-2"))
    top = 1.95
    r = Run(m, "discharge", [(d1, y1, zd), (d1, y1, top), (d1, y2, top), (d1, y2, zd)], 80, (80, 80))
    for py in (y1, y2):
        r.check((d1, py, 1.08), (0, 0, 1)).valve((d1, py, 1.5), (0, 0, 1), (0, -1, 0))
    r.done()

    ft = {n: port("FT-1", instruments.FLOW_PORTS, n) for n in ("inlet", "outlet")}
    cv = {n: port("V-1", control_valve.PORTS, n) for n in ("inlet", "outlet")}
    fx, fy, fz = ft["inlet"]
    r = Run(m, "discharge_to_meter", [(d1 + 0.02, fy, top), (1.75, fy, top), (1.75, fy, fz), (fx, fy, fz)], 80, (None, 80))
    r.tee((d1, fy, top), (1, 0, 0), DN[80][0]).joint((0.35, fy, top), (1, 0, 0)).stand(1.2, fy, top)
    a, b = ft["outlet"], cv["inlet"]
    m.part("meter_to_valve", group(tube(r.r, (a[0] + 0.015, a[1], a[2]), (b[0] - 0.015, b[1], b[2]))), "stainless", r.node)
    for p, d in ((a, (-1, 0, 0)), (b, (1, 0, 0))):
        r.flanges.append(flange(80, p, d, 0.02))
        r.bolts.append(flange_bolts(80, p, d))
    r.done()

    x, y, z = cv["outlet"]
    r = Run(m, "outlet", [(x, y, z), (x + 0.85, y, z), (x + 0.85, y, 0.0)], 80, (80, None))
    r.joint((x + 0.85, y, 0.45), (0, 0, 1)).stand(x + 0.45, y, z).done()
    return [m]
