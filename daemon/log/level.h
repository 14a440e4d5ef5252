/* How much a line matters: error, given up and someone must act; warning, went on and the line says
 * how; info, the life of the daemon; debug, the life of one appeal. */
#ifndef APPEAL_ROUTERD_LOG_LEVEL_H
#define APPEAL_ROUTERD_LOG_LEVEL_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* "error", "warning", "info", "debug" */
const char *log_level_name(enum log_level level);
bool log_level_find(const char *name, enum log_level *ret);
/* As syslog and the journal count: 3, 4, 6, 7. */
int log_level_priority(enum log_level level);

#endif
