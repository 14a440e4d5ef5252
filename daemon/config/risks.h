/* Settings that are allowed and hardly meant: they let strangers in, or keep ourselves out. */
#ifndef APPEAL_ROUTERD_CONFIG_RISKS_H
#define APPEAL_ROUTERD_CONFIG_RISKS_H

#include "config/config.h"

/* Calls @visit with a sentence for each: the setting, what may happen, what to do. */
void config_each_risk(const struct config *config, void (*visit)(const char *text, void *context),
                      void *context);

#endif
