"""The settings of an analysis over time, each a control; what they say is asked for whenever one is moved."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from tagger.timeline import TimelineSettings

_AGGREGATIONS: Final = {
    "strongest": "its clearest moments",
    "mean": "all of it, evenly",
    "max": "its one best moment",
}
_SMOOTHINGS: Final = {"none": "not smoothed", "mean": "average", "median": "median"}
_LABEL_SETS: Final = {
    "own": "all instruments",
    "families": "families",
    "irmas": "IRMAS, 11 labels",
    "openmic": "OpenMIC, 20 labels",
    "nsynth": "NSynth, 11 labels",
}
_WINDOWS_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
_HOPS_S: Final = (0.1, 0.25, 0.5, 1.0, 1.5, 3.0, 5.0)
_USUAL: Final = TimelineSettings()
_FIRST_THRESHOLD: Final = 0.5


class Tuning:
    """The controls.

    Args:
        on_change: is called whenever `settings` is otherwise.

    Attributes:
        settings: what the controls say.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.settings = _USUAL
        self._on_change = on_change
        self._is_setting = False
        self._controls: dict[str, Any] = {}

    def build(self) -> None:
        """Makes the controls."""
        with ui.element("div").classes("tuning").props('role=group aria-label="Settings of the analysis"'):
            with ui.element("div").classes("tuning-head"):
                ui.label("Settings").classes("heading").props("role=heading aria-level=2")
                ui.button("Reset", on_click=self._reset, color=None).props("flat dense no-caps").classes("quiet")
            self._threshold()
            self._select("label_set", "Tell apart", _LABEL_SETS)
            self._select("aggregation", "Judge the whole file by", _AGGREGATIONS)
            self._select("smoothing", "Smooth over time", _SMOOTHINGS)
            self._slider("smoothing_s", "Smoothing width", least=0.5, most=15, step=0.5, words=_seconds)
            self._slider("off_ratio", "Lasts until below", least=0, most=1, step=0.05, words=_share_of_threshold)
            self._slider("min_duration_s", "Leave out what is shorter than", least=0, most=10, step=0.1, words=_seconds)
            ui.label("These listen to the file again:").classes("muted tuning-note")
            self._select("window_s", "Window", {each: f"{each:g} s" for each in _WINDOWS_S})
            self._select("hop_s", "A window every", {each: f"{each:g} s" for each in _HOPS_S})
        self._show()

    def restrict(self, label_sets: tuple[str, ...]) -> None:
        """Offers only these label sets, as a model with labels of its own knows no other."""
        self._controls["label_set"].set_options({each: _LABEL_SETS[each] for each in label_sets})

    def _threshold(self) -> None:
        with ui.element("div").classes("tuning-row"):
            self._controls["automatic"] = ui.switch(
                "Thresholds of the model", on_change=lambda event: self._be_automatic(is_automatic=event.value)
            ).props("dense")
        self._slider("threshold", "Counts as heard from", least=0.02, most=1.0, step=0.02, words=_percent)

    def _be_automatic(self, *, is_automatic: bool) -> None:
        self._change(threshold=None if is_automatic else self._controls["threshold"].value or _FIRST_THRESHOLD)

    def _slider(
        self, name: str, label: str, *, least: float, most: float, step: float, words: Callable[[float], str]
    ) -> None:
        with ui.element("div").classes("tuning-row"):
            with ui.element("div").classes("tuning-words"):
                ui.label(label)
                value = ui.label().classes("muted tuning-value").props("aria-hidden=true")
            usual = getattr(_USUAL, name)
            slider = _Range(label, least=least, most=most, step=step)
            slider.set_value(_FIRST_THRESHOLD if usual is None else usual)
            value.set_text(words(slider.value))

            def moved() -> None:
                value.set_text(words(slider.value))
                self._change(**{name: slider.value})

            slider.on_value_change(moved)
        self._controls[name] = slider

    def _select(self, name: str, label: str, choices: Mapping[Any, str]) -> None:
        select = ui.select(dict(choices), label=label, value=getattr(_USUAL, name))
        select.props("outlined dense options-dense").classes("tuning-row tuning-select")
        select.on_value_change(lambda: self._change(**{name: select.value}))
        self._controls[name] = select

    def _reset(self) -> None:
        self.settings = _USUAL
        self._is_setting = True
        for name, control in self._controls.items():
            if name not in ("automatic", "threshold"):
                control.set_value(getattr(_USUAL, name))
        self._controls["threshold"].set_value(_FIRST_THRESHOLD)
        self._is_setting = False
        self._show()
        self._on_change()

    def _change(self, **values: Any) -> None:
        if self._is_setting:
            return
        changed = dataclasses.replace(self.settings, **values)
        if changed != self.settings:
            self.settings = changed
            self._show()
            self._on_change()

    def _show(self) -> None:
        """What says nothing now cannot be moved."""
        was_setting, self._is_setting = self._is_setting, True
        self._controls["automatic"].set_value(self.settings.threshold is None)
        self._is_setting = was_setting
        self._controls["threshold"].set_enabled(self.settings.threshold is not None)
        self._controls["smoothing_s"].set_enabled(self.settings.smoothing != "none")


class _Range(ui.element):
    """A slider as browsers have it: Quasar's has its name and its keys in different elements."""

    def __init__(self, label: str, *, least: float, most: float, step: float) -> None:
        super().__init__("input")
        self.value = least
        self._on_change: Callable[[], None] = lambda: None
        self.props(f'type=range min={least} max={most} step={step} aria-label="{label}"').classes("range")
        self.on("input", self._moved, js_handler="(event) => emit(Number(event.target.value))", throttle=0.05)

    def set_value(self, value: float) -> None:
        self.value = float(value)
        self.props(f"value={self.value:g}")
        self._on_change()

    def set_enabled(self, is_enabled: bool) -> None:
        self.props(remove="disabled") if is_enabled else self.props("disabled")

    def on_value_change(self, handle: Callable[[], None]) -> None:
        self._on_change = handle

    def _moved(self, event: GenericEventArguments) -> None:
        self.set_value(float(event.args))


def _seconds(value: float) -> str:
    return f"{value:g} s"


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _share_of_threshold(value: float) -> str:
    return f"{100 * value:.0f} % of that"
