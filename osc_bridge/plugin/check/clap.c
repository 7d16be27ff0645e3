/* A CLAP host of the least kind, for Linux and Windows alike: clap PLUGIN.clap PORT BLOCKS
 *
 * Plays noise through the plugin in real time, and compares what comes out bit by bit. Then it takes the state over
 * into a second instance, and plays that for a moment. Prints each parameter as a DAW would show it, after both. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clap/entry.h"
#include "clap/events.h"
#include "clap/ext/params.h"
#include "clap/ext/state.h"
#include "clap/plugin-factory.h"

#include "../system.h"

#define BLOCK 480
#define RATE 48000
#define MOST_CHANNELS 2

#ifdef _WIN32
#include <windows.h>
static const clap_plugin_entry_t *load(const char *path)
{
    HMODULE library = LoadLibraryA(path);
    return library == NULL ? NULL : (const clap_plugin_entry_t *)(void *)GetProcAddress(library, "clap_entry");
}
#else
#include <dlfcn.h>
static const clap_plugin_entry_t *load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return library == NULL ? NULL : dlsym(library, "clap_entry");
}
#endif

struct state {
    char bytes[4096];
    size_t size;
    size_t read;
};

static int fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static const void *no_extension(const clap_host_t *host, const char *id) { (void)host; (void)id; return NULL; }
static void no_request(const clap_host_t *host) { (void)host; }

static int64_t write_state(const clap_ostream_t *stream, const void *from, uint64_t size)
{
    struct state *state = stream->ctx;
    if (size > sizeof state->bytes - state->size)
        return -1;
    memcpy(state->bytes + state->size, from, size);
    state->size += size;
    return (int64_t)size;
}

static int64_t read_state(const clap_istream_t *stream, void *to, uint64_t size)
{
    struct state *state = stream->ctx;
    const size_t left = state->size - state->read;
    const size_t count = size < left ? size : left;
    memcpy(to, state->bytes + state->read, count);
    state->read += count;
    return (int64_t)count;
}

static clap_event_param_value_t port_event;
static uint32_t waiting; /* events for the next block */

static uint32_t count_events(const clap_input_events_t *list) { (void)list; return waiting; }

static const clap_event_header_t *get_event(const clap_input_events_t *list, uint32_t index)
{
    (void)list;
    (void)index;
    return &port_event.header;
}

static bool take_event(const clap_output_events_t *list, const clap_event_header_t *event)
{
    (void)list;
    (void)event;
    return true;
}

static void set_port(const clap_plugin_t *plugin, const clap_plugin_params_t *params, double port)
{
    clap_param_info_t info;
    for (uint32_t index = 0; params->get_info(plugin, index, &info); index++)
        if (strcmp(info.name, "Port") == 0)
            break;
    port_event = (clap_event_param_value_t){
        .header = {.size = sizeof port_event, .space_id = CLAP_CORE_EVENT_SPACE_ID, .type = CLAP_EVENT_PARAM_VALUE},
        .param_id = info.id, .cookie = info.cookie, .note_id = -1, .port_index = -1, .channel = -1, .key = -1,
        .value = port,
    };
    waiting = 1;
}

static void show_parameters(const clap_plugin_t *plugin, const clap_plugin_params_t *params)
{
    clap_param_info_t info;
    for (uint32_t index = 0; index < params->count(plugin); index++) {
        char text[256] = "";
        double value = 0;
        if (!params->get_info(plugin, index, &info) || !params->get_value(plugin, info.id, &value) ||
            !params->value_to_text(plugin, info.id, value, text, sizeof text))
            fail("a parameter cannot be shown");
        printf("%s: %s%s\n", info.name, text, info.flags & CLAP_PARAM_IS_READONLY ? " (output)" : "");
    }
}

static void play(const clap_plugin_t *plugin, unsigned blocks)
{
    static float input[MOST_CHANNELS][BLOCK];
    static float output[MOST_CHANNELS][BLOCK];
    float *inputs[] = {input[0], input[1]};
    float *outputs[] = {output[0], output[1]};
    const uint32_t channels = strstr(plugin->desc->id, "mono") == NULL ? 2 : 1;
    const clap_audio_buffer_t in = {.data32 = inputs, .channel_count = channels};
    clap_audio_buffer_t out = {.data32 = outputs, .channel_count = channels};
    const clap_input_events_t in_events = {NULL, count_events, get_event};
    const clap_output_events_t out_events = {NULL, take_event};
    const clap_process_t process = {
        .steady_time = -1, .frames_count = BLOCK, .audio_inputs = &in, .audio_outputs = &out, .audio_inputs_count = 1,
        .audio_outputs_count = 1, .in_events = &in_events, .out_events = &out_events,
    };
    if (!plugin->activate(plugin, RATE, 1, BLOCK) || !plugin->start_processing(plugin))
        fail("the plugin does not start");
    for (unsigned block = 0; block < blocks; block++) {
        for (uint32_t channel = 0; channel < channels; channel++)
            for (int i = 0; i < BLOCK; i++)
                input[channel][i] = (float)rand() / (float)RAND_MAX - 0.5f;
        if (plugin->process(plugin, &process) == CLAP_PROCESS_ERROR)
            fail("the plugin does not process");
        if (memcmp(input, output, channels * sizeof *input) != 0)
            fail("what comes out is not what went in");
        waiting = 0;
        nap_ms(1000 * BLOCK / RATE);
    }
}

int main(int count, char **arguments)
{
    const clap_plugin_entry_t *entry = count == 4 ? load(arguments[1]) : NULL;
    if (entry == NULL || !entry->init(arguments[1]))
        return fail("the plugin cannot be loaded");
    const clap_plugin_factory_t *factory = entry->get_factory(CLAP_PLUGIN_FACTORY_ID);
    const clap_plugin_descriptor_t *descriptor = factory->get_plugin_descriptor(factory, 0);
    const clap_host_t host = {
        .clap_version = CLAP_VERSION, .name = "check", .vendor = "", .url = "", .version = "1",
        .get_extension = no_extension, .request_restart = no_request, .request_process = no_request,
        .request_callback = no_request,
    };
    struct state state = {.size = 0};
    const clap_ostream_t save = {&state, write_state};
    const clap_istream_t restore = {&state, read_state};
    printf("%s: %s\n", descriptor->id, descriptor->name);
    for (int instance = 0; instance < 2; instance++) {
        const clap_plugin_t *plugin = factory->create_plugin(factory, &host, descriptor->id);
        if (plugin == NULL || !plugin->init(plugin))
            return fail("the plugin cannot be made");
        const clap_plugin_params_t *params = plugin->get_extension(plugin, CLAP_EXT_PARAMS);
        const clap_plugin_state_t *kept = plugin->get_extension(plugin, CLAP_EXT_STATE);
        if (instance == 0)
            set_port(plugin, params, strtod(arguments[2], NULL));
        else if (!kept->load(plugin, &restore))
            return fail("the state cannot be loaded");
        play(plugin, instance == 0 ? (unsigned)strtoul(arguments[3], NULL, 10) : 20);
        show_parameters(plugin, params);
        if (instance == 0 && !kept->save(plugin, &save))
            return fail("the state cannot be saved");
        plugin->stop_processing(plugin);
        plugin->deactivate(plugin);
        plugin->destroy(plugin);
    }
    entry->deinit();
    return 0;
}
