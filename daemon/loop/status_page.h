/* The page for people: how the instance does, shard by shard and queue by queue. It needs nothing
 * from elsewhere and runs no script; the browser fetches it anew each quarter of a minute. */
#ifndef APPEAL_ROUTERD_LOOP_STATUS_PAGE_H
#define APPEAL_ROUTERD_LOOP_STATUS_PAGE_H

#include "support/buffer.h"

struct daemon;

extern const char status_page_css[];

/* Appends HTML to @page. */
void status_page_write(const struct daemon *daemon, struct buffer *page);

#endif
