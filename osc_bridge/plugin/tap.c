#include "tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"
#include "system.h"
#include "wire.h"

#define PACKETS 128u /* 1.28 s of sound; a power of two, so that counters may wrap */
#define PERIOD_MS 2
#define STALE_MS 3000
#define RETRY_MS 1000
#define REPEAT_MS 5000 /* a message may get lost, and a bridge be started anew */
#define MOST_ANSWERS 64 /* datagrams read a period at most: a flood holds nobody's sound up */
#define LOWEST_RATE 8000
#define HIGHEST_RATE 192000

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "the audio thread must not take locks");
_Static_assert(WIRE_ID_SIZE == TAP_ID_SIZE, "ids are as long everywhere");

struct packet {
    uint32_t frame;
    uint32_t rate;
    uint32_t frames;
    float samples[WIRE_FRAMES];
};

struct tap {
    /* The audio thread's own. */
    uint32_t frame; /* of the next sample, mod 2^32 */
    uint32_t rate;
    uint32_t filled; /* frames in the packet that is being filled */

    /* Between the threads. A packet is the audio thread's until `written` passes it, the courier's until `sent` does. */
    struct packet packets[PACKETS];
    atomic_uint written;
    atomic_uint sent;
    atomic_bool started;
    atomic_bool enabled;
    atomic_uint port;
    atomic_uint track;
    atomic_uint current_rate;
    atomic_uint number;
    atomic_ullong dropped; /* frames */
    atomic_ullong answer; /* see pack() */

    /* Whoever holds `courier.taps`. */
    bool has_number; /* no other tap can take it over */
    uint32_t seq;
    uint32_t open_number; /* what the stream was called when it was last heard of */
    unsigned open_port; /* 0 while there is no stream */
    unsigned told_track;
    int64_t told_ms;
    int64_t heard_ms;
    struct tap *next;
};

static struct {
    pthread_mutex_t lifecycle; /* held while taps come and go */
    pthread_mutex_t taps; /* held while anybody walks the list */
    struct tap *first;
    pthread_t thread;
    atomic_bool stop;
    loopback endpoint;
    int64_t retry_ms;
} courier = {.lifecycle = PTHREAD_MUTEX_INITIALIZER, .taps = PTHREAD_MUTEX_INITIALIZER, .endpoint = NO_LOOPBACK};

/* -- the audio thread --------------------------------------------------------------------------------------------- */

/* A parameter as a host gives it, which may be anything. */
static unsigned whole(float value, unsigned least, unsigned most, unsigned otherwise)
{
    return value >= (float)least && value <= (float)most ? (unsigned)(value + 0.5f) : otherwise;
}

void tap_set(struct tap *tap, struct tap_settings settings)
{
    const unsigned port = whole(settings.port, 1024, 65535, TAP_DEFAULT_PORT);
    const unsigned track = whole(settings.track, 0, TAP_MAX_TRACK, 0);
    atomic_store_explicit(&tap->enabled, settings.enabled, memory_order_relaxed);
    atomic_store_explicit(&tap->port, port, memory_order_relaxed);
    atomic_store_explicit(&tap->track, track, memory_order_relaxed);
}

void tap_start(struct tap *tap) { atomic_store(&tap->started, true); }

static void finish_packet(struct tap *tap)
{
    const unsigned written = atomic_load_explicit(&tap->written, memory_order_relaxed);
    if (tap->filled == 0)
        return;
    tap->packets[written % PACKETS].frames = tap->filled;
    tap->filled = 0;
    atomic_store_explicit(&tap->written, written + 1, memory_order_release);
}

/* The packet to go on with; NULL where all are still to be sent. */
static struct packet *open_packet(struct tap *tap)
{
    const unsigned written = atomic_load_explicit(&tap->written, memory_order_relaxed);
    struct packet *packet = &tap->packets[written % PACKETS];
    if (tap->filled > 0)
        return packet;
    if (written - atomic_load_explicit(&tap->sent, memory_order_acquire) == PACKETS)
        return NULL;
    packet->frame = tap->frame;
    packet->rate = tap->rate;
    return packet;
}

static void mix(float *to, const float *left, const float *right, uint32_t frames)
{
    if (right == NULL)
        memcpy(to, left, frames * sizeof *to);
    else
        for (uint32_t i = 0; i < frames; i++)
            to[i] = 0.5f * (left[i] + right[i]);
}

static uint32_t packet_frames(uint32_t rate) { return rate / 100 < WIRE_FRAMES ? rate / 100 : WIRE_FRAMES; }

