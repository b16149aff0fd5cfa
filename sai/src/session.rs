//! Typed verbs over any backend.

use std::sync::Arc;

use crate::attr::target;
use crate::notify::{self, Receiver};
use crate::object::{hostif, port, switch};
use crate::{
    Attr, AttrEntry, AttrValue, Backend, Create, Error, Handle, Info, Object, ObjectId, ObjectRef, Oid,
    OnSet, Result, Special, SpecialAnswer, Status, meta,
};

/// A caller of one backend: the typed verbs. Cheap to clone; may be used from any thread.
///
/// A session remembers the switch that it works on, because SAI wants to be told with every creation.
/// [`Session::create_switch`] makes one and answers the session bound to it.
#[derive(Clone, Debug)]
pub struct Session {
    backend: Arc<dyn Backend>,
    switch: ObjectId,
}

impl Session {
    /// A session on a backend that has no switch yet.
    pub fn new(backend: Arc<dyn Backend>) -> Session {
        Session { backend, switch: ObjectId::NULL }
    }

    /// A session on a backend's switch.
    pub fn on(backend: Arc<dyn Backend>, switch: Oid<switch::Switch>) -> Session {
        Session { backend, switch: switch.raw() }
    }

    /// The backend, for calls of the dynamic core.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// Who the backend is.
    pub fn info(&self) -> Info {
        self.backend.info()
    }

    /// The switch that the session works on.
    pub fn switch(&self) -> Option<Oid<switch::Switch>> {
        self.switch.typed()
    }

    pub(crate) fn switch_raw(&self) -> ObjectId {
        self.switch
    }

    /// Creates a switch and answers the handle of it.
    pub fn create_switch(&self, new: impl Create<Object = switch::Switch>) -> Result<Switch> {
        let bare = Session::new(self.backend.clone());
        let id = bare.create(new)?;
        Ok(Switch { session: Session::on(self.backend.clone(), id), id })
    }

    /// Creates an object or an entry: [`port::Required`] and its like, with further attributes. Answers the
    /// id of an object, nothing for an entry.
    pub fn create<C: Create>(&self, new: C) -> Result<<C::Object as Object>::Created> {
        let new = new.into_new();
        let entry = new.entry();
        let target = target::<C::Object>(entry.as_ref());
        let explain = |e: Error| self.explain(e, "create", &target.to_ref(ObjectId::NULL), new.attrs());
        let id = self.backend.create(self.switch, target, new.attrs()).map_err(explain)?;
        C::Object::created(id)
            .ok_or_else(|| explain(Error::because(Status::FAILURE, "the backend answered a null id")))
    }

    /// Removes an object or an entry.
    pub fn remove(&self, object: impl Handle) -> Result<()> {
        let object = object.to_ref();
        self.backend.remove(&object).map_err(|e| self.explain(e, "remove", &object, &[]))
    }

    /// Sets one attribute. An attribute that is read-only, or for creation alone, does not compile.
    pub fn set<H, V, A>(&self, object: H, attr: Attr<H::Object, V, A>, value: V) -> Result<()>
    where
        H: Handle,
        V: AttrValue,
        A: OnSet,
    {
        let object = object.to_ref();
        let entry = AttrEntry::new(attr.id(), value.into_value());
        self.backend
            .set(&object, &entry)
            .map_err(|e| self.explain(e, "set", &object, std::slice::from_ref(&entry)))
    }

    /// Reads one attribute, or several at once as a tuple:
    /// `session.get(port, (port::SPEED, port::OPER_STATUS))`.
    pub fn get<H: Handle, G: Get<H::Object>>(&self, object: H, attrs: G) -> Result<G::Values> {
        let object = object.to_ref();
        let mut entries = attrs.ask();
        self.backend.get(&object, &mut entries).map_err(|e| self.explain(e, "get", &object, &entries))?;
        let mut values = entries.into_iter();
        attrs.take(&mut values).map_err(|(id, kind)| {
            let reason = format!("the backend answered {kind}, which the attribute's type does not have");
            self.explain(Error::because(Status::FAILURE, reason), "get", &object, &[AttrEntry::ask(id)])
        })
    }

    /// Removes the FDB entries that match the filters, attributes of
    /// [`fdb_flush`](crate::object::fdb_flush): all dynamic ones without any.
    pub fn flush_fdb(&self, filters: impl Create<Object = crate::object::fdb_flush::FdbFlush>) -> Result<()> {
        let filters = filters.into_new();
        let object = ObjectRef::Object(crate::ObjectType::FDB_FLUSH, self.switch);
        self.special("flush", &object, filters.attrs(), Special::FlushFdb(filters.attrs())).map(drop)
    }

    /// Removes all neighbor entries.
    pub fn remove_all_neighbors(&self) -> Result<()> {
        let object = ObjectRef::Object(crate::ObjectType::SWITCH, self.switch);
        self.special("remove all neighbors of", &object, &[], Special::RemoveAllNeighbors).map(drop)
    }

    /// Sends a frame without FCS, with attributes of [`hostif_packet`](crate::object::hostif_packet).
    pub fn send_packet(
        &self,
        hostif: Oid<hostif::Hostif>,
        frame: &[u8],
        attrs: impl Create<Object = crate::object::hostif_packet::HostifPacket>,
    ) -> Result<()> {
        let attrs = attrs.into_new();
        let call = Special::SendHostifPacket { hostif: hostif.raw(), frame, attrs: attrs.attrs() };
        self.special("send on", &hostif.to_ref(), attrs.attrs(), call).map(drop)
    }

