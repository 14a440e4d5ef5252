/* The pages that the daemon shows over HTTP: which there are, and what stands on each. */
#ifndef APPEAL_ROUTERD_LOOP_PAGES_H
#define APPEAL_ROUTERD_LOOP_PAGES_H

#include "http/http.h"

/* All take the daemon as their context. */
const struct http_page *pages_get(size_t *ret_count);

#endif