void tap_run(struct tap *tap, uint32_t rate, const float *left, const float *right, uint32_t frames)
{
    const bool enabled = atomic_load_explicit(&tap->enabled, memory_order_relaxed);
    if (rate != tap->rate || !enabled)
        finish_packet(tap);
    tap->rate = rate;
    atomic_store_explicit(&tap->current_rate, rate, memory_order_relaxed);
    if (!enabled || rate < LOWEST_RATE || rate > HIGHEST_RATE) {
        tap->frame += frames;
        return;
    }
    const uint32_t whole = packet_frames(rate);
    for (uint32_t done = 0; done < frames;) {
        const uint32_t room = whole - tap->filled;
        const uint32_t count = frames - done < room ? frames - done : room;
        struct packet *packet = open_packet(tap);
        if (packet == NULL) {
            atomic_fetch_add_explicit(&tap->dropped, count, memory_order_relaxed);
        } else {
            mix(packet->samples + tap->filled, left + done, right == NULL ? NULL : right + done, count);
            tap->filled += count;
        }
        tap->frame += count;
        done += count;
        if (tap->filled == whole)
            finish_packet(tap);
    }
}

/* -- what the bridge said, in one word so that label and confidence belong together ------------------------------- */

static unsigned long long pack(int label, float confidence)
{
    uint32_t bits;
    memcpy(&bits, &confidence, sizeof bits);
    return 1ull << 48 | (unsigned long long)(unsigned)label << 32 | bits;
}

struct tap_view tap_look(const struct tap *tap)
{
    const unsigned long long answer = atomic_load_explicit(&tap->answer, memory_order_relaxed);
    const unsigned long long dropped = atomic_load_explicit(&tap->dropped, memory_order_relaxed);
    const unsigned rate = atomic_load_explicit(&tap->current_rate, memory_order_relaxed);
    const uint32_t bits = (uint32_t)answer;
    struct tap_view view = {
        .label = (int)(answer >> 32 & 0xFFFF),
        .dropped_s = rate == 0 ? 0 : (float)((double)dropped / rate),
        .number = atomic_load_explicit(&tap->number, memory_order_relaxed),
        .connected = answer != 0,
    };
    memcpy(&view.confidence, &bits, sizeof bits);
    return view;
}

/* -- the courier -------------------------------------------------------------------------------------------------- */

static void write_id(uint32_t number, char id[TAP_ID_SIZE]) { snprintf(id, TAP_ID_SIZE, "tap-%05x", (unsigned)number); }

/* Whether another tap that is started has a number. */
static bool is_taken(uint32_t number, const struct tap *asking)
{
    for (const struct tap *tap = courier.first; tap != NULL; tap = tap->next)
        if (tap != asking && tap->has_number && atomic_load(&tap->number) == number)
            return true;
    return false;
}

static void choose_number(struct tap *tap)
{
    do
        atomic_store(&tap->number, random_bits() & TAP_MAX_NUMBER);
    while (is_taken(atomic_load(&tap->number), tap));
}

/* Holds on to the number, or to a new one if it was given away while this tap was stopped. */
static void claim_number(struct tap *tap)
{
    if (tap->has_number || !atomic_load(&tap->started))
        return;
    if (is_taken(atomic_load(&tap->number), tap))
        choose_number(tap);
    tap->has_number = true;
}

static void end_stream(struct tap *tap)
{
    uint8_t datagram[WIRE_SIZE];
    char id[TAP_ID_SIZE];
    if (tap->open_port == 0)
        return;
    write_id(tap->open_number, id);
    loopback_send(courier.endpoint, (uint16_t)tap->open_port, datagram, wire_close(datagram, id));
    tap->open_port = 0;
    tap->told_track = 0;
    atomic_store(&tap->answer, 0);
}

static void tell_track(struct tap *tap, const char *id, uint32_t rate, int64_t now_ms)
{
    uint8_t datagram[WIRE_SIZE];
    char daw_ref[16] = "";
    const unsigned track = atomic_load(&tap->track);
    if (track == tap->told_track && (track == 0 || now_ms - tap->told_ms < REPEAT_MS))
        return;
    if (track != 0)
        snprintf(daw_ref, sizeof daw_ref, "track:%u", track);
    loopback_send(courier.endpoint, (uint16_t)tap->open_port, datagram, wire_open(datagram, id, daw_ref, rate));
    tap->told_track = track;
    tap->told_ms = now_ms;
}

static void send_packet(struct tap *tap, const struct packet *packet, int64_t now_ms)
{
    uint8_t datagram[WIRE_SIZE];
    char id[TAP_ID_SIZE];
    const uint32_t number = atomic_load(&tap->number);
    const unsigned port = atomic_load(&tap->port);
    if (number != tap->open_number || port != tap->open_port)
        end_stream(tap);
    tap->open_number = number;
    tap->open_port = port;
    write_id(number, id);
    tell_track(tap, id, packet->rate, now_ms);
    const struct wire_audio audio = {tap->seq, packet->frame, packet->rate, packet->frames, packet->samples};
    if (loopback_send(courier.endpoint, (uint16_t)port, datagram, wire_audio(datagram, id, &audio)))
        tap->seq++;
    else
        atomic_fetch_add(&tap->dropped, packet->frames);
}

static void send_packets(struct tap *tap, int64_t now_ms)
{
    const unsigned written = atomic_load_explicit(&tap->written, memory_order_acquire);
    unsigned sent = atomic_load_explicit(&tap->sent, memory_order_relaxed);
    while (sent != written) {
        send_packet(tap, &tap->packets[sent % PACKETS], now_ms);
        atomic_store_explicit(&tap->sent, ++sent, memory_order_release);
    }
    if (!atomic_load(&tap->enabled))
        end_stream(tap);
}

