/* An ELF file that names no interpreter is run by the kernel alone, and LD_PRELOAD means nothing
 * to it. Only the head of the file is read. */
#include "run/program.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/mem.h"

enum { SCRIPT_LINE_MAX = 256, SCRIPTS_MAX = 4, SEGMENTS_MAX = 128, NOTES_MAX = 32 };

/* As execvp finds it; caller frees; NULL where there is none. */
static char *find_in_path(const char *command)
{
    if (strchr(command, '/'))
        return mem_text(command);
    const char *path = getenv("PATH");
    for (const char *at = path ? path : "/bin:/usr/bin"; *at; at += *at == ':') {
        size_t len = strcspn(at, ":");
        char *file = mem_format("%.*s%s%s", (int)len, at, len ? "/" : "", command);
        struct stat info;
        if (stat(file, &info) == 0 && S_ISREG(info.st_mode) && access(file, X_OK) == 0)
            return file;
        free(file);
        at += len;
    }
    return NULL;
}

/* "#!/usr/bin/env node" gives "node", "#!/bin/sh -e" gives "/bin/sh"; caller frees. */
static char *interpreter_of(const char *line)
{
    static const char blank[] = " \t";
    line += strspn(line, blank);
    size_t len = strcspn(line, " \t\n");
    const char *next = line + len + strspn(line + len, blank);
    size_t next_len = strcspn(next, " \t\n");
    bool is_env = len >= 4 && strncmp(line + len - 4, "/env", 4) == 0;
    if (is_env && next_len && *next != '-')
        return mem_text_n(next, next_len);
    return len ? mem_text_n(line, len) : NULL;
}

/* Go's linker leaves a note under its name in every program, beside others' notes. */
static bool has_go_note(int fd, const ElfW(Phdr) * segment)
{
    union {
        ElfW(Nhdr) head;
        char bytes[sizeof(ElfW(Nhdr)) + 4];
    } note;
    uint64_t at = segment->p_offset;
    uint64_t end = at + segment->p_filesz;
    for (int i = 0; segment->p_type == PT_NOTE && at < end && i < NOTES_MAX; i++) {
        if (pread(fd, &note, sizeof note, (off_t)at) != (ssize_t)sizeof note)
            return false;
        if (note.head.n_namesz == 4 && memcmp(note.bytes + sizeof note.head, "Go\0", 4) == 0)
            return true;
        /* Names and contents are filled up to four bytes. */
        at += sizeof note.head + ((uint64_t)note.head.n_namesz + 3) / 4 * 4 +
              ((uint64_t)note.head.n_descsz + 3) / 4 * 4;
    }
    return false;
}

static enum program_kind look_at_elf(int fd, const ElfW(Ehdr) * head)
{
    ElfW(Phdr) segment;
    bool has_loader = false;
    if (head->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        head->e_phentsize != sizeof segment || head->e_phnum > SEGMENTS_MAX)
        return PROGRAM_UNKNOWN;
    for (size_t i = 0; i < head->e_phnum; i++) {
        off_t at = (off_t)(head->e_phoff + i * sizeof segment);
        if (pread(fd, &segment, sizeof segment, at) != (ssize_t)sizeof segment)
            return PROGRAM_UNKNOWN;
        if (has_go_note(fd, &segment))
            return PROGRAM_GO;
        has_loader = has_loader || segment.p_type == PT_INTERP;
    }
    return has_loader ? PROGRAM_DYNAMIC : PROGRAM_STATIC;
}

/* What the file is; for a script its interpreter, which the caller frees. */
static enum program_kind look_at_file(const char *file, char **ret_interpreter)
{
    union {
        ElfW(Ehdr) elf;
        char text[SCRIPT_LINE_MAX + 1];
    } head = {.text = ""};
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, head.text, SCRIPT_LINE_MAX, 0);
    enum program_kind kind = PROGRAM_UNKNOWN;
    if (n >= 2 && strncmp(head.text, "#!", 2) == 0)
        *ret_interpreter = interpreter_of(head.text + 2);
    else if (n >= (ssize_t)sizeof head.elf && memcmp(head.elf.e_ident, ELFMAG, SELFMAG) == 0)
        kind = look_at_elf(fd, &head.elf);
    if (fd >= 0)
        close(fd);
    return kind;
}

enum program_kind program_look(const char *command)
{
    OWNED(mem_text_free) char *name = mem_text(command);
    for (int i = 0; i < SCRIPTS_MAX; i++) {
        OWNED(mem_text_free) char *file = find_in_path(name);
        char *interpreter = NULL;
        enum program_kind kind = file ? look_at_file(file, &interpreter) : PROGRAM_UNKNOWN;
        if (!interpreter)
            return kind;
        free(name);
        name = interpreter;
    }
    return PROGRAM_UNKNOWN;
}
