//! What a layer leaves as it is.

/// Defines methods of [`Backend`](crate::Backend) that hand the call on: `forward_backend!(inner: info, get)` within
/// `impl Backend for …`, where the field `inner` derefs to a backend.
#[macro_export]
macro_rules! forward_backend {
    ($inner:ident: $($method:ident),+ $(,)?) => { $($crate::forward_backend!(@$method $inner);)+ };
    (@info $inner:ident) => {
        fn info(&self) -> $crate::Info {
            self.$inner.info()
        }
    };
    (@create $inner:ident) => {
        fn create(
            &self,
            switch: $crate::ObjectId,
            target: $crate::Target<'_>,
            attrs: &[$crate::AttrEntry],
        ) -> $crate::Result<$crate::ObjectId> {
            self.$inner.create(switch, target, attrs)
        }
    };
    (@remove $inner:ident) => {
        fn remove(&self, object: &$crate::ObjectRef) -> $crate::Result<()> {
            self.$inner.remove(object)
        }
    };
    (@set $inner:ident) => {
        fn set(&self, object: &$crate::ObjectRef, attr: &$crate::AttrEntry) -> $crate::Result<()> {
            self.$inner.set(object, attr)
        }
    };
    (@get $inner:ident) => {
        fn get(&self, object: &$crate::ObjectRef, attrs: &mut [$crate::AttrEntry]) -> $crate::Result<()> {
            self.$inner.get(object, attrs)
        }
    };
    (@bulk $inner:ident) => {
        fn bulk(
            &self,
            call: $crate::Bulk<'_, '_>,
            mode: $crate::BulkErrorMode,
        ) -> Vec<$crate::Result<$crate::ObjectId>> {
            self.$inner.bulk(call, mode)
        }
    };
    (@stats $inner:ident) => {
        fn stats(
            &self,
            object: &$crate::ObjectRef,
            stats: &[$crate::StatId],
            op: $crate::StatsOp,
            out: &mut [u64],
        ) -> $crate::Result<()> {
            self.$inner.stats(object, stats, op, out)
        }
    };
    (@bulk_stats $inner:ident) => {
        fn bulk_stats(
            &self,
            objects: &[$crate::ObjectRef],
            stats: &[$crate::StatId],
            op: $crate::StatsOp,
            out: &mut [u64],
        ) -> Vec<$crate::Result<()>> {
            self.$inner.bulk_stats(objects, stats, op, out)
        }
    };
    (@query $inner:ident) => {
        fn query(&self, switch: $crate::ObjectId, query: $crate::Query<'_>) -> $crate::Result<$crate::Answer> {
            self.$inner.query(switch, query)
        }
    };
    (@object_type $inner:ident) => {
        fn object_type(&self, id: $crate::ObjectId) -> Option<$crate::ObjectType> {
            self.$inner.object_type(id)
        }
    };
    (@switch_of $inner:ident) => {
        fn switch_of(&self, id: $crate::ObjectId) -> Option<$crate::ObjectId> {
            self.$inner.switch_of(id)
        }
    };
    (@special $inner:ident) => {
        fn special(
            &self,
            switch: $crate::ObjectId,
            call: $crate::Special<'_>,
        ) -> $crate::Result<$crate::SpecialAnswer> {
            self.$inner.special(switch, call)
        }
    };
    (@subscribe $inner:ident) => {
        fn subscribe(&self, sink: std::sync::Arc<dyn $crate::notify::NotificationSink>) {
            self.$inner.subscribe(sink);
        }
    };
}
