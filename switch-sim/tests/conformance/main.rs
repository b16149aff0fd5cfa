//! The conformance suite: each case takes any backend with wires at its ports.

mod bed;
mod objects;
mod switching;

use bed::InProcess;
use switch_sim::Profile;

macro_rules! cases {
    ($($case:path as $name:ident;)*) => {
        $(#[test]
        fn $name() {
            $case(&InProcess::new(Profile::default()));
        })*
    };
}

cases! {
    objects::statuses_of_wrong_ids as statuses_of_wrong_ids;
    objects::an_attribute_never_set_answers_its_default as an_attribute_never_set_answers_its_default;
    objects::read_and_clear_clears as read_and_clear_clears;
    objects::availability_falls_and_rises as availability_falls_and_rises;
    objects::counts_and_keys as counts_and_keys;
    objects::mandatory_and_unknown_attributes as mandatory_and_unknown_attributes;
    objects::entries_without_a_switch_mean_the_only_one as entries_without_a_switch_mean_the_only_one;
    switching::an_enabled_port_floods_to_its_vlan as an_enabled_port_floods_to_its_vlan;
}
