/*
 * A SAI library of an older release: VERSION, and TABLES, rows { API, number of slots }. Each table ends
 * where a page without access begins, so that reading a younger slot ends the process.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct { uint32_t id; uint64_t value[5]; } attribute_t;
typedef struct { uint64_t port; int32_t state; uint32_t padding; } port_state_t;

static const struct { uint32_t api; uint32_t slots; } tables[] = { TABLES };
static void *made[sizeof tables / sizeof *tables];

uint32_t old_seen[1024];
uint32_t old_seen_count;

static int32_t refuse(void) { return -2; }

static void note(uint32_t n, const attribute_t *attrs)
{
    for (uint32_t i = 0; i < n && old_seen_count < 1024; i++)
        old_seen[old_seen_count++] = attrs[i].id;
}

static int32_t create_switch(uint64_t *id, uint32_t n, const attribute_t *attrs)
{
    note(n, attrs);
    *id = 0x21000000000000;
    return 0;
}

static int32_t remove_switch(uint64_t id) { (void)id; return 0; }

static int32_t set_switch(uint64_t id, const attribute_t *attr)
{
    (void)id;
    note(1, attr);
    if (attr->id == PORT_STATE_CHANGE_NOTIFY) {
        /* The last field of newer releases is padding here, and holds what happened to be there. */
        port_state_t state = { 5, 1, 0xdeadbeef };
        void (*tell)(uint32_t, const port_state_t *);
        memcpy(&tell, &attr->value, sizeof tell);
        tell(1, &state);
    }
    return 0;
}

static void *make(uint32_t api, uint32_t slots)
{
    size_t page = 4096, size = slots * sizeof(void *), room = (size + page - 1) / page * page;
    char *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(memory + room, page, PROT_NONE);
    void **table = (void **)(memory + room - size);
    for (uint32_t i = 0; i < slots; i++)
        table[i] = (void *)refuse;
    if (api == 1) {
        table[0] = (void *)create_switch;
        table[1] = (void *)remove_switch;
        table[2] = (void *)set_switch;
    }
    if (api == 2)
        table[3] = NULL; /* get_port_attribute */
    return table;
}

int32_t sai_query_api_version(uint64_t *version) { *version = VERSION; return 0; }
int32_t sai_api_initialize(uint64_t flags, const void *services) { (void)flags; return services ? 0 : -5; }
int32_t sai_api_uninitialize(void) { return 0; }

int32_t sai_api_query(uint32_t api, void **table)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (tables[i].api == api) {
            if (!made[i])
                made[i] = make(api, tables[i].slots);
            *table = made[i];
            return 0;
        }
    *table = NULL;
    return -5;
}

/* Younger than every release that this is built as: nobody asks for it. */
int32_t sai_query_stats_st_capability(uint64_t s, int32_t t, void *l)
{
    (void)s;
    (void)t;
    (void)l;
    return VERSION < 11500 ? (abort(), 0) : -2;
}
