#include "redis_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_DEADLINE_S = 60, COMMAND_DEADLINE_S = 60, FIRST_PORT = 10000 };

bool redis_server_is_installed(void)
{
    return system("command -v redis-server >/dev/null 2>&1") == 0;
}

void redis_server_init(struct redis_server *server)
{
    *server = (struct redis_server){ .folder = "/tmp/aro-redis-XXXXXX" };
    if (!mkdtemp(server->folder))
        err(1, "%s", server->folder);
    snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->folder);
}

static void folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char name[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (unlink(name) < 0)
            folder_remove(name);
    }
    closedir(folder);
    rmdir(path);
}

void redis_server_done(struct redis_server *server)
{
    redis_server_kill(server);
    folder_remove(server->folder);
}

static unsigned first_ephemeral_port(void)
{
    unsigned first = 0;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");

    if (!file || fscanf(file, "%u", &first) != 1)
        errx(1, "no range of ports that the kernel gives");
    fclose(file);
    return first > FIRST_PORT ? first : FIRST_PORT + 1;
}

static bool port_is_free(uint16_t port)
{
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_port = htons(port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool is_free = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;

    if (fd >= 0)
        close(fd);
    return is_free;
}

/* Below those that the kernel gives to outgoing connections: one of these would take it before the
 * server has started. */
void redis_server_use_tcp(struct redis_server *server)
{
    unsigned count = first_ephemeral_port() - FIRST_PORT;
    unsigned random;

    do {
        if (getrandom(&random, sizeof random, 0) != sizeof random)
            err(1, "no random port");
        server->port = (uint16_t)(FIRST_PORT + random % count);
    } while (!port_is_free(server->port));
}

static void server_run(const struct redis_server *server)
{
    char port[8];
    snprintf(port, sizeof port, "%u", server->port);
    const char *const plain[] = { "--port", port, NULL };
    const char *const tls[] = { "--port",
                                "0",
                                "--tls-port",
                                port,
                                "--tls-cert-file",
                                "server.pem",
                                "--tls-key-file",
                                "server.key",
                                "--tls-ca-cert-file",
                                "ca.pem",
                                "--tls-auth-clients",
                                server->asks_for_certificates ? "yes" : "no",
                                NULL };
    const char *arguments[32] = {
        "redis-server",
        "--bind",
        "127.0.0.1",
        "--unixsocket",
        server->socket,
        "--unixsocketperm",
        "700",
        "--dir",
        server->folder,
        "--save",
        "",
        "--appendonly",
        "no",
        "--logfile",
        "redis.log",
        "--enable-protected-configs",
        "yes",
        "--enable-debug-command",
        "yes",
    };
    size_t count = 0;
    while (arguments[count])
        count++;
    for (const char *const *each = server->is_tls ? tls : plain; *each; each++)
        arguments[count++] = *each;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir(server->folder) == 0)
        execvp("redis-server", (char *const *)arguments);
    _exit(127);
}

static bool server_answers(struct redis_server *server)
{
    redisReply *reply = redis_server_command(server, "PING");
    bool answers = reply && reply->type == REDIS_REPLY_STATUS;
    if (reply)
        freeReplyObject(reply);
    return answers;
}

void redis_server_start(struct redis_server *server)
{
    assert(server->process == 0);
    unlink(server->socket);
    server->process = fork();
    if (server->process < 0)
        err(1, "fork");
    if (server->process == 0)
        server_run(server);

    const struct timespec pause = { .tv_nsec = 2000000 };
    time_t deadline = time(NULL) + START_DEADLINE_S;
    while (!server_answers(server)) {
        if (time(NULL) > deadline || waitpid(server->process, NULL, WNOHANG) != 0)
            errx(1, "redis-server in %s does not answer", server->folder);
        nanosleep(&pause, NULL);
    }
}

static void connection_drop(struct redis_server *server)
{
    if (server->connection)
        redisFree(server->connection);
    server->connection = NULL;
}

void redis_server_kill(struct redis_server *server)
{
    connection_drop(server);
    if (server->process == 0)
        return;
    kill(server->process, SIGKILL);
    waitpid(server->process, NULL, 0);
    server->process = 0;
}

void redis_server_freeze(struct redis_server *server)
{
    kill(server->process, SIGSTOP);
}

void redis_server_thaw(struct redis_server *server)
{
    kill(server->process, SIGCONT);
}

static bool connection_open(struct redis_server *server)
{
    const struct timeval deadline = { .tv_sec = COMMAND_DEADLINE_S };

    if (server->connection)
        return true;
    server->connection = redisConnectUnixWithTimeout(server->socket, deadline);
    if (server->connection && !server->connection->err) {
        redisSetTimeout(server->connection, deadline);
        return true;
    }
    connection_drop(server);
    return false;
}

static redisReply *command_run(struct redis_server *server, const char *format, va_list arguments)
{
    if (!connection_open(server))
        return NULL;
    redisReply *reply = redisvCommand(server->connection, format, arguments);
    if (!reply)
        connection_drop(server);
    return reply;
}

redisReply *redis_server_command_line(struct redis_server *server, const char *line)
{
    enum { WORDS_MAX = 64 };
    const char *words[WORDS_MAX];
    size_t lengths[WORDS_MAX];
    int count = 0;

    for (const char *at = line + strspn(line, " "); *at && count < WORDS_MAX;) {
        words[count] = at;
        lengths[count] = strcspn(at, " ");
        at += lengths[count++];
        at += strspn(at, " ");
    }
    if (!connection_open(server))
        return NULL;
    redisReply *reply = redisCommandArgv(server->connection, count, words, lengths);
    if (!reply)
        connection_drop(server);
    return reply;
}

redisReply *redis_server_command(struct redis_server *server, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    redisReply *reply = command_run(server, format, arguments);
    va_end(arguments);
    return reply;
}

void redis_server_do(struct redis_server *server, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    redisReply *reply = command_run(server, format, arguments);
    va_end(arguments);
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        errx(1, "%s: %s", format, reply ? reply->str : "no answer");
    freeReplyObject(reply);
}
