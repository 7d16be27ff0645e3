/* A tap: takes the sound of one track on the audio thread and streams it to the bridge from another.
 *
 *     audio thread ── tap_run ── ring of packets ── courier thread ── UDP 127.0.0.1 ── bridge
 *     audio thread ── tap_look ───────── one word ── courier thread ── /tag/plugin ────┘
 *
 * Some functions are for the audio thread and say so; they never wait, allocate or call the system. One thread and one
 * socket, the courier, serve all taps of a process; it lives as long as any tap does. Sound that comes faster than the
 * courier takes it, as in an offline bounce, is dropped and counted, and the frame numbers go on.
 *
 * Nothing tells a plugin which track it is on. But whoever steers a DAW from outside can set the parameters of plugins
 * by track: it gives each tap a number of its choice, which the tap tells the bridge, as the DAW reference "track:7".
 *
 * A stream has a number of its own, which the host keeps in the session, and an id made from it. A duplicated track
 * brings its number along, so a number that another started tap of this process has is not taken over. */

#ifndef TAGGER_TAP_H
#define TAGGER_TAP_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TAP_DEFAULT_PORT 9720
#define TAP_MAX_NUMBER 0xFFFFF /* 20 bits: exact in a float, even in one from 0 to 1 as VST3 has */
#define TAP_MAX_TRACK 9999
#define TAP_ID_SIZE 16

struct tap;

/* What the track tells. */
struct tap_settings {
    bool enabled;
    float port; /* that the bridge listens at; the default where it is no port from 1024 on */
    float track; /* 0 where nobody said */
};

/* What the track is told. Without news from the bridge for three seconds it is not connected, and there is no label. */
struct tap_view {
    int label; /* an index into TAP_LABELS */
    float confidence; /* 0 to 1 */
    float dropped_s; /* sound that was never sent, in seconds */
    uint32_t number;
    bool connected;
};

/* A tap with a new number, started; NULL where there is no memory or no thread to be had. */
struct tap *tap_new(void);

/* No other call may be under way. */
void tap_free(struct tap *tap);

/* Sends what is left, ends the stream and lets go of the number, until tap_start. tap_run must not be under way. Hosts
 * stop plugins that they still keep, so that removing them can be undone. */
void tap_stop(struct tap *tap);

/* For the audio thread too, since DPF starts plugins there that their host did not start. */
void tap_start(struct tap *tap);

/* For the audio thread: taken over from the next packet on. Any numbers will do. */
void tap_set(struct tap *tap, struct tap_settings settings);

/* For the audio thread: the next `frames` frames at `rate` Hz, full scale at 1. `right` is NULL for a mono track. */
void tap_run(struct tap *tap, uint32_t rate, const float *left, const float *right, uint32_t frames);

/* For any thread. */
struct tap_view tap_look(const struct tap *tap);

/* The id to keep in the session, such as "tap-0a1b2". */
void tap_id(const struct tap *tap, char id[TAP_ID_SIZE]);

/* Takes over the id from a session; false where it is none, or another started tap has it. */
bool tap_restore(struct tap *tap, const char *id);

#ifdef __cplusplus
}
#endif

#endif
