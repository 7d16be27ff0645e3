"""Plays an LV2 instrument without a host program and without waiting: notes in, samples out.

`python -m models.workshop.rendering.lv2 PLUGIN PRESET MIDI WAV` renders a MIDI file with a preset ("-" for none) in a
process of its own, since a plugin that crashes takes its process with it. liblilv finds and loads the plugin; this
module is the host: it gives it ids for addresses, block lengths and a worker that works at once.

Source: LV2 1.18 (lv2plug.in), extensions urid, options, buf-size, atom, midi, worker and state.
"""

from __future__ import annotations

import ctypes as c
import ctypes.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import mido
import numpy as np
import soundfile

from models.workshop.rendering.soundfonts import SAMPLE_RATE

_BLOCK: Final = 256
_ATOM_BYTES: Final = 65_536
_TAIL_S: Final = 0.1
_LV2: Final = "http://lv2plug.in/ns/"
_PRESET: Final = _LV2 + "ext/presets#Preset"
_LABEL: Final = "http://www.w3.org/2000/01/rdf-schema#label"


class _Descriptor(c.Structure):
    _fields_ = (
        ("uri", c.c_char_p),
        ("instantiate", c.c_void_p),
        ("connect_port", c.CFUNCTYPE(None, c.c_void_p, c.c_uint32, c.c_void_p)),
        ("activate", c.CFUNCTYPE(None, c.c_void_p)),
        ("run", c.CFUNCTYPE(None, c.c_void_p, c.c_uint32)),
        ("deactivate", c.c_void_p),
        ("cleanup", c.c_void_p),
        ("extension_data", c.CFUNCTYPE(c.c_void_p, c.c_char_p)),
    )


class _Instance(c.Structure):
    _fields_ = (("descriptor", c.POINTER(_Descriptor)), ("handle", c.c_void_p), ("pimpl", c.c_void_p))


class _Feature(c.Structure):
    _fields_ = (("uri", c.c_char_p), ("data", c.c_void_p))


class _Option(c.Structure):
    _fields_ = (
        ("context", c.c_int),
        ("subject", c.c_uint32),
        ("key", c.c_uint32),
        ("size", c.c_uint32),
        ("type", c.c_uint32),
        ("value", c.c_void_p),
    )


_MapFunction = c.CFUNCTYPE(c.c_uint32, c.c_void_p, c.c_char_p)
_UnmapFunction = c.CFUNCTYPE(c.c_char_p, c.c_void_p, c.c_uint32)
_ScheduleFunction = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_uint32, c.c_void_p)
_RespondFunction = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_uint32, c.c_void_p)
_WorkFunction = c.CFUNCTYPE(c.c_int, c.c_void_p, _RespondFunction, c.c_void_p, c.c_uint32, c.c_void_p)
_ResponseFunction = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_uint32, c.c_void_p)
_SetPortFunction = c.CFUNCTYPE(None, c.c_char_p, c.c_void_p, c.c_void_p, c.c_uint32, c.c_uint32)


class _Mapping(c.Structure):
    _fields_ = (("handle", c.c_void_p), ("function", c.c_void_p))


class _Worker(c.Structure):
    _fields_ = (("work", _WorkFunction), ("response", _ResponseFunction), ("end", c.c_void_p))


def _lilv() -> Any:
    name = ctypes.util.find_library("lilv-0")
    if name is None:
        raise OSError("liblilv is not installed")
    library = c.CDLL(name)
    pointers = (
        *("lilv_world_new", "lilv_world_get", "lilv_world_get_all_plugins", "lilv_plugins_get_by_uri", "lilv_new_uri"),
        *("lilv_plugin_instantiate", "lilv_plugin_get_port_by_index", "lilv_plugin_get_related"),
        *("lilv_port_get_symbol", "lilv_nodes_begin", "lilv_nodes_next", "lilv_nodes_get"),
        "lilv_state_new_from_world",
    )
    for pointer in pointers:
        getattr(library, pointer).restype = c.c_void_p
    for text in ("lilv_node_as_string", "lilv_node_as_uri"):
        getattr(library, text).restype = c.c_char_p
    library.lilv_port_is_a.restype = c.c_bool
    library.lilv_nodes_is_end.restype = c.c_bool
    return library


