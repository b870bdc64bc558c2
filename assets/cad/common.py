# SPDX-License-Identifier: CC0-1.0
"""What every CAD module builds on: the materials, and a model that writes itself as binary glTF.

A model is a tree of named nodes. Each part is one B-rep solid (or compound), drawn in its own
node's frame, so that the node's origin is the part's pivot. CAD frame: X right, Y depth, Z up,
metres. glTF is Y-up; the turn (x, y, z) -> (x, z, -y) is put into every vertex, translation and
rotation, so no extra root rotation is needed: a node's local CAD Z *is* its local glTF Y.

The writer tessellates face by face, takes its normals from the B-rep surfaces (a cylinder shades
smooth, an edge stays crisp), welds what coincides and writes no clock, no path and no random
identity: the same source gives the same bytes.
"""

from __future__ import annotations

import json
import math
import pathlib
import struct
from dataclasses import dataclass, field

import cadquery as cq
import numpy as np
from OCP.BRep import BRep_Tool
from OCP.BRepBndLib import BRepBndLib
from OCP.BRepLib import BRepLib_ToolTriangulatedShape
from OCP.BRepMesh import BRepMesh_IncrementalMesh
from OCP.BRepTools import BRepTools
from OCP.Bnd import Bnd_Box
from OCP.TopAbs import TopAbs_FACE, TopAbs_REVERSED
from OCP.TopExp import TopExp_Explorer
from OCP.TopLoc import TopLoc_Location
from OCP.TopoDS import TopoDS

MODELS_DIR = pathlib.Path(__file__).resolve().parent.parent / "models"
GENERATOR = "Twinscope CAD (CadQuery, OpenCascade)"


# --------------------------------------------------------------------------------------- materials


@dataclass(frozen=True)
class Material:
    """A metallic-roughness material. `base` and `emissive` are linear RGB."""

    base: tuple[float, float, float]
    metallic: float = 0.0
    roughness: float = 0.6
    emissive: tuple[float, float, float] = (0.0, 0.0, 0.0)
    alpha: float = 1.0


def srgb(hexa: str) -> tuple[float, float, float]:
    """'#rrggbb' as linear RGB."""
    h = hexa.lstrip("#")
    out = []
    for i in (0, 2, 4):
        c = int(h[i : i + 2], 16) / 255.0
        out.append(round(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4, 4))
    return (out[0], out[1], out[2])


def material(hexa: str, metallic=0.0, roughness=0.6, emissive: str | None = None, alpha=1.0) -> Material:
    return Material(srgb(hexa), metallic, roughness, srgb(emissive) if emissive else (0.0, 0.0, 0.0), alpha)


