/* This host's time: the wall clock as it was at the start, plus monotonic time since.
 *
 * So that nobody who sets the wall clock makes the daemon's time jump. The one place where the
 * daemon reads a clock for a decision. */
#ifndef APPEAL_ROUTERD_LOOP_HOST_CLOCK_H
#define APPEAL_ROUTERD_LOOP_HOST_CLOCK_H

#include <aro/time.h>

/* The first call is the start. */
struct aro_instant host_clock_now(void);

#endif
