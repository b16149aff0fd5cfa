/*
 * Brings up a port, hears of it by a notification, and routes a prefix through it.
 *
 *   cc -I$SAI_INCLUDE port_and_route.c -L$LIB -lsai -o port_and_route
 */
#include "client.h"
#include <arpa/inet.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t heard = PTHREAD_COND_INITIALIZER;
static sai_object_id_t came_up;

/* Called by a thread of the library. */
static void on_port_state_change(uint32_t count, const sai_port_oper_status_notification_t *data)
{
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < count; i++)
        if (data[i].port_state == SAI_PORT_OPER_STATUS_UP)
            came_up = data[i].port_id;
    pthread_cond_signal(&heard);
    pthread_mutex_unlock(&lock);
}

/* The ids in a list attribute of the switch's default VLAN or bridge; the caller frees them. */
static sai_object_id_t *members(sai_status_t (*get)(sai_object_id_t, uint32_t, sai_attribute_t *),
                                sai_object_id_t of, sai_attr_id_t id, uint32_t *count)
{
    sai_attribute_t attr = { .id = id };
    sai_status_t status = get(of, 1, &attr);
    REQUIRE(status == SAI_STATUS_BUFFER_OVERFLOW || status == SAI_STATUS_SUCCESS);
    *count = attr.value.objlist.count;
    sai_object_id_t *list = calloc(*count + 1, sizeof *list);
    attr.value.objlist.list = list;
    CHECK(get(of, 1, &attr));
    return list;
}

/* At boot every port bridges VLAN 1. A port that is to route is taken off the bridge first. */
static void leave_the_default_bridge(sai_object_id_t sw)
{
    sai_switch_api_t *switches = api(SAI_API_SWITCH);
    sai_vlan_api_t *vlans = api(SAI_API_VLAN);
    sai_bridge_api_t *bridges = api(SAI_API_BRIDGE);
    sai_attribute_t of[2] = { { .id = SAI_SWITCH_ATTR_DEFAULT_VLAN_ID },
                              { .id = SAI_SWITCH_ATTR_DEFAULT_1Q_BRIDGE_ID } };
    CHECK(switches->get_switch_attribute(sw, 2, of));

    uint32_t count;
    sai_object_id_t *list =
        members(vlans->get_vlan_attribute, of[0].value.oid, SAI_VLAN_ATTR_MEMBER_LIST, &count);
    for (uint32_t i = 0; i < count; i++)
        CHECK(vlans->remove_vlan_member(list[i]));
    free(list);

    list = members(bridges->get_bridge_attribute, of[1].value.oid, SAI_BRIDGE_ATTR_PORT_LIST, &count);
    for (uint32_t i = 0; i < count; i++) {
        sai_attribute_t type = { .id = SAI_BRIDGE_PORT_ATTR_TYPE };
        CHECK(bridges->get_bridge_port_attribute(list[i], 1, &type));
        if (type.value.s32 == SAI_BRIDGE_PORT_TYPE_PORT)
            CHECK(bridges->remove_bridge_port(list[i]));
    }
    free(list);
}

