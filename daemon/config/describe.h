/* The settings in force, for a report: values as the file has them, secrets only as given or not.
 */
#ifndef APPEAL_ROUTERD_CONFIG_DESCRIBE_H
#define APPEAL_ROUTERD_CONFIG_DESCRIBE_H

#include "config/config.h"

#include <jansson.h>

/* A new object, a member for each setting by its name, "kafka.group"; null where it is not set. */
json_t *config_describe(const struct config *config);

#endif
