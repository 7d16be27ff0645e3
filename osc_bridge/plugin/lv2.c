/* The tap as LV2, for mono and stereo tracks. tap.ttl says the same of its ports to hosts.
 *
 * The id is kept in the host's session by the state extension; a host without URIDs gets a new one each time. */

#include <lv2/atom/atom.h>
#include <lv2/core/lv2.h>
#include <lv2/state/state.h>
#include <lv2/urid/urid.h>

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define TAP_URI "urn:instrument-tagger:tap:"

enum { PORT, ENABLED, TRACK, INSTRUMENT, CONFIDENCE, CONNECTED, DROPPED, STREAM, CONTROLS, MOST_CHANNELS = 2 };

struct plugin {
    struct tap *tap;
    uint32_t rate;
    unsigned channels;
    float *controls[CONTROLS];
    float *sound[2 * MOST_CHANNELS]; /* inputs, then outputs */
    const LV2_URID_Map *urids;
};

static LV2_Handle instantiate(
    const LV2_Descriptor *descriptor, double rate, const char *bundle, const LV2_Feature *const *features)
{
    (void)bundle;
    struct plugin *plugin = calloc(1, sizeof *plugin);
    if (plugin == NULL)
        return NULL;
    plugin->rate = (uint32_t)(rate + 0.5);
    plugin->channels = strcmp(descriptor->URI, TAP_URI "mono") == 0 ? 1 : 2;
    for (; features != NULL && *features != NULL; features++)
        if (strcmp((*features)->URI, LV2_URID__map) == 0)
            plugin->urids = (*features)->data;
    plugin->tap = tap_new();
    if (plugin->tap != NULL)
        return plugin;
    free(plugin);
    return NULL;
}

static void connect_port(LV2_Handle handle, uint32_t port, void *data)
{
    struct plugin *plugin = handle;
    if (port < CONTROLS)
        plugin->controls[port] = data;
    else if (port < CONTROLS + 2 * plugin->channels)
        plugin->sound[port - CONTROLS] = data;
}

static void activate(LV2_Handle handle) { tap_start(((struct plugin *)handle)->tap); }

static void deactivate(LV2_Handle handle) { tap_stop(((struct plugin *)handle)->tap); }

static void run(LV2_Handle handle, uint32_t frames)
{
    struct plugin *plugin = handle;
    float *const *inputs = plugin->sound;
    float *const *outputs = plugin->sound + plugin->channels;
    float *const *controls = plugin->controls;
    tap_set(plugin->tap, (struct tap_settings){*controls[ENABLED] > 0.5f, *controls[PORT], *controls[TRACK]});
    tap_run(plugin->tap, plugin->rate, inputs[0], plugin->channels > 1 ? inputs[1] : NULL, frames);
    for (unsigned channel = 0; channel < plugin->channels; channel++)
        if (outputs[channel] != inputs[channel])
            memcpy(outputs[channel], inputs[channel], frames * sizeof(float));

    const struct tap_view view = tap_look(plugin->tap);
    *controls[INSTRUMENT] = (float)view.label;
    *controls[CONFIDENCE] = view.confidence;
    *controls[CONNECTED] = view.connected;
    *controls[DROPPED] = view.dropped_s;
    *controls[STREAM] = (float)view.number;
}

static void cleanup(LV2_Handle handle)
{
    struct plugin *plugin = handle;
    tap_free(plugin->tap);
    free(plugin);
}

static LV2_URID urid(const struct plugin *plugin, const char *uri)
{
    return plugin->urids->map(plugin->urids->handle, uri);
}

static LV2_State_Status save(LV2_Handle handle, LV2_State_Store_Function store, LV2_State_Handle state, uint32_t flags,
    const LV2_Feature *const *features)
{
    (void)flags;
    (void)features;
    const struct plugin *plugin = handle;
    char id[TAP_ID_SIZE];
    if (plugin->urids == NULL)
        return LV2_STATE_ERR_NO_FEATURE;
    tap_id(plugin->tap, id);
    return store(state, urid(plugin, TAP_URI "id"), id, strlen(id) + 1, urid(plugin, LV2_ATOM__String),
        LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE);
}

static LV2_State_Status restore(LV2_Handle handle, LV2_State_Retrieve_Function retrieve, LV2_State_Handle state,
    uint32_t flags, const LV2_Feature *const *features)
{
    (void)features;
    const struct plugin *plugin = handle;
    size_t size = 0;
    LV2_URID type = 0;
    if (plugin->urids == NULL)
        return LV2_STATE_ERR_NO_FEATURE;
    const char *id = retrieve(state, urid(plugin, TAP_URI "id"), &size, &type, &flags);
    if (id == NULL)
        return LV2_STATE_ERR_NO_PROPERTY;
    if (type != urid(plugin, LV2_ATOM__String) || size == 0 || id[size - 1] != 0)
        return LV2_STATE_ERR_BAD_TYPE;
    tap_restore(plugin->tap, id); /* Where another tap has it, this one is a copy and keeps its own. */
    return LV2_STATE_SUCCESS;
}

static const void *extension_data(const char *uri)
{
    static const LV2_State_Interface interface = {save, restore};
    return strcmp(uri, LV2_STATE__interface) == 0 ? &interface : NULL;
}

static const LV2_Descriptor DESCRIPTORS[] = {
    {TAP_URI "stereo", instantiate, connect_port, activate, run, deactivate, cleanup, extension_data},
    {TAP_URI "mono", instantiate, connect_port, activate, run, deactivate, cleanup, extension_data},
};

LV2_SYMBOL_EXPORT const LV2_Descriptor *lv2_descriptor(uint32_t index)
{
    return index < sizeof DESCRIPTORS / sizeof *DESCRIPTORS ? &DESCRIPTORS[index] : NULL;
}
