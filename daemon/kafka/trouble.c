#include "kafka/trouble.h"

#include "loop/monotonic.h"
#include "support/text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* What has not come again for so long is no longer what is wrong: librdkafka tells each broker's
 * anew at least that often. */
enum { LASTS_MS = 60 * 1000 };

static struct {
    pthread_mutex_t mutex;
    enum trouble_weight weight;
    int64_t noted_at_ms; /* monotonic */
    char text[TROUBLE_TEXT_SIZE];
} last = { .mutex = PTHREAD_MUTEX_INITIALIZER };

void trouble_note(enum trouble_weight weight, const char *text)
{
    int64_t now = monotonic_ms();

    pthread_mutex_lock(&last.mutex);
    if (!*last.text || weight >= last.weight || now - last.noted_at_ms > LASTS_MS) {
        last.weight = weight;
        last.noted_at_ms = now;
        snprintf(last.text, sizeof last.text, "%s", text);
        text_make_plain(last.text);
    }
    pthread_mutex_unlock(&last.mutex);
}

void trouble_forget(void)
{
    pthread_mutex_lock(&last.mutex);
    last.text[0] = '\0';
    pthread_mutex_unlock(&last.mutex);
}

const char *trouble_get(char ret[static TROUBLE_TEXT_SIZE])
{
    pthread_mutex_lock(&last.mutex);
    if (monotonic_ms() - last.noted_at_ms > LASTS_MS)
        last.text[0] = '\0';
    memcpy(ret, last.text, sizeof last.text);
    pthread_mutex_unlock(&last.mutex);
    return ret;
}
