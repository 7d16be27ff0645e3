/* The tap as VST3 and CLAP, by way of DPF. The id is kept in the state. */

#include "DistrhoPlugin.hpp"

#include <cstring>

#include "labels.h"
#include "tap.h"

START_NAMESPACE_DISTRHO

class TapPlugin : public Plugin
{
    enum { kPort, kBypass, kTrack, kInstrument, kConfidence, kConnected, kDropped, kStream, kParameterCount };

    static constexpr uint32_t kInput = kParameterIsInteger | kParameterIsAutomatable;
    static constexpr int kLastLabel = TAP_LABEL_COUNT - 1;

public:
    TapPlugin() : Plugin(kParameterCount, 0, 1), tap(tap_new()), rate(static_cast<uint32_t>(getSampleRate() + 0.5)) {}

    ~TapPlugin() override { tap_free(tap); }

protected:
    const char* getLabel() const override { return TAP_CHANNELS == 1 ? "tagger_tap_mono" : "tagger_tap"; }

    const char* getDescription() const override
    {
        return "Passes sound on unchanged, streams it to the instrument tagger, and shows what the tagger hears.";
    }

    const char* getMaker() const override { return DISTRHO_PLUGIN_BRAND; }

    const char* getLicense() const override { return "GPL-3.0-or-later"; }

    uint32_t getVersion() const override { return d_version(0, 1, 0); }

    int64_t getUniqueId() const override { return d_cconst('T', 't', 'a', TAP_CHANNELS == 1 ? '1' : '2'); }

    void initParameter(uint32_t index, Parameter& parameter) override
    {
        switch (index)
        {
        case kPort:
            describe(parameter, "Port", "port", kInput, TAP_DEFAULT_PORT, 1024, 65535);
            return;
        case kBypass:
            parameter.initDesignation(kParameterDesignationBypass);
            return;
        case kTrack:
            describe(parameter, "Track", "track", kInput, 0, 0, TAP_MAX_TRACK);
            return;
        case kInstrument:
            describe(parameter, "Instrument", "instrument", kParameterIsInteger | kParameterIsOutput, 0, 0, kLastLabel);
            nameValues(parameter.enumValues, TAP_LABEL_COUNT, [](int label) { return TAP_LABELS[label].words; });
            return;
        case kConfidence:
            describe(parameter, "Confidence", "confidence", kParameterIsOutput, 0, 0, 1);
            return;
        case kConnected:
            describe(parameter, "Connected", "connected", kParameterIsBoolean | kParameterIsOutput, 0, 0, 1);
            nameValues(parameter.enumValues, 2, [](int value) { return value == 0 ? "No" : "Yes"; });
            return;
        case kDropped:
            describe(parameter, "Dropped", "dropped", kParameterIsOutput, 0, 0, 86400);
            parameter.unit = "s";
            return;
        case kStream:
            describe(parameter, "Stream", "stream", kParameterIsInteger | kParameterIsOutput, 0, 0, TAP_MAX_NUMBER);
            return;
        }
    }

    float getParameterValue(uint32_t index) const override
    {
        if (index == kPort)
            return settings.port;
        if (index == kBypass)
            return settings.enabled ? 0.0f : 1.0f;
        if (index == kTrack)
            return settings.track;
        if (tap == nullptr)
            return 0;
        const struct tap_view view = tap_look(tap);
        switch (index)
        {
        case kInstrument:
            return static_cast<float>(view.label);
        case kConfidence:
            return view.confidence;
        case kConnected:
            return view.connected ? 1.0f : 0.0f;
        case kDropped:
            return view.dropped_s;
        default:
            return static_cast<float>(view.number);
        }
    }

    void setParameterValue(uint32_t index, float value) override
    {
        if (index == kPort)
            settings.port = value;
        else if (index == kBypass)
            settings.enabled = value < 0.5f;
        else if (index == kTrack)
            settings.track = value;
    }

    void initState(uint32_t, State& state) override
    {
        state.hints = kStateIsOnlyForDSP;
        state.key = "id";
        state.label = "Stream";
        state.defaultValue = "";
    }

    String getState(const char*) const override
    {
        char id[TAP_ID_SIZE] = "";
        if (tap != nullptr)
            tap_id(tap, id);
        return String(id);
    }

    /* Where another tap has the id, this one is a copy and keeps its own. */
    void setState(const char* key, const char* value) override
    {
        if (tap != nullptr && std::strcmp(key, "id") == 0)
            tap_restore(tap, value);
    }

    void activate() override
    {
        if (tap != nullptr)
            tap_start(tap);
    }

    void deactivate() override
    {
        if (tap != nullptr)
            tap_stop(tap);
    }

    void sampleRateChanged(double newRate) override { rate = static_cast<uint32_t>(newRate + 0.5); }

    void run(const float** inputs, float** outputs, uint32_t frames) override
    {
        if (tap != nullptr)
        {
            tap_set(tap, settings);
            tap_run(tap, rate, inputs[0], TAP_CHANNELS > 1 ? inputs[TAP_CHANNELS - 1] : nullptr, frames);
        }
        for (uint32_t channel = 0; channel < TAP_CHANNELS; channel++)
            if (outputs[channel] != inputs[channel])
                std::memcpy(outputs[channel], inputs[channel], frames * sizeof(float));
    }

private:
    struct tap* const tap;
    uint32_t rate;
    tap_settings settings = {true, TAP_DEFAULT_PORT, 0};

    static void describe(Parameter& parameter, const char* name, const char* symbol, uint32_t hints,
                         float normal, float least, float most)
    {
        parameter.name = name;
        parameter.symbol = symbol;
        parameter.hints = hints;
        parameter.ranges.def = normal;
        parameter.ranges.min = least;
        parameter.ranges.max = most;
    }

    static void nameValues(ParameterEnumerationValues& values, uint8_t count, const char* (*words)(int))
    {
        values.values = new ParameterEnumerationValue[count];
        values.count = count;
        values.restrictedMode = true;
        for (int value = 0; value < count; value++)
            values.values[value] = ParameterEnumerationValue(static_cast<float>(value), words(value));
    }

    DISTRHO_DECLARE_NON_COPYABLE_WITH_LEAK_DETECTOR(TapPlugin)
};

Plugin* createPlugin() { return new TapPlugin(); }

END_NAMESPACE_DISTRHO
