/* The answer of a unit that is well, as the script of a sweep frames it (reconciler/ask/frames.py). */
#include <stdio.h>
#include <string.h>

/* Write it for the unit that a nonce of 16 characters asks about; return how long it is. */
static int far_answer(char *out, size_t room, const char *nonce, const char *unit) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char report[1024], coded[1500], *end = coded;
    int length = snprintf(report, sizeof report,
        "{\"schema\":1,\"service\":\"%.*s\",\"unit\":\"%s\",\"health\":\"passed\",\"checks\":[{\"name\":\"disk\","
        "\"health\":\"passed\",\"message\":\"ok\"}],\"boot_id\":\"b\",\"sequence\":5}",
        (int)strcspn(unit, "/"), unit, unit);
    for (int i = 0; i < length; i += 3) {
        int left = length - i;
        int bits = report[i] << 16 | (left > 1 ? report[i + 1] : 0) << 8 | (left > 2 ? report[i + 2] : 0);
        *end++ = letters[bits >> 18];
        *end++ = letters[bits >> 12 & 63];
        *end++ = left > 1 ? letters[bits >> 6 & 63] : '=';
        *end++ = left > 2 ? letters[bits & 63] : '=';
    }
    *end = 0;
    return snprintf(out, room, "%.16s b\n%.16s 0 o %s\n%.16s 0 x 0\n%.16s 0 z\n",
        nonce, nonce, coded, nonce, nonce);
}
