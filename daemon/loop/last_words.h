/* What the process says when systemd's watchdog ends it (SIGABRT): which part hangs. The loop,
 * which tells of everything else, cannot when it is the one that hangs. */
#ifndef APPEAL_ROUTERD_LOOP_LAST_WORDS_H
#define APPEAL_ROUTERD_LOOP_LAST_WORDS_H

/* From here on a SIGABRT from outside is answered by a line of the log, and ends the process. */
void last_words_prepare(void);

/* The loop turns: it says so now and then. */
void last_words_note_turn(void);

/* The loop enters @part of @shard, which may be NULL; a NULL @part: it has left it. Both are
 * borrowed until then. */
void last_words_enter(const char *part, const char *shard);

/* Where the loop has seen that something does not move, it says so here: @hung is borrowed for
 * good, and empty while all moves. */
void last_words_watch(const char *hung);

#endif