static void listen_to_bridge(int64_t now_ms)
{
    uint8_t datagram[WIRE_ANSWER_SIZE + 1];
    struct wire_answer answer;
    uint16_t port = 0;
    for (int i = 0; i < MOST_ANSWERS; i++) {
        const ptrdiff_t size = loopback_receive(courier.endpoint, datagram, sizeof datagram, &port);
        if (size < 0)
            return;
        if (!wire_answer(datagram, (size_t)size, &answer))
            continue;
        for (struct tap *tap = courier.first; tap != NULL; tap = tap->next) {
            char id[TAP_ID_SIZE];
            write_id(tap->open_number, id);
            if (tap->open_port != port || strcmp(id, answer.id) != 0)
                continue;
            tap->heard_ms = now_ms;
            atomic_store(&tap->answer, pack(answer.label, answer.confidence));
        }
    }
}

static void forget_stale_answer(struct tap *tap, int64_t now_ms)
{
    if (now_ms - tap->heard_ms > STALE_MS)
        atomic_store(&tap->answer, 0);
}

static void ensure_endpoint(int64_t now_ms)
{
    if (courier.endpoint != NO_LOOPBACK || now_ms < courier.retry_ms)
        return;
    courier.endpoint = loopback_open();
    courier.retry_ms = now_ms + RETRY_MS;
}

static void close_endpoint(void)
{
    loopback_close(courier.endpoint);
    courier.endpoint = NO_LOOPBACK;
}

static void *courier_main(void *unused)
{
    (void)unused;
    while (!atomic_load(&courier.stop)) {
        const int64_t now_ms = clock_ms();
        pthread_mutex_lock(&courier.taps);
        ensure_endpoint(now_ms);
        listen_to_bridge(now_ms);
        for (struct tap *tap = courier.first; tap != NULL; tap = tap->next) {
            claim_number(tap);
            send_packets(tap, now_ms);
            forget_stale_answer(tap, now_ms);
        }
        pthread_mutex_unlock(&courier.taps);
        nap_ms(PERIOD_MS);
    }
    return NULL;
}

/* -- coming and going --------------------------------------------------------------------------------------------- */

static bool start_courier(void)
{
    atomic_store(&courier.stop, false);
    courier.retry_ms = clock_ms();
    ensure_endpoint(courier.retry_ms);
    if (pthread_create(&courier.thread, NULL, courier_main, NULL) == 0)
        return true;
    close_endpoint();
    return false;
}

static void stop_courier(void)
{
    atomic_store(&courier.stop, true);
    pthread_join(courier.thread, NULL);
    close_endpoint();
}

struct tap *tap_new(void)
{
    struct tap *tap = calloc(1, sizeof *tap);
    if (tap == NULL)
        return NULL;
    tap_set(tap, (struct tap_settings){.enabled = true, .port = TAP_DEFAULT_PORT});
    pthread_mutex_lock(&courier.lifecycle);
    const bool running = courier.first != NULL || start_courier();
    if (running) {
        pthread_mutex_lock(&courier.taps);
        choose_number(tap);
        tap_start(tap);
        claim_number(tap);
        tap->next = courier.first;
        courier.first = tap;
        pthread_mutex_unlock(&courier.taps);
    }
    pthread_mutex_unlock(&courier.lifecycle);
    if (running)
        return tap;
    free(tap);
    return NULL;
}

void tap_stop(struct tap *tap)
{
    pthread_mutex_lock(&courier.taps);
    finish_packet(tap);
    claim_number(tap);
    send_packets(tap, clock_ms());
    end_stream(tap);
    tap->has_number = false;
    atomic_store(&tap->started, false);
    pthread_mutex_unlock(&courier.taps);
}

void tap_free(struct tap *tap)
{
    if (tap == NULL)
        return;
    tap_stop(tap);
    pthread_mutex_lock(&courier.lifecycle);
    pthread_mutex_lock(&courier.taps);
    struct tap **link = &courier.first;
    while (*link != tap)
        link = &(*link)->next;
    *link = tap->next;
    pthread_mutex_unlock(&courier.taps);
    if (courier.first == NULL)
        stop_courier();
    pthread_mutex_unlock(&courier.lifecycle);
    free(tap);
}

void tap_id(const struct tap *tap, char id[TAP_ID_SIZE]) { write_id(atomic_load(&tap->number), id); }

bool tap_restore(struct tap *tap, const char *id)
{
    unsigned number = 0;
    char written[TAP_ID_SIZE];
    if (sscanf(id, "tap-%5x", &number) != 1)
        return false;
    write_id(number, written);
    if (strcmp(id, written) != 0)
        return false;
    pthread_mutex_lock(&courier.taps);
    const bool is_free = !is_taken(number, tap);
    if (is_free)
        atomic_store(&tap->number, number);
    pthread_mutex_unlock(&courier.taps);
    return is_free;
}