    /// Takes the next packet that waits on a file-descriptor host interface, with its attributes.
    pub fn recv_packet(&self, hostif: Oid<hostif::Hostif>) -> Result<(Vec<u8>, Vec<AttrEntry>)> {
        let call = Special::RecvHostifPacket { hostif: hostif.raw() };
        match self.special("receive on", &hostif.to_ref(), &[], call)? {
            SpecialAnswer::Packet { frame, attrs } => Ok((frame, attrs)),
            _ => Err(Error::because(Status::FAILURE, "the backend answered no packet")),
        }
    }

    /// Sets all statistics of a port to zero.
    pub fn clear_all_port_stats(&self, port: Oid<port::Port>) -> Result<()> {
        self.special("clear all stats of", &port.to_ref(), &[], Special::ClearPortAllStats(port.raw()))
            .map(drop)
    }

    /// Writes the backend's state to a file.
    pub fn dump(&self, path: &str) -> Result<()> {
        let object = ObjectRef::Object(crate::ObjectType::SWITCH, self.switch);
        self.special("dump", &object, &[], Special::Dump(path)).map(drop)
    }

    /// A receiver of the backend's notifications, from now on. It holds up to `capacity` of them; what
    /// comes while it is full is counted and dropped.
    pub fn subscribe(&self, capacity: usize) -> Receiver {
        let (sink, receiver) = notify::channel(capacity);
        self.backend.subscribe(sink);
        receiver
    }

    fn special(
        &self,
        operation: &'static str,
        object: &ObjectRef,
        attrs: &[AttrEntry],
        call: Special<'_>,
    ) -> Result<SpecialAnswer> {
        self.backend.special(self.switch, call).map_err(|e| self.explain(e, operation, object, attrs))
    }

    /// Adds what the session knows to a backend's error.
    pub(crate) fn explain(
        &self,
        error: Error,
        operation: &'static str,
        object: &ObjectRef,
        attrs: &[AttrEntry],
    ) -> Error {
        let mut error = error.in_operation(operation).on_object(object);
        // A set or get of one attribute is about it whatever the status says.
        let at = error.status().attr_index().or((attrs.len() == 1).then_some(0));
        if let Some(attr) = at.and_then(|i| attrs.get(i)) {
            error = error.on_attr(match meta::attr(object.object_type(), attr.id) {
                Some(meta) => meta.name_of(attr.id),
                None => format!("attribute {:#x}", attr.id).into(),
            });
        }
        error
    }
}

/// A switch: the session that works on it, and its id.
#[derive(Clone, Debug)]
pub struct Switch {
    session: Session,
    id: Oid<switch::Switch>,
}

impl Switch {
    /// Its id.
    pub fn id(&self) -> Oid<switch::Switch> {
        self.id
    }

    /// The session that works on it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Reads attributes of the switch itself.
    pub fn read<G: Get<switch::Switch>>(&self, attrs: G) -> Result<G::Values> {
        self.session.get(self.id, attrs)
    }

    /// Sets an attribute of the switch itself.
    pub fn write<V: AttrValue, A: OnSet>(&self, attr: Attr<switch::Switch, V, A>, value: V) -> Result<()> {
        self.session.set(self.id, attr, value)
    }

    /// Its ports, without the CPU port.
    pub fn ports(&self) -> Result<Vec<Oid<port::Port>>> {
        self.read(switch::PORT_LIST)
    }

    /// Removes the switch with everything on it.
    pub fn shut_down(self) -> Result<()> {
        self.session.remove(self.id)
    }
}

/// All verbs of the session work on the switch.
impl std::ops::Deref for Switch {
    type Target = Session;
    fn deref(&self) -> &Session {
        &self.session
    }
}

/// One attribute, or a tuple of up to eight, to be read at once.
pub trait Get<T> {
    /// The values.
    type Values;
    #[doc(hidden)]
    fn ask(&self) -> Vec<AttrEntry>;
    /// Takes the values in order; the error names the attribute and the kind of value that came.
    #[doc(hidden)]
    fn take(&self, from: &mut std::vec::IntoIter<AttrEntry>) -> Result<Self::Values, (u32, String)>;
}

impl<T, V: AttrValue, A> Get<T> for Attr<T, V, A> {
    type Values = V;
    fn ask(&self) -> Vec<AttrEntry> {
        vec![AttrEntry::ask(self.id())]
    }
    fn take(&self, from: &mut std::vec::IntoIter<AttrEntry>) -> Result<V, (u32, String)> {
        let entry = from.next().ok_or_else(|| (self.id(), "nothing".to_owned()))?;
        let null = entry.value.as_oid().is_some_and(ObjectId::is_null);
        let kind = entry.value.kind();
        V::from_value(entry.value)
            .ok_or_else(|| (self.id(), if null { "a null id".to_owned() } else { format!("a {kind:?}") }))
    }
}

macro_rules! tuples {
    ($($($name:ident)+;)*) => {
        $(
            #[allow(non_snake_case)]
            impl<T, $($name: Get<T>),+> Get<T> for ($($name,)+) {
                type Values = ($($name::Values,)+);
                fn ask(&self) -> Vec<AttrEntry> {
                    let ($($name,)+) = self;
                    let mut all = Vec::new();
                    $(all.extend($name.ask());)+
                    all
                }
                fn take(&self, from: &mut std::vec::IntoIter<AttrEntry>) -> Result<Self::Values, (u32, String)> {
                    let ($($name,)+) = self;
                    Ok(($($name.take(from)?,)+))
                }
            }
        )*
    };
}
tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}
