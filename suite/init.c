/* The templates are whole programs that work as they are, so that a first run judges something, and
 * what its author puts in place of the stand-in can be compared with it. */
#include "init.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "host/files.h"
#include "shared/mem.h"
#include "shared/near.h"

#define LANGUAGE(symbol, name, file, build, command) extern const char template_##symbol[];
#include "languages.def"
#undef LANGUAGE

static const struct language languages[] = {
#define LANGUAGE(symbol, name, file, build, command)                                               \
    {name, file, template_##symbol, build, command},
#include "languages.def"
#undef LANGUAGE
};

enum { N_LANGUAGES = sizeof languages / sizeof *languages };

const struct language *init_find(const char *name, struct err *err)
{
    OWNED(buf_free) struct buf names = {0};
    OWNED(buf_free) struct buf question = {0};
    struct near near = {.given = name};
    for (size_t i = 0; i < N_LANGUAGES; i++) {
        if (strcmp(languages[i].name, name) == 0)
            return &languages[i];
        near_offer(&near, languages[i].name);
        buf_format(&names, "%s%s", i ? ", " : "", languages[i].name);
    }
    near_add_question(&question, &near, "");
    err_set(err,
            "there is no template for \"%s\"%s there is one for each of %s; in any other "
            "language a program that keeps docs/CLIENT-CONTRACT.md will do",
            name, question.len ? buf_str(&question) : ";", buf_str(&names));
    return NULL;
}

bool init_write(const struct language *language, bool force, struct buf *out, struct err *err)
{
    if (!force && access(language->file, F_OK) == 0)
        return err_set(err, "%s is there already; --force replaces it", language->file);
    if (!files_write(language->file, language->text, strlen(language->text), err))
        return false;
    buf_format(out,
               "%s is written. It works as it is; put your library in place of its client.\n"
               "What an HTTP library does wrong, the language's own as well, is a failure of this "
               "program too.\n",
               language->file);
    if (*language->build)
        buf_format(out, "  %s\n", language->build);
    buf_format(out, "  fakewix-conform run --command '%s'\n", language->command);
    return true;
}
