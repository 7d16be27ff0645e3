#define _POSIX_C_SOURCE 200809L
#define _CRT_RAND_S

#include "system.h"

#include <stdlib.h>
#include <string.h>

#ifdef _WIN32

#include <winsock2.h>
#include <ws2tcpip.h>

typedef int address_size;
typedef int datagram_size;

static void make_private_and_prompt(SOCKET handle)
{
    u_long on = 1;
    ioctlsocket(handle, (long)FIONBIO, &on);
    SetHandleInformation((HANDLE)handle, HANDLE_FLAG_INHERIT, 0);
}

static bool system_ready(void)
{
    WSADATA unused;
    return WSAStartup(MAKEWORD(2, 2), &unused) == 0;
}

static void system_done(void) { WSACleanup(); }

/* A datagram that was too long, or the news that an earlier one found nobody. */
static bool was_something_else(void)
{
    const int error = WSAGetLastError();
    return error == WSAEMSGSIZE || error == WSAECONNRESET;
}

int64_t clock_ms(void) { return (int64_t)GetTickCount64(); }

void nap_ms(unsigned duration_ms) { Sleep(duration_ms); }

uint32_t random_bits(void)
{
    unsigned bits = 0;
    rand_s(&bits);
    return bits;
}

#else

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKET int
#define INVALID_SOCKET (-1)
#define closesocket close

typedef socklen_t address_size;
typedef size_t datagram_size;

static void make_private_and_prompt(SOCKET handle)
{
    fcntl(handle, F_SETFL, O_NONBLOCK);
    fcntl(handle, F_SETFD, FD_CLOEXEC);
}

static bool system_ready(void) { return true; }

static void system_done(void) {}

static bool was_something_else(void) { return errno == ECONNREFUSED; }

int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void nap_ms(unsigned duration_ms)
{
    const struct timespec duration = {.tv_sec = duration_ms / 1000, .tv_nsec = (long)(duration_ms % 1000) * 1000000};
    nanosleep(&duration, NULL);
}

uint32_t random_bits(void)
{
    uint32_t bits = 0;
    FILE *source = fopen("/dev/urandom", "rb");
    if (source == NULL || fread(&bits, sizeof bits, 1, source) != 1) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        bits = (uint32_t)now.tv_nsec * 2654435761u ^ (uint32_t)now.tv_sec ^ (uint32_t)getpid();
    }
    if (source != NULL)
        fclose(source);
    return bits;
}

#endif

static struct sockaddr_in loopback_at(uint16_t port)
{
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

loopback loopback_open(void)
{
    if (!system_ready())
        return NO_LOOPBACK;
    const SOCKET handle = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
    const struct sockaddr_in any_port = loopback_at(0);
    if (handle == INVALID_SOCKET || bind(handle, (const struct sockaddr *)&any_port, sizeof any_port) != 0) {
        if (handle != INVALID_SOCKET)
            closesocket(handle);
        system_done();
        return NO_LOOPBACK;
    }
    make_private_and_prompt(handle);
    return (loopback)handle;
}

void loopback_close(loopback endpoint)
{
    if (endpoint == NO_LOOPBACK)
        return;
    closesocket((SOCKET)endpoint);
    system_done();
}

bool loopback_send(loopback endpoint, uint16_t port, const void *datagram, size_t size)
{
    const struct sockaddr_in address = loopback_at(port);
    const struct sockaddr *to = (const struct sockaddr *)&address;
    if (endpoint == NO_LOOPBACK)
        return false;
    return sendto((SOCKET)endpoint, datagram, (datagram_size)size, 0, to, sizeof address) == (ptrdiff_t)size;
}

ptrdiff_t loopback_receive(loopback endpoint, void *datagram, size_t capacity, uint16_t *port)
{
    struct sockaddr_in address = loopback_at(0);
    struct sockaddr *from = (struct sockaddr *)&address;
    address_size length = sizeof address;
    if (endpoint == NO_LOOPBACK)
        return -1;
    const ptrdiff_t size = recvfrom((SOCKET)endpoint, datagram, (datagram_size)capacity, 0, from, &length);
    if (size < 0)
        return was_something_else() ? 0 : -1;
    if (address.sin_addr.s_addr != htonl(INADDR_LOOPBACK))
        return 0;
    *port = ntohs(address.sin_port);
    return size;
}
