# SPDX-License-Identifier: CC0-1.0
"""Builds assets/models/*.glb from every model module beside this file.

    python assets/cad/build.py                 all of them
    python assets/cad/build.py --only NAME     one model (or one module); may be repeated
    python assets/cad/build.py --check         regenerate in memory, compare with what is committed
    python assets/cad/build.py --list          names, triangles, bytes
"""

from __future__ import annotations

import argparse
import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True


def modules() -> list[str]:
    """Every module here that has a `build()`."""
    return [p.stem for p in sorted(HERE.glob("*.py")) if p.name != "build.py" and "\ndef build(" in p.read_text("utf-8")]


def models(only: list[str]):
    for name in modules():
        text = (HERE / f"{name}.py").read_text("utf-8")
        if only and name not in only and not any(f"\"{o}\"" in text for o in only):
            continue
        for model in importlib.import_module(name).build():
            if not only or name in only or model.name in only:
                yield model


def main() -> int:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--only", action="append", default=[], metavar="NAME")
    ap.add_argument("--check", action="store_true")
    ap.add_argument("--list", action="store_true")
    args = ap.parse_args()

    seen: dict[str, int] = {}
    different = []
    triangles = 0
    for model in models(args.only):
        if model.name in seen:
            print(f"two models are named {model.name}", file=sys.stderr)
            return 1
        data = model.to_bytes()
        seen[model.name] = len(data)
        triangles += model.triangles()
        state = ""
        if args.check:
            same = model.path().is_file() and model.path().read_bytes() == data
            state = "same" if same else "DIFFERENT"
            if not same:
                different.append(model.name)
        elif not args.list:
            model.write()
            state = "written"
        print(f"{model.name:28} {model.triangles():7} triangles {len(data):9} bytes  {state}", flush=True)
    print(f"{len(seen):3} models{'':19} {triangles:7} triangles {sum(seen.values()):9} bytes")
    if args.only and not seen:
        print("no such model", file=sys.stderr)
        return 1
    if different:
        print("differs from the committed file: " + ", ".join(different), file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
