//! What a port does about flow control, by its attributes.

use sai::object::port::{FlowControlMode, PriorityFlowControlMode};
use sai::{AttrId, ObjectId, port};

use super::index;
use super::server::Flow;
use crate::switch::Switch;

/// What a port does about flow control.
pub(super) fn of(sw: &Switch, id: ObjectId) -> Flow {
    let number = |attr: AttrId| sw.store.number(id, attr);
    let pause = match FlowControlMode(number(port::GLOBAL_FLOW_CONTROL_MODE.id()) as i32) {
        FlowControlMode::RX_ONLY => [true, false],
        FlowControlMode::TX_ONLY => [false, true],
        FlowControlMode::BOTH_ENABLE => [true, true],
        _ => [false, false],
    };
    let mode = PriorityFlowControlMode(number(port::PRIORITY_FLOW_CONTROL_MODE.id()) as i32);
    let pfc = match mode {
        PriorityFlowControlMode::SEPARATE => {
            [port::PRIORITY_FLOW_CONTROL_RX.id(), port::PRIORITY_FLOW_CONTROL_TX.id()]
        }
        _ => [port::PRIORITY_FLOW_CONTROL.id(); 2],
    };
    let [queues, groups] = [0, 1]
        .map(|kind| std::array::from_fn(|priority| sw.qos.by_priority(index(id), priority as u8)[kind]));
    Flow { pause, pfc: pfc.map(|attr| number(attr) as u8), queues, groups }
}
