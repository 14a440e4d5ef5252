#include "loop/reload.h"

#include "kafka/topics.h"
#include "kafka/wakeup.h"
#include "log/log.h"
#include "loop/daemon.h"
#include "loop/monotonic.h"
#include "loop/notify.h"
#include "support/cleanup.h"
#include "support/memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* While Kafka does not answer, a reload does not wait for ever: it is taken then, and a topic that
 * is missing stops the shard when it is first written to. */
enum { TOPICS_MS_MAX = 30000 };

static const char is_about_to_end[] = "the daemon is about to end";

/* Somebody who asked. */
struct asker {
    reload_done *done;
    void *context;
    STAILQ_ENTRY(asker) next;
};

STAILQ_HEAD(askers, asker);

/* What the thread has read. */
struct reading {
    int r; /* below 0: as the next says, and nothing is taken */
    struct aro_error error;
    struct config *config;
    struct rulebook_file *rulebook;
    struct aro_languages *languages; /* of the rulebook, until it is adopted */
};

struct reload {
    struct daemon *daemon;
    struct wakeup wakeup;
    struct askers waiting; /* for a reading that has not begun */
    struct askers reading; /* for the one under way */
    int64_t began_at_ms;
    bool is_reading;
    size_t adoption_count; /* what was read, and is not committed by every shard yet */
    bool has_told;         /* systemd, that it is reloading, and not yet that it is ready again */
    bool has_thread;
    pthread_t thread;

    pthread_mutex_t mutex; /* guards what follows, up to the blank line */
    pthread_cond_t has_job;
    bool is_ending, is_asked, has_result;
    struct rulebook_file *unused; /* to be freed */

    struct reading result; /* the thread's until @has_result, then the loop's */
    char *config_path;     /* set before the thread is there, as it was given at the start */
};

/* ---- the thread ---- */

static void reading_done(struct reading *reading)
{
    config_free(reading->config);
    rulebook_file_unref(reading->rulebook);
    aro_languages_free(reading->languages);
    *reading = (struct reading){ 0 };
}

/* The one whose thread asks Kafka, and until when. */
static struct reload *asking;
static int64_t asking_until_ms; /* monotonic */

static bool asking_is_over(void)
{
    pthread_mutex_lock(&asking->mutex);
    bool is_ending = asking->is_ending;
    pthread_mutex_unlock(&asking->mutex);
    return is_ending || monotonic_ms() > asking_until_ms;
}

static int look_for_topics(struct reload *reload, struct reading *reading)
{
    asking = reload;
    asking_until_ms = monotonic_ms() + TOPICS_MS_MAX;
    int r = topics_prepare_queues(reading->config, reading->rulebook->rulebook, asking_is_over,
                                  &reading->error);
    return r == -ECANCELED ? 0 : r;
}

static void read_files(struct reload *reload)
{
    struct reading *ret = &reload->result;

    *ret = (struct reading){ 0 };
    if (aro_languages_new(&ret->languages) < 0)
        memory_exhausted();
    ret->r =
        daemon_load(reload->config_path, ret->languages, &ret->config, &ret->rulebook, &ret->error);
    if (ret->r == 0)
        ret->r = look_for_topics(reload, ret);
}

static void free_unused(struct rulebook_file *unused)
{
    while (unused) {
        struct rulebook_file *next = unused->next_unused;
        rulebook_file_free(unused);
        unused = next;
    }
}

/* Gives whether there is one; false ends the thread. */
static bool wait_for_job(struct reload *reload, bool *ret_is_asked,
                         struct rulebook_file **ret_unused)
{
    pthread_mutex_lock(&reload->mutex);
    while (!reload->is_ending && !reload->is_asked && !reload->unused)
        pthread_cond_wait(&reload->has_job, &reload->mutex);
    bool is_ending = reload->is_ending;
    *ret_is_asked = reload->is_asked && !is_ending;
    *ret_unused = reload->unused;
    reload->is_asked = false;
    reload->unused = NULL;
    pthread_mutex_unlock(&reload->mutex);
    return !is_ending || *ret_unused;
}

static void *reload_main(void *context)
{
    struct reload *reload = context;
    struct rulebook_file *unused;

    for (bool is_asked; wait_for_job(reload, &is_asked, &unused);) {
        free_unused(unused);
        if (!is_asked)
            continue;
        read_files(reload);
        pthread_mutex_lock(&reload->mutex);
        reload->has_result = true;
        pthread_mutex_unlock(&reload->mutex);
        wakeup_send(&reload->wakeup);
    }
    return NULL;
}

