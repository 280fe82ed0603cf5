/* A modelled disk, for machines whose own disk is too restless to compare on: preloaded into the
 * benchmark, it lets each fdatasync take 100 us plus the time of the bytes written since the last
 * one at 1 GB/s. The files should lie in memory (/dev/shm). Syncs of several processes do not
 * queue behind each other. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <time.h>

static _Atomic long long written;

static void take(long long ns)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    ns += until.tv_nsec;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    /* The usual 50 us of slack would be half of the model. */
    prctl(PR_SET_TIMERSLACK, 1);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0) != 0) {
    }
}

int fdatasync(int fd)
{
    (void)fd;
    take(100000 + atomic_exchange(&written, 0));
    return 0;
}

typedef ssize_t write_at(int, const void *, size_t, off_t);

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t position)
{
    static write_at *_Atomic real;
    if (!real)
        real = (write_at *)dlsym(RTLD_NEXT, "pwrite64");
    ssize_t done = real(fd, bytes, count, position);
    if (done > 0)
        atomic_fetch_add(&written, done);
    return done;
}
