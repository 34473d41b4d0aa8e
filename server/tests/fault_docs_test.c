/* docs/FAULTS.md keeps its word: every fault has its section, every preset is named, and every
 * example is one that can be armed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults/armed.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "suite.h"

static char *page;

static void set_up(void)
{
    struct buf text = {0};
    FILE *file = fopen(DOCS "/FAULTS.md", "r");
    ck_assert_ptr_nonnull(file);
    for (size_t n = 1; n;) {
        char *room = buf_room(&text, 65536);
        n = fread(room, 1, 65536, file);
        buf_grew(&text, n);
    }
    fclose(file);
    page = mem_text_n(text.data, text.len);
    buf_free(&text);
}

static void tear_down(void)
{
    free(page);
}

START_TEST(every_fault_has_its_section)
{
    for (int i = 0; i < FAULT_COUNT; i++) {
        const char *name = fault_row((enum fault_symbol)i)->name;
        OWNED(mem_text_free) char *heading = mem_format("\n### %s\n", name);
        ck_assert_msg(strstr(page, heading) != NULL, "no section for %s", name);
    }
    for (size_t i = 0; fault_preset(i); i++) {
        OWNED(mem_text_free) char *quoted = mem_format("`%s`", fault_preset(i)->name);
        ck_assert_msg(strstr(page, quoted) != NULL, "the preset %s is not named", quoted);
    }
}
END_TEST

/* Every parameter is said in its fault's section. */
START_TEST(every_parameter_is_explained)
{
    for (int i = 0; i < FAULT_COUNT; i++) {
        const struct fault_row *row = fault_row((enum fault_symbol)i);
        OWNED(mem_text_free) char *heading = mem_format("\n### %s\n", row->name);
        const char *start = strstr(page, heading) + 1;
        const char *end = strstr(start, "\n##");
        OWNED(mem_text_free)
        char *section = mem_text_n(start, end ? (size_t)(end - start) : strlen(start));
        OWNED(mem_text_free) char *names = fault_param_names(row);
        for (char *name = names; *name;) {
            size_t len = strcspn(name, "! ");
            OWNED(mem_text_free) char *word = mem_text_n(name, len);
            ck_assert_msg(strstr(section, word) != NULL, "%s: %s", row->name, word);
            name += len;
            name += strspn(name, "! ");
        }
    }
}
END_TEST

START_TEST(every_example_can_be_armed)
{
    static const char open[] = "```json\n";
    struct hold_limit limit = {.max = 1};
    struct armed_faults *faults = armed_new(&limit);
    int n = 0;
    for (const char *at = page; (at = strstr(at, open)); n++) {
        at += strlen(open);
        const char *end = strstr(at, "```");
        ck_assert_ptr_nonnull(end);
        OWNED(err_free) struct err err = {0};
        OWNED(tree_free) cJSON *rule = tree_parse(at, (size_t)(end - at), &err);
        OWNED(tree_free) cJSON *armed = rule ? armed_add(faults, rule, &err) : NULL;
        ck_assert_msg(armed != NULL, "%.*s: %s", (int)(end - at), at, err.text);
        at = end + 3;
    }
    ck_assert_int_ge(n, (int)FAULT_COUNT);
    armed_free(faults);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(set_up, tear_down);
    tcase_add_test(tcase, every_fault_has_its_section);
    tcase_add_test(tcase, every_parameter_is_explained);
    tcase_add_test(tcase, every_example_can_be_armed);
    return suite_run("fault_docs", tcase);
}