int main(void)
{
    CHECK(sai_api_initialize(0, &services));
    sai_switch_api_t *switches = api(SAI_API_SWITCH);
    sai_port_api_t *ports = api(SAI_API_PORT);
    sai_router_interface_api_t *interfaces = api(SAI_API_ROUTER_INTERFACE);
    sai_neighbor_api_t *neighbors = api(SAI_API_NEIGHBOR);
    sai_next_hop_api_t *next_hops = api(SAI_API_NEXT_HOP);
    sai_route_api_t *routes = api(SAI_API_ROUTE);

    /* A switch that tells of its ports. */
    sai_attribute_t attrs[3] = { 0 };
    attrs[0].id = SAI_SWITCH_ATTR_INIT_SWITCH;
    attrs[0].value.booldata = true;
    attrs[1].id = SAI_SWITCH_ATTR_PORT_STATE_CHANGE_NOTIFY;
    attrs[1].value.ptr = (void *)on_port_state_change;
    sai_object_id_t sw;
    CHECK(switches->create_switch(&sw, 2, attrs));

    /* Its first port: a list of the right size is asked for first. */
    sai_attribute_t attr = { .id = SAI_SWITCH_ATTR_PORT_LIST };
    REQUIRE(switches->get_switch_attribute(sw, 1, &attr) == SAI_STATUS_BUFFER_OVERFLOW);
    uint32_t count = attr.value.objlist.count;
    sai_object_id_t *list = calloc(count, sizeof *list);
    attr.value.objlist.list = list;
    CHECK(switches->get_switch_attribute(sw, 1, &attr));
    sai_object_id_t port = list[0];
    free(list);
    printf("%u ports, the first is 0x%llx\n", count, (unsigned long long)port);

    attr = (sai_attribute_t){ .id = SAI_PORT_ATTR_ADMIN_STATE, .value.booldata = true };
    CHECK(ports->set_port_attribute(port, &attr));
    pthread_mutex_lock(&lock);
    while (came_up != port)
        pthread_cond_wait(&heard, &lock);
    pthread_mutex_unlock(&lock);
    printf("it is up\n");

    attr = (sai_attribute_t){ .id = SAI_SWITCH_ATTR_DEFAULT_VIRTUAL_ROUTER_ID };
    CHECK(switches->get_switch_attribute(sw, 1, &attr));
    sai_object_id_t router = attr.value.oid;

    leave_the_default_bridge(sw);

    /* A router interface on the port, a neighbor there, a next hop to it. */
    memset(attrs, 0, sizeof attrs);
    attrs[0].id = SAI_ROUTER_INTERFACE_ATTR_VIRTUAL_ROUTER_ID;
    attrs[0].value.oid = router;
    attrs[1].id = SAI_ROUTER_INTERFACE_ATTR_TYPE;
    attrs[1].value.s32 = SAI_ROUTER_INTERFACE_TYPE_PORT;
    attrs[2].id = SAI_ROUTER_INTERFACE_ATTR_PORT_ID;
    attrs[2].value.oid = port;
    sai_object_id_t interface;
    CHECK(interfaces->create_router_interface(&interface, sw, 3, attrs));

    sai_neighbor_entry_t neighbor = { .switch_id = sw, .rif_id = interface };
    neighbor.ip_address.addr_family = SAI_IP_ADDR_FAMILY_IPV4;
    neighbor.ip_address.addr.ip4 = inet_addr("10.0.0.2");
    memset(attrs, 0, sizeof attrs);
    attrs[0].id = SAI_NEIGHBOR_ENTRY_ATTR_DST_MAC_ADDRESS;
    memcpy(attrs[0].value.mac, "\x02\x00\x00\x00\x00\x02", 6);
    CHECK(neighbors->create_neighbor_entry(&neighbor, 1, attrs));

    memset(attrs, 0, sizeof attrs);
    attrs[0].id = SAI_NEXT_HOP_ATTR_TYPE;
    attrs[0].value.s32 = SAI_NEXT_HOP_TYPE_IP;
    attrs[1].id = SAI_NEXT_HOP_ATTR_ROUTER_INTERFACE_ID;
    attrs[1].value.oid = interface;
    attrs[2].id = SAI_NEXT_HOP_ATTR_IP;
    attrs[2].value.ipaddr = neighbor.ip_address;
    sai_object_id_t hop;
    CHECK(next_hops->create_next_hop(&hop, sw, 3, attrs));

    sai_route_entry_t route = { .switch_id = sw, .vr_id = router };
    route.destination.addr_family = SAI_IP_ADDR_FAMILY_IPV4;
    route.destination.addr.ip4 = inet_addr("192.0.2.0");
    route.destination.mask.ip4 = inet_addr("255.255.255.0");
    attr = (sai_attribute_t){ .id = SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID, .value.oid = hop };
    CHECK(routes->create_route_entry(&route, 1, &attr));
    attr.value.oid = SAI_NULL_OBJECT_ID;
    CHECK(routes->get_route_entry_attribute(&route, 1, &attr));
    REQUIRE(attr.value.oid == hop);
    printf("192.0.2.0/24 goes to 10.0.0.2\n");

    /* A next hop in use cannot go; all can in the right order. */
    REQUIRE(next_hops->remove_next_hop(hop) == SAI_STATUS_OBJECT_IN_USE);
    CHECK(routes->remove_route_entry(&route));
    CHECK(next_hops->remove_next_hop(hop));
    CHECK(neighbors->remove_neighbor_entry(&neighbor));
    CHECK(interfaces->remove_router_interface(interface));
    CHECK(switches->remove_switch(sw));
    CHECK(sai_api_uninitialize());
    printf("done\n");
    return 0;
}
