"""What the plugin's C and Turtle say of the taxonomy, written from `tagger.taxonomy`.

    python -m osc_bridge.plugin.generate

writes `labels.h` and `tap.ttl` anew. Both are kept in the repository, so that building the plugin needs no Python;
a test tells when they are stale. Of the parameter "Instrument", value 0 is "None", values 1 to 59 are the leaves in the
taxonomy's order, and the last is any label that this build of the plugin does not know.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tagger.taxonomy import LEAVES, words_of

FOLDER: Final = Path(__file__).parent
VALUES: Final[tuple[tuple[str, str], ...]] = (
    ("none", "None"),
    *((leaf, words_of(leaf)) for leaf in LEAVES),
    ("", "Another"),
)
"""Id and words of each value of the parameter "Instrument"."""

_PURPOSE: Final = "Passes sound on unchanged, streams it to the instrument tagger, and shows what the tagger hears."
_NOTE: Final = "Written by generate.py; do not edit."


def files() -> dict[Path, str]:
    """Every generated file, with what it should hold."""
    return {FOLDER / "labels.h": labels_header(), FOLDER / "tap.ttl": turtle()}


def labels_header() -> str:
    """`labels.h`: the values in order, and the numbers of the two special ones."""
    rows = "\n".join(f'    {{"{name}", "{words}"}},' for name, words in VALUES)
    return f"""/* {_NOTE} */

#ifndef TAGGER_LABELS_H
#define TAGGER_LABELS_H

#define TAP_NO_LABEL 0
#define TAP_UNKNOWN_LABEL {len(VALUES) - 1}
#define TAP_LABEL_COUNT {len(VALUES)}

static const struct {{
    const char *id;
    const char *words;
}} TAP_LABELS[TAP_LABEL_COUNT] = {{
{rows}
}};

#endif
"""


def turtle() -> str:
    """`tap.ttl`: what an LV2 host reads of both plugins; `lv2.c` has the ports in the same order."""
    return f"""# {_NOTE}
@prefix doap: <http://usefulinc.com/ns/doap#> .
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix pg: <http://lv2plug.in/ns/ext/port-groups#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix state: <http://lv2plug.in/ns/ext/state#> .
@prefix units: <http://lv2plug.in/ns/extensions/units#> .
@prefix urid: <http://lv2plug.in/ns/ext/urid#> .

<urn:instrument-tagger:tap:stereo#in> a pg:StereoGroup, pg:InputGroup ;
    lv2:name "Input" ; lv2:symbol "in" .
<urn:instrument-tagger:tap:stereo#out> a pg:StereoGroup, pg:OutputGroup ;
    pg:source <urn:instrument-tagger:tap:stereo#in> ; lv2:name "Output" ; lv2:symbol "out" .

{_plugin("stereo", "Tagger Tap", ("left", "right"))}
{_plugin("mono", "Tagger Tap (mono)", ("mono",))}"""


def _plugin(variant: str, name: str, channels: tuple[str, ...]) -> str:
    first = _CONTROLS.count("lv2:index")
    sockets = [
        _audio_port(first + index, side, channel, group=f"urn:instrument-tagger:tap:stereo#{side}")
        for index, (side, channel) in enumerate((side, channel) for side in ("in", "out") for channel in channels)
    ]
    return f"""<urn:instrument-tagger:tap:{variant}>
    a lv2:Plugin, lv2:AnalyserPlugin ;
    doap:name "{name}" ;
    doap:license <https://spdx.org/licenses/GPL-3.0-or-later> ;
    rdfs:comment "{_PURPOSE}" ;
    lv2:minorVersion 2 ; lv2:microVersion 0 ;
    lv2:optionalFeature lv2:hardRTCapable, urid:map, state:threadSafeRestore ;
    lv2:extensionData state:interface ;
    lv2:port {_CONTROLS} , {" , ".join(sockets)} .
