//! One trait for everything that has a C form, and the forms of what all others are made of.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr::{addr_of, addr_of_mut};

use ipnet::IpNet;
use sai_sys as sys;

use super::memory::{Arena, Lists};
use crate::value::{CharData, MacAddr, Range};
use crate::{ObjectId, SaiEnum};

/// A Rust type that has a C form.
pub trait Foreign: Sized {
    /// The C form. A C `bool` is taken as a `u8` and an enum as an `i32`, since C may put any number there.
    type C: Copy;

    /// Reads the C form; `None` where it has no meaning.
    ///
    /// # Safety
    /// `c` points to memory that can be read as the C form, and so do the lists within: each has as many
    /// elements as its count says, or is null.
    unsafe fn read(c: *const Self::C) -> Option<Self>;

    /// Writes the C form. The elements of lists go where `lists` says.
    ///
    /// # Safety
    /// `c` points to memory that can be written as the C form. With [`Lists::Caller`] it holds the
    /// caller's lists: each has room for as many elements as its count says, or is null.
    unsafe fn write(&self, c: *mut Self::C, lists: &mut Lists<'_>);

    /// Makes room for `n` elements in each list within.
    ///
    /// # Safety
    /// `c` points to memory that can be written as the C form.
    unsafe fn make_room(_c: *mut Self::C, _n: usize, _arena: &mut Arena) {}

    /// The greatest count of the lists within.
    ///
    /// # Safety
    /// `c` points to the C form; `n` is what its lists were made for by [`make_room`](Foreign::make_room).
    unsafe fn needed(_c: *const Self::C, _n: usize) -> usize {
        0
    }
}

/// Reads a field of a C struct as the Rust type that it stands for.
///
/// # Safety
/// As of [`Foreign::read`].
pub(super) unsafe fn read_field<T: Foreign, F>(field: *const F) -> Option<T> {
    const { assert!(size_of::<F>() == size_of::<T::C>(), "the field is not this type's C form") };
    // SAFETY: the sizes are the same and the caller promises the rest.
    unsafe { T::read(field.cast()) }
}

/// Writes a field of a C struct.
///
/// # Safety
/// As of [`Foreign::write`].
pub(super) unsafe fn write_field<T: Foreign, F>(value: &T, field: *mut F, lists: &mut Lists<'_>) {
    const { assert!(size_of::<F>() == size_of::<T::C>(), "the field is not this type's C form") };
    // SAFETY: the sizes are the same and the caller promises the rest.
    unsafe { value.write(field.cast(), lists) }
}

/// Declares what has the same bits in both languages.
macro_rules! same {
    ($($rust:ty, $c:ty, |$r:ident| $read:expr, |$w:ident| $write:expr;)*) => {$(
        impl Foreign for $rust {
            type C = $c;
            unsafe fn read(c: *const $c) -> Option<$rust> {
                // SAFETY: the caller promises that `c` can be read.
                let $r = unsafe { c.read() };
                Some($read)
            }
            unsafe fn write(&self, c: *mut $c, _: &mut Lists<'_>) {
                let $w = self;
                // SAFETY: the caller promises that `c` can be written.
                unsafe { c.write($write) }
            }
        }
    )*};
}

same! {
    bool, u8, |c| c != 0, |v| u8::from(*v);
    u8, u8, |c| c, |v| *v;
    i8, i8, |c| c, |v| *v;
    u16, u16, |c| c, |v| *v;
    i16, i16, |c| c, |v| *v;
    u32, u32, |c| c, |v| *v;
    i32, i32, |c| c, |v| *v;
    u64, u64, |c| c, |v| *v;
    i64, i64, |c| c, |v| *v;
    usize, usize, |c| c, |v| *v;
    ObjectId, u64, |c| ObjectId(c), |v| v.0;
    MacAddr, [u8; 6], |c| MacAddr(c), |v| v.0;
    CharData, [u8; 32], |c| CharData(c), |v| v.0;
    // `sai_ip4_t` is a number in network order: its bytes in memory are the address.
    Ipv4Addr, u32, |c| Ipv4Addr::from(c.to_ne_bytes()), |v| u32::from_ne_bytes(v.octets());
    Ipv6Addr, [u8; 16], |c| Ipv6Addr::from(c), |v| v.octets();
}

impl<const N: usize> Foreign for [u8; N] {
    type C = [u8; N];
    unsafe fn read(c: *const [u8; N]) -> Option<[u8; N]> {
        // SAFETY: the caller promises that `c` can be read.
        Some(unsafe { c.read() })
    }
    unsafe fn write(&self, c: *mut [u8; N], _: &mut Lists<'_>) {
        // SAFETY: the caller promises that `c` can be written.
        unsafe { c.write(*self) }
    }
}

impl<E: SaiEnum> Foreign for E {
    type C = i32;
    unsafe fn read(c: *const i32) -> Option<E> {
        // SAFETY: the caller promises that `c` can be read.
        Some(E::from_raw(unsafe { c.read() }))
    }
    unsafe fn write(&self, c: *mut i32, _: &mut Lists<'_>) {
        // SAFETY: the caller promises that `c` can be written.
        unsafe { c.write(self.raw()) }
    }
}

/// `sai_u32_range_t` and its like: they differ in the number's type alone.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CRange<C> {
    min: C,
    max: C,
}

