"""Generates the Python code of the contracts out of `protos/`, and the descriptor set that the edge and buf read.

Run by `make proto`. Everything it needs comes out of wheels, so it works offline: google/* protos ship with
googleapis-common-protos, and buf/validate is read from the descriptor inside protovalidate's own wheel.
"""

from __future__ import annotations

import shutil
import sys
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

ROOT = Path(__file__).parents[2]
PROTOS = ROOT / "protos"
OUT = Path(__file__).parent / "src"
CACHE = ROOT / ".cache" / "proto"
VALIDATE = "buf/validate/validate.proto"
PACKAGES = ("sycee", "buf")
PLUGINS = ("protoc-gen-mypy", "protoc-gen-mypy_grpc")


def run(*args: str) -> None:
    """Runs protoc and stops the program when it fails."""
    if protoc.main(["protoc", *args]) != 0:
        sys.exit(f"protoc failed: {' '.join(args)}")


def includes() -> list[str]:
    """Folders that hold google/api, google/type and google/protobuf."""
    common = Path(import_module("google.api.annotations_pb2").__file__ or "").parents[2]
    return [f"-I{PROTOS}", f"-I{common}", f"-I{files('grpc_tools') / '_proto'}"]


def validate_descriptors() -> Path:
    """Writes a descriptor set with buf/validate and what it imports, out of protovalidate's wheel."""
    described = import_module("protovalidate._gen.buf.validate.validate_pb").desc()
    proto = descriptor_pb2.FileDescriptorProto.FromString(described.proto.to_binary())
    wkt = CACHE / "wkt.binpb"
    run(*includes(), "--include_imports", f"-o{wkt}", *proto.dependency)
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(wkt.read_bytes())
    descriptors.file.append(proto)
    target = CACHE / "validate.binpb"
    target.write_bytes(descriptors.SerializeToString())
    return target


def all_descriptors(validate: Path, names: list[str]) -> Path:
    """Writes one descriptor set of our protos with all imports and their comments, for buf."""
    google = CACHE / "google.binpb"
    imported = sorted(
        {
            line.split('"')[1]
            for name in names
            for line in (PROTOS / name).read_text().splitlines()
            if line.startswith('import "google/')
        }
    )
    run(*includes(), "--include_imports", f"-o{google}", *imported)
    known = descriptor_pb2.FileDescriptorSet.FromString(validate.read_bytes())
    have = {file.name for file in known.file}
    google_set = descriptor_pb2.FileDescriptorSet.FromString(google.read_bytes())
    known.file.extend(file for file in google_set.file if file.name not in have)
    merged = CACHE / "imports.binpb"
    merged.write_bytes(known.SerializeToString())
    return merged


def generate(out: Path) -> None:
    """Generates into `out` from nothing, so that nothing stale stays; and buf's image into the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    names = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    imports = all_descriptors(validate_descriptors(), names)
    for package in PACKAGES:
        shutil.rmtree(out / package, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    plugins = [f"--plugin={name}={Path(sys.executable).parent / name}" for name in PLUGINS]
    known = [*plugins, f"--descriptor_set_in={imports}", f"-I{PROTOS}"]
    outs = [f"--python_out={out}", f"--mypy_out=quiet:{out}"]
    run(*known, *outs, VALIDATE)
    run(*known, *outs, f"--grpc_python_out={out}", f"--mypy_grpc_out=quiet:{out}", *names)
    run(*known, "--include_imports", "--include_source_info", f"-o{CACHE / 'image.binpb'}", *names)
    run(*known, "--include_imports", f"-o{out / 'sycee' / 'descriptors.binpb'}", *names)
    for package in PACKAGES:
        (out / package / "py.typed").touch()


def contents(out: Path) -> dict[Path, bytes]:
    """Every generated file below `out` with what it holds."""
    return {
        path.relative_to(out): path.read_bytes()
        for package in PACKAGES
        for path in sorted((out / package).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def main() -> None:
    """Regenerates in place; with `--check`, elsewhere, and fails when the committed code differs."""
    if sys.argv[1:] != ["--check"]:
        generate(OUT)
        return
    fresh = CACHE / "fresh"
    generate(fresh)
    made, committed = contents(fresh), contents(OUT)
    behind = [str(path) for path in sorted(made.keys() | committed.keys()) if made.get(path) != committed.get(path)]
    if behind:
        sys.exit("generated code differs from protos/, run `make proto`: " + ", ".join(behind))


if __name__ == "__main__":
    main()
