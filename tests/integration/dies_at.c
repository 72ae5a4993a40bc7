/* Ends a process, as kill -9 does, before the N-th call that changes a file; N is $DIES_AT.
 *
 * For LD_PRELOAD. It needs no headers, to need fewer packages.
 */
extern long syscall(long number, ...);
extern char *getenv(const char *name);
extern long atol(const char *text);
extern void *dlsym(void *handle, const char *name);
extern int getpid(void);
extern int kill(int process, int signal);

#define NEXT ((void *)-1L)
#define SIGKILL 9
#define WRITES 3     /* O_WRONLY | O_RDWR */

static long calls;

static void step(void)
{
    const char *at = getenv("DIES_AT");
    if (at && __sync_add_and_fetch(&calls, 1) == atol(at)) {
        kill(getpid(), SIGKILL);
        for (;;)
            ;
    }
}

#define FORWARD(kind, name, parameters, arguments) \
    kind name parameters                           \
    {                                              \
        static kind(*real) parameters;             \
        if (!real)                                 \
            real = dlsym(NEXT, #name);             \
        step();                                    \
        return real arguments;                     \
    }

FORWARD(int, rename, (const char *from, const char *to), (from, to))
FORWARD(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
FORWARD(int, unlink, (const char *path), (path))
FORWARD(int, fsync, (int file), (file))
FORWARD(int, fdatasync, (int file), (file))
FORWARD(int, fchmod, (int file, unsigned mode), (file, mode))
FORWARD(int, ftruncate64, (int file, long size), (file, size))
FORWARD(int, mkdir, (const char *path, unsigned mode), (path, mode))
FORWARD(int, symlink, (const char *to, const char *path), (to, path))
FORWARD(int, posix_fallocate64, (int file, long from, long size), (file, from, size))
FORWARD(long, pwrite64, (int file, const void *data, unsigned long size, long at), (file, data, size, at))
FORWARD(long, write, (int file, const void *data, unsigned long size), (file, data, size))

int open64(const char *path, int flags, unsigned mode)
{
    static int (*real)(const char *, int, unsigned);
    if (!real)
        real = dlsym(NEXT, "open64");
    if (flags & WRITES)
        step();
    return real(path, flags, mode);
}
