/* A redis-server of a test's own: in a private folder, on a Unix socket there, gone with the test.
 */
#ifndef TESTS_REDIS_SERVER_H
#define TESTS_REDIS_SERVER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct redis_server {
    char folder[64];
    char socket[96]; /* always */
    uint16_t port;   /* TCP on 127.0.0.1; 0: none */
    bool is_tls;     /* there, by server.pem, server.key and ca.pem in the folder */
    bool asks_for_certificates;
    pid_t process;            /* 0: not running */
    redisContext *connection; /* of redis_server_command(), opened when needed */
};

/* Is there a redis-server on this machine? */
bool redis_server_is_installed(void);

/* Makes the folder; starts nothing. */
void redis_server_init(struct redis_server *server);
/* Kills what runs and removes the folder. */
void redis_server_done(struct redis_server *server);

/* Takes a free port for the next starts. */
void redis_server_use_tcp(struct redis_server *server);

/* Starts an empty one, which outlives no test process, and waits until it answers. Ends the process
 * with a message where it does not within a deadline. */
void redis_server_start(struct redis_server *server);
/* SIGKILL: nothing is saved. */
void redis_server_kill(struct redis_server *server);
void redis_server_freeze(struct redis_server *server); /* SIGSTOP */
void redis_server_thaw(struct redis_server *server);

/* One command on a connection of the test's own; NULL where the server is gone. The caller frees
 * the reply, an error reply too. Format as of redisCommand(). */
redisReply *redis_server_command(struct redis_server *server, const char *format, ...);
/* One command as a person types it: words between spaces, no quotes. */
redisReply *redis_server_command_line(struct redis_server *server, const char *line);
/* As redis_server_command(), for its effect alone: an error ends the process with its message. */
void redis_server_do(struct redis_server *server, const char *format, ...);

#endif
