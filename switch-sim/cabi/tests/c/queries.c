/* The functions beside the tables of APIs: what each answers, and to lists that are too short. Argument 1 names a file
 * for the dump. */
#include "client.h"

static sai_object_id_t sw;

/* Asks with no room, too little and enough: the count that is needed comes back each time. */
#define HAS_SIZE(call, count, list, room)                       \
    do {                                                        \
        (count) = 0;                                            \
        REQUIRE((call) == SAI_STATUS_BUFFER_OVERFLOW);          \
        uint32_t needed_ = (count);                             \
        REQUIRE(needed_ > 1 && needed_ <= (room));              \
        (count) = needed_ - 1;                                  \
        REQUIRE((call) == SAI_STATUS_BUFFER_OVERFLOW);          \
        REQUIRE((count) == needed_);                            \
        (count) = (room);                                       \
        CHECK(call);                                            \
        REQUIRE((count) == needed_);                            \
    } while (0)

static void versions_and_logs(void)
{
    sai_api_version_t version = 0;
    CHECK(sai_query_api_version(&version));
    REQUIRE(version == SAI_API_VERSION && version >= 10900);
    REQUIRE(sai_query_api_version(NULL) == SAI_STATUS_INVALID_PARAMETER);
    for (int which = SAI_API_SWITCH; which < SAI_API_MAX; which++)
        for (int level = SAI_LOG_LEVEL_CRITICAL; level >= SAI_LOG_LEVEL_DEBUG; level--)
            CHECK(sai_log_set(which, level));
    CHECK(sai_log_set(SAI_API_UNSPECIFIED, SAI_LOG_LEVEL_CRITICAL));
    REQUIRE(sai_log_set(SAI_API_SWITCH, SAI_LOG_LEVEL_CRITICAL + 1) == SAI_STATUS_INVALID_PARAMETER);
    REQUIRE(sai_log_set(9999, SAI_LOG_LEVEL_WARN) == SAI_STATUS_INVALID_PARAMETER);
}

static void counts_and_keys(void)
{
    static sai_object_key_t keys[256];
    uint32_t count = 0, n = 0;
    CHECK(sai_get_maximum_attribute_count(sw, SAI_OBJECT_TYPE_PORT, &count));
    REQUIRE(count > 50);
    CHECK(sai_get_object_count(sw, SAI_OBJECT_TYPE_PORT, &count));
    HAS_SIZE(sai_get_object_key(sw, SAI_OBJECT_TYPE_PORT, &n, keys), n, keys, 256);
    REQUIRE(n == count);
    for (uint32_t i = 0; i < n; i++)
        REQUIRE(sai_object_type_query(keys[i].key.object_id) == SAI_OBJECT_TYPE_PORT);
    n = 0;
    CHECK(sai_get_object_count(sw, SAI_OBJECT_TYPE_ROUTE_ENTRY, &count));
    REQUIRE(count == 0);
    CHECK(sai_get_object_key(sw, SAI_OBJECT_TYPE_ROUTE_ENTRY, &n, NULL));
    REQUIRE(n == 0);
    count = 7;
    REQUIRE(sai_get_object_count(sw, 9999, &count) == SAI_STATUS_INVALID_OBJECT_TYPE);
    REQUIRE(sai_get_object_count(sw, SAI_OBJECT_TYPE_PORT, NULL) == SAI_STATUS_INVALID_PARAMETER);
}

