/* A far side that costs next to nothing: an ssh server with the same answer for every command.
 *
 *     canned_sshd PORT HOST_KEY ANSWER_BYTES
 *
 * It listens on every address, so that each of 127.0.0.0/8 is a machine of its own; takes whatever
 * key it is offered; and answers each command with the address that it was reached at, a line end,
 * and so many bytes. One thread a connection, which takes one command after another.
 *
 * A command that is the script of a sweep (reconciler/ask/far_script.py) is answered as it would,
 * with a report that passes. Every $HUNG_EVERY-th machine accepts connections and says nothing.
 */
#include <arpa/inet.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "far_answer.h"

#define STACK_BYTES (256 * 1024)

static ssh_bind door;
static size_t answer_bytes;
static char *answer;

static struct in_addr reached_at(ssh_session session) {
    struct sockaddr_in here;
    socklen_t size = sizeof here;
    getsockname(ssh_get_fd(session), (struct sockaddr *)&here, &size);
    return here.sin_addr;
}

/* The machine's number, as address() in direct.py counts them. */
static long number_of(struct in_addr where) {
    unsigned long one = ntohl(where.s_addr);
    return ((one >> 16 & 255) - 1) * 62500 + (one >> 8 & 255) * 250 + (one & 255) - 1;
}

static void answer_sweep(ssh_channel channel, const char *nonce, long number) {
    char unit[32], framed[4096];
    snprintf(unit, sizeof unit, "web/%ld", number);
    ssh_channel_write(channel, framed, far_answer(framed, sizeof framed, nonce, unit));
}

static void answer_it(ssh_session session, ssh_channel channel, const char *command) {
    char where[INET_ADDRSTRLEN + 1] = "";
    struct in_addr here = reached_at(session);
    const char *script = command ? strstr(command, "N=") : NULL;
    if (script)
        answer_sweep(channel, script + 2, number_of(here));
    else {
        inet_ntop(AF_INET, &here, where, sizeof where);
        strcat(where, "\n");
        ssh_channel_write(channel, where, strlen(where));
        ssh_channel_write(channel, answer, answer_bytes);
    }
    ssh_channel_request_send_exit_status(channel, 0);
    ssh_channel_send_eof(channel);
    ssh_channel_close(channel);
}

/* Do what one message asks for; the channel of an open session is kept in `channel`. */
static void obey(ssh_session session, ssh_message message, ssh_channel *channel) {
    int type = ssh_message_type(message), subtype = ssh_message_subtype(message);
    if (type == SSH_REQUEST_AUTH && subtype == SSH_AUTH_METHOD_PUBLICKEY) {
        if (ssh_message_auth_publickey_state(message) == SSH_PUBLICKEY_STATE_VALID)
            ssh_message_auth_reply_success(message, 0);
        else
            ssh_message_auth_reply_pk_ok_simple(message);
    } else if (type == SSH_REQUEST_CHANNEL_OPEN && subtype == SSH_CHANNEL_SESSION) {
        *channel = ssh_message_channel_request_open_reply_accept(message);
    } else if (type == SSH_REQUEST_CHANNEL && subtype == SSH_CHANNEL_REQUEST_EXEC && *channel) {
        ssh_message_channel_request_reply_success(message);
        answer_it(session, *channel, ssh_message_channel_request_command(message));
        *channel = NULL;
    } else {
        ssh_message_auth_set_methods(message, SSH_AUTH_METHOD_PUBLICKEY);
        ssh_message_reply_default(message);
    }
}

static void *serve(void *given) {
    ssh_session session = given;
    ssh_channel channel = NULL;
    ssh_message message;
    if (ssh_handle_key_exchange(session) == SSH_OK)
        while ((message = ssh_message_get(session)) != NULL) {
            obey(session, message, &channel);
            ssh_message_free(message);
        }
    ssh_disconnect(session);
    ssh_free(session);
    return NULL;
}

int main(int count, char **words) {
    struct rlimit files = {1 << 20, 1 << 20};
    pthread_attr_t small;
    pthread_t thread;
    long every = getenv("HUNG_EVERY") ? atol(getenv("HUNG_EVERY")) : 0;
    if (count != 4) {
        fprintf(stderr, "usage: canned_sshd PORT HOST_KEY ANSWER_BYTES\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    setrlimit(RLIMIT_NOFILE, &files);
    answer_bytes = strtoul(words[3], NULL, 10);
    answer = malloc(answer_bytes + 1);
    memset(answer, 'x', answer_bytes);
    ssh_init();
    door = ssh_bind_new();
    ssh_bind_options_set(door, SSH_BIND_OPTIONS_BINDADDR, "0.0.0.0");
    ssh_bind_options_set(door, SSH_BIND_OPTIONS_BINDPORT_STR, words[1]);
    ssh_bind_options_set(door, SSH_BIND_OPTIONS_HOSTKEY, words[2]);
    if (ssh_bind_listen(door) < 0) {
        fprintf(stderr, "canned_sshd: %s\n", ssh_get_error(door));
        return 1;
    }
    /* libssh listens with a queue of ten. */
    listen(ssh_bind_get_fd(door), 4096);
    puts("listening");
    fflush(stdout);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_BYTES);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    for (;;) {
        ssh_session session = ssh_new();
        if (ssh_bind_accept(door, session) != SSH_OK)
            ssh_free(session);
        else if (every && number_of(reached_at(session)) % every == 7 % every)
            continue; /* It is kept, and nobody serves it. */
        else if (pthread_create(&thread, &small, serve, session) != 0)
            ssh_free(session);
    }
}