impl<T: Foreign> Foreign for Range<T> {
    type C = CRange<T::C>;
    unsafe fn read(c: *const Self::C) -> Option<Range<T>> {
        // SAFETY: the fields of what the caller promises can be read.
        unsafe { Some(Range { min: T::read(addr_of!((*c).min))?, max: T::read(addr_of!((*c).max))? }) }
    }
    unsafe fn write(&self, c: *mut Self::C, lists: &mut Lists<'_>) {
        // SAFETY: the fields of what the caller promises can be written.
        unsafe {
            self.min.write(addr_of_mut!((*c).min), lists);
            self.max.write(addr_of_mut!((*c).max), lists);
        }
    }
}

/// `sai_object_list_t` and its like: they differ in the element's type alone.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CList<C> {
    /// How many elements there are, or room for.
    pub count: u32,
    /// The first.
    pub list: *mut C,
}

const _: () = assert!(size_of::<CList<u8>>() == size_of::<sys::sai_u8_list_t>());

/// A length as C has it.
pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl<T: Foreign> Foreign for Vec<T> {
    type C = CList<T::C>;

    unsafe fn read(c: *const Self::C) -> Option<Vec<T>> {
        // SAFETY: the caller promises that the struct can be read.
        let CList { count, list } = unsafe { c.read() };
        // SAFETY: the caller promises that the list has that many elements or is null.
        unsafe { read_list(count as usize, list) }
    }

    unsafe fn write(&self, c: *mut Self::C, lists: &mut Lists<'_>) {
        let n = count(self.len());
        // SAFETY: the caller promises that the struct can be written, and read where its lists are used.
        unsafe {
            match lists {
                Lists::Own(arena) => c.write(CList { count: n, list: arena.room(self.len()) }),
                Lists::Caller(fit) => {
                    let CList { count, list } = c.read();
                    addr_of_mut!((*c).count).write(n);
                    if list.is_null() && count > 0 {
                        fit.invalid = true;
                        return;
                    }
                    if count < n {
                        fit.overflow = true;
                        return;
                    }
                }
            }
            let list = (*c).list;
            for (i, item) in self.iter().enumerate() {
                item.write(list.add(i), lists);
            }
        }
    }

    unsafe fn make_room(c: *mut Self::C, n: usize, arena: &mut Arena) {
        let list = arena.room::<T::C>(n);
        for i in 0..n {
            // SAFETY: the arena has just made room for `n` elements.
            unsafe { T::make_room(list.add(i), n, arena) };
        }
        // SAFETY: the caller promises that the struct can be written.
        unsafe { c.write(CList { count: count(n), list }) };
    }

    unsafe fn needed(c: *const Self::C, n: usize) -> usize {
        // SAFETY: the caller promises that the struct can be read.
        let CList { count, list } = unsafe { c.read() };
        let count = count as usize;
        if list.is_null() {
            return count;
        }
        // SAFETY: the list has room for `n` elements, all of them initialised when it was made.
        (0..count.min(n)).map(|i| unsafe { T::needed(list.add(i), n) }).max().unwrap_or(0).max(count)
    }
}

/// Reads `count` elements; `None` where there is a count and no list.
///
/// # Safety
/// `list` has `count` readable elements or is null.
pub unsafe fn read_list<T: Foreign>(count: usize, list: *const T::C) -> Option<Vec<T>> {
    if count == 0 {
        return Some(Vec::new());
    }
    if list.is_null() {
        return None;
    }
    // SAFETY: the caller promises that each element can be read.
    (0..count).map(|i| unsafe { T::read(list.add(i)) }).collect()
}

