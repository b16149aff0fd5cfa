//! The conformance suite: each case takes any backend with wires at its ports.

mod bed;
mod bulk;
mod fdb;
mod objects;
mod several;
mod special;
mod statuses;
mod switching;
mod warm;

use bed::InProcess;
use switch_sim::Profile;
use switch_sim::warm::{BOOT_TYPE, WARM_BOOT_READ_FILE, WARM_BOOT_WRITE_FILE};

macro_rules! cases {
    ($profile:expr; $($module:ident: $($case:ident),*;)*) => {
        $($(#[test]
        fn $case() {
            $module::$case(&InProcess::new($profile));
        })*)*
    };
}

cases! { Profile::default();
    objects:
        statuses_of_wrong_ids,
        an_attribute_never_set_answers_its_default,
        read_and_clear_clears,
        availability_falls_and_rises,
        counts_and_keys,
        mandatory_and_unknown_attributes,
        auto_negotiation_takes_the_fastest_speed_advertised,
        stages_of_objects,
        entries_without_a_switch_mean_the_only_one;
    statuses:
        ids_in_attributes,
        entries_that_are_not_there,
        a_mandatory_attribute_whose_condition_holds,
        attributes_in_the_wrong_call,
        values_out_of_range;
    bulk:
        a_bulk_set_does_what_single_ones_do,
        a_bulk_create_and_remove_in_both_modes,
        entries_in_bulk_are_read_counted_and_listed,
        statistics_in_bulk_answer_for_each_object;
    special:
        all_neighbors_go_at_once,
        all_statistics_of_a_port_are_cleared,
        a_dump_holds_the_state;
    several:
        each_switch_counts_for_itself,
        objects_stay_on_their_switch;
    fdb:
        a_station_that_sends_does_not_age,
        a_station_that_moves_is_told,
        learning_stops_at_its_limit,
        a_vlan_told_not_to_learn_does_not,
        learned_stations_take_room_until_they_go;
    switching:
        an_enabled_port_floods_to_its_vlan,
        statistics_in_bulk_are_cleared_exactly;
}

cases! { refusing();
    statuses: what_the_profile_refuses;
}

cases! { lacking();
    statuses: a_feature_that_is_off;
}

cases! { small();
    statuses: tables_that_are_full;
}

fn refusing() -> Profile {
    let mut profile = Profile::default();
    profile.refuse.attributes.push("SAI_PORT_ATTR_MTU".into());
    profile.refuse.object_types.push("SAI_OBJECT_TYPE_LAG".into());
    profile
}

fn lacking() -> Profile {
    Profile::from_toml("[features]\nlag = false\nstp = false\n").unwrap()
}

fn small() -> Profile {
    let mut profile = Profile::default();
    (profile.limits.fdb, profile.limits.ipv4_routes, profile.limits.lags) = (2, 1, 1);
    profile
}

#[test]
fn references_counters_and_stations_survive_a_warm_restart() {
    let dir = std::env::temp_dir().join(format!("switch-sim-conformance-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("state").display().to_string();
    warm::references_counters_and_stations_survive(&|boot| {
        let keys = [(BOOT_TYPE, boot), (WARM_BOOT_WRITE_FILE, &file), (WARM_BOOT_READ_FILE, &file)];
        Box::new(InProcess::with_keys(Profile::default(), keys.into_iter().collect()))
    });
    std::fs::remove_dir_all(&dir).unwrap();
}