"""


def _audio_port(index: int, side: str, channel: str, *, group: str) -> str:
    way = {"in": "Input", "out": "Output"}[side]
    place = f" ;\n        pg:group <{group}> ; lv2:designation pg:{channel}" if channel != "mono" else ""
    name = f"{way} {channel}" if channel != "mono" else way
    return f"""[
        a lv2:{way}Port, lv2:AudioPort ;
        lv2:index {index} ; lv2:symbol "{side}_{channel}" ; lv2:name "{name}"{place} ;
    ]"""


_POINTS: Final = " , ".join(
    f'[\n            rdf:value {value} ; rdfs:label "{words}" ]' for value, (_, words) in enumerate(VALUES)
)
_CONTROLS: Final = f"""[
        a lv2:InputPort, lv2:ControlPort ;
        lv2:index 0 ; lv2:symbol "port" ; lv2:name "Port" ;
        rdfs:comment "The UDP port of this computer that the tagger listens at." ;
        lv2:default 9720 ; lv2:minimum 1024 ; lv2:maximum 65535 ;
        lv2:portProperty lv2:integer ;
    ] , [
        a lv2:InputPort, lv2:ControlPort ;
        lv2:index 1 ; lv2:symbol "enabled" ; lv2:name "Enabled" ;
        rdfs:comment "Whether sound is streamed; it passes through either way." ;
        lv2:default 1 ; lv2:minimum 0 ; lv2:maximum 1 ;
        lv2:portProperty lv2:integer, lv2:toggled ;
        lv2:designation lv2:enabled ;
    ] , [
        a lv2:InputPort, lv2:ControlPort ;
        lv2:index 2 ; lv2:symbol "track" ; lv2:name "Track" ;
        rdfs:comment "Which track this is, for the tagger; 0 where nobody said. What steers the DAW may set it." ;
        lv2:default 0 ; lv2:minimum 0 ; lv2:maximum 9999 ;
        lv2:portProperty lv2:integer ;
    ] , [
        a lv2:OutputPort, lv2:ControlPort ;
        lv2:index 3 ; lv2:symbol "instrument" ; lv2:name "Instrument" ;
        rdfs:comment "The leading instrument that the tagger hears now." ;
        lv2:default 0 ; lv2:minimum 0 ; lv2:maximum {len(VALUES) - 1} ;
        lv2:portProperty lv2:integer, lv2:enumeration ;
        lv2:scalePoint {_POINTS} ;
    ] , [
        a lv2:OutputPort, lv2:ControlPort ;
        lv2:index 4 ; lv2:symbol "confidence" ; lv2:name "Confidence" ;
        lv2:default 0.0 ; lv2:minimum 0.0 ; lv2:maximum 1.0 ;
    ] , [
        a lv2:OutputPort, lv2:ControlPort ;
        lv2:index 5 ; lv2:symbol "connected" ; lv2:name "Connected" ;
        rdfs:comment "Whether the tagger answered within the last three seconds." ;
        lv2:default 0 ; lv2:minimum 0 ; lv2:maximum 1 ;
        lv2:portProperty lv2:integer, lv2:toggled ;
    ] , [
        a lv2:OutputPort, lv2:ControlPort ;
        lv2:index 6 ; lv2:symbol "dropped" ; lv2:name "Dropped" ;
        rdfs:comment "Sound that was not streamed because it came faster than it could be sent." ;
        lv2:default 0.0 ; lv2:minimum 0.0 ; lv2:maximum 86400.0 ;
        units:unit units:s ;
    ] , [
        a lv2:OutputPort, lv2:ControlPort ;
        lv2:index 7 ; lv2:symbol "stream" ; lv2:name "Stream" ;
        rdfs:comment "The number of this stream, kept with the session: 43981 is tap-0abcd in the tagger's messages." ;
        lv2:default 0 ; lv2:minimum 0 ; lv2:maximum 1048575 ;
        lv2:portProperty lv2:integer ;
    ]"""


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {path}")