/// JSON text is a list of bytes without a NUL at its end; what is no UTF-8 is replaced.
impl Foreign for String {
    type C = CList<u8>;
    unsafe fn read(c: *const CList<u8>) -> Option<String> {
        // SAFETY: as the caller promises.
        let bytes = unsafe { Vec::<u8>::read(c) }?;
        Some(String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
    }
    unsafe fn write(&self, c: *mut CList<u8>, lists: &mut Lists<'_>) {
        // SAFETY: as the caller promises.
        unsafe { self.as_bytes().to_vec().write(c, lists) }
    }
    unsafe fn make_room(c: *mut CList<u8>, n: usize, arena: &mut Arena) {
        // SAFETY: as the caller promises.
        unsafe { Vec::<u8>::make_room(c, n, arena) }
    }
    unsafe fn needed(c: *const CList<u8>, n: usize) -> usize {
        // SAFETY: as the caller promises.
        unsafe { Vec::<u8>::needed(c, n) }
    }
}

const IPV4: i32 = sys::SAI_IP_ADDR_FAMILY_IPV4.0 as i32;
const IPV6: i32 = sys::SAI_IP_ADDR_FAMILY_IPV6.0 as i32;

/// Reads the member of an address that the family names.
///
/// # Safety
/// `addr` can be read.
unsafe fn read_addr(family: i32, addr: *const sys::sai_ip_addr_t) -> Option<IpAddr> {
    // SAFETY: every member lies at the union's start and any bits are an address.
    unsafe {
        match family {
            IPV4 => Ipv4Addr::read(addr.cast()).map(IpAddr::V4),
            IPV6 => Ipv6Addr::read(addr.cast()).map(IpAddr::V6),
            _ => None,
        }
    }
}

/// The union of an address, all other bytes zero.
fn addr(ip: IpAddr) -> sys::sai_ip_addr_t {
    let mut c = sys::sai_ip_addr_t::default();
    match ip {
        IpAddr::V4(ip) => c.ip4 = u32::from_ne_bytes(ip.octets()),
        IpAddr::V6(ip) => c.ip6 = ip.octets(),
    }
    c
}

fn family(ip: IpAddr) -> sys::sai_ip_addr_family_t {
    if ip.is_ipv4() { sys::SAI_IP_ADDR_FAMILY_IPV4 } else { sys::SAI_IP_ADDR_FAMILY_IPV6 }
}

impl Foreign for IpAddr {
    type C = sys::sai_ip_address_t;
    unsafe fn read(c: *const Self::C) -> Option<IpAddr> {
        // SAFETY: the fields of what the caller promises can be read.
        unsafe { read_addr(addr_of!((*c).addr_family).cast::<i32>().read(), addr_of!((*c).addr)) }
    }
    unsafe fn write(&self, c: *mut Self::C, _: &mut Lists<'_>) {
        // SAFETY: the caller promises that `c` can be written.
        unsafe { c.write(sys::sai_ip_address_t { addr_family: family(*self), addr: addr(*self) }) }
    }
}

/// A mask with holes has no Rust form; bits of the address beyond the mask are kept, for those who
/// validate to see.
impl Foreign for IpNet {
    type C = sys::sai_ip_prefix_t;
    unsafe fn read(c: *const Self::C) -> Option<IpNet> {
        // SAFETY: the fields of what the caller promises can be read.
        let (addr, mask) = unsafe {
            let family = addr_of!((*c).addr_family).cast::<i32>().read();
            (read_addr(family, addr_of!((*c).addr))?, read_addr(family, addr_of!((*c).mask))?)
        };
        let (ones, length) = match mask {
            IpAddr::V4(m) => (m.to_bits().leading_ones(), 32 - m.to_bits().trailing_zeros()),
            IpAddr::V6(m) => (m.to_bits().leading_ones(), 128 - m.to_bits().trailing_zeros()),
        };
        if ones != length {
            return None;
        }
        IpNet::new(addr, ones as u8).ok()
    }
    unsafe fn write(&self, c: *mut Self::C, _: &mut Lists<'_>) {
        // SAFETY: the caller promises that `c` can be written.
        unsafe {
            c.write(sys::sai_ip_prefix_t {
                addr_family: family(self.addr()),
                addr: addr(self.addr()),
                mask: addr(self.netmask()),
            });
        }
    }
}

/// Declares the C form of structs whose fields have the same names in both languages.
macro_rules! foreign_structs {
    ($($rust:ty = $c:ident { $($field:ident: $c_field:ident,)* })*) => {$(
        impl $crate::abi::Foreign for $rust {
            type C = sai_sys::$c;
            unsafe fn read(c: *const Self::C) -> Option<$rust> {
                // SAFETY: the fields of what the caller promises can be read.
                unsafe {
                    Some(Self { $($field: $crate::abi::foreign::read_field(std::ptr::addr_of!((*c).$c_field))?,)* })
                }
            }
            unsafe fn write(&self, c: *mut Self::C, lists: &mut $crate::abi::Lists<'_>) {
                // SAFETY: the fields of what the caller promises can be written.
                unsafe {
                    $($crate::abi::foreign::write_field(
                        &self.$field, std::ptr::addr_of_mut!((*c).$c_field), lists);)*
                }
            }
        }
    )*};
}
pub(super) use foreign_structs;
