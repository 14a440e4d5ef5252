/* What the daemon forbids itself once it has started, so that whoever finds a hole in it can do
 * little more than it does: the kernel answers its threads only the system calls that routing takes
 * (system_calls.h), and opens only the files that settings and libraries need (file_access.h).
 *
 * systemd's unit draws a wider box around the process; this one holds without systemd too, and
 * knows the settings. There is no way out of it, so a reload reads what lies in the folders that
 * the settings named at the start. */
#ifndef APPEAL_ROUTERD_CONFINEMENT_H
#define APPEAL_ROUTERD_CONFINEMENT_H

#include "config/config.h"

/* Confines the process for good, as far as `security.confinement` asks and the kernel knows how,
 * and logs what holds now. To be called by the only thread, when it listens where it has to and
 * before librdkafka begins its own. 0; -EINVAL where all of it is asked for and cannot be had. */
int confinement_enter(const struct config *config, struct aro_error *reterr);

#endif
