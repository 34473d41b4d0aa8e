/* See near.h. */
#include "shared/near.h"

#include <string.h>

size_t near_distance(const char *a, const char *b)
{
    size_t same_front = 0;
    while (a[same_front] && a[same_front] == b[same_front])
        same_front++;
    size_t left_a = strlen(a) - same_front;
    size_t left_b = strlen(b) - same_front;
    size_t same_back = 0;
    while (same_back < left_a && same_back < left_b &&
           a[same_front + left_a - 1 - same_back] == b[same_front + left_b - 1 - same_back])
        same_back++;
    return (left_a > left_b ? left_a : left_b) - same_back;
}
