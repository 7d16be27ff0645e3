/* Hosts the LV2 plugin on a thread that may not wait: realtime PLUGIN.so PORT SECONDS [malloc | lock | sleep]
 *
 * While run() is on, whoever allocates, frees or takes a lock on that thread ends the program; and the kernel ends it
 * at any system call but read and write (seccomp's strict mode), which are caught like the locks. The last argument does
 * one of these things on purpose, to show that it would be noticed.
 *
 * Linux with glibc only. */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <linux/seccomp.h>
#include <lv2/core/lv2.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 256
#define RATE 48000
#define CONTROLS 8

enum { BAD_USAGE = 2, ENDED_BY_KERNEL, NO_SECCOMP };

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

static _Thread_local bool strict;

static void refuse(const char *what)
{
    if (!strict)
        return;
    strict = false;
    syscall(SYS_write, STDERR_FILENO, what, strlen(what)); /* One of the few that are left to this thread. */
    __builtin_trap();
}

#define FORWARD(name, type) ((type)dlsym(RTLD_NEXT, name))

void *malloc(size_t size) { refuse("malloc\n"); return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { refuse("calloc\n"); return __libc_calloc(count, size); }
void *realloc(void *block, size_t size) { refuse("realloc\n"); return __libc_realloc(block, size); }
void free(void *block) { refuse("free\n"); __libc_free(block); }

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    refuse("pthread_mutex_lock\n");
    return FORWARD("pthread_mutex_lock", int (*)(pthread_mutex_t *))(mutex);
}

int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    refuse("pthread_mutex_trylock\n");
    return FORWARD("pthread_mutex_trylock", int (*)(pthread_mutex_t *))(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    refuse("pthread_mutex_unlock\n");
    return FORWARD("pthread_mutex_unlock", int (*)(pthread_mutex_t *))(mutex);
}

int pthread_cond_signal(pthread_cond_t *condition)
{
    refuse("pthread_cond_signal\n");
    return FORWARD("pthread_cond_signal", int (*)(pthread_cond_t *))(condition);
}

int sem_post(sem_t *semaphore)
{
    refuse("sem_post\n");
    return FORWARD("sem_post", int (*)(sem_t *))(semaphore);
}

ssize_t read(int file, void *to, size_t size)
{
    refuse("read\n");
    return FORWARD("read", ssize_t (*)(int, void *, size_t))(file, to, size);
}

ssize_t write(int file, const void *from, size_t size)
{
    refuse("write\n");
    return FORWARD("write", ssize_t (*)(int, const void *, size_t))(file, from, size);
}

static const LV2_Descriptor *descriptor;
static LV2_Handle instance;
static const char *offence = "";
static atomic_uint due, done;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *volatile allocated;
static float controls[CONTROLS];
static float input[2][BLOCK];
static float output[2][BLOCK];

static void offend(void)
{
    if (strcmp(offence, "malloc") == 0)
        allocated = malloc(1);
    if (strcmp(offence, "lock") == 0)
        pthread_mutex_lock(&mutex);
    if (strcmp(offence, "sleep") == 0)
        syscall(SYS_nanosleep, &(struct timespec){.tv_nsec = 1}, NULL);
}

static void *audio_thread(void *unused)
{
    (void)unused;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        _exit(NO_SECCOMP);
    for (unsigned block = 0;; block++) {
        while (atomic_load(&due) <= block) { /* All that a thread can do which may not even sleep. */
        }
        strict = true;
        descriptor->run(instance, BLOCK);
        offend();
        strict = false;
        atomic_store(&done, block + 1);
    }
}

int main(int count, char **arguments)
{
    pthread_t thread;
    void *library = count >= 4 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL)
        return BAD_USAGE;
    offence = count > 4 ? arguments[4] : "";
    const LV2_Descriptor_Function describe = (LV2_Descriptor_Function)dlsym(library, "lv2_descriptor");
    descriptor = describe(0);
    instance = descriptor->instantiate(descriptor, RATE, "", (const LV2_Feature *const[]){NULL});
    for (uint32_t port = 0; port < CONTROLS; port++)
        descriptor->connect_port(instance, port, &controls[port]);
    for (uint32_t channel = 0; channel < 2; channel++) {
        descriptor->connect_port(instance, CONTROLS + channel, input[channel]);
        descriptor->connect_port(instance, CONTROLS + 2 + channel, output[channel]);
    }
    controls[0] = strtof(arguments[2], NULL);
    controls[1] = 1;
    const unsigned blocks = (unsigned)(strtof(arguments[3], NULL) * RATE / BLOCK);
    if (pthread_create(&thread, NULL, audio_thread, NULL) != 0)
        return 1;
    for (unsigned block = 1; block <= blocks; block++) {
        for (int wait = 0; atomic_load(&done) + 1 < block; wait++) {
            if (wait == 200)
                return ENDED_BY_KERNEL;
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
        atomic_store(&due, block);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    printf("%u blocks\n", atomic_load(&done));
    fflush(stdout);
    _exit(0);
}
