/* The core without a host, for sanitizers and for the tests.
 *
 *     core answers                reads datagrams as lines of hexadecimal, and prints what each says, the id in
 *                                 hexadecimal too, or "-" where it is no answer
 *     core play PORT DURATION_MS  a session at four times real time: tracks of all kinds, and taps that come and go
 *
 * `play` prints a line a track at its end: id, frames that went in, frames dropped. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../system.h"
#include "../tap.h"
#include "../wire.h"

#define TRACKS 4
#define BLOCK 1024
#define SPEED 4

struct track {
    struct tap *tap;
    uint32_t rate;
    uint32_t block;
    unsigned long long frames;
    pthread_t thread;
};

static atomic_bool over;
static uint16_t port;

static int answers(void)
{
    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        const size_t size = strcspn(line, "\n") / 2;
        uint8_t *datagram = malloc(size + 1); /* of its own size, so that reading beyond it is seen */
        struct wire_answer answer;
        unsigned byte = 0;
        if (datagram == NULL)
            return 1;
        for (size_t i = 0; i < size && sscanf(line + 2 * i, "%2x", &byte) == 1; i++)
            datagram[i] = (uint8_t)byte;
        datagram = realloc(datagram, size > 0 ? size : 1);
        if (datagram != NULL && wire_answer(datagram, size, &answer)) {
            for (const char *letter = answer.id; *letter != 0; letter++)
                printf("%02x", (unsigned char)*letter);
            printf(" %d %.9g\n", answer.label, (double)answer.confidence);
        } else {
            puts("-");
        }
        free(datagram);
    }
    return 0;
}

static void *play_track(void *argument)
{
    struct track *track = argument;
    float left[BLOCK];
    float right[BLOCK];
    for (uint32_t i = 0; i < BLOCK; i++) {
        left[i] = (float)i / BLOCK;
        right[i] = -left[i];
    }
    const int64_t start_ms = clock_ms();
    while (!atomic_load(&over)) {
        const unsigned long long due = (unsigned long long)(clock_ms() - start_ms) * track->rate * SPEED / 1000;
        for (; track->frames < due; track->frames += track->block) {
            tap_set(track->tap, (struct tap_settings){true, port, (float)(track->rate / 1000)});
            tap_run(track->tap, track->rate, left, track->block % 2 ? NULL : right, track->block);
            (void)tap_look(track->tap);
        }
        nap_ms(1);
    }
    return NULL;
}

/* Taps that are made, copied, muted, retuned and thrown away while others play. */
static void come_and_go(const struct track *tracks, unsigned turn)
{
    char id[TAP_ID_SIZE];
    float sound[480] = {0};
    struct tap *tap = tap_new();
    if (tap == NULL)
        return;
    tap_id(tracks[turn % TRACKS].tap, id);
    if (tap_restore(tap, id))
        abort();
    tap_restore(tap, turn % 2 ? "tap-c0ffe" : "tap-nonsense");
    for (unsigned i = 0; i < 8; i++) {
        tap_set(tap, (struct tap_settings){(turn + i) % 3 != 0, port, (float)i - 2});
        if (i == turn % 11) {
            tap_stop(tap);
            tap_start(tap);
        }
        tap_run(tap, (turn + i) % 5 ? 44100u : 400000u, sound, NULL, i * 60 + 1);
    }
    nap_ms(3);
    tap_free(tap);
}

static int play(int duration_ms)
{
    struct track tracks[TRACKS] = {
        {.rate = 48000, .block = 64},
        {.rate = 44100, .block = 1023},
        {.rate = 96000, .block = 1024},
        {.rate = 192000, .block = 37},
    };
    const int64_t end_ms = clock_ms() + duration_ms;
    for (int i = 0; i < TRACKS; i++) {
        tracks[i].tap = tap_new();
        if (tracks[i].tap == NULL || pthread_create(&tracks[i].thread, NULL, play_track, &tracks[i]) != 0)
            return 1;
    }
    for (unsigned turn = 0; clock_ms() < end_ms; turn++)
        come_and_go(tracks, turn);
    atomic_store(&over, true);
    for (int i = 0; i < TRACKS; i++) {
        char id[TAP_ID_SIZE];
        pthread_join(tracks[i].thread, NULL);
        tap_id(tracks[i].tap, id);
        const struct tap_view view = tap_look(tracks[i].tap);
        printf("%s %llu %.0f\n", id, tracks[i].frames, (double)view.dropped_s * tracks[i].rate);
        tap_free(tracks[i].tap);
    }
    return 0;
}

int main(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[1], "answers") == 0)
        return answers();
    if (count != 4 || strcmp(arguments[1], "play") != 0)
        return 2;
    port = (uint16_t)strtoul(arguments[2], NULL, 10);
    return play((int)strtol(arguments[3], NULL, 10));
}
