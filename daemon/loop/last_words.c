#include "loop/last_words.h"

#include "log/log.h"
#include "loop/monotonic.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Written by the loop, read by the signal's handler on whatever thread that runs. */
static struct {
    _Atomic(int64_t) turned_at_ms;
    _Atomic(const char *) part, shard, hung;
} seen;

static void say_what_hangs(void)
{
    char text[512];
    const char *part = atomic_load(&seen.part), *shard = atomic_load(&seen.shard);
    const char *hung = atomic_load(&seen.hung);
    int64_t ms = monotonic_ms() - atomic_load(&seen.turned_at_ms);

    if (hung && *hung)
        snprintf(text, sizeof text, "ended by the watchdog: %s does not move", hung);
    else
        snprintf(text, sizeof text,
                 "ended by the watchdog: the loop turned last %" PRId64
                 " ms ago, and is in %s%s%s%s",
                 ms, part ? part : "no call to Kafka", shard ? " of shard '" : "",
                 shard ? shard : "", shard ? "'" : "");
    log_last_words(MESSAGE_watchdog_ended, text);
}

/* An assertion's comes from within and has had its say. */
static void on_abort(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    if (info->si_code == SI_TKILL)
        return;
    say_what_hangs();
    abort();
}

void last_words_prepare(void)
{
    struct sigaction action = { .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND) };

    action.sa_sigaction = on_abort;
    last_words_note_turn();
    sigaction(SIGABRT, &action, NULL);
}

void last_words_note_turn(void)
{
    atomic_store_explicit(&seen.turned_at_ms, monotonic_ms(), memory_order_relaxed);
}

void last_words_enter(const char *part, const char *shard)
{
    atomic_store_explicit(&seen.shard, shard, memory_order_relaxed);
    atomic_store_explicit(&seen.part, part, memory_order_relaxed);
}

void last_words_watch(const char *hung)
{
    atomic_store(&seen.hung, hung);
}
