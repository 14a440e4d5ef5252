/* /metrics: what there is to measure in the daemon, collected when somebody asks. */
#ifndef APPEAL_ROUTERD_LOOP_METRICS_PAGE_H
#define APPEAL_ROUTERD_LOOP_METRICS_PAGE_H

#include "support/buffer.h"

struct daemon;

/* Appends the exposition to @text. */
void metrics_page_write(const struct daemon *daemon, struct buffer *text);

#endif