MATERIALS: dict[str, Material] = {
    # metals
    "stainless": material("#c9ced2", 0.65, 0.34),
    "stainless_bright": material("#dde1e4", 0.75, 0.20),
    "stainless_satin": material("#b4babf", 0.55, 0.48),
    "steel_galvanised": material("#a3a9ad", 0.45, 0.55),
    "steel_dark": material("#4a4f54", 0.50, 0.50),
    "steel_machined": material("#9aa0a6", 0.80, 0.28),
    "cast_iron": material("#5b6166", 0.30, 0.65),
    "aluminium": material("#c4c8cb", 0.60, 0.40),
    "brass": material("#b8944a", 0.75, 0.32),
    "copper": material("#b06a45", 0.75, 0.35),
    "bolt_zinc": material("#aeb2b0", 0.70, 0.35),
    # paints (RAL near enough)
    "paint_blue": material("#007cb0", 0.05, 0.42),  # RAL 5015
    "paint_blue_dark": material("#0e4c7c", 0.05, 0.45),  # RAL 5010
    "paint_grey": material("#cbd0cc", 0.0, 0.50),  # RAL 7035
    "paint_grey_mid": material("#8f999f", 0.0, 0.50),  # RAL 7040
    "paint_anthracite": material("#383e42", 0.0, 0.50),  # RAL 7016
    "paint_black": material("#16181a", 0.0, 0.50),
    "paint_white": material("#edefec", 0.0, 0.45),
    "paint_yellow": material("#f9b200", 0.0, 0.45),  # RAL 1003
    "paint_orange": material("#e75b12", 0.0, 0.42),  # RAL 2004
    "paint_red": material("#b81b1e", 0.0, 0.45),  # RAL 3020
    "paint_green": material("#2d7d46", 0.0, 0.50),
    "paint_teal": material("#0f766e", 0.0, 0.45),
    # plastics, rubber, glass, wood
    "plastic_black": material("#1d1f21", 0.0, 0.55),
    "plastic_grey": material("#7c8388", 0.0, 0.55),
    "plastic_white": material("#f1f3f2", 0.0, 0.40),
    "plastic_blue": material("#1763ae", 0.0, 0.45),
    "plastic_green": material("#3c8f4a", 0.0, 0.50),
    "plastic_red": material("#c22a2a", 0.0, 0.45),
    "plastic_yellow": material("#f2c11d", 0.0, 0.45),
    "rubber": material("#202224", 0.0, 0.85),
    "belt": material("#3b4248", 0.0, 0.80),
    "glass": material("#cfe4ea", 0.0, 0.08, alpha=0.28),
    "polycarbonate": material("#d7e6ea", 0.0, 0.12, alpha=0.20),
    "pet_clear": material("#d9eef2", 0.0, 0.10, alpha=0.40),
    "wood": material("#b98d5b", 0.0, 0.80),
    "cardboard": material("#a97c50", 0.0, 0.85),
    # the building
    "concrete": material("#9a9d9e", 0.0, 0.85),
    "floor": material("#7d8388", 0.0, 0.62),
    "floor_lane": material("#5c6a73", 0.0, 0.62),
    "marking_yellow": material("#e8b21a", 0.0, 0.60),
    "marking_white": material("#e4e7e6", 0.0, 0.60),
    "marking_green": material("#3a7d5b", 0.0, 0.62),
    "marking_red": material("#b5403a", 0.0, 0.62),
    "wall_panel": material("#d6dade", 0.0, 0.55),
    "label": material("#e9ebea", 0.10, 0.40),
    # live things: dark until the twin lights or tints them
    "lamp": material("#8c9194", 0.0, 0.25),
    "lamp_red": material("#7a1512", 0.0, 0.25),
    "lamp_amber": material("#86560c", 0.0, 0.25),
    "lamp_green": material("#14602a", 0.0, 0.25),
    "lamp_blue": material("#123f7d", 0.0, 0.25),
    "screen": material("#0d2b3a", 0.0, 0.20, emissive="#0b3b52"),
    "fluid": material("#2f8fd0", 0.0, 0.15),
    "product": material("#e08a1e", 0.0, 0.20),
    "charge": material("#35c46a", 0.0, 0.30, emissive="#0f4a26"),
    "needle_red": material("#d0281e", 0.0, 0.45),
}


# ------------------------------------------------------------------------------------------- model


def _shape(thing) -> cq.Shape:
    """A Workplane's solids (all of them), or the shape itself."""
    if isinstance(thing, cq.Workplane):
        vals = [v for v in thing.vals() if isinstance(v, cq.Shape)]
        if not vals:
            raise ValueError("the workplane holds no shape")
        return vals[0] if len(vals) == 1 else cq.Compound.makeCompound(vals)
    if isinstance(thing, (list, tuple)):
        return cq.Compound.makeCompound([_shape(t) for t in thing])
    return thing


@dataclass(eq=False)
class Node:
    name: str
    at: tuple[float, float, float]
    rot: tuple[float, float, float]
    mesh: int | None = None
    children: list["Node"] = field(default_factory=list)
    extras: dict = field(default_factory=dict)


def _quaternion(rot) -> tuple[float, float, float, float]:
    """Turn about the parent's fixed X, then Y, then Z (degrees), as (x, y, z, w) in the CAD frame."""

    def axis(deg, i):
        h = math.radians(deg) / 2
        q = [0.0, 0.0, 0.0, math.cos(h)]
        q[i] = math.sin(h)
        return q

    def mul(a, b):
        ax, ay, az, aw = a
        bx, by, bz, bw = b
        return [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ]

    q = mul(axis(rot[2], 2), mul(axis(rot[1], 1), axis(rot[0], 0)))
    return tuple(q)


def _num(v: float) -> float | int:
    v = round(float(v), 6)
    return int(v) if v == int(v) else v


