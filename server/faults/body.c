/* What a person writes in "do" becomes the answer: text as it is, the rest as JSON. */
#include "faults/body.h"

#include "shared/mem.h"
#include "shared/tree.h"

void body_set(struct response *response, const cJSON *body)
{
    if (!body)
        return;
    OWNED(mem_text_free) char *json = cJSON_IsString(body) ? NULL : tree_print(body);
    buf_clear(&response->body);
    buf_text(&response->body, json ? json : body->valuestring);
}

void body_add_headers(struct response *response, const cJSON *headers)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, headers) if (cJSON_IsString(member))
    {
        response_drop_header(response, member->string);
        response_header(response, member->string, member->valuestring);
    }
}
