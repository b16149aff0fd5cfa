//! What makes the library a living switch: the thread that forwards, and the control socket.

use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::sync::Arc;

use sai::{
    AttrEntry, Backend, Bulk, BulkErrorMode, Error, ObjectId, ObjectRef, ObjectType, Result, Special,
    SpecialAnswer, Status, Target,
};
use switch_sim::{Simulator, World};
use switch_sim_live::control::{Address, Handle, Server, Site};
use switch_sim_live::runner::{AttachError, Attachment};
use switch_sim_live::{HostDevices, Runner};

/// The simulator with its layers, and the threads that give it life. They end with it.
#[derive(Debug)]
pub struct Living {
    inner: Arc<dyn Backend>,
    sim: Simulator,
    /// The switches stand in it for as long as this lives.
    _world: World,
    runner: Option<Arc<Runner>>,
    _control: Option<Server>,
}

impl Living {
    /// Begins to forward by so many threads, unless the clock is virtual, and to listen, where that is wanted. `sim`
    /// stands in `world`, and `inner` is `sim` with its layers. On a virtual clock the threads share what comes together.
    pub fn start(
        world: World,
        sim: Simulator,
        inner: Arc<dyn Backend>,
        workers: NonZeroUsize,
        control: Option<&Address>,
    ) -> Result<Living> {
        let fail = |what: &str, e: std::io::Error| Error::because(Status::FAILURE, format!("{what}: {e}"));
        let threads = match world.clock().is_virtual() {
            true => world.set_workers(workers).map(|()| None),
            false => Runner::start_with(world.clone(), workers).map(|runner| Some(Arc::new(runner))),
        };
        let runner = threads.map_err(|e| fail("cannot start the forwarding threads", e))?;
        let control = match control {
            None => None,
            Some(address) => {
                let site = Place {
                    world: world.clone(),
                    sim: sim.clone(),
                    backend: inner.clone(),
                    runner: runner.clone(),
                };
                let server = Server::start(Arc::new(site), address);
                let what =
                    || format!("cannot listen at {address}: have SWITCH_SIM_CONTROL name another place");
                Some(server.map_err(|e| fail(&what(), e))?)
            }
        };
        Ok(Living { inner, sim, _world: world, runner, _control: control })
    }

    /// Attaches the ports of a new switch to the devices that its profile names. What is not there, or needs
    /// privileges that are not, is said: the switch works without.
    fn attach(&self, switch: ObjectId) {
        let Some(runner) = &self.runner else { return };
        match runner.attach_devices(&self.sim, switch) {
            Ok((0, left_out)) if !left_out.is_empty() && left_out.iter().all(|(_, why)| why.is_absence()) => {
                tracing::warn!(
                    "none of the network devices that the profile names is there: the ports keep the links that they have"
                );
            }
            Ok((n, left_out)) => {
                tracing::info!("{n} ports are attached to network devices");
                left_out.iter().for_each(|(port, why)| without_device(*port, why));
            }
            Err(e) => tracing::warn!("ports stay without their network devices: {e}"),
        }
    }

    /// Attaches a new port to the device that the profile names for its lanes, as [`Living::attach`].
    fn attach_port(&self, port: ObjectId) {
        let Some(runner) = &self.runner else { return };
        match runner.attach_device(&self.sim, port) {
            Ok(true) => tracing::info!("port {port} is attached to its network device"),
            Ok(false) => {}
            Err(why) => without_device(port, &why),
        }
    }

    /// Detaches what is gone.
    fn detach(&self, gone: &ObjectRef) {
        let (Some(runner), Some(id)) = (&self.runner, gone.oid()) else { return };
        for attached in runner.attachments() {
            let home = self.sim.switch_of(attached.port);
            if attached.port == id || home == Some(id) {
                runner.detach(&attached.sim, attached.port);
            }
        }
    }
}

impl Backend for Living {
    sai::forward_backend!(inner: info, set, get, stats, bulk_stats, query, object_type, switch_of, subscribe);

