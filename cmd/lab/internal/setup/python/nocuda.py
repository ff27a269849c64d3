"""Make PyTorch's CUDA build for Linux load without CUDA: 540 MB to download and not 3 GB.

    python nocuda.py FOLDER     # FOLDER holds torch and nvidia-cuda-runtime

PyPI has no other build for Linux. Its CPU half does not call CUDA, but the loader wants a file for each library that the
CUDA half names, and values for the two symbols that are resolved at once. So a library that exports nothing, or just
these, is put in place of each; the others are looked up when they are called (bench.py asks for that), which is never.
"""

import struct
import sys
from pathlib import Path

# As torch 2.15.0 names them.
LIBRARIES = (
    "libcublas.so.13 libcublasLt.so.13 libcudnn.so.9 libcufft.so.12 libcufile.so.0 libcupti.so.13 libcusparse.so.12 "
    "libcusparseLt.so.0 libnccl.so.2 libnvrtc.so.13"
).split()
NVSHMEM = "libnvshmem_host.so.3", "NVSHMEM", ("nvshmem_init", "nvshmem_selected_device_transport")


def library(machine, name, version="", symbols=()):
    """A shared library for 64-bit ELF that exports symbols, all at address 1, of one version."""
    strings, at = bytearray(b"\0"), {}
    for text in (name, version, *symbols):
        at[text] = len(strings)
        strings += text.encode() + b"\0"
    n = 1 + len(symbols)
    tables = {  # by the tag of the dynamic section
        4: struct.pack(f"<{3 + n}I", 1, n, n - 1, 0, *range(n - 1)),  # HASH: one bucket, a chain of all
        5: bytes(strings),  # STRTAB
        6: bytes(24) + b"".join(struct.pack("<I2BH2Q", at[s], 0x12, 0, 0xFFF1, 1, 0) for s in symbols),  # SYMTAB
    }
    dynamic = [(14, at[name]), (10, len(strings)), (11, 24)]  # SONAME, STRSZ, SYMENT
    if version:
        entries = ((1, 1, name, 28), (0, 2, version, 0))
        tables[0x6FFFFFF0] = struct.pack(f"<{n}H", 0, *[2] * len(symbols))  # VERSYM
        tables[0x6FFFFFFC] = b"".join(  # VERDEF
            struct.pack("<4H5I", 1, flags, index, 1, elf_hash(text), 20, following, at[text], 0)
            for flags, index, text, following in entries
        )
        dynamic.append((0x6FFFFFFD, len(entries)))  # VERDEFNUM
    header = 64 + 3 * 56
    body = bytearray(header)
    for tag, table in tables.items():
        body += bytes(-len(body) % 8)
        dynamic.append((tag, len(body)))
        body += table
    body += bytes(-len(body) % 8)
    start = len(body)
    for entry in (*dynamic, (0, 0)):
        body += struct.pack("<2Q", *entry)

    def segment(kind, offset, size, align):
        return struct.pack("<2I6Q", kind, 6, offset, offset, offset, size, size, align)

    body[:header] = (
        b"\x7fELF\2\1\1" + bytes(9)
        + struct.pack("<2HI3QI6H", 3, machine, 1, 0, 64, 0, 0, 64, 56, 3, 64, 0, 0)
        + segment(1, 0, len(body), 0x10000)  # LOAD
        + segment(2, start, len(body) - start, 8)  # DYNAMIC
        + segment(0x6474E551, 0, 0, 16)  # GNU_STACK: not executable
    )
    return bytes(body)


def elf_hash(text):
    h = 0
    for byte in text.encode():
        h = (h << 4) + byte
        h = (h ^ (h & 0xF0000000) >> 24) & 0x0FFFFFFF
    return h


def main(folder):
    lib = Path(folder, "torch", "lib")
    machine = int.from_bytes((lib / "libtorch.so").read_bytes()[18:20], "little")
    for parts in (*((name,) for name in LIBRARIES), NVSHMEM):
        (lib / parts[0]).write_bytes(library(machine, *parts))


if __name__ == "__main__":
    main(sys.argv[1])
