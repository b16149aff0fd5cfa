/* Notifications as managers of switches take them: functions given with create_switch and by set, replaced and cleared
 * by set, called on a thread of the library while the client's own threads call it, and which call it themselves. */
#include "client.h"
#include <pthread.h>
#include <stdatomic.h>

#define LIVES 100
#define TURNS 200

static sai_switch_api_t *switches;
static sai_port_api_t *ports;
static sai_object_id_t sw;
static sai_object_id_t list[64];

static atomic_uint first, second, about_fdb, failures;
static pthread_t deliverer;

static void count_port(atomic_uint *heard, uint32_t count, const sai_port_oper_status_notification_t *data)
{
    deliverer = pthread_self();
    for (uint32_t i = 0; i < count; i++) {
        /* The library may be called from here, also to change what called. */
        sai_attribute_t attr = { .id = SAI_PORT_ATTR_OPER_STATUS };
        if (ports->get_port_attribute(data[i].port_id, 1, &attr) != SAI_STATUS_SUCCESS)
            atomic_fetch_add(&failures, 1);
        if (sai_object_type_query(data[i].port_id) != SAI_OBJECT_TYPE_PORT)
            atomic_fetch_add(&failures, 1);
        atomic_fetch_add(heard, 1);
    }
}

static void on_port(uint32_t count, const sai_port_oper_status_notification_t *data)
{
    count_port(&first, count, data);
}

static void on_port_too(uint32_t count, const sai_port_oper_status_notification_t *data)
{
    count_port(&second, count, data);
}

static void on_fdb(uint32_t count, const sai_fdb_event_notification_data_t *data)
{
    (void)data;
    atomic_fetch_add(&about_fdb, count);
}

static void set_pointer(sai_attr_id_t id, void *function)
{
    sai_attribute_t attr = { .id = id };
    attr.value.ptr = function;
    CHECK(switches->set_switch_attribute(sw, &attr));
}

static void enable(sai_object_id_t port, bool up)
{
    sai_attribute_t attr = { .id = SAI_PORT_ATTR_ADMIN_STATE };
    attr.value.booldata = up;
    CHECK(ports->set_port_attribute(port, &attr));
}

/* Waits until so many were heard of; the library delivers on a thread of its own. */
static void until(atomic_uint *heard, unsigned count)
{
    while (atomic_load(heard) < count)
        sched_yield();
    REQUIRE(atomic_load(heard) == count);
}

/* Flaps a port. */
static void *flap(void *port)
{
    for (int i = 0; i < TURNS; i++) {
        enable(*(sai_object_id_t *)port, true);
        enable(*(sai_object_id_t *)port, false);
    }
    return NULL;
}

static void begin(void *port_function)
{
    CHECK(sai_api_initialize(0, &services));
    sai_attribute_t attrs[2] = { { .id = SAI_SWITCH_ATTR_INIT_SWITCH },
                                 { .id = SAI_SWITCH_ATTR_PORT_STATE_CHANGE_NOTIFY } };
    attrs[0].value.booldata = true;
    attrs[1].value.ptr = port_function;
    switches = api(SAI_API_SWITCH);
    ports = api(SAI_API_PORT);
    CHECK(switches->create_switch(&sw, 2, attrs));
    sai_attribute_t all = { .id = SAI_SWITCH_ATTR_PORT_LIST };
    all.value.objlist.count = 64;
    all.value.objlist.list = list;
    CHECK(switches->get_switch_attribute(sw, 1, &all));
    REQUIRE(all.value.objlist.count >= 4);
}

static void given_replaced_cleared(void)
{
    sai_attribute_t asked = { .id = SAI_SWITCH_ATTR_PORT_STATE_CHANGE_NOTIFY };
    enable(list[0], true);
    until(&first, 1);
    REQUIRE(!pthread_equal(deliverer, pthread_self()));
    CHECK(switches->get_switch_attribute(sw, 1, &asked));
    REQUIRE(asked.value.ptr == (void *)on_port);

    set_pointer(SAI_SWITCH_ATTR_PORT_STATE_CHANGE_NOTIFY, (void *)on_port_too);
    enable(list[0], false);
    until(&second, 1);
    set_pointer(SAI_SWITCH_ATTR_PORT_STATE_CHANGE_NOTIFY, NULL);
    CHECK(switches->get_switch_attribute(sw, 1, &asked));
    REQUIRE(asked.value.ptr == NULL);
    enable(list[0], true);
    enable(list[0], false);
    set_pointer(SAI_SWITCH_ATTR_FDB_EVENT_NOTIFY, (void *)on_fdb);
    set_pointer(SAI_SWITCH_ATTR_PORT_STATE_CHANGE_NOTIFY, (void *)on_port);
    enable(list[1], true);
    /* What happened while nobody listened may have been told to nobody, or to who listens now. */
    while (atomic_load(&first) < 2)
        sched_yield();
    REQUIRE(atomic_load(&second) == 1 && atomic_load(&about_fdb) == 0);
}

int main(void)
{
    begin((void *)on_port);
    given_replaced_cleared();
    CHECK(switches->remove_switch(sw));
    CHECK(sai_api_uninitialize());

    /* Two threads of the client's flap a port each; all of it has been told when the switch is removed. */
    begin((void *)on_port);
    atomic_store(&first, 0);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        REQUIRE(pthread_create(&threads[i], NULL, flap, &list[i]) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK(switches->remove_switch(sw));
    REQUIRE(atomic_load(&first) == 2 * 2 * TURNS);
    CHECK(sai_api_uninitialize());
    REQUIRE(atomic_load(&failures) == 0);

    /* Lives of the library, with the switch removed or left; after the end of one nothing is heard of it. */
    for (int life = 0; life < LIVES; life++) {
        begin((void *)on_port);
        atomic_store(&first, 0);
        enable(list[life % 4], true);
        if (life % 2)
            CHECK(switches->remove_switch(sw));
        CHECK(sai_api_uninitialize());
        REQUIRE(atomic_load(&first) == 1);
    }
    REQUIRE(atomic_load(&failures) == 0);
    printf("done\n");
    return 0;
}
