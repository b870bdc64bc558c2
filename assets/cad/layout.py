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

# The safety fence around the palletising cell: whole 2 m panels, the AGV's gate in front.
CELL_X = (13.4, 19.4)
CELL_Y = (-4.0, 4.0)

LAYOUT: dict[str, Place] = {
    "HALL": Place("hall", (0.0, 0.0, 0.0)),
    # -- utilities
    "PIPES-101": Place("pipes_utilities", (0.0, 0.0, 0.0)),
    "TK-101": Place("tank_vertical", (-19.2, 6.4, 0.0)),
    "P-101": Place("pump_skid", (-18.2, 0.6, 0.0), -90.0),
    "P-102": Place("pump_skid", (-16.4, 0.6, 0.0), -90.0),
    "P-103": Place("pump_skid", (-14.6, 0.6, 0.0), -90.0),
    "PI-101": Place("pressure_gauge", (-18.4, 1.2, 0.98)),
    "PI-102": Place("pressure_gauge", (-16.6, 1.2, 0.98)),
    "PI-103": Place("pressure_gauge", (-14.8, 1.2, 0.98)),
    "HX-101": Place("plate_heat_exchanger", (-11.8, 0.2, 0.0)),
    "TT-101": Place("temperature_transmitter", (-12.42, 4.2, 1.04)),
    "FT-101": Place("flow_meter", (-11.9, 4.2, 0.0)),
    "CV-101": Place("control_valve", (-10.9, 4.2, 0.0)),
    "TK-102": Place("tank_vertical", (-8.6, 6.4, 0.0)),
    "UPS-101": Place("ups_cabinet", (-16.2, 11.7, 0.0)),
    "CC-101": Place("control_cabinet", (-14.8, 11.7, 0.0)),
    "CC-102": Place("control_cabinet", (-13.9, 11.7, 0.0)),
    "CC-103": Place("control_cabinet", (-13.0, 11.7, 0.0)),
    # -- filling: the bottles run towards +X at y = 0
    "CV-201-0": Place("conveyor_drive", (-5.3, 0.0, 0.0), 180.0),
    "CV-201-1": Place("conveyor_section", (-4.0, 0.0, 0.0)),
    "CV-201-2": Place("conveyor_section", (-2.0, 0.0, 0.0)),
    "CV-201-3": Place("conveyor_open", (0.0, 0.0, 0.0)),
    "CV-201-4": Place("conveyor_section", (2.0, 0.0, 0.0)),
    "CV-201-5": Place("conveyor_open", (4.0, 0.0, 0.0)),
    "CV-201-6": Place("conveyor_plain", (6.0, 0.0, 0.0)),
    "CV-201-7": Place("conveyor_section", (8.0, 0.0, 0.0)),
    "FL-201": Place("rotary_filler", (0.0, 1.2555, 0.0)),
    "CP-201": Place("capper", (4.0, 0.7006, 0.0)),
    "LB-201": Place("labeller", (6.0, 0.45, 0.0)),
    "CC-201": Place("control_cabinet", (2.6, 3.9, 0.0)),
    "PK-301": Place("case_packer", (10.0, 0.0, 0.0)),
    # -- palletising
    "CV-301-1": Place("crate_conveyor", (10.0, -0.9, 0.0)),  # through the case packer
    "CV-301-2": Place("crate_conveyor", (12.0, -0.9, 0.0)),
    "CV-301-3": Place("crate_conveyor", (14.0, -0.9, 0.0)),  # the robot picks at x = 14.75
    "R-301": Place("robot", (16.4, 0.0, 0.0)),
    "PS-301": Place("pallet_stand", (16.4, 1.8, 0.0), 90.0),
    "PS-302": Place("pallet_stand", (16.4, -1.8, 0.0), 90.0),
    "PL-301": Place("pallet", (16.4, 1.8, 0.40)),
    "PL-302": Place("pallet", (16.4, -1.8, 0.40)),
    "AGV-301": Place("agv", (16.4, -6.5, 0.0), 90.0),
    "CC-301": Place("control_cabinet", (12.3, 3.4, 0.0)),
    # the fence, anticlockwise: front with the gate, right, back, left with the crates' opening
    "FN-301": Place("fence_panel", (14.4, -4.0, 0.0), 0.0),
    "FG-301": Place("fence_gate", (16.4, -4.0, 0.0), 0.0),
    "FN-302": Place("fence_panel", (18.4, -4.0, 0.0), 0.0),
    "FN-303": Place("fence_panel", (19.4, -3.0, 0.0), 90.0),
    "FN-304": Place("fence_panel", (19.4, -1.0, 0.0), 90.0),
    "FN-305": Place("fence_panel", (19.4, 1.0, 0.0), 90.0),
    "FN-306": Place("fence_panel", (19.4, 3.0, 0.0), 90.0),
    "FN-307": Place("fence_panel", (18.4, 4.0, 0.0), 180.0),
    "FN-308": Place("fence_panel", (16.4, 4.0, 0.0), 180.0),
    "FN-309": Place("fence_panel", (14.4, 4.0, 0.0), 180.0),
    "FN-310": Place("fence_panel", (13.4, 3.0, 0.0), -90.0),
    "FN-311": Place("fence_panel", (13.4, 1.0, 0.0), -90.0),
    "LC-301": Place("light_curtain", (13.4, -1.0, 0.0), -90.0),
    "FN-312": Place("fence_panel", (13.4, -3.0, 0.0), -90.0),
}

# The way of the AGV (a closed loop, CAD x and y): pallet place, gate, aisle, warehouse, and back.
AGV_ROUTE = [
    (16.4, -1.8), (16.4, -8.0), (15.4, -9.0), (-21.0, -9.0), (-25.5, -9.0), (-25.5, -11.0),
    (-21.0, -11.0), (18.4, -11.0), (19.4, -10.0), (19.4, -7.5), (18.4, -6.5), (16.4, -6.5),
]
WAREHOUSE_DOOR = ((-23.0, -10.0), 5.0)  # middle of the opening in the left wall, its width

# The pump station of the five-minute tour, in a frame of its own.
STATION: dict[str, Place] = {
    "TK-1": Place("tank_vertical", (-3.4, 1.2, 0.0)),
    "P-1": Place("pump_skid", (0.0, 0.0, 0.0)),
    "P-2": Place("pump_skid", (0.0, 1.8, 0.0)),
    "FT-1": Place("flow_meter", (2.4, 0.9, 0.0)),
    "V-1": Place("control_valve", (3.6, 0.9, 0.0)),
}
