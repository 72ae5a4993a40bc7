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

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static void base64(const char *text, int length) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < length; i += 3) {
        int left = length - i;
        int bits = (text[i] & 255) << 16 | (left > 1 ? text[i + 1] & 255 : 0) << 8 | (left > 2 ? text[i + 2] & 255 : 0);
        putchar(letters[bits >> 18]);
        putchar(letters[bits >> 12 & 63]);
        putchar(left > 1 ? letters[bits >> 6 & 63] : '=');
        putchar(left > 2 ? letters[bits & 63] : '=');
    }
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
    char report[1024];
    int length = snprintf(report, sizeof report,
        "{\"schema\":1,\"service\":\"%.*s\",\"unit\":\"%s\",\"health\":\"passed\",\"checks\":[{\"name\":\"disk\","
        "\"health\":\"passed\",\"message\":\"ok\"}],\"boot_id\":\"b\",\"sequence\":5}",
        (int)strcspn(unit, "/"), unit, unit);
    printf("%.16s 0 o ", nonce + 2);
    base64(report, length);
    printf("\n%.16s 0 x 0\n%.16s 0 z\n", nonce + 2, nonce + 2);
    return 0;
}
