//! How a router interface gets at the packets of what it stands on.

use super::rif::{self, Base};
use crate::bridge::FIRST_1D;
use crate::pipeline::NONE;
use crate::port::{self, Attachment, Sub};
use crate::switch::Switch;

/// Attaches an interface, or takes it off. A virtual interface shares the packets of the real one.
pub(super) fn put(sw: &mut Switch, slot: u16, on: bool) {
    let Some(record) = rif::at(&sw.router.rifs, slot).filter(|r| !r.is_virtual) else { return };
    let (base, vid, inner) = (record.base, record.vid, record.inner);
    let whole = if on { slot } else { NONE };
    let change = |a: &mut Attachment| {
        if vid == 0 {
            a.rif = whole;
        } else if inner != 0 {
            a.set_double((vid, inner), on.then_some(slot));
        } else {
            a.set_sub(vid, on.then_some(Sub::Rif(slot)));
        }
    };
    match base {
        Base::None => {}
        Base::Port(port) => {
            change(sw.ports.attachment_mut(port));
            if let Some(id) = sw.ports.get(port).map(|p| p.id) {
                port::derive(sw, id);
            }
        }
        Base::Lag(lag) => crate::lag::attach(sw, lag, change),
        Base::Vlan(vid) => sw.bridge.attach_rif(vid, whole),
        Base::Bridge(bridge) => sw.bridge.attach_rif(FIRST_1D + bridge, whole),
    }
}
