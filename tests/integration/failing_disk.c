/* A disk that is full for $FULL_FOR writes from the N-th on, N being $FULL_AT; and one of which, after a power
 * cut, only that is left which was flushed: each file that is flushed is copied to $FLUSHED.
 *
 * For LD_PRELOAD. It needs no headers, to need fewer packages.
 */
extern char *getenv(const char *name);
extern long atol(const char *text);
extern void *dlsym(void *handle, const char *name);
extern int *__errno_location(void);
extern int snprintf(char *into, unsigned long size, const char *format, ...);
extern long readlink(const char *path, char *into, unsigned long size);
extern char *strrchr(const char *text, int character);
extern int open(const char *path, int flags, ...);
extern int close(int file);
extern long pread(int file, void *into, unsigned long size, long offset);

#define NEXT ((void *)-1L)
#define ENOSPC 28
#define NEW 01101    /* O_WRONLY | O_CREAT | O_TRUNC */
#define APPEND 02101 /* O_WRONLY | O_CREAT | O_APPEND */

static long writes;

static int is_full(void)
{
    const char *at = getenv("FULL_AT"), *many = getenv("FULL_FOR");
    long over = at && many ? __sync_add_and_fetch(&writes, 1) - atol(at) : -1;
    if (over < 0 || over >= atol(many))
        return 0;
    *__errno_location() = ENOSPC;
    return 1;
}

static void keep(int file)
{
    static char data[65536];
    const char *into = getenv("FLUSHED");
    long (*real_write)(int, const void *, unsigned long) = dlsym(NEXT, "write");
    char link[64], path[4096], copy[8192];
    long size, at = 0;
    if (!into)
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    size = readlink(link, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = 0;
    snprintf(copy, sizeof copy, "%s/flushes", into);
    int said = open(copy, APPEND, 0600);
    real_write(said, "f", 1);
    close(said);
    snprintf(copy, sizeof copy, "%s/%s", into, strrchr(path, '/') + 1);
    int to = open(copy, NEW, 0600);
    while ((size = pread(file, data, sizeof data, at)) > 0) {
        real_write(to, data, size);
        at += size;
    }
    close(to);
}

#define FULL(kind, name, parameters, arguments) \
    kind name parameters                        \
    {                                           \
        static kind(*real) parameters;          \
        if (!real)                              \
            real = dlsym(NEXT, #name);          \
        return is_full() ? -1 : real arguments; \
    }

#define FLUSHED(name)                \
    int name(int file)               \
    {                                \
        static int (*real)(int);     \
        if (!real)                   \
            real = dlsym(NEXT, #name); \
        int done = real(file);       \
        keep(file);                  \
        return done;                 \
    }

FULL(long, pwrite64, (int file, const void *data, unsigned long size, long at), (file, data, size, at))
FULL(int, posix_fallocate64, (int file, long from, long size), (file, from, size))
FULL(int, ftruncate64, (int file, long size), (file, size))
FULL(int, mkdir, (const char *path, unsigned mode), (path, mode))
FLUSHED(fsync)
FLUSHED(fdatasync)