static int start_thread(struct reload *reload, struct aro_error *reterr)
{
    if (reload->has_thread)
        return 0;
    reload->config_path = memory_copy_text(reload->daemon->config->path);
    int r = -pthread_create(&reload->thread, NULL, reload_main, reload);
    if (r < 0) {
        free(TAKE(reload->config_path));
        return aro_error_set(reterr, r,
                             "cannot start the thread that reads settings and rulebook: %s",
                             strerror(-r));
    }
    pthread_setname_np(reload->thread, "reload"); /* as top -H shows it */
    reload->has_thread = true;
    return 0;
}

/* Nobody refers to @file any more. */
static void on_unused(struct rulebook_file *file, void *context)
{
    struct reload *reload = context;

    if (!reload->has_thread) {
        rulebook_file_free(file);
        return;
    }
    pthread_mutex_lock(&reload->mutex);
    file->next_unused = reload->unused;
    reload->unused = file;
    pthread_cond_signal(&reload->has_job);
    pthread_mutex_unlock(&reload->mutex);
}

void reload_frees(struct reload *reload, struct rulebook_file *file)
{
    file->on_unused = on_unused;
    file->on_unused_context = reload;
}

/* ---- telling ---- */

static void tell_all(struct askers *askers, enum reload_verdict verdict, const char *text)
{
    for (struct asker *asker; (asker = STAILQ_FIRST(askers)) != NULL;) {
        STAILQ_REMOVE_HEAD(askers, next);
        asker->done(verdict, text, asker->context);
        free(asker);
    }
}

static void tell_systemd(struct reload *reload)
{
    if (!reload->has_told || reload->is_reading || reload->adoption_count > 0)
        return;
    reload->has_told = false;
    if (!reload->daemon->is_ending)
        notify_ready();
}

/* Counts the shards that still have to commit what was read. */
struct adoption {
    struct reload *reload;
    struct askers askers;
    struct rulebook_file *rulebook;
    size_t pending_count;
    bool is_committed;
};

static void on_shard_reloaded(bool is_committed, void *context)
{
    struct adoption *adoption = context;

    adoption->is_committed = adoption->is_committed && is_committed;
    if (--adoption->pending_count > 0)
        return;
    LOG(reloaded, NULL, "reloaded");
    adoption->reload->adoption_count--;
    tell_systemd(adoption->reload);
    tell_all(&adoption->askers, adoption->is_committed ? RELOAD_DONE : RELOAD_UNCOMMITTED,
             aro_rulebook_name(adoption->rulebook->rulebook));
    rulebook_file_unref(adoption->rulebook);
    free(adoption);
}

/* ---- taking over ---- */

/* May what was read replace what is in force? */
static int check(const struct reload *reload, const struct reading *reading,
                 struct aro_error *reterr)
{
    const struct aro_rulebook *fresh = reading->rulebook->rulebook;
    const struct aro_rulebook *current = reload->daemon->rulebook->rulebook;

    int r = config_reload_check(reload->daemon->config, reading->config, reterr);
    if (r < 0)
        return r;
    if (strcmp(aro_rulebook_name(fresh), aro_rulebook_name(current)) == 0 &&
        strcmp(aro_rulebook_sha256(fresh), aro_rulebook_sha256(current)))
        return aro_error_set(
            reterr, -EINVAL,
            "%s: changed, but still named '%s' as the one in force: give it another name, "
            "each assignment records it",
            reading->config->rulebook, aro_rulebook_name(fresh));
    return 0;
}

static int adopt(struct reload *reload, struct reading *reading, struct aro_error *reterr)
{
    if (reading->r < 0) {
        *reterr = reading->error;
        return reading->r;
    }
    int r = check(reload, reading, reterr);
    if (r < 0)
        return r;
    r = aro_rulebook_adopt(reading->rulebook->rulebook, reload->daemon->languages);
    if (r == -ENOMEM)
        memory_exhausted();
    if (r < 0)
        return aro_error_set(reterr, r, "%s: more languages than can be held",
                             reading->config->rulebook);
    return 0;
}

static void apply(struct reload *reload, struct reading *reading)
{
    struct daemon *daemon = reload->daemon;
    struct adoption *adoption = memory_new(sizeof *adoption);

    *adoption = (struct adoption){ .reload = reload,
                                   .pending_count = daemon->shard_count + 1,
                                   .is_committed = true };
    reload->adoption_count++;
    STAILQ_INIT(&adoption->askers);
    STAILQ_CONCAT(&adoption->askers, &reload->reading);
    const struct config_renewal renewal = config_take_reloadable(daemon->config, reading->config);
    daemon_set_log(daemon->config);
    rulebook_file_unref(daemon->rulebook);
    daemon->rulebook = TAKE(reading->rulebook);
    adoption->rulebook = rulebook_file_ref(daemon->rulebook);
    for (size_t i = 0; i < daemon->shard_count; i++)
        shard_set_rulebook(daemon->shards[i], daemon->rulebook, on_shard_reloaded, adoption);
    on_shard_reloaded(true, adoption); /* the one counted for this loop */
    daemon_renew_secrets(daemon, &renewal);
}

