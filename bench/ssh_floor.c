/* The floor: what asking many machines one command over ssh costs in C, on libssh.
 *
 *     ssh_floor PORT USER KEY HOST_KEY.pub AT_ONCE ROUNDS < ADDRESSES
 *
 * Threads take addresses in turn: connect, agree on keys, check the host's, log in, run one command
 * and read its answer. With more than one round the connections are kept, and each round but the
 * first asks on them. It prints a line of JSON for each round, and a last one for all of it, after
 * a while in which nobody uses what is kept.
 */
#include <libssh/libssh.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MOST 20000

static char *addresses[MOST];
static ssh_session kept[MOST];
static int many, round_of, rounds, port;
static const char *user;
static atomic_int next_one, right;
static ssh_key ours, theirs;

static int log_in(ssh_session session, const char *address) {
    ssh_key shown = NULL;
    int no = 0, fine;
    ssh_options_set(session, SSH_OPTIONS_HOST, address);
    ssh_options_set(session, SSH_OPTIONS_PORT, &port);
    ssh_options_set(session, SSH_OPTIONS_USER, user);
    ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
    ssh_options_set(session, SSH_OPTIONS_HOSTKEYS, "ssh-ed25519");
    fine = ssh_connect(session) == SSH_OK &&
           ssh_get_server_publickey(session, &shown) == SSH_OK &&
           ssh_key_cmp(shown, theirs, SSH_KEY_CMP_PUBLIC) == 0 &&
           ssh_userauth_publickey(session, NULL, ours) == SSH_AUTH_SUCCESS;
    ssh_key_free(shown);
    return fine;
}

/* Return whether the answer begins with the address, as that of the right machine does. */
static int ask(ssh_session session, const char *address) {
    char answer[65536];
    int all = 0, got;
    ssh_channel channel = ssh_channel_new(session);
    if (ssh_channel_open_session(channel) != SSH_OK ||
        ssh_channel_request_exec(channel, "report") != SSH_OK) {
        ssh_channel_free(channel);
        return 0;
    }
    while ((got = ssh_channel_read(channel, answer + all, sizeof answer - all, 0)) > 0) all += got;
    got = ssh_channel_get_exit_status(channel) == 0 && strncmp(answer, address, strlen(address)) == 0;
    ssh_channel_close(channel);
    ssh_channel_free(channel);
    return got;
}

static void *work(void *unused) {
    int index;
    while ((index = next_one++) < many) {
        ssh_session session = kept[index];
        if (session == NULL) {
            session = ssh_new();
            if (!log_in(session, addresses[index])) {
                ssh_free(session);
                continue;
            }
        }
        right += ask(session, addresses[index]);
        if (rounds > 1) {
            kept[index] = session;
        } else {
            ssh_disconnect(session);
            ssh_free(session);
        }
    }
    return unused;
}

static double cpu_seconds(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec +
           (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

int main(int count, char **words) {
    struct rlimit files = {1 << 20, 1 << 20};
    char line[256];
    if (count != 7) return 2;
    port = atoi(words[1]);
    user = words[2];
    int at_once = atoi(words[5]);
    rounds = atoi(words[6]);
    setrlimit(RLIMIT_NOFILE, &files);
    ssh_init();
    if (ssh_pki_import_privkey_file(words[3], NULL, NULL, NULL, &ours) != SSH_OK ||
        ssh_pki_import_pubkey_file(words[4], &theirs) != SSH_OK)
        return 1;
    while (many < MOST && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        addresses[many++] = strdup(line);
    }
    pthread_t *threads = calloc(at_once, sizeof *threads);
    for (round_of = 0; round_of < rounds; round_of++) {
        double began = now(), used = cpu_seconds();
        next_one = right = 0;
        for (int n = 0; n < at_once; n++) pthread_create(&threads[n], NULL, work, NULL);
        for (int n = 0; n < at_once; n++) pthread_join(threads[n], NULL);
        printf("{\"seconds\": %.6f, \"cpu_seconds\": %.6f, \"right\": %d}\n", now() - began,
               cpu_seconds() - used, (int)right);
        fflush(stdout);
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double began = now(), spent = cpu_seconds();
    if (rounds > 1) sleep(20);
    printf("{\"peak_kb\": %ld, \"threads\": 1, \"idle_core_percent\": %.4f}\n", used.ru_maxrss,
           rounds > 1 ? 100 * (cpu_seconds() - spent) / (now() - began) : 0.0);
    fflush(stdout);
    /* What is kept ends with the process. */
    _Exit(0);
}
