/* The settings file as JSON Schema (2020-12), out of the table: schemas/config.json. */
#ifndef APPEAL_ROUTERD_CONFIG_SCHEMA_H
#define APPEAL_ROUTERD_CONFIG_SCHEMA_H

#include <jansson.h>

json_t *config_schema_new(void);

#endif