class World:
    """All installed plugins and their presets."""

    def __init__(self) -> None:
        self.lilv = _lilv()
        self.pointer = c.c_void_p(self.lilv.lilv_world_new())
        self.lilv.lilv_world_load_all(self.pointer)

    def uri(self, text: str) -> c.c_void_p:
        """A node for an address."""
        return c.c_void_p(self.lilv.lilv_new_uri(self.pointer, text.encode()))

    def plugin(self, uri: str) -> c.c_void_p:
        """The installed plugin of that address.

        Raises:
            LookupError: none is installed.
        """
        plugins = c.c_void_p(self.lilv.lilv_world_get_all_plugins(self.pointer))
        found = self.lilv.lilv_plugins_get_by_uri(plugins, self.uri(uri))
        if not found:
            raise LookupError(f"{uri} is not installed")
        return c.c_void_p(found)

    def presets(self, uri: str) -> dict[str, str]:
        """Names of a plugin's presets, by address."""
        lilv, names = self.lilv, {}
        nodes = c.c_void_p(lilv.lilv_plugin_get_related(self.plugin(uri), self.uri(_PRESET)))
        place = c.c_void_p(lilv.lilv_nodes_begin(nodes))
        while not lilv.lilv_nodes_is_end(nodes, place):
            node = c.c_void_p(lilv.lilv_nodes_get(nodes, place))
            lilv.lilv_world_load_resource(self.pointer, node)
            label = lilv.lilv_world_get(self.pointer, node, self.uri(_LABEL), None)
            if label:
                name = lilv.lilv_node_as_string(c.c_void_p(label)).decode()
                names[lilv.lilv_node_as_uri(node).decode()] = name
            place = c.c_void_p(lilv.lilv_nodes_next(nodes, place))
        return names


