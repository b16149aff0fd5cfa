//! Questions about what a backend can do and holds.

use crate::{
    Answer, Attr, AttrCapability, AttrEntry, Create, Error, HasStats, Object, ObjectId, ObjectRef,
    ObjectType, Query, Result, SaiEnum, Session, StatCapability, Status,
};

macro_rules! ask {
    ($self:ident, $ty:expr, $what:literal, $query:expr, $answer:ident) => {
        match $self.ask($what, $ty, $query)? {
            Answer::$answer(answer) => Ok(answer),
            other => Err(Error::because(
                Status::FAILURE,
                format!("the backend answered {other:?} to a query of another kind"),
            )),
        }
    };
}

impl Session {
    fn ask(&self, what: &'static str, ty: ObjectType, query: Query<'_>) -> Result<Answer> {
        let object = ObjectRef::Object(ty, self.switch_raw());
        self.backend().query(self.switch_raw(), query).map_err(|e| self.explain(e, what, &object, &[]))
    }

    /// In which calls the backend implements an attribute.
    pub fn capability<T: Object, V, A>(&self, attr: Attr<T, V, A>) -> Result<AttrCapability> {
        let query = Query::AttributeCapability(T::TYPE, attr.id());
        ask!(self, T::TYPE, "query attribute capability of", query, AttributeCapability)
    }

    /// Which values of its enum the backend supports for an attribute.
    pub fn enum_capability<T: Object, V: SaiEnum, A>(&self, attr: Attr<T, V, A>) -> Result<Vec<V>> {
        self.enum_values(T::TYPE, attr.id())
    }

    /// As [`enum_capability`](Session::enum_capability), for an attribute that is a list of enum values.
    pub fn enum_list_capability<T: Object, V: SaiEnum, A>(&self, attr: Attr<T, Vec<V>, A>) -> Result<Vec<V>> {
        self.enum_values(T::TYPE, attr.id())
    }

    fn enum_values<V: SaiEnum>(&self, ty: ObjectType, id: u32) -> Result<Vec<V>> {
        let raw: Vec<i32> =
            ask!(self, ty, "query enum capability of", Query::EnumValues(ty, id), EnumValues)?;
        Ok(raw.into_iter().map(V::from_raw).collect())
    }

    /// The statistics that the backend counts for a type of object, with the modes to read them in.
    pub fn stats_capability<T: HasStats>(&self) -> Result<Vec<StatCapability>> {
        ask!(self, T::TYPE, "query stats capability of", Query::StatsCapability(T::TYPE), StatsCapability)
    }

    /// How many more objects can be created that are alike in the attributes given.
    pub fn availability<C: Create>(&self, like: C) -> Result<u64> {
        let new = like.into_new();
        let attrs: &[AttrEntry] = new.attrs();
        let ty = C::Object::TYPE;
        ask!(self, ty, "query availability of", Query::Availability(ty, attrs), Count)
    }

    /// How many objects of a type there are.
    pub fn object_count<T: Object>(&self) -> Result<u64> {
        ask!(self, T::TYPE, "count", Query::ObjectCount(T::TYPE), Count)
    }

    /// The ids or keys of all objects of a type.
    pub fn object_keys<T: Object>(&self) -> Result<Vec<ObjectRef>> {
        ask!(self, T::TYPE, "list", Query::ObjectKeys(T::TYPE), ObjectKeys)
    }

    /// The type of the object that an id names, or could have named.
    pub fn object_type(&self, id: impl Into<ObjectId>) -> Option<ObjectType> {
        self.backend().object_type(id.into())
    }

    /// The switch that an object belongs to.
    pub fn switch_of(&self, id: impl Into<ObjectId>) -> Option<ObjectId> {
        self.backend().switch_of(id.into())
    }
}
