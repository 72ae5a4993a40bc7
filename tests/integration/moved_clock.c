/* A wall clock that is ahead by as many seconds as /etc/clock or $MOVED_CLOCK says, for LD_PRELOAD.
 *
 * Like settimeofday(2) it moves CLOCK_REALTIME and what is made of it, while the process runs, and
 * leaves CLOCK_MONOTONIC and CLOCK_BOOTTIME alone. It needs no headers, to need fewer packages.
 */
struct timespec { long seconds, nanoseconds; };
struct timeval { long seconds, microseconds; };

extern long syscall(long number, ...);
extern char *getenv(const char *name);
extern int open(const char *path, int flags, ...);
extern long read(int descriptor, void *into, unsigned long size);
extern int close(int descriptor);
extern long atol(const char *text);

#ifdef __aarch64__
#define CLOCK_GETTIME 113
#else
#define CLOCK_GETTIME 228
#endif
#define REALTIME 0
#define REALTIME_COARSE 5

static long moved_by(void)
{
    const char *path = getenv("MOVED_CLOCK");
    char text[32] = "";
    int descriptor = open(path ? path : "/etc/clock", 0);
    if (descriptor < 0)
        return 0;
    long size = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    text[size > 0 ? size : 0] = 0;
    return atol(text);
}

int clock_gettime(int clock, struct timespec *at)
{
    int wrong = (int)syscall(CLOCK_GETTIME, (long)clock, at);
    if (!wrong && (clock == REALTIME || clock == REALTIME_COARSE))
        at->seconds += moved_by();
    return wrong;
}

long time(long *into)
{
    struct timespec now;
    clock_gettime(REALTIME, &now);
    return into ? (*into = now.seconds) : now.seconds;
}

int gettimeofday(struct timeval *at, void *zone)
{
    struct timespec now;
    clock_gettime(REALTIME, &now);
    at->seconds = now.seconds;
    at->microseconds = now.nanoseconds / 1000;
    (void)zone;
    return 0;
}
