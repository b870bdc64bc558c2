# SPDX-License-Identifier: CC0-1.0
"""Where everything of the bottling hall stands: pure data, CAD frame, metres, degrees.

CAD frame: X right (-23 .. 23), Y depth (-13 front .. 13 back), Z up. In glTF (x, y, z) of the twin
that is (x, z, -y); a yaw is the turn about up, anticlockwise seen from above, the same in both.
At yaw 0 a model's front looks to CAD -Y (glTF +Z), towards the viewer.
"""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    model: str
    at: tuple[float, float, float]
    yaw: float = 0.0


HALL_X = 46.0
HALL_Y = 26.0
BELT_Z = 0.95  # top of every bottle belt

LAYOUT: dict[str, Place] = {
    "HALL": Place("hall", (0.0, 0.0, 0.0)),
    # utilities
    "TK-101": Place("tank_vertical", (-18.6, 6.4, 0.0)),
    "P-101": Place("pump_skid", (-17.6, 0.6, 0.0), 90.0),
    "P-102": Place("pump_skid", (-15.6, 0.6, 0.0), 90.0),
    "P-103": Place("pump_skid", (-13.6, 0.6, 0.0), 90.0),
    "HX-101": Place("plate_heat_exchanger", (-10.6, 0.2, 0.0), 0.0),
    "FT-101": Place("flow_meter", (-10.6, 3.4, 1.0), 0.0),
    "CV-101": Place("control_valve", (-9.0, 3.4, 1.0), 0.0),
    "TK-102": Place("tank_vertical", (-8.6, 6.4, 0.0)),
    "UPS-101": Place("ups_cabinet", (-15.2, 11.9, 0.0)),
    "CC-101": Place("control_cabinet", (-13.8, 11.9, 0.0)),
    "CC-102": Place("control_cabinet", (-12.6, 11.9, 0.0)),
    "PIPES-101": Place("pipes_utilities", (0.0, 0.0, 0.0)),
    # filling: the bottles run towards +X at y = 0
    "CV-201": Place("conveyor", (2.0, 0.0, 0.0)),
    "FL-201": Place("rotary_filler", (0.0, 0.0, 0.0)),
    "CP-201": Place("capper", (4.0, 0.0, 0.0)),
    "CC-201": Place("control_cabinet", (2.2, 4.2, 0.0)),
    # palletising
    "CV-301": Place("conveyor", (11.5, 0.0, 0.0)),
    "R-301": Place("robot", (15.5, 0.0, 0.0)),
    "PL-301": Place("pallet", (15.5, 2.1, 0.0)),
    "PL-302": Place("pallet", (15.5, -2.1, 0.0)),
    "AGV-301": Place("agv", (15.5, -6.5, 0.0)),
    "CC-301": Place("control_cabinet", (11.0, 4.4, 0.0)),
}

# The safety fence around the palletising cell: 2 m panels, the gate for the AGV in front.
CELL_X = (12.5, 18.5)
CELL_Y = (-4.0, 4.0)

# The way of the AGV (a closed loop, CAD x and y): gate, front aisle, warehouse door, and back.
AGV_ROUTE = [(15.5, -2.1), (15.5, -8.0), (14.5, -9.0), (-21.0, -9.0), (-25.5, -9.0), (-25.5, -11.0), (-21.0, -11.0), (19.5, -11.0), (20.5, -10.0), (20.5, -8.5), (19.5, -7.5), (16.5, -7.5)]
WAREHOUSE_DOOR = ((-23.0, -10.0), 5.0)  # middle of the opening in the left wall, its width
