// A stand-in for `juju` that costs next to nothing, or as much as it is told to; see deadline.py.
//
// `status` prints the file $HUNG_STATUS. `ssh UNIT … COMMAND` answers as the script in COMMAND would
// (reconciler/ask/frames.py) with a report that passes, after $HUNG_CPU_MS of CPU time and $HUNG_WAIT_MS
// more; every $HUNG_EVERY-th unit never answers: by $HUNG_HOW it waits (`hang`), does so and ignores
// SIGTERM (`ignore`), or is not reached within ten seconds (`refused`).
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "far_answer.h"

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static int status(void) {
    FILE *file = fopen(getenv("HUNG_STATUS"), "r");
    char kept[65536];
    size_t length;
    if (!file) return 1;
    while ((length = fread(kept, 1, sizeof kept, file)) > 0) fwrite(kept, 1, length, stdout);
    return 0;
}

static void hang(void) {
    const char *how = getenv("HUNG_HOW");
    if (how && !strcmp(how, "ignore")) signal(SIGTERM, SIG_IGN);
    if (how && !strcmp(how, "refused")) {
        fputs("ssh: connect to host 10.0.0.1 port 22: Connection timed out\n", stderr);
        sleep(10);
        exit(255);
    }
    for (;;) pause();
}

static void burn(long cpu_ms) {
    struct timespec spent;
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    while (spent.tv_sec * 1000 + spent.tv_nsec / 1000000 < cpu_ms);
}

int main(int count, char **words) {
    if (count > 1 && !strcmp(words[1], "status")) return status();
    if (count < 3 || strcmp(words[1], "ssh")) return puts("false") < 0;
    const char *nonce = strstr(words[count - 1], "N="), *unit = NULL;
    for (int i = 2; i < count - 1; i++)
        if (*words[i] != '-' && strchr(words[i], '/')) unit = words[i];
    if (!nonce || !unit) return 9;
    long every = number("HUNG_EVERY");
    if (every && atol(strchr(unit, '/') + 1) % every == 7 % every) hang();
    burn(number("HUNG_CPU_MS"));
    usleep(number("HUNG_WAIT_MS") * 1000);
    char answer[4096];
    fwrite(answer, 1, far_answer(answer, sizeof answer, nonce + 2, unit), stdout);
    return 0;
}
