/* Secrets lie in files of their own: the setting names the file, the struct holds its contents. */
#ifndef APPEAL_ROUTERD_CONFIG_SECRET_H
#define APPEAL_ROUTERD_CONFIG_SECRET_H

#include "config/setting.h"

int secret_parse(const struct setting *setting, void *target); /* char ** */
void secret_free(void *target);                                /* wipes it */

#endif
