//! Ports at the network devices that the profile of their switch names, which come and go.

use std::io::{self, ErrorKind};

use sai::{AttrEntry, Backend, ObjectId, ObjectRef, ObjectType, Value, port, switch};
use switch_sim::Simulator;

use super::{AttachError, LeftOut, Runner, Shared};
use crate::netdev::{self, NetDev};

impl Runner {
    /// Attaches each port of a switch to the network device that the switch's profile names for it: how many it did, and
    /// the ports whose device could not be had, with the reason.
    ///
    /// # Errors
    /// When there is no such switch.
    pub fn attach_devices(&self, sim: &Simulator, switch: ObjectId) -> sai::Result<(usize, Vec<LeftOut>)> {
        let Value::OidList(ports) = read(sim, ObjectType::SWITCH, switch, switch::PORT_LIST.id())? else {
            return Ok((0, Vec::new()));
        };
        let (mut attached, mut left_out) = (0, Vec::new());
        for port in ports {
            match self.attach_device(sim, port) {
                Ok(did) => attached += usize::from(did),
                Err(why) => left_out.push((port, why)),
            }
        }
        Ok((attached, left_out))
    }

    /// Attaches a port to the network device that the switch's profile names for its lanes
    /// ([`Profile::device_of`](switch_sim::Profile::device_of)); whether it names one. A port whose device is missing,
    /// goes, or is another port's has no link until it can have the device, which it is then attached to. Ports keep the
    /// link that they have where the process may not attach to devices at all, and where none of those that the profile
    /// names is there: such a profile says which lanes there are, and somebody else is the wire.
    ///
    /// # Errors
    /// When there is no such port, or the device cannot be opened now.
    pub fn attach_device(&self, sim: &Simulator, port: ObjectId) -> Result<bool, AttachError> {
        self.shared.attach_device(sim, port)
    }
}

impl Shared {
    /// [`Runner::attach_device`].
    pub(super) fn attach_device(&self, sim: &Simulator, port: ObjectId) -> Result<bool, AttachError> {
        let Value::U32List(lanes) = read(sim, ObjectType::PORT, port, port::HW_LANE_LIST.id())? else {
            return Ok(false);
        };
        let home = sim.switch_of(port).unwrap_or(ObjectId::NULL);
        let Some(device) = sim.with_switch(home, |sw| sw.profile.device_of(&lanes).map(str::to_owned))?
        else {
            return Ok(false);
        };
        let opened = self.open(sim, port, &device).or_else(|error| {
            if error.kind() == ErrorKind::PermissionDenied || self.want(sim, port) {
                return Err(error.into());
            }
            if self.has_any_device(sim, home)? {
                sim.set_link(port, false)?;
            }
            // It may have come before it was noted that the port waits.
            self.open(sim, port, &device).map_err(AttachError::from)
        })?;
        self.attach(sim, port, opened)?;
        Ok(true)
    }

    /// Whether any network device that the profile of a switch names is there.
    fn has_any_device(&self, sim: &Simulator, switch: ObjectId) -> Result<bool, AttachError> {
        let there = netdev::list()?;
        Ok(sim.with_switch(switch, |sw| sw.profile.devices().any(|d| there.iter().any(|t| t == d)))?)
    }

    /// Opens a device that no other port has.
    fn open(&self, sim: &Simulator, port: ObjectId, name: &str) -> io::Result<NetDev> {
        let state = self.state.lock();
        let other = state.attached.values().find(|a| a.name == name && (a.port != port || !a.sim.is(sim)));
        if let Some(other) = other {
            let why = format!("network device {name} belongs to port {} already", other.port);
            return Err(io::Error::new(ErrorKind::AlreadyExists, why));
        }
        drop(state);
        NetDev::open(name)
    }

    /// Attaches the ports whose device has come.
    pub(super) fn look_for_devices(&self) {
        let wanted = self.state.lock().wanted.clone();
        for (sim, port) in wanted {
            match self.attach_device(&sim, port) {
                Ok(true) => tracing::info!(%port, "the network device of the port is there: it is attached"),
                Ok(false) | Err(AttachError::Port(_)) => self.want_no_more(&sim, port),
                Err(AttachError::Device(_)) => {}
            }
        }
    }

    /// Notes that a port waits for its device; whether it did already.
    pub(super) fn want(&self, sim: &Simulator, port: ObjectId) -> bool {
        let wanted = &mut self.state.lock().wanted;
        let waits = wanted.iter().any(|(s, p)| *p == port && s.is(sim));
        if !waits {
            wanted.push((sim.clone(), port));
        }
        waits
    }

    /// A port waits for no device any more.
    pub(super) fn want_no_more(&self, sim: &Simulator, port: ObjectId) {
        self.state.lock().wanted.retain(|(s, p)| *p != port || !s.is(sim));
    }
}

/// An attribute of a switch or port.
fn read(sim: &Simulator, object_type: ObjectType, id: ObjectId, attr: sai::AttrId) -> sai::Result<Value> {
    let mut asked = [AttrEntry::ask(attr)];
    sim.get(&ObjectRef::Object(object_type, id), &mut asked)?;
    let [AttrEntry { value, .. }] = asked;
    Ok(value)
}