class Instrument:
    """One running plugin, all of whose controls are as its preset has them."""

    def __init__(self, world: World, uri: str, preset: str | None) -> None:
        self._world, self._lilv = world, world.lilv
        self._ids: dict[bytes, int] = {}
        self._responses: list[bytes] = []
        self._plugin = world.plugin(uri)
        self._features = self._make_features()
        made = self._lilv.lilv_plugin_instantiate(self._plugin, c.c_double(SAMPLE_RATE), self._features)
        if not made:
            raise RuntimeError(f"{uri}: the plugin did not start")
        self._instance = c.cast(made, c.POINTER(_Instance)).contents
        self._descriptor = self._instance.descriptor.contents
        self._worker = self._interface("ext/worker#interface", _Worker)
        self._connect()
        if preset is not None:
            self._restore(preset)
        if self._descriptor.activate:
            self._descriptor.activate(self._instance.handle)

    def play(self, messages: Sequence[tuple[float, bytes]], duration_s: float) -> np.ndarray[Any, np.dtype[np.float32]]:
        """The mean of all outputs.

        Args:
            messages: onset in seconds and MIDI bytes, in order.
            duration_s: how long to play.

        Returns:
            Float32 samples at `SAMPLE_RATE`.
        """
        blocks, waiting, parts = int(duration_s * SAMPLE_RATE / _BLOCK) + 1, list(messages), []
        for block in range(blocks):
            end = (block + 1) * _BLOCK
            due = []
            while waiting and round(waiting[0][0] * SAMPLE_RATE) < end:
                onset_s, message = waiting.pop(0)
                due.append((max(0, round(onset_s * SAMPLE_RATE) - block * _BLOCK), message))
            self._hand_over(due)
            self._descriptor.run(self._instance.handle, _BLOCK)
            self._answer()
            parts.append(np.mean([np.ctypeslib.as_array(output) for output in self._outputs], axis=0))
        return np.concatenate(parts).astype(np.float32)

    def _id(self, uri: bytes) -> int:
        return self._ids.setdefault(uri, len(self._ids) + 1)

    def _make_features(self) -> Any:
        self._map = _MapFunction(lambda _, uri: self._id(uri))
        names = self._ids
        self._unmap = _UnmapFunction(lambda _, number: next(uri for uri, each in names.items() if each == number))
        self._schedule = _ScheduleFunction(self._work)
        keep = [_Mapping(None, c.cast(function, c.c_void_p)) for function in (self._map, self._unmap, self._schedule)]
        number = self._id((_LV2 + "ext/atom#Int").encode())
        self._length = c.c_int32(_BLOCK)
        lengths = ("minBlockLength", "maxBlockLength", "nominalBlockLength")
        options = [
            _Option(0, 0, self._id(f"{_LV2}ext/buf-size#{name}".encode()), 4, number, c.addressof(self._length))
            for name in lengths
        ]
        rate = c.c_float(SAMPLE_RATE)
        float_type = self._id((_LV2 + "ext/atom#Float").encode())
        key = self._id((_LV2 + "ext/parameters#sampleRate").encode())
        options.append(_Option(0, 0, key, 4, float_type, c.addressof(rate)))
        table = (_Option * (len(options) + 1))(*options)
        named = (
            ("ext/urid#map", c.addressof(keep[0])),
            ("ext/urid#unmap", c.addressof(keep[1])),
            ("ext/worker#schedule", c.addressof(keep[2])),
            ("ext/options#options", c.addressof(table)),
            ("ext/buf-size#boundedBlockLength", None),
            ("ext/buf-size#fixedBlockLength", None),
            ("ext/buf-size#powerOf2BlockLength", None),
        )
        features = [_Feature((_LV2 + name).encode(), data) for name, data in named]
        self._mapping = keep[0]
        self._kept = (keep, rate, table, features)
        return (c.POINTER(_Feature) * (len(features) + 1))(
            *[c.pointer(feature) for feature in features], c.POINTER(_Feature)()
        )

    def _interface(self, name: str, kind: type[_Worker]) -> _Worker | None:
        if not self._descriptor.extension_data:
            return None
        data = self._descriptor.extension_data((_LV2 + name).encode())
        return c.cast(data, c.POINTER(kind)).contents if data else None

    def _work(self, _: int, size: int, data: int) -> int:
        if self._worker is None:
            return 1
        kept = c.string_at(data, size)
        respond = _RespondFunction(self._respond)
        self._worker.work(self._instance.handle, respond, None, size, c.cast(c.c_char_p(kept), c.c_void_p))
        return 0

    def _respond(self, _: int, size: int, data: int) -> int:
        self._responses.append(c.string_at(data, size))
        return 0

    def _answer(self) -> None:
        while self._responses and self._worker is not None:
            response = self._responses.pop(0)
            if self._worker.response:
                data = c.cast(c.c_char_p(response), c.c_void_p)
                self._worker.response(self._instance.handle, len(response), data)

    def _connect(self) -> None:
        lilv, world, plugin = self._lilv, self._world, self._plugin
        count = lilv.lilv_plugin_get_num_ports(plugin)
        default = (c.c_float * count)()
        lilv.lilv_plugin_get_port_ranges_float(plugin, None, None, default)
        kinds = {
            name: world.uri(_LV2 + name)
            for name in ("lv2core#InputPort", "lv2core#AudioPort", "lv2core#ControlPort", "lv2core#CVPort")
        }
        kinds["atom"] = world.uri(_LV2 + "ext/atom#AtomPort")
        self._controls: dict[bytes, c.c_float] = {}
        self._outputs: list[Any] = []
        self._inputs: list[Any] = []
        self._atoms_in: list[Any] = []
        self._atoms_out: list[Any] = []
        for index in range(count):
            port = c.c_void_p(lilv.lilv_plugin_get_port_by_index(plugin, index))
            is_a = {name: lilv.lilv_port_is_a(plugin, port, kind) for name, kind in kinds.items()}
            buffer: Any
            if is_a["atom"]:
                buffer = (c.c_uint8 * _ATOM_BYTES)()
                (self._atoms_in if is_a["lv2core#InputPort"] else self._atoms_out).append(buffer)
            elif is_a["lv2core#AudioPort"] or is_a["lv2core#CVPort"]:
                buffer = (c.c_float * _BLOCK)()
                (self._inputs if is_a["lv2core#InputPort"] else self._outputs).append(buffer)
            else:
                value = default[index]
                buffer = c.c_float(0.0 if np.isnan(value) else value)
                symbol = c.c_void_p(lilv.lilv_port_get_symbol(plugin, port))
                self._controls[lilv.lilv_node_as_string(symbol)] = buffer
            self._descriptor.connect_port(self._instance.handle, index, c.addressof(buffer))

    def _restore(self, preset: str) -> None:
        node = self._world.uri(preset)
        self._lilv.lilv_world_load_resource(self._world.pointer, node)
        state = self._lilv.lilv_state_new_from_world(self._world.pointer, c.byref(self._mapping), node)
        if not state:
            raise LookupError(f"{preset}: no such preset is installed")
        number = self._id((_LV2 + "ext/atom#Float").encode())

        def set_port(symbol: bytes, _: int, value: int, __: int, kind: int) -> None:
            if kind == number and symbol in self._controls:
                self._controls[symbol].value = c.cast(value, c.POINTER(c.c_float)).contents.value

        setter = _SetPortFunction(set_port)
        self._lilv.lilv_state_restore(
            c.c_void_p(state), c.byref(self._instance), setter, None, c.c_uint32(0), self._features
        )

    def _hand_over(self, due: Sequence[tuple[int, bytes]]) -> None:
        sequence = self._id((_LV2 + "ext/atom#Sequence").encode())
        midi = self._id((_LV2 + "ext/midi#MidiEvent").encode())
        body = bytes(8)
        for frame, message in due:
            head = np.array([frame], np.int64).tobytes() + np.array([len(message), midi], np.uint32).tobytes()
            body += head + message + bytes(-len(message) % 8)
        data = np.array([len(body), sequence], np.uint32).tobytes() + body
        empty = np.array([8, sequence], np.uint32).tobytes() + bytes(8)
        for i, buffer in enumerate(self._atoms_in):
            given = empty if i else data
            c.memmove(buffer, given, len(given))
        chunk = np.array([_ATOM_BYTES - 8, self._id((_LV2 + "ext/atom#Chunk").encode())], np.uint32).tobytes()
        for buffer in self._atoms_out:
            c.memmove(buffer, chunk, len(chunk))


def main(plugin: str, preset: str, midi: str, wav: str) -> None:
    """Renders a MIDI file."""
    messages, now_s = [], 0.0
    for message in mido.MidiFile(midi):
        now_s += message.time
        # A preset is what is to sound, and no program of a bank.
        if not message.is_meta and (preset == "-" or message.type != "program_change"):
            messages.append((now_s, bytes(message.bytes())))
    instrument = Instrument(World(), plugin, None if preset == "-" else preset)
    soundfile.write(Path(wav), instrument.play(messages, now_s + _TAIL_S), SAMPLE_RATE, subtype="FLOAT")


if __name__ == "__main__":
    main(*sys.argv[1:])
