/* What differs between operating systems: UDP on loopback, a clock, a nap, chance.
 *
 * Nothing in here may be called on the audio thread. Threads are POSIX threads everywhere; on Windows
 * they come with MinGW. */

#ifndef TAGGER_SYSTEM_H
#define TAGGER_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A socket that can neither reach nor be reached from another machine: it is bound to 127.0.0.1. */
typedef intptr_t loopback;
#define NO_LOOPBACK ((loopback)-1)

/* A non-blocking UDP socket at a port of the system's choice, or NO_LOOPBACK. */
loopback loopback_open(void);
void loopback_close(loopback endpoint);

/* Whether the system took the datagram for 127.0.0.1:`port`; not whether anybody listens there. */
bool loopback_send(loopback endpoint, uint16_t port, const void *datagram, size_t size);

/* Takes the next datagram: its size, and the port it came from; 0 for one that is nobody's business, -1 where none
 * waits. One that is longer than `capacity` is cut off or 0: leave room for a byte more than the longest that counts. */
ptrdiff_t loopback_receive(loopback endpoint, void *datagram, size_t capacity, uint16_t *port);

/* Milliseconds of a clock that never goes back. */
int64_t clock_ms(void);
void nap_ms(unsigned duration_ms);

/* Bits that differ between machines, processes and calls. */
uint32_t random_bits(void);

#endif
