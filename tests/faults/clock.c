/* A clock that jumps, for one process: preloaded, it adds to the time of day what a file named by its pid says.

   CLOCKS is the folder of these files; each holds seconds. What no clock on a wall shows is left as it is:
   CLOCK_MONOTONIC and its like never jump. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long jumped(void) {
    static __thread struct timespec looked;
    static __thread long seconds;
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - looked.tv_sec) * 1000 + (now.tv_nsec - looked.tv_nsec) / 1000000 < 50)
        return seconds;
    looked = now;
    const char *folder = getenv("CLOCKS");
    char place[4096];
    snprintf(place, sizeof place, "%s/%d", folder ? folder : "", (int)getpid());
    FILE *file = folder ? fopen(place, "re") : NULL;
    if (!file || fscanf(file, "%ld", &seconds) != 1)
        seconds = 0;
    if (file)
        fclose(file);
    return seconds;
}

int clock_gettime(clockid_t which, struct timespec *time) {
    int failed = (int)syscall(SYS_clock_gettime, which, time);
    if (!failed && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        time->tv_sec += jumped();
    return failed;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    (void)zone;
    return failed;
}

time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told)
        *told = now.tv_sec;
    return now.tv_sec;
}
