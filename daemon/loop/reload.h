/* Reading settings and rulebook again.
 *
 * A large rulebook takes a second to read, and the loop must not stand still for that: a helper
 * thread reads, with languages of its own, and the loop takes over what it gives. One reading at a
 * time. Who asks while one is under way waits for the next, since the files may have changed: an
 * answer never tells of files older than the question. The thread also frees rulebooks that nobody
 * routes by any more. */
#ifndef APPEAL_ROUTERD_LOOP_RELOAD_H
#define APPEAL_ROUTERD_LOOP_RELOAD_H

#include <stdint.h>

struct daemon;
struct reload;
struct rulebook_file;

enum reload_verdict {
    RELOAD_DONE,        /* every shard of ours routes by it, and that is committed */
    RELOAD_UNCOMMITTED, /* it is in force, but a shard was lost before its commit */
    RELOAD_REFUSED,     /* the files are to be mended; nothing has changed */
    RELOAD_FAILED,      /* this host cannot; nothing has changed */
};

/* @text: the rulebook's name where it is in force, otherwise what is wrong. */
typedef void reload_done(enum reload_verdict verdict, const char *text, void *context);

/* @daemon is borrowed; its base and its languages are there already, its settings need not be. */
int reload_new(struct daemon *daemon, struct reload **ret);

/* Waits for a reading that is under way. Who still waits for an answer is told RELOAD_FAILED. */
void reload_free(struct reload *reload);

/* Reads both again. @done is called once, when the outcome is known; that may be at once. */
void reload_ask(struct reload *reload, reload_done *done, void *context);

/* Whoever drops the last reference to @file leaves the freeing to the thread, once there is one. To
 * be dropped before reload_free(). */
void reload_frees(struct reload *reload, struct rulebook_file *file);

/* For how long the reading at hand has lasted; 0 where there is none. */
int64_t reload_silence_ms(const struct reload *reload);

#endif