static void capabilities(void)
{
    int32_t values[64];
    sai_s32_list_t enums = { 0, values };
    HAS_SIZE(sai_query_attribute_enum_values_capability(sw, SAI_OBJECT_TYPE_VLAN,
                 SAI_VLAN_ATTR_UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE, &enums), enums.count, values, 64);
    enums = (sai_s32_list_t){ 0, NULL };
    REQUIRE(sai_query_attribute_enum_values_capability(sw, SAI_OBJECT_TYPE_VLAN,
                SAI_VLAN_ATTR_UNKNOWN_UNICAST_FLOOD_CONTROL_TYPE, &enums) == SAI_STATUS_BUFFER_OVERFLOW);
    REQUIRE(enums.count > 0);

    static sai_stat_capability_t stats[512];
    sai_stat_capability_list_t readable = { 0, stats };
    HAS_SIZE(sai_query_stats_capability(sw, SAI_OBJECT_TYPE_PORT, &readable), readable.count, stats, 512);
    REQUIRE(stats[0].stat_modes & SAI_STATS_MODE_READ);
    static sai_stat_st_capability_t streams[512];
    sai_stat_st_capability_list_t streamed = { 512, streams };
    sai_status_t status = sai_query_stats_st_capability(sw, SAI_OBJECT_TYPE_PORT, &streamed);
    REQUIRE(status == SAI_STATUS_SUCCESS || status == SAI_STATUS_NOT_SUPPORTED);

    sai_attr_capability_t can;
    CHECK(sai_query_attribute_capability(sw, SAI_OBJECT_TYPE_PORT, SAI_PORT_ATTR_MTU, &can));
    REQUIRE(can.create_implemented && can.set_implemented && can.get_implemented);

    /* What is left of a table is told of the kind that the attributes name, and falls. */
    sai_attribute_t family = { .id = SAI_ROUTE_ENTRY_ATTR_IP_ADDR_FAMILY };
    family.value.s32 = SAI_IP_ADDR_FAMILY_IPV4;
    uint64_t before = 0, after = 0;
    CHECK(sai_object_type_get_availability(sw, SAI_OBJECT_TYPE_ROUTE_ENTRY, 1, &family, &before));
    sai_attribute_t asked = { .id = SAI_SWITCH_ATTR_DEFAULT_VIRTUAL_ROUTER_ID };
    CHECK(((sai_switch_api_t *)api(SAI_API_SWITCH))->get_switch_attribute(sw, 1, &asked));
    sai_route_entry_t entry = { .switch_id = sw, .vr_id = asked.value.oid };
    entry.destination.addr_family = SAI_IP_ADDR_FAMILY_IPV4;
    sai_attribute_t drop = { .id = SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION };
    drop.value.s32 = SAI_PACKET_ACTION_DROP;
    sai_route_api_t *routes = api(SAI_API_ROUTE);
    CHECK(routes->create_route_entry(&entry, 1, &drop));
    CHECK(sai_object_type_get_availability(sw, SAI_OBJECT_TYPE_ROUTE_ENTRY, 1, &family, &after));
    REQUIRE(after == before - 1);

    /* The entry is found by its key, and read by it. */
    sai_object_key_t key;
    uint32_t n = 1, one = 1;
    CHECK(sai_get_object_key(sw, SAI_OBJECT_TYPE_ROUTE_ENTRY, &n, &key));
    REQUIRE(n == 1 && key.key.route_entry.vr_id == entry.vr_id);
    sai_attribute_t action = { .id = SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION }, *list = &action;
    CHECK(sai_bulk_get_attribute(sw, SAI_OBJECT_TYPE_ROUTE_ENTRY, 1, &key, &one, &list, &(sai_status_t){ 1 }));
    REQUIRE(action.value.s32 == SAI_PACKET_ACTION_DROP);
    CHECK(routes->remove_route_entry(&entry));
}

