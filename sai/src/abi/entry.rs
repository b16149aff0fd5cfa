//! Entry keys, and the keys of bulk calls over any object type.

use sai_sys as sys;

use super::foreign::Foreign;
use super::memory::{Arena, Lists};
use crate::entry::*;
use crate::types::ObjectType;
use crate::{Entry, ObjectId};

/// The key of an entry type.
pub trait Key: Foreign + Into<Entry> {
    /// The entry's object type.
    const TYPE: ObjectType;
}

macro_rules! keys {
    ($($variant:ident($key:ident) = $ty:ident,)*) => {
        $(impl Key for $key {
            const TYPE: ObjectType = ObjectType::$ty;
        })*

        /// Reads what names an object of type `ty` in a bulk call; `None` where it has no meaning.
        ///
        /// # Safety
        /// `c` can be read as the member that the type names.
        pub unsafe fn read_key(ty: ObjectType, c: *const sys::sai_object_key_t) -> Option<ObjectRef> {
            Some(match ty {
                // SAFETY: every member lies at the union's start.
                $(ObjectType::$ty => ObjectRef::Entry(Entry::$variant(unsafe { $key::read(c.cast()) }?)),)*
                // SAFETY: as above.
                _ => ObjectRef::Object(ty, unsafe { ObjectId::read(c.cast()) }?),
            })
        }

        /// The size of an entry type's C struct; `None` for an object type that has ids.
        pub const fn entry_size(ty: ObjectType) -> Option<usize> {
            match ty {
                $(ObjectType::$ty => Some(size_of::<<$key as Foreign>::C>()),)*
                _ => None,
            }
        }

        /// Writes the C form of an entry's key to where `c` points.
        ///
        /// # Safety
        /// `c` can be written as the entry's C struct.
        pub unsafe fn write_entry(entry: &Entry, c: *mut std::ffi::c_void) {
            let mut arena = Arena::new();
            let lists = &mut Lists::Own(&mut arena);
            match entry {
                // SAFETY: as the caller promises; keys have no lists.
                $(Entry::$variant(key) => unsafe { key.write(c.cast(), lists) },)*
            }
        }
    };
}

keys! {
    Fdb(FdbEntry) = FDB_ENTRY,
    Neighbor(NeighborEntry) = NEIGHBOR_ENTRY,
    Route(RouteEntry) = ROUTE_ENTRY,
    L2mc(L2mcEntry) = L2MC_ENTRY,
    Ipmc(IpmcEntry) = IPMC_ENTRY,
    McastFdb(McastFdbEntry) = MCAST_FDB_ENTRY,
    Inseg(InsegEntry) = INSEG_ENTRY,
    Nat(NatEntry) = NAT_ENTRY,
    MySid(MySidEntry) = MY_SID_ENTRY,
    PrefixCompression(PrefixCompressionEntry) = PREFIX_COMPRESSION_ENTRY,
    DirectionLookup(DirectionLookupEntry) = DIRECTION_LOOKUP_ENTRY,
    EniEtherAddressMap(EniEtherAddressMapEntry) = ENI_ETHER_ADDRESS_MAP_ENTRY,
    InboundRouting(InboundRoutingEntry) = INBOUND_ROUTING_ENTRY,
    MeterBucket(MeterBucketEntry) = METER_BUCKET_ENTRY,
    OutboundCaToPa(OutboundCaToPaEntry) = OUTBOUND_CA_TO_PA_ENTRY,
    OutboundRouting(OutboundRoutingEntry) = OUTBOUND_ROUTING_ENTRY,
    PaValidation(PaValidationEntry) = PA_VALIDATION_ENTRY,
    Vip(VipEntry) = VIP_ENTRY,
    Flow(FlowEntry) = FLOW_ENTRY,
    OutboundPortMapPortRange(OutboundPortMapPortRangeEntry) = OUTBOUND_PORT_MAP_PORT_RANGE_ENTRY,
    GlobalTrustedVni(GlobalTrustedVniEntry) = GLOBAL_TRUSTED_VNI_ENTRY,
    EniTrustedVni(EniTrustedVniEntry) = ENI_TRUSTED_VNI_ENTRY,
}

/// Writes what names an object in a bulk call.
pub fn write_key(object: &ObjectRef) -> sys::sai_object_key_t {
    let mut c = sys::sai_object_key_t::default();
    match object {
        ObjectRef::Object(_, id) => c.key.object_id = id.0,
        // SAFETY: the union has room for every key.
        ObjectRef::Entry(entry) => unsafe { write_entry(entry, (&raw mut c.key).cast()) },
    }
    c
}