class Model:
    """One GLB file. `tol` (metres) and `ang` (radians) are its tessellation's defaults; without
    `tol` each part takes 0.4 % of its largest dimension, from 0.3 mm to 2 mm."""

    def __init__(self, name: str, tol: float | None = None, ang: float = 0.35):
        self.name = name
        self.tol = tol
        self.ang = ang
        self.root = Node(name, (0, 0, 0), (0, 0, 0))
        self._materials: list[str] = []
        self._meshes: list[tuple[str, np.ndarray, np.ndarray, np.ndarray, int]] = []
        self._shared: list[tuple[cq.Shape, tuple, int]] = []

    def node(self, name, parent=None, at=(0, 0, 0), rot=(0, 0, 0), extras=None) -> Node:
        """An empty node. `at` (metres) and `rot` (degrees about the parent's fixed X, then Y, then Z)
        are in the parent's frame; no parent means the root."""
        parent = parent or self.root
        if any(c.name == name for c in parent.children):
            raise ValueError(f"{self.name}: {parent.name} has two children named {name}")
        node = Node(name, tuple(at), tuple(rot), extras=dict(extras or {}))
        parent.children.append(node)
        return node

    def part(
        self, name, shape, material, parent=None, at=(0, 0, 0), rot=(0, 0, 0), tol=None, ang=None, extras=None
    ) -> Node:
        """One solid or compound, modelled in the node's own frame: its origin is the pivot.
        The same shape object used again with the same material shares its mesh."""
        if material not in MATERIALS:
            raise ValueError(f"{self.name}/{name}: no material {material}")
        node = self.node(name, parent, at, rot, extras)
        shape = _shape(shape)
        for known, how, mesh in self._shared:
            if known.wrapped.IsEqual(shape.wrapped) and how == (material, tol, ang):
                node.mesh = mesh
                return node
        if material not in self._materials:
            self._materials.append(material)
        pos, nrm, idx = tessellate(shape, tol or self.tol, ang or self.ang)
        node.mesh = len(self._meshes)
        self._shared.append((shape, (material, tol, ang), node.mesh))
        self._meshes.append((name, pos, nrm, idx, self._materials.index(material)))
        return node

    # -- what is in it

    def nodes(self):
        """Every (path, node), depth first."""

        def walk(node, prefix):
            path = f"{prefix}/{node.name}" if prefix else node.name
            yield path, node
            for child in node.children:
                yield from walk(child, path)

        yield from walk(self.root, "")

    def triangles(self) -> int:
        return sum(len(self._meshes[n.mesh][3]) // 3 for _, n in self.nodes() if n.mesh is not None)

    # -- writing

    def to_bytes(self) -> bytes:
        blob = bytearray()
        views: list[dict] = []
        accessors: list[dict] = []

        def accessor(data: np.ndarray, component: int, kind: str, target: int, bounds=False) -> int:
            while len(blob) % 4:
                blob.append(0)
            raw = data.tobytes()
            views.append({"buffer": 0, "byteOffset": len(blob), "byteLength": len(raw), "target": target})
            blob.extend(raw)
            a = {"bufferView": len(views) - 1, "componentType": component, "count": len(data), "type": kind}
            if bounds:
                a["min"] = [float(v) for v in data.min(axis=0)]
                a["max"] = [float(v) for v in data.max(axis=0)]
            accessors.append(a)
            return len(accessors) - 1

        meshes = []
        for name, pos, nrm, idx, mat in self._meshes:
            small = len(pos) < 65535
            primitive = {
                "attributes": {
                    "POSITION": accessor(pos, 5126, "VEC3", 34962, bounds=True),
                    "NORMAL": accessor(nrm, 5126, "VEC3", 34962),
                },
                "indices": accessor(idx.astype("<u2" if small else "<u4"), 5123 if small else 5125, "SCALAR", 34963),
                "material": mat,
                "mode": 4,
            }
            meshes.append({"name": name, "primitives": [primitive]})

        materials = []
        for name in self._materials:
            m = MATERIALS[name]
            entry = {
                "name": name,
                "pbrMetallicRoughness": {
                    "baseColorFactor": [*(_num(c) for c in m.base), _num(m.alpha)],
                    "metallicFactor": _num(m.metallic),
                    "roughnessFactor": _num(m.roughness),
                },
                "emissiveFactor": [_num(c) for c in m.emissive],
                "doubleSided": False,
            }
            if m.alpha < 1.0:
                entry["alphaMode"] = "BLEND"
            materials.append(entry)

        nodes: list[dict] = []

        def put(node: Node) -> int:
            index = len(nodes)
            entry: dict = {"name": node.name}
            nodes.append(entry)
            x, y, z = node.at
            if any(abs(v) > 1e-9 for v in node.at):
                entry["translation"] = [_num(x), _num(z), _num(-y)]
            if any(abs(v) > 1e-9 for v in node.rot):
                qx, qy, qz, qw = _quaternion(node.rot)
                entry["rotation"] = [round(v, 7) + 0.0 for v in (qx, qz, -qy, qw)]
            if node.mesh is not None:
                entry["mesh"] = node.mesh
            if node.extras:
                entry["extras"] = node.extras
            if node.children:
                entry["children"] = [put(c) for c in node.children]
            return index

        put(self.root)
        doc = {
            "asset": {"version": "2.0", "generator": GENERATOR, "copyright": "CC0-1.0"},
            "scene": 0,
            "scenes": [{"name": self.name, "nodes": [0]}],
            "nodes": nodes,
        }
        if meshes:
            while len(blob) % 4:
                blob.append(0)
            doc |= {
                "meshes": meshes,
                "materials": materials,
                "accessors": accessors,
                "bufferViews": views,
                "buffers": [{"byteLength": len(blob)}],
            }
        text = json.dumps(doc, separators=(",", ":"), ensure_ascii=True).encode()
        text += b" " * (-len(text) % 4)
        chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
        if meshes:
            chunks += struct.pack("<II", len(blob), 0x004E4942) + bytes(blob)
        return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks

    def path(self) -> pathlib.Path:
        return MODELS_DIR / f"{self.name}.glb"

    def write(self) -> pathlib.Path:
        MODELS_DIR.mkdir(parents=True, exist_ok=True)
        self.path().write_bytes(self.to_bytes())
        return self.path()


# ------------------------------------------------------------------------------------ tessellation


def tessellate(shape: cq.Shape, tol: float | None, ang: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(positions, normals, indices) in the glTF frame, welded where place and normal agree."""
    box = Bnd_Box()
    BRepBndLib.Add_s(shape.wrapped, box, False)
    x0, y0, z0, x1, y1, z1 = box.Get()
    if tol is None:
        tol = min(max(0.004 * max(x1 - x0, y1 - y0, z1 - z0), 0.0003), 0.002)
    BRepTools.Clean_s(shape.wrapped)
    BRepMesh_IncrementalMesh(shape.wrapped, tol, False, ang, False)

    positions, normals, triangles = [], [], []
    base = 0
    explorer = TopExp_Explorer(shape.wrapped, TopAbs_FACE)
    while explorer.More():
        face = TopoDS.Face_s(explorer.Current())
        explorer.Next()
        location = TopLoc_Location()
        tri = BRep_Tool.Triangulation_s(face, location)
        if tri is None:
            continue
        BRepLib_ToolTriangulatedShape.ComputeNormals_s(face, tri)
        trsf = location.Transformation()
        reverse = face.Orientation() == TopAbs_REVERSED
        n = tri.NbNodes()
        for i in range(1, n + 1):
            p = tri.Node(i).Transformed(trsf)
            d = tri.Normal(i).Transformed(trsf)
            positions.append((p.X(), p.Z(), -p.Y()))
            normals.append((-d.X(), -d.Z(), d.Y()) if reverse else (d.X(), d.Z(), -d.Y()))
        for i in range(1, tri.NbTriangles() + 1):
            a, b, c = tri.Triangle(i).Get()
            triangles.append((base + a - 1, base + (c if reverse else b) - 1, base + (b if reverse else c) - 1))
        base += n
    if not triangles:
        raise ValueError("the shape has no faces")

    # Whole micrometres and 1/1024 of a unit normal: small noise of the modeller never shows.
    pos = np.round(np.array(positions) * 1e6).astype(np.int64)
    nrm = np.array(normals)
    tri_idx = np.array(triangles, dtype=np.int64)
    # A normal the surface could not give (an apex) is taken from the triangles around it.
    bad = np.linalg.norm(nrm, axis=1) < 0.5
    if bad.any():
        flat = np.cross(pos[tri_idx[:, 1]] - pos[tri_idx[:, 0]], pos[tri_idx[:, 2]] - pos[tri_idx[:, 0]]).astype(float)
        for t, f in zip(tri_idx, flat):
            for v in t:
                if bad[v]:
                    nrm[v] += f
        nrm[np.linalg.norm(nrm, axis=1) < 1e-12] = (0.0, 1.0, 0.0)
    nrm = np.round(nrm / np.linalg.norm(nrm, axis=1)[:, None] * 1024).astype(np.int64)

    key = np.concatenate([pos, nrm], axis=1)
    _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")  # keep the order in which the faces came
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    tri_idx = rank[inverse.reshape(-1)][tri_idx]
    keep = first[order]
    pos, nrm = pos[keep], nrm[keep]

    # Drop what has no area (same corner twice, or three in a line to the micrometre).
    e1 = pos[tri_idx[:, 1]] - pos[tri_idx[:, 0]]
    e2 = pos[tri_idx[:, 2]] - pos[tri_idx[:, 0]]
    tri_idx = tri_idx[np.any(np.cross(e1, e2) != 0, axis=1)]
    used = np.unique(tri_idx)
    remap = np.full(len(pos), -1, dtype=np.int64)
    remap[used] = np.arange(len(used))
    pos, nrm, tri_idx = pos[used], nrm[used], remap[tri_idx]

    unit = nrm.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1)[:, None]
    return (
        (pos / 1e6).astype("<f4") + np.float32(0),
        unit.astype("<f4") + np.float32(0),
        tri_idx.reshape(-1).astype("<u4"),
    )


# ------------------------------------------------------------------------------ shapes used often


def box(x, y, z, at=(0, 0, 0), chamfer=0.0) -> cq.Workplane:
    """A box standing on at.z, centred on at.x and at.y; optionally with chamfered vertical edges."""
    b = cq.Workplane("XY").box(x, y, z, centered=(True, True, False))
    if chamfer:
        b = b.edges("|Z").chamfer(chamfer)
    return b.translate(at)


def cyl(r, length, axis="Z", at=(0, 0, 0)) -> cq.Workplane:
    """A cylinder starting at `at` and running `length` along +axis (-length: the other way)."""
    d = {"X": (1, 0, 0), "Y": (0, 1, 0), "Z": (0, 0, 1)}[axis]
    if length < 0:
        d, length = tuple(-v for v in d), -length
    return cq.Workplane(obj=cq.Solid.makeCylinder(r, length, cq.Vector(*at), cq.Vector(*d)))


def hexagon(af, length, axis="Z", at=(0, 0, 0)) -> cq.Workplane:
    """A hexagon prism (bolt head or nut), `af` across flats, from `at` along +axis."""
    plane = {"X": "YZ", "Y": "XZ", "Z": "XY"}[axis]
    sign = -1 if axis == "Y" else 1
    return cq.Workplane(plane).polygon(6, af / math.cos(math.pi / 6)).extrude(sign * length).translate(at)


def circle_of(shape, count, radius, axis="Z", start=0.0):
    """Copies of `shape` (drawn at the origin) around `axis` on a circle, as one compound."""
    out = []
    base = _shape(shape)
    for k in range(count):
        deg = start + 360.0 * k / count
        a = math.radians(deg)
        u, v = radius * math.cos(a), radius * math.sin(a)
        if axis == "Z":
            out.append(base.rotate(cq.Vector(), cq.Vector(0, 0, 1), deg).translate(cq.Vector(u, v, 0)))
        elif axis == "X":
            out.append(base.rotate(cq.Vector(), cq.Vector(1, 0, 0), deg).translate(cq.Vector(0, u, v)))
        else:
            out.append(base.rotate(cq.Vector(), cq.Vector(0, 1, 0), deg).translate(cq.Vector(v, 0, u)))
    return cq.Compound.makeCompound(out)


def group(*shapes) -> cq.Compound:
    """Several shapes as one compound (no boolean: cheap, and touching solids are fine)."""
    return cq.Compound.makeCompound([_shape(s) for s in shapes])