static void in_bulk(void)
{
    sai_object_key_t keys[3];
    uint32_t n = 64;
    static sai_object_key_t ports[64];
    CHECK(sai_get_object_key(sw, SAI_OBJECT_TYPE_PORT, &n, ports));
    keys[0] = ports[0];
    keys[1].key.object_id = sw; /* no port */
    keys[2] = ports[1];

    sai_attribute_t attrs[3] = { { .id = SAI_PORT_ATTR_MTU }, { .id = SAI_PORT_ATTR_MTU }, { .id = SAI_PORT_ATTR_MTU } };
    sai_attribute_t *lists[3] = { &attrs[0], &attrs[1], &attrs[2] };
    uint32_t counts[3] = { 1, 1, 1 };
    sai_status_t statuses[3] = { 1, 1, 1 };
    REQUIRE(sai_bulk_get_attribute(sw, SAI_OBJECT_TYPE_PORT, 3, keys, counts, lists, statuses) == SAI_STATUS_FAILURE);
    REQUIRE(statuses[0] == SAI_STATUS_SUCCESS && statuses[2] == SAI_STATUS_SUCCESS);
    REQUIRE(statuses[1] == SAI_STATUS_INVALID_OBJECT_TYPE);
    REQUIRE(attrs[0].value.u32 == attrs[2].value.u32 && attrs[0].value.u32 > 0);

    sai_stat_id_t ids[2] = { SAI_PORT_STAT_IF_IN_OCTETS, SAI_PORT_STAT_IF_OUT_OCTETS };
    uint64_t counters[6];
    memset(counters, 0xFF, sizeof counters);
    REQUIRE(sai_bulk_object_get_stats(sw, SAI_OBJECT_TYPE_PORT, 3, keys, 2, ids, SAI_STATS_MODE_BULK_READ, statuses,
                                      counters) == SAI_STATUS_FAILURE);
    REQUIRE(statuses[0] == SAI_STATUS_SUCCESS && statuses[1] == SAI_STATUS_INVALID_OBJECT_TYPE);
    for (int i = 0; i < 6; i++)
        REQUIRE(counters[i] == 0);
    keys[1] = ports[2];
    CHECK(sai_bulk_object_clear_stats(sw, SAI_OBJECT_TYPE_PORT, 3, keys, 2, ids, SAI_STATS_MODE_BULK_CLEAR, statuses));
    REQUIRE(sai_bulk_object_get_stats(sw, SAI_OBJECT_TYPE_PORT, 3, keys, 2, ids, 0x100, statuses, counters) ==
            SAI_STATUS_INVALID_PARAMETER);
    REQUIRE(statuses[2] == SAI_STATUS_NOT_EXECUTED);

    sai_size_t size = 16;
    sai_object_list_t none = { 0, NULL };
    REQUIRE(sai_tam_telemetry_get_data(sw, none, false, &size, counters) == SAI_STATUS_NOT_IMPLEMENTED);
    REQUIRE(size == 0);
}

/* The state goes to the file; what cannot be written is refused. */
static void dump(const char *file)
{
    char start[2] = { 0 };
    CHECK(sai_dbg_generate_dump(file));
    FILE *dumped = fopen(file, "r");
    REQUIRE(dumped != NULL && fread(start, 1, 1, dumped) == 1);
    REQUIRE(start[0] == '{' || start[0] == '[');
    fclose(dumped);
    REQUIRE(sai_dbg_generate_dump("/nowhere/at/all") == SAI_STATUS_FAILURE);
    REQUIRE(sai_dbg_generate_dump(NULL) == SAI_STATUS_INVALID_PARAMETER);
}

int main(int argc, char **argv)
{
    REQUIRE(argc == 2);
    versions_and_logs();
    uint32_t count = 7;
    REQUIRE(sai_get_object_count(1, SAI_OBJECT_TYPE_PORT, &count) == SAI_STATUS_UNINITIALIZED);
    CHECK(sai_api_initialize(0, &services));
    CHECK(sai_log_set(SAI_API_UNSPECIFIED, SAI_LOG_LEVEL_WARN));
    sai_attribute_t init = { .id = SAI_SWITCH_ATTR_INIT_SWITCH };
    init.value.booldata = true;
    sai_switch_api_t *switches = api(SAI_API_SWITCH);
    CHECK(switches->create_switch(&sw, 1, &init));
    counts_and_keys();
    capabilities();
    in_bulk();
    dump(argv[1]);
    CHECK(switches->remove_switch(sw));
    CHECK(sai_api_uninitialize());
    printf("done\n");
    return 0;
}
