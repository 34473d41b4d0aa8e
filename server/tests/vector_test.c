/* The published test vectors, which say that ours and Wix's formats are the same. */
#include <check.h>
#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "suite.h"
#include "tokens/seal.h"

static char *read_vector(const char *name)
{
    OWNED(mem_text_free) char *path = mem_format(FIXTURES "/vectors/%s", name);
    FILE *in = fopen(path, "rb");
    ck_assert_msg(in != NULL, "%s cannot be read", path);
    struct buf text = {0};
    char *room = buf_room(&text, 65536);
    buf_grew(&text, fread(room, 1, 65536, in));
    fclose(in);
    return buf_take(&text);
}

/* Standard base64 with padding, as the vector was made. */
static char *standard_base64(const char *text)
{
    struct buf out = {0};
    text_add_base64url(&out, text, strlen(text));
    for (size_t i = 0; i < out.len; i++)
        out.data[i] = out.data[i] == '-' ? '+' : out.data[i] == '_' ? '/' : out.data[i];
    while (out.len % 4)
        buf_char(&out, '=');
    return buf_take(&out);
}

START_TEST(the_published_instance_opens)
{
    OWNED(mem_text_free) char *text = read_vector("instance.json");
    OWNED(tree_free) cJSON *vector = tree_parse(text, strlen(text), NULL);
    OWNED(mem_text_free) char *payload = tree_print(tree_get(vector, "payload"));
    OWNED(mem_text_free) char *data = standard_base64(payload);
    OWNED(mem_text_free) char *instance = mem_format("%s.%s", tree_text(vector, "signature"), data);
    OWNED(buf_free) struct buf json = {0};
    ck_assert(seal_open_instance(tree_text(vector, "secret"), instance, &json));
    ck_assert_str_eq(buf_str(&json), payload);
    instance[3] = instance[3] == 'A' ? 'B' : 'A';
    ck_assert(!seal_open_instance(tree_text(vector, "secret"), instance, &json));
}
END_TEST

START_TEST(the_published_webhook_verifies)
{
    OWNED(mem_text_free) char *letter = read_vector("webhook-sample.jwt");
    OWNED(mem_text_free) char *pem = read_vector("webhook-sample.pub.pem");
    letter[strcspn(letter, "\r\n")] = '\0';
    jwt_t *jwt = NULL;
    ck_assert_int_eq(jwt_decode(&jwt, letter, (const unsigned char *)pem, (int)strlen(pem)), 0);
    ck_assert_int_eq(jwt_get_alg(jwt), JWT_ALG_RS256);
    ck_assert_str_eq(jwt_get_header(jwt, "kid"), "qG1kD2dz");
    ck_assert_int_eq(jwt_get_grant_int(jwt, "exp") - jwt_get_grant_int(jwt, "iat"), 300000);
    jwt_free(jwt);
}
END_TEST

int main(void)
{
    TCase *tcase = suite_case(NULL, NULL);
    tcase_add_test(tcase, the_published_instance_opens);
    tcase_add_test(tcase, the_published_webhook_verifies);
    return suite_run("vector", tcase);
}
