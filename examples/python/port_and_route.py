#!/usr/bin/env python3
"""Brings two ports up, routes between them, and sends a packet: SAI from Python by `ctypes` alone.

    python3 examples/python/port_and_route.py target/release/libsai.so

Calls go through the C interface, so that they work on any `libsai.so`; the numbers of enums and the places of functions
are read from the model of the interface. Packets go by the control socket of the simulator.
"""

import ctypes
import json
import pathlib
import socket
import struct
import sys
import tempfile

MODEL = pathlib.Path(__file__).parents[2] / "sai-sys/model/1.18.1"

# Enum values by name, and by the name of a function the API of it and its place in the API's table.
number, place = {}, {}
for file in MODEL.glob("*.json"):
    part = json.loads(file.read_text())
    for enum in part.get("enums", []):
        number.update((value["name"], value["value"]) for value in enum["values"])
    for table in part.get("structs", []):
        if table["name"].endswith("_api_t"):
            api = "SAI_API_" + table["name"].removeprefix("sai_").removesuffix("_api_t").upper()
            place.update((f["name"], (api, f["offset"] // 8)) for f in table["fields"])


class Attribute(ctypes.Structure):
    """`sai_attribute_t`: the value is a union of 40 bytes."""

    _fields_ = [("id", ctypes.c_uint32), ("value", ctypes.c_uint64 * 5)]

    def __init__(self, name, value=b""):
        """An object id is an int, an enum value its name; what has another form comes as bytes."""
        super().__init__(number[name])
        if isinstance(value, str):
            value = struct.pack("=i", number[value])
        elif isinstance(value, bool):
            value = struct.pack("=?", value)
        elif isinstance(value, int):
            value = struct.pack("=Q", value)
        ctypes.memmove(ctypes.byref(self, Attribute.value.offset), value, len(value))


def check(status, what):
    if status != 0:
        raise SystemExit(f"{what}: status {status}")


def call(name, *arguments):
    """Calls a function of a table."""
    api, slot = place[name]
    table = ctypes.POINTER(ctypes.c_void_p)()
    check(sai.sai_api_query(number[api], ctypes.byref(table)), "sai_api_query")
    check(ctypes.CFUNCTYPE(ctypes.c_int32)(table[slot])(*arguments), name)


def oid(value):
    return ctypes.c_uint64(value)


def create(kind, switch, **attributes):
    """Creates an object; answers its id. `type` stands for `SAI_KIND_ATTR_TYPE`."""
    new = oid(0)
    attrs = [Attribute(f"SAI_{kind.upper()}_ATTR_{n.upper()}", v) for n, v in attributes.items()]
    owner = [oid(switch)] if switch else []
    call(f"create_{kind}", ctypes.byref(new), *owner, len(attrs), (Attribute * len(attrs))(*attrs))
    return new.value


def ip(address):
    """`sai_ip_address_t`, of 20 bytes."""
    return struct.pack("=i4s12x", number["SAI_IP_ADDR_FAMILY_IPV4"], socket.inet_aton(address))


class Control:
    """The control socket: a line of JSON each way."""

    def __init__(self, path):
        self.lines = socket.socket(socket.AF_UNIX)
        self.lines.connect(path)
        self.lines = self.lines.makefile("rw")

    def ask(self, **request):
        self.lines.write(json.dumps(request) + "\n")
        self.lines.flush()
        answer = json.loads(self.lines.readline())
        return answer["ok"] if "ok" in answer else sys.exit(answer["error"]["message"])


folder = tempfile.TemporaryDirectory()
profile = {
    "SWITCH_SIM_PROFILE": f"{folder.name}/chip.toml",
    "SWITCH_SIM_CONTROL": f"unix:{folder.name}/control",
    "SWITCH_SIM_CLOCK": "virtual",
}
# A chip whose ports are not bridged as it comes up.
pathlib.Path(profile["SWITCH_SIM_PROFILE"]).write_text("[boot]\nbridge_ports = false\nvlan_members = false\n")
profile = {key.encode(): ctypes.create_string_buffer(value.encode()) for key, value in profile.items()}

# The functions that the library asks for its profile; they live as long as it does.
get_value = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_char_p)(
    lambda _, key: ctypes.addressof(profile[key]) if key in profile else None
)
get_next_value = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: -1)
services = (ctypes.c_void_p * 2)(*(ctypes.cast(f, ctypes.c_void_p) for f in (get_value, get_next_value)))

sai = ctypes.CDLL(sys.argv[1] if len(sys.argv) > 1 else "target/release/libsai.so")
check(sai.sai_api_initialize(ctypes.c_uint64(0), services), "sai_api_initialize")

switch = create("switch", None, init_switch=True)
ids = (ctypes.c_uint64 * 512)()
ports = Attribute("SAI_SWITCH_ATTR_PORT_LIST", struct.pack("=I4xQ", len(ids), ctypes.addressof(ids)))
router = Attribute("SAI_SWITCH_ATTR_DEFAULT_VIRTUAL_ROUTER_ID")
mac = Attribute("SAI_SWITCH_ATTR_SRC_MAC_ADDRESS")
asked = (Attribute * 3)(ports, router, mac)
call("get_switch_attribute", oid(switch), 3, asked)
router, mac = asked[1].value[0], bytes(asked[2].value)[:6]
print(f"{asked[0].value[0] & 0xFFFFFFFF} ports")

interfaces = []
for port in ids[:2]:
    up = Attribute("SAI_PORT_ATTR_ADMIN_STATE", True)
    call("set_port_attribute", oid(port), ctypes.byref(up))
    on_port = {"type": "SAI_ROUTER_INTERFACE_TYPE_PORT", "port_id": port}
    interfaces.append(create("router_interface", switch, virtual_router_id=router, **on_port))

neighbor = struct.pack("=QQ20s4x", switch, interfaces[1], ip("10.0.1.2"))
reached_at = Attribute("SAI_NEIGHBOR_ENTRY_ATTR_DST_MAC_ADDRESS", bytes.fromhex("020000000199"))
call("create_neighbor_entry", neighbor, 1, ctypes.byref(reached_at))
hop = {"type": "SAI_NEXT_HOP_TYPE_IP", "ip": ip("10.0.1.2"), "router_interface_id": interfaces[1]}
hop = create("next_hop", switch, **hop)
mask = socket.inet_aton("255.255.255.0") + bytes(12)
route = struct.pack("=QQ20s16s4x", switch, router, ip("198.51.100.0"), mask)
by = Attribute("SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", hop)
call("create_route_entry", route, 1, ctypes.byref(by))

# An IPv4 packet to 198.51.100.7 comes in by the first port.
control = Control(f"{folder.name}/control")
source, destination = map(socket.inet_aton, ("10.0.0.2", "198.51.100.7"))
header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, source, destination)
words = sum(struct.unpack(">10H", header))
header = header[:10] + struct.pack(">H", ~(words + (words >> 16)) & 0xFFFF) + header[12:]
frame = mac + bytes.fromhex("0200000000aa0800") + header + struct.pack(">4H", 9, 7, 8, 0)
trace = control.ask(op="trace", port=f"oid:{ids[0]:#x}", frame=frame.hex())
print(trace["text"].strip())
(out,) = control.ask(op="receive", port=f"oid:{ids[1]:#x}")
assert out.startswith("020000000199" + mac.hex()), out
print("it left by the second port, to 02:00:00:00:01:99")

call("remove_switch", oid(switch))
check(sai.sai_api_uninitialize(), "sai_api_uninitialize")