static void finish_reading(struct reload *reload, struct reading *reading)
{
    struct aro_error error = { 0 };

    if (reload->daemon->is_ending) {
        tell_all(&reload->reading, RELOAD_FAILED, is_about_to_end);
    } else if (adopt(reload, reading, &error) < 0) {
        tell_all(&reload->reading, RELOAD_REFUSED, error.message);
    } else {
        apply(reload, reading);
    }
    reading_done(reading);
}

/* ---- asking ---- */

/* For all who wait for it, where none is under way. */
static void begin_reading(struct reload *reload)
{
    struct aro_error error = { 0 };

    if (reload->is_reading || STAILQ_EMPTY(&reload->waiting))
        return;
    STAILQ_CONCAT(&reload->reading, &reload->waiting);
    if (start_thread(reload, &error) < 0) {
        tell_all(&reload->reading, RELOAD_FAILED, error.message);
        return;
    }
    if (!reload->daemon->is_joining) {
        notify_reloading();
        reload->has_told = true;
    }
    reload->is_reading = true;
    reload->began_at_ms = monotonic_ms();
    pthread_mutex_lock(&reload->mutex);
    reload->is_asked = true;
    pthread_cond_signal(&reload->has_job);
    pthread_mutex_unlock(&reload->mutex);
}

static void on_wakeup(evutil_socket_t descriptor, short what, void *context)
{
    struct reload *reload = context;
    (void)descriptor, (void)what;

    wakeup_clear(&reload->wakeup);
    pthread_mutex_lock(&reload->mutex);
    bool has_result = reload->has_result;
    reload->has_result = false;
    pthread_mutex_unlock(&reload->mutex);
    if (!has_result)
        return;
    struct reading reading = reload->result;
    reload->result = (struct reading){ 0 };
    reload->is_reading = false;
    if (reading.rulebook)
        reload_frees(reload, reading.rulebook);
    finish_reading(reload, &reading);
    begin_reading(reload);
    tell_systemd(reload);
}

void reload_ask(struct reload *reload, reload_done *done, void *context)
{
    struct asker *asker = memory_new(sizeof *asker);

    *asker = (struct asker){ .done = done, .context = context };
    STAILQ_INSERT_TAIL(&reload->waiting, asker, next);
    begin_reading(reload);
}

int64_t reload_silence_ms(const struct reload *reload)
{
    return reload->is_reading ? monotonic_ms() - reload->began_at_ms : 0;
}

/* ---- making and freeing ---- */

int reload_new(struct daemon *daemon, struct reload **ret)
{
    struct reload *reload = memory_new(sizeof *reload);

    reload->daemon = daemon;
    STAILQ_INIT(&reload->waiting);
    STAILQ_INIT(&reload->reading);
    pthread_mutex_init(&reload->mutex, NULL);
    pthread_cond_init(&reload->has_job, NULL);
    int r = wakeup_init(&reload->wakeup, daemon->base, on_wakeup, reload);
    if (r < 0) {
        pthread_cond_destroy(&reload->has_job);
        pthread_mutex_destroy(&reload->mutex);
        free(reload);
        return r;
    }
    *ret = reload;
    return 0;
}

static void end_thread(struct reload *reload)
{
    if (!reload->has_thread)
        return;
    pthread_mutex_lock(&reload->mutex);
    reload->is_ending = true;
    pthread_cond_signal(&reload->has_job);
    pthread_mutex_unlock(&reload->mutex);
    pthread_join(reload->thread, NULL);
    reload->has_thread = false;
}

void reload_free(struct reload *reload)
{
    if (!reload)
        return;
    end_thread(reload);
    reading_done(&reload->result); /* nobody takes it over any more */
    tell_all(&reload->reading, RELOAD_FAILED, is_about_to_end);
    tell_all(&reload->waiting, RELOAD_FAILED, is_about_to_end);
    wakeup_done(&reload->wakeup);
    pthread_cond_destroy(&reload->has_job);
    pthread_mutex_destroy(&reload->mutex);
    free(reload->config_path);
    free(reload);
}
