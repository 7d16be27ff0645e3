/* The messages of docs/osc-protocol.md that a tap sends and understands, as bytes.
 *
 * Each has one fixed layout (OSC 1.0: strings and blobs padded to four bytes, numbers big-endian), so they are written
 * and read directly; what differs from the layout by a byte is not understood. No bundles, no patterns. */

#ifndef TAGGER_WIRE_H
#define TAGGER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frames of one packet at most: 10 ms at up to 96 kHz, 5 ms at 192 kHz. */
#define WIRE_FRAMES 960

/* Room for a stream's id with its final zero. */
#define WIRE_ID_SIZE 16

/* Room for the longest message that is sent. */
#define WIRE_SIZE (4 * WIRE_FRAMES + 128)

/* The longest answer that can be meant for a tap. */
#define WIRE_ANSWER_SIZE 128

/* One packet of mono sound. `samples` are full scale at 1 and may be anything. */
struct wire_audio {
    uint32_t seq;
    uint32_t frame;
    uint32_t rate;
    uint32_t frames;
    const float *samples;
};

/* What the bridge says of a stream. */
struct wire_answer {
    char id[WIRE_ID_SIZE];
    int label; /* an index into TAP_LABELS */
    float confidence;
};

/* Each writes a message to `to`, which has room for WIRE_SIZE bytes, and returns its size. */
size_t wire_open(uint8_t *to, const char *id, const char *daw_ref, uint32_t rate);
size_t wire_close(uint8_t *to, const char *id);

/* As 16-bit integers; as 32-bit floats where a sample is beyond full scale and would be clipped. What is no number is
 * sent as silence. */
size_t wire_audio(uint8_t *to, const char *id, const struct wire_audio *audio);

/* Whether the datagram is `/tag/plugin ,sisf`, and what it says. A label that this build does not know, as a model of
 * somebody's own may have, is TAP_UNKNOWN_LABEL. */
bool wire_answer(const uint8_t *datagram, size_t size, struct wire_answer *answer);

#endif
