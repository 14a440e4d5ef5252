/* Landlock: which files a process may open from now on. What is open stays open.
 *
 * Nothing may be run, written, made or renamed anywhere; read only below what is allowed, and
 * removed only in the folders allowed for that. Where the kernel is new enough, no further TCP port
 * may be listened at, and no process outside be signalled or called by an abstract socket. */
#ifndef APPEAL_ROUTERD_CONFINEMENT_FILE_ACCESS_H
#define APPEAL_ROUTERD_CONFINEMENT_FILE_ACCESS_H

#include <stdbool.h>

struct file_access {
    int rules;   /* descriptor of the rules so far */
    int version; /* of Landlock, as this kernel knows it */
};

/* A negative errno where the kernel has no Landlock. */
int file_access_init(struct file_access *access);
void file_access_done(struct file_access *access);

/* Files below @path, or the file @path itself, may be read. -ENOENT where it is not there. */
int file_access_allow_reading(struct file_access *access, const char *path);

/* Names may be removed from the folder @path. */
int file_access_allow_removing(struct file_access *access, const char *path);

/* From here on the rules hold, for the calling thread and those that it begins. */
int file_access_enter(struct file_access *access);

#endif
