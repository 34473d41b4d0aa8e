/* What kind of program a command is: whether the preload library can get into it.
 * May depend on: shared. Owner: run. */
#ifndef FAKEWIX_RUN_PROGRAM_H
#define FAKEWIX_RUN_PROGRAM_H

enum program_kind {
    PROGRAM_DYNAMIC, /* takes the preload library */
    PROGRAM_STATIC,  /* has no loader that would */
    PROGRAM_GO,      /* may have one, but makes its own system calls */
    PROGRAM_UNKNOWN, /* not found, or no program of this system's kind */
};

/* Look at the file that the command would run; through a script, at its interpreter. */
enum program_kind program_look(const char *command);

#endif
