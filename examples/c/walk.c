/*
 * Does what SONiC's syncd does once it has created a switch: reads every attribute that holds object ids
 * of every object that it can reach, then makes room as orchagent does, removing the members of the default
 * VLAN and the ports of the default bridge.
 *
 *   cc -I$SAI_INCLUDE walk.c -L$LIB -lsai -o walk
 */
#include "client.h"
#include "object_attrs.h"
#include <stddef.h>

#define LONGEST_LIST 1024

typedef sai_status_t (*get_fn)(sai_object_id_t, uint32_t, sai_attribute_t *);

static const struct row {
    sai_object_type_t type;
    sai_api_t api;
    size_t slot;
    sai_attr_id_t attr;
    const char *name;
    bool list;
} rows[] = {
#define ROW(type, api, table, get, attr, list) { type, api, offsetof(table, get), attr, #attr, list },
    OBJECT_ATTRS(ROW)
};

static sai_object_id_t *found;
static size_t known, room;
static unsigned long answered, refused;

static void find(sai_object_id_t id)
{
    if (id == SAI_NULL_OBJECT_ID)
        return;
    for (size_t i = 0; i < known; i++)
        if (found[i] == id)
            return;
    if (known == room) {
        room = room ? 2 * room : 1024;
        found = realloc(found, room * sizeof *found);
        REQUIRE(found != NULL);
    }
    found[known++] = id;
}

/* Whether a status says cleanly that an attribute is not there. */
static bool is_clean(sai_status_t s)
{
    return s == SAI_STATUS_NOT_SUPPORTED || s == SAI_STATUS_NOT_IMPLEMENTED ||
           SAI_STATUS_IS_ATTR_NOT_SUPPORTED(s) || SAI_STATUS_IS_ATTR_NOT_IMPLEMENTED(s);
}

static void walk(sai_object_id_t id)
{
    static sai_object_id_t list[LONGEST_LIST];
    sai_object_type_t type = sai_object_type_query(id);
    REQUIRE(type != SAI_OBJECT_TYPE_NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        if (row->type != type)
            continue;
        get_fn get;
        memcpy(&get, (char *)api(row->api) + row->slot, sizeof get);
        REQUIRE(get != NULL);
        sai_attribute_t attr = { .id = row->attr };
        if (row->list) {
            attr.value.objlist.count = LONGEST_LIST;
            attr.value.objlist.list = list;
        }
        sai_status_t status = get(id, 1, &attr);
        if (status != SAI_STATUS_SUCCESS) {
            if (!is_clean(status)) {
                fprintf(stderr, "%s of 0x%llx: status %d\n", row->name, (unsigned long long)id, status);
                exit(1);
            }
            refused++;
            continue;
        }
        answered++;
        if (!row->list) {
            find(attr.value.oid);
            continue;
        }
        for (uint32_t n = 0; n < attr.value.objlist.count; n++)
            find(list[n]);
    }
}

int main(void)
{
    CHECK(sai_api_initialize(0, &services));
    sai_switch_api_t *switches = api(SAI_API_SWITCH);
    sai_attribute_t attrs[2] = { 0 };
    attrs[0].id = SAI_SWITCH_ATTR_INIT_SWITCH;
    attrs[0].value.booldata = true;
    attrs[1].id = SAI_SWITCH_ATTR_SRC_MAC_ADDRESS;
    memcpy(attrs[1].value.mac, "\x02\x00\x00\x00\x00\x01", 6);
    sai_object_id_t sw;
    CHECK(switches->create_switch(&sw, 2, attrs));
    REQUIRE(sai_switch_id_query(sw) == sw);

    find(sw);
    for (size_t i = 0; i < known; i++)
        walk(found[i]);
    printf("%zu objects, %lu attributes answered, %lu refused\n", known, answered, refused);
    REQUIRE(known > 100);

    /* Every port has lanes. */
    static sai_object_id_t list[LONGEST_LIST];
    sai_port_api_t *ports = api(SAI_API_PORT);
    sai_attribute_t attr = { .id = SAI_SWITCH_ATTR_PORT_LIST };
    attr.value.objlist.count = LONGEST_LIST;
    attr.value.objlist.list = list;
    CHECK(switches->get_switch_attribute(sw, 1, &attr));
    for (uint32_t i = 0; i < attr.value.objlist.count; i++) {
        uint32_t lanes[16];
        sai_attribute_t lane = { .id = SAI_PORT_ATTR_HW_LANE_LIST };
        lane.value.u32list.count = 16;
        lane.value.u32list.list = lanes;
        CHECK(ports->get_port_attribute(list[i], 1, &lane));
        REQUIRE(lane.value.u32list.count > 0);
    }

    /* The members of the default VLAN, then the ports of the default bridge. */
    sai_vlan_api_t *vlans = api(SAI_API_VLAN);
    sai_bridge_api_t *bridges = api(SAI_API_BRIDGE);
    attrs[0] = (sai_attribute_t){ .id = SAI_SWITCH_ATTR_DEFAULT_VLAN_ID };
    attrs[1] = (sai_attribute_t){ .id = SAI_SWITCH_ATTR_DEFAULT_1Q_BRIDGE_ID };
    CHECK(switches->get_switch_attribute(sw, 2, attrs));
    attr = (sai_attribute_t){ .id = SAI_VLAN_ATTR_MEMBER_LIST };
    attr.value.objlist.count = LONGEST_LIST;
    attr.value.objlist.list = list;
    CHECK(vlans->get_vlan_attribute(attrs[0].value.oid, 1, &attr));
    uint32_t members = attr.value.objlist.count;
    for (uint32_t i = 0; i < members; i++)
        CHECK(vlans->remove_vlan_member(list[i]));
    attr = (sai_attribute_t){ .id = SAI_BRIDGE_ATTR_PORT_LIST };
    attr.value.objlist.count = LONGEST_LIST;
    attr.value.objlist.list = list;
    CHECK(bridges->get_bridge_attribute(attrs[1].value.oid, 1, &attr));
    uint32_t bridge_ports = 0;
    for (uint32_t i = 0; i < attr.value.objlist.count; i++) {
        sai_attribute_t type = { .id = SAI_BRIDGE_PORT_ATTR_TYPE };
        CHECK(bridges->get_bridge_port_attribute(list[i], 1, &type));
        if (type.value.s32 != SAI_BRIDGE_PORT_TYPE_PORT)
            continue;
        CHECK(bridges->remove_bridge_port(list[i]));
        bridge_ports++;
    }
    printf("%u VLAN members and %u bridge ports removed\n", members, bridge_ports);

    CHECK(switches->remove_switch(sw));
    CHECK(sai_api_uninitialize());
    free(found);
    return 0;
}
