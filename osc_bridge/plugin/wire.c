#include "wire.h"

#include <math.h>
#include <string.h>

#include "labels.h"

/* Bytes of a string of `length` on the wire: a zero at least, then up to a multiple of four. */
static size_t padded(size_t length) { return (length / 4 + 1) * 4; }

static uint8_t *put_int(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
    return to + 4;
}

static uint8_t *put_string(uint8_t *to, const char *text)
{
    const size_t length = strlen(text);
    memset(to, 0, padded(length));
    memcpy(to, text, length);
    return to + padded(length);
}

static uint32_t get_int(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

/* Takes a string off `*from`: NULL where it does not end, or its padding is not of zeros. */
static const char *get_string(const uint8_t **from, const uint8_t *end)
{
    const uint8_t *text = *from;
    const uint8_t *zero = memchr(text, 0, (size_t)(end - text));
    if (zero == NULL)
        return NULL;
    const size_t size = padded((size_t)(zero - text));
    if (size > (size_t)(end - text))
        return NULL;
    for (; zero < text + size; zero++)
        if (*zero != 0)
            return NULL;
    *from = text + size;
    return (const char *)text;
}

size_t wire_open(uint8_t *to, const char *id, const char *daw_ref, uint32_t rate)
{
    uint8_t *end = put_string(to, "/tag/stream/open");
    end = put_string(end, ",sssi");
    end = put_string(end, id);
    end = put_string(end, ""); /* Neither LV2 nor DPF tell what the track is called. */
    end = put_string(end, daw_ref);
    end = put_int(end, rate);
    return (size_t)(end - to);
}

size_t wire_close(uint8_t *to, const char *id)
{
    uint8_t *end = put_string(to, "/tag/stream/close");
    end = put_string(end, ",s");
    end = put_string(end, id);
    return (size_t)(end - to);
}

/* The samples of the blob are little-endian, as those of nearly every machine are, but this asks none. */
static uint8_t *put_s16(uint8_t *to, const float *samples, uint32_t frames)
{
    for (uint32_t i = 0; i < frames; i++) {
        const long rounded = lrintf(samples[i] * 32768.0f);
        const uint16_t bits = (uint16_t)(rounded > 32767 ? 32767 : rounded);
        *to++ = (uint8_t)bits;
        *to++ = (uint8_t)(bits >> 8);
    }
    for (; frames % 2; frames++) {
        *to++ = 0;
        *to++ = 0;
    }
    return to;
}

static uint8_t *put_f32(uint8_t *to, const float *samples, uint32_t frames)
{
    for (uint32_t i = 0; i < frames; i++) {
        const float sample = isfinite(samples[i]) ? samples[i] : 0.0f;
        uint32_t bits;
        memcpy(&bits, &sample, sizeof bits);
        *to++ = (uint8_t)bits;
        *to++ = (uint8_t)(bits >> 8);
        *to++ = (uint8_t)(bits >> 16);
        *to++ = (uint8_t)(bits >> 24);
    }
    return to;
}

static bool fits_s16(const float *samples, uint32_t frames)
{
    for (uint32_t i = 0; i < frames; i++)
        if (!(fabsf(samples[i]) <= 1.0f))
            return false;
    return true;
}

size_t wire_audio(uint8_t *to, const char *id, const struct wire_audio *audio)
{
    const bool s16 = fits_s16(audio->samples, audio->frames);
    uint8_t *end = put_string(to, "/tag/audio");
    end = put_string(end, ",siiiisb");
    end = put_string(end, id);
    end = put_int(end, audio->seq);
    end = put_int(end, audio->frame);
    end = put_int(end, audio->rate);
    end = put_int(end, 1);
    end = put_string(end, s16 ? "s16" : "f32");
    end = put_int(end, audio->frames * (s16 ? 2 : 4));
    end = (s16 ? put_s16 : put_f32)(end, audio->samples, audio->frames);
    return (size_t)(end - to);
}

static int label_named(const char *name)
{
    for (int label = 0; label < TAP_UNKNOWN_LABEL; label++)
        if (strcmp(TAP_LABELS[label].id, name) == 0)
            return label;
    return TAP_UNKNOWN_LABEL;
}

bool wire_answer(const uint8_t *datagram, size_t size, struct wire_answer *answer)
{
    const uint8_t *from = datagram;
    const uint8_t *end = datagram + size;
    if (size == 0 || size > WIRE_ANSWER_SIZE || size % 4 != 0)
        return false;
    const char *address = get_string(&from, end);
    if (address == NULL || strcmp(address, "/tag/plugin") != 0)
        return false;
    const char *types = get_string(&from, end);
    if (types == NULL || strcmp(types, ",sisf") != 0)
        return false;
    const char *id = get_string(&from, end);
    if (id == NULL || strlen(id) >= WIRE_ID_SIZE || end - from < 4)
        return false;
    from += 4; /* The index: the name alone decides, whatever order the bridge's model has its labels in. */
    const char *label = get_string(&from, end);
    if (label == NULL || *label == 0 || end - from != 4)
        return false;
    const uint32_t bits = get_int(from);
    memcpy(&answer->confidence, &bits, sizeof bits);
    if (!(answer->confidence >= 0 && answer->confidence <= 1))
        return false;
    strcpy(answer->id, id);
    answer->label = label_named(label);
    return true;
}
