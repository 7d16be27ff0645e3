/* What DPF wants to know before it compiles. TAP_CHANNELS is 2, or 1 for the plugin of mono tracks. */

#ifndef DISTRHO_PLUGIN_INFO_H_INCLUDED
#define DISTRHO_PLUGIN_INFO_H_INCLUDED

#define DISTRHO_PLUGIN_BRAND "Instrument Tagger"
#if TAP_CHANNELS == 1
#define DISTRHO_PLUGIN_NAME "Tagger Tap (mono)"
#define DISTRHO_PLUGIN_URI "urn:instrument-tagger:tap:dpf:mono"
#define DISTRHO_PLUGIN_CLAP_ID "instrument-tagger.tap.mono"
#define DISTRHO_PLUGIN_CLAP_FEATURES "audio-effect", "analyzer", "utility", "mono"
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Fx|Analyzer|Mono"
#else
#define DISTRHO_PLUGIN_NAME "Tagger Tap"
#define DISTRHO_PLUGIN_URI "urn:instrument-tagger:tap:dpf:stereo"
#define DISTRHO_PLUGIN_CLAP_ID "instrument-tagger.tap.stereo"
#define DISTRHO_PLUGIN_CLAP_FEATURES "audio-effect", "analyzer", "utility", "stereo"
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Fx|Analyzer|Stereo"
#endif

#define DISTRHO_PLUGIN_HAS_UI 0
#define DISTRHO_PLUGIN_IS_RT_SAFE 1
#define DISTRHO_PLUGIN_NUM_INPUTS TAP_CHANNELS
#define DISTRHO_PLUGIN_NUM_OUTPUTS TAP_CHANNELS
#define DISTRHO_PLUGIN_WANT_STATE 1
#define DISTRHO_PLUGIN_WANT_FULL_STATE 1
#define DISTRHO_PLUGIN_LV2_CATEGORY "lv2:AnalyserPlugin"

#endif
