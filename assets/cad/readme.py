# SPDX-License-Identifier: CC0-1.0
"""Rewrites the tables of README.md from the committed models and the layout: `python assets/cad/readme.py`."""

from __future__ import annotations

import importlib
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

MODULES = ["pump_skid", "tank_vertical", "control_valve", "plate_heat_exchanger", "pipes_utilities", "pipes_station", "instruments", "cabinets", "hall", "fence"]
PORTS = {"pump_skid": ("pump_skid", "PORTS"), "tank_vertical": ("tank_vertical", "PORTS"), "control_valve": ("control_valve", "PORTS"), "plate_heat_exchanger": ("plate_heat_exchanger", "PORTS"), "flow_meter": ("instruments", "FLOW_PORTS")}


def n(v):
    return f"{round(float(v), 3) + 0.0:g}"


def gl(p):
    return f"({n(p[0])}, {n(p[2])}, {n(-p[1])})"


def how(e):
    if "spin" in e:
        return f"spins about local {e['spin']}"
    if "scale" in e:
        full = f"1 m as drawn; scale 0 … {n(e['travel_m'])} = empty … full" if "travel_m" in e else f"scale 0 … 1 = empty … full ({n(e['height_m'])} m)"
        return f"scales along local {e['scale']}, pivot at its bottom: {full}"
    if "translate" in e:
        t = e["travel_m"]
        return f"moves along local {e['translate']}: " + (f"{n(t[0])} (shut) … {n(t[1])} m (open, as drawn)" if isinstance(t, list) else f"0 (as drawn, closed) … {n(t)} m")
    if "deg_at_0" in e:
        return f"turns about local {e['rotate']}: {e['deg_at_0']}° at 0 %, {e['deg_at_100']}° at 100 % (drawn at 0°, half scale)"
    if "rotate" in e:
        return f"turns about local {e['rotate']}: {e['deg'][0]}° (shut, as drawn) … {e['deg'][1]}° (open)"
    return {"lamp": "lamp: set its material's emissive", "screen": "screen", "zone": "painted zone, may be tinted", "pipe": "run of pipe, may be tinted"}.get(e.get("role"), "")


def main():
    from common import MODELS_DIR
    from layout import LAYOUT

    rows, moving, ports = [], [], []
    for module in MODULES:
        for m in importlib.import_module(module).build():
            data = (MODELS_DIR / f"{m.name}.glb").read_bytes()
            doc = json.loads(data[20 : 20 + struct.unpack("<I", data[12:16])[0]])
            lo, hi = bounds(doc)
            rows.append(f"| `{m.name}` | {' × '.join(f'{b - a:.2f}' for a, b in zip((lo[0], lo[2], lo[1]), (hi[0], hi[2], hi[1])))} | {m.triangles()} | {len(data)} |")
            for path, node in m.nodes():
                if how(node.extras):
                    moving.append(f"| `{path}` | {how(node.extras)} |")
            if m.name in PORTS:
                where, attr = PORTS[m.name]
                for name, (at, d, dn) in getattr(importlib.import_module(where), attr).items():
                    ports.append(f"| `{m.name}` | {name} | DN {dn} | {gl(at)} | {gl(d)} |")
    layout = [f"| {a} | `{p.model}` | {gl(p.at)} | {n(p.yaw)} |" for a, p in LAYOUT.items()]
    parts = {
        "models": ["| model | x × depth × height, m | triangles | bytes |", "|---|---|---|---|", *rows],
        "nodes": ["| node path | what it does |", "|---|---|", *moving],
        "ports": ["| model | port | size | position | looks to |", "|---|---|---|---|---|", *ports],
        "layout": ["| asset | model | position (x, y up, z) | yaw, ° about +Y |", "|---|---|---|---|", *layout],
    }
    path = HERE / "README.md"
    text = path.read_text("utf-8")
    for key, lines in parts.items():
        a, b = f"<!-- {key} -->\n", f"<!-- /{key} -->"
        head, rest = text.split(a)
        text = head + a + "\n" + "\n".join(lines) + "\n\n" + b + rest.split(b, 1)[1]
    path.write_text(text, "utf-8")


def bounds(doc):
    """The box of the whole model, from the corners of each mesh's own box."""
    lo, hi = [1e9] * 3, [-1e9] * 3

    def rot(q, v):
        x, y, z, w = q
        tx, ty, tz = 2 * (y * v[2] - z * v[1]), 2 * (z * v[0] - x * v[2]), 2 * (x * v[1] - y * v[0])
        return [v[0] + w * tx + y * tz - z * ty, v[1] + w * ty + z * tx - x * tz, v[2] + w * tz + x * ty - y * tx]

    def walk(i, chain):
        node = doc["nodes"][i]
        chain = [(node.get("translation", [0, 0, 0]), node.get("rotation", [0, 0, 0, 1])), *chain]
        if "mesh" in node:
            for p in doc["meshes"][node["mesh"]]["primitives"]:
                a = doc["accessors"][p["attributes"]["POSITION"]]
                for k in range(8):
                    v = [(a["max"] if k >> j & 1 else a["min"])[j] for j in range(3)]
                    for t, q in chain:
                        v = [s + d for s, d in zip(rot(q, v), t)]
                    for j in range(3):
                        lo[j], hi[j] = min(lo[j], v[j]), max(hi[j], v[j])
        for c in node.get("children", []):
            walk(c, chain)

    walk(0, [])
    return lo, hi


if __name__ == "__main__":
    main()
