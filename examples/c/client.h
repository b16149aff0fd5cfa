/* What the example clients share: a profile without keys, and a check of statuses. */
#ifndef CLIENT_H
#define CLIENT_H

#include <sai.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *no_value(sai_switch_profile_id_t profile, const char *key)
{
    (void)profile;
    (void)key;
    return NULL;
}

static int no_next_value(sai_switch_profile_id_t profile, const char **key, const char **value)
{
    (void)profile;
    (void)key;
    (void)value;
    return -1;
}

static const sai_service_method_table_t services = { no_value, no_next_value };

/* Ends the program unless a call succeeded. */
#define CHECK(call)                                                                 \
    do {                                                                            \
        sai_status_t status_ = (call);                                              \
        if (status_ != SAI_STATUS_SUCCESS) {                                        \
            fprintf(stderr, "%s:%d: %s: status %d\n", __FILE__, __LINE__, #call, status_); \
            exit(1);                                                                \
        }                                                                           \
    } while (0)

/* Ends the program unless something holds. */
#define REQUIRE(condition)                                                          \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                \
        }                                                                           \
    } while (0)

/* The table of an API. */
static void *api(sai_api_t which)
{
    void *table = NULL;
    CHECK(sai_api_query(which, &table));
    return table;
}

#endif