    fn create(&self, switch: ObjectId, target: Target<'_>, attrs: &[AttrEntry]) -> Result<ObjectId> {
        let id = self.inner.create(switch, target, attrs)?;
        match target {
            Target::Object(ObjectType::SWITCH) => self.attach(id),
            Target::Object(ObjectType::PORT) => self.attach_port(id),
            _ => {}
        }
        Ok(id)
    }

    fn remove(&self, object: &ObjectRef) -> Result<()> {
        self.inner.remove(object)?;
        if matches!(object.object_type(), ObjectType::SWITCH | ObjectType::PORT) {
            self.detach(object);
        }
        Ok(())
    }

    fn bulk(&self, call: Bulk<'_, '_>, mode: BulkErrorMode) -> Vec<Result<ObjectId>> {
        let is_port = |t: ObjectType| t == ObjectType::PORT;
        let (mut gone, mut new) = (Vec::new(), false);
        match &call {
            Bulk::Remove(items) => {
                gone.extend(items.iter().map(|i| is_port(i.object_type()).then(|| i.clone())))
            }
            Bulk::Create { items, .. } => new = items.iter().any(|i| is_port(i.target.object_type())),
            Bulk::Set(_) | Bulk::Get(_) => {}
        }
        let results = self.inner.bulk(call, mode);
        for (port, result) in gone.iter().zip(&results) {
            if let (Some(port), Ok(_)) = (port, result) {
                self.detach(port);
            }
        }
        if new {
            results.iter().flatten().for_each(|port| self.attach_port(*port));
        }
        results
    }

    /// `sai_dbg_generate_dump` writes the support matrix beside the state, to `FILE.support.md`.
    fn special(&self, switch: ObjectId, call: Special<'_>) -> Result<SpecialAnswer> {
        let answer = self.inner.special(switch, call)?;
        if let Special::Dump(file) = call {
            let beside = format!("{file}.support.md");
            std::fs::write(&beside, switch_sim::query::support_matrix())
                .map_err(|e| Error::because(Status::FAILURE, format!("{beside}: {e}")))?;
        }
        Ok(answer)
    }
}

/// Says what becomes of a port whose device cannot be had.
fn without_device(port: ObjectId, why: &AttachError) {
    match why {
        AttachError::Device(e) if e.kind() == ErrorKind::PermissionDenied => {
            tracing::warn!("port {port} stays without its network device, with the link that it has: {why}");
        }
        _ => tracing::warn!("port {port} waits for its network device: {why}"),
    }
}

/// What the control socket controls.
#[derive(Debug)]
struct Place {
    world: World,
    sim: Simulator,
    backend: Arc<dyn Backend>,
    runner: Option<Arc<Runner>>,
}

impl Site for Place {
    fn world(&self) -> &World {
        &self.world
    }

    /// Each is named by its number, from 1.
    fn switches(&self) -> Vec<Handle> {
        let handle = |switch: ObjectId| Handle {
            name: (switch.0 >> 56).to_string(),
            sim: self.sim.clone(),
            backend: self.backend.clone(),
            switch,
        };
        self.sim.switches().into_iter().map(handle).collect()
    }

    fn attachments(&self) -> Vec<Attachment> {
        self.runner.as_ref().map_or_else(Vec::new, |runner| runner.attachments())
    }

    fn deliver(&self) {
        sai::abi::export::settle();
    }

    fn wake(&self) {
        if let Some(runner) = &self.runner {
            runner.wake();
        }
    }
}

/// The layer by which host interfaces are network devices of the kernel's.
pub fn with_host_devices(
    inner: Arc<dyn Backend>,
    world: &World,
    sim: &Simulator,
) -> Result<Arc<dyn Backend>> {
    let layer = HostDevices::new(inner, world.clone(), sim.clone());
    let fail = |e| Error::because(Status::FAILURE, format!("host devices: {e}"));
    Ok(Arc::new(layer.map_err(fail)?))
}
