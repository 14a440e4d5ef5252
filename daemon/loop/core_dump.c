#include "loop/core_dump.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* The limit alone would not do: a program that takes cores (core_pattern) is given one whatever it
 * is. Under systemd setting it is refused, where LimitCORE= has set it already. */
void core_dump_forbid(void)
{
    setrlimit(RLIMIT_CORE, &(const struct rlimit){ 0 });
    prctl(PR_SET_DUMPABLE, 0);
}
