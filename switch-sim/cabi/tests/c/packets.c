/* Packets by buffers of the library and of the client: who has which memory, and what happens to a packet that does
 * not fit. Port 0 loops back what it sends, so that the switch traps it. */
#include "client.h"

#define LEN 60

static sai_hostif_api_t *hostifs;
static sai_object_id_t sw, port;

static sai_attribute_t number(sai_attr_id_t id, int32_t value)
{
    sai_attribute_t attr = { .id = id };
    attr.value.s32 = value;
    return attr;
}

static sai_attribute_t object(sai_attr_id_t id, sai_object_id_t value)
{
    sai_attribute_t attr = { .id = id };
    attr.value.oid = value;
    return attr;
}

static sai_attribute_t flag(sai_attr_id_t id, bool value)
{
    sai_attribute_t attr = { .id = id };
    attr.value.booldata = value;
    return attr;
}

/* A frame of LLDP, numbered. */
static void fill(uint8_t *frame, uint8_t n)
{
    memset(frame, n, LEN);
    memcpy(frame, "\x01\x80\xc2\x00\x00\x0e\x02\x00\x00\x00\x00\x0a\x88\xcc", 14);
}

static sai_status_t send(const void *frame, bool zero_copy)
{
    sai_attribute_t attrs[] = {
        number(SAI_HOSTIF_PACKET_ATTR_HOSTIF_TX_TYPE, SAI_HOSTIF_TX_TYPE_PIPELINE_BYPASS),
        object(SAI_HOSTIF_PACKET_ATTR_EGRESS_PORT_OR_LAG, port),
        flag(SAI_HOSTIF_PACKET_ATTR_ZERO_COPY_TX, zero_copy),
    };
    return hostifs->send_hostif_packet(sw, LEN, frame, 3, attrs);
}

static sai_object_id_t file_descriptor(void)
{
    sai_object_id_t fd, trap, entry;
    sai_attribute_t kind = number(SAI_HOSTIF_ATTR_TYPE, SAI_HOSTIF_TYPE_FD);
    CHECK(hostifs->create_hostif(&fd, sw, 1, &kind));
    sai_attribute_t lldp[] = {
        number(SAI_HOSTIF_TRAP_ATTR_TRAP_TYPE, SAI_HOSTIF_TRAP_TYPE_LLDP),
        number(SAI_HOSTIF_TRAP_ATTR_PACKET_ACTION, SAI_PACKET_ACTION_TRAP),
    };
    CHECK(hostifs->create_hostif_trap(&trap, sw, 2, lldp));
    sai_attribute_t way[] = {
        number(SAI_HOSTIF_TABLE_ENTRY_ATTR_TYPE, SAI_HOSTIF_TABLE_ENTRY_TYPE_TRAP_ID),
        object(SAI_HOSTIF_TABLE_ENTRY_ATTR_TRAP_ID, trap),
        number(SAI_HOSTIF_TABLE_ENTRY_ATTR_CHANNEL_TYPE, SAI_HOSTIF_TABLE_ENTRY_CHANNEL_TYPE_FD),
        object(SAI_HOSTIF_TABLE_ENTRY_ATTR_HOST_IF, fd),
    };
    CHECK(hostifs->create_hostif_table_entry(&entry, sw, 4, way));
    return fd;
}

int main(void)
{
    CHECK(sai_api_initialize(0, &services));
    sai_switch_api_t *switches = api(SAI_API_SWITCH);
    sai_port_api_t *ports = api(SAI_API_PORT);
    hostifs = api(SAI_API_HOSTIF);
    sai_attribute_t init = flag(SAI_SWITCH_ATTR_INIT_SWITCH, true);
    CHECK(switches->create_switch(&sw, 1, &init));
    sai_object_id_t list[64];
    sai_attribute_t all = { .id = SAI_SWITCH_ATTR_PORT_LIST };
    all.value.objlist.count = 64;
    all.value.objlist.list = list;
    CHECK(switches->get_switch_attribute(sw, 1, &all));
    port = list[0];
    sai_attribute_t loop = number(SAI_PORT_ATTR_LOOPBACK_MODE, SAI_PORT_LOOPBACK_MODE_MAC);
    sai_attribute_t up = flag(SAI_PORT_ATTR_ADMIN_STATE, true);
    CHECK(ports->set_port_attribute(port, &loop));
    CHECK(ports->set_port_attribute(port, &up));
    sai_object_id_t fd = file_descriptor();

    /* A buffer of the library's is filled, sent, filled and sent again; what was sent is what it held then. */
    void *buffer = NULL;
    CHECK(hostifs->allocate_hostif_packet(sw, LEN, &buffer, 0, NULL));
    REQUIRE((uintptr_t)buffer % 8 == 0);
    for (uint8_t n = 1; n <= 2; n++) {
        fill(buffer, n);
        CHECK(send(buffer, true));
    }
    fill(buffer, 9);
    CHECK(hostifs->free_hostif_packet(sw, buffer));
    REQUIRE(hostifs->free_hostif_packet(sw, buffer) == SAI_STATUS_INVALID_PARAMETER);

    /* One of the client's may be sent either way. */
    uint8_t own[LEN];
    for (uint8_t n = 3; n <= 4; n++) {
        fill(own, n);
        CHECK(send(own, n == 4));
    }
    fill(own, 9);

    /* A packet that does not fit tells its size, with and without memory, and waits. */
    uint8_t frame[LEN + 1], expected[LEN];
    sai_attribute_t attrs[8];
    sai_size_t size = 0;
    uint32_t count = 0;
    REQUIRE(hostifs->recv_hostif_packet(fd, &size, NULL, &count, NULL) == SAI_STATUS_BUFFER_OVERFLOW);
    REQUIRE(size == LEN && count > 0 && count <= 8);
    uint32_t known = count;
    size = LEN - 1;
    REQUIRE(hostifs->recv_hostif_packet(fd, &size, frame, &count, attrs) == SAI_STATUS_BUFFER_OVERFLOW);
    REQUIRE(size == LEN && count == known);
    count = known - 1;
    size = sizeof frame;
    REQUIRE(hostifs->recv_hostif_packet(fd, &size, frame, &count, attrs) == SAI_STATUS_BUFFER_OVERFLOW);
    REQUIRE(size == LEN && count == known);
    size = LEN;
    REQUIRE(hostifs->recv_hostif_packet(fd, &size, NULL, &count, attrs) == SAI_STATUS_INVALID_PARAMETER);

    for (uint8_t n = 1; n <= 4; n++) {
        size = sizeof frame;
        count = 8;
        frame[LEN] = 0xEE;
        CHECK(hostifs->recv_hostif_packet(fd, &size, frame, &count, attrs));
        fill(expected, n);
        REQUIRE(size == LEN && memcmp(frame, expected, LEN) == 0 && frame[LEN] == 0xEE);
        bool told = false;
        for (uint32_t i = 0; i < count; i++)
            told |= attrs[i].id == SAI_HOSTIF_PACKET_ATTR_INGRESS_PORT && attrs[i].value.oid == port;
        REQUIRE(told);
    }
    size = sizeof frame;
    REQUIRE(hostifs->recv_hostif_packet(fd, &size, frame, &count, attrs) == SAI_STATUS_ITEM_NOT_FOUND);
    REQUIRE(size == 0 && count == 0);

    CHECK(switches->remove_switch(sw));
    CHECK(sai_api_uninitialize());
    printf("done\n");
    return 0;
}
