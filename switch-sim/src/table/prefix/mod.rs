//! Longest-prefix match for IPv4 and IPv6.
//!
//! | type | what it is |
//! |---|---|
//! | [`Prefix`] | an address with its host bits cleared, and a length |
//! | [`PrefixMap`] | the exact-prefix store: each prefix once, with its value |
//! | [`Fib`] | the forwarding half: address to adjacency, nothing else |
//! | [`RouteTable`] | both, kept in step: the route store of one virtual router |
//!
//! An *adjacency* is an index that the user of the table gives a meaning to (a neighbor, a group, a drop);
//! 0 stands for "no route". Which route takes over where one is removed is known from the map.

use std::fmt;
use std::hash::Hash;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::exact::Key;

mod fib;
mod map;
mod routes;

pub use fib::{Fib, MAX_ADJACENCY};
pub use map::PrefixMap;
pub use routes::{Route, RouteTable};

/// An IP address as a number, most significant bit first: `u32` for IPv4, `u128` for IPv6.
pub trait Address: Key + Copy + Ord + Hash + fmt::Debug + Send + Sync + 'static {
    /// Bits in an address: 32 or 128.
    const BITS: u8;
    /// Whether prefixes of more than 24 bits stand far apart.
    const SPARSE: bool;
    /// The address with all but its first `len` bits cleared; `len` above [`BITS`](Self::BITS) clears nothing.
    fn masked(self, len: u8) -> Self;
    /// The `count` bits that follow the first `skip` ones, as a number; `count` is 1 to 32 and the bits exist.
    fn bits(self, skip: u32, count: u32) -> u32;
    /// The first 64 bits and the next, of an address of less bits with zeros behind.
    fn halves(self) -> [u64; 2];
    /// The address of these [`halves`](Self::halves).
    fn from_halves(halves: [u64; 2]) -> Self;
    /// Writes the address in its usual text form.
    fn show(self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl Address for u32 {
    const BITS: u8 = 32;
    const SPARSE: bool = false;
    #[inline(always)]
    fn masked(self, len: u8) -> Self {
        if len == 0 { 0 } else { self & (u32::MAX << (32 - u32::from(len.min(32)))) }
    }
    #[inline(always)]
    fn bits(self, skip: u32, count: u32) -> u32 {
        (self << skip) >> (32 - count)
    }
    #[inline(always)]
    fn halves(self) -> [u64; 2] {
        [u64::from(self) << 32, 0]
    }
    #[inline(always)]
    fn from_halves([high, _]: [u64; 2]) -> Self {
        (high >> 32) as u32
    }
    fn show(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Ipv4Addr::from(self), f)
    }
}

impl Address for u128 {
    const BITS: u8 = 128;
    const SPARSE: bool = true;
    #[inline(always)]
    fn masked(self, len: u8) -> Self {
        if len == 0 { 0 } else { self & (u128::MAX << (128 - u32::from(len.min(128)))) }
    }
    #[inline(always)]
    fn bits(self, skip: u32, count: u32) -> u32 {
        ((self << skip) >> (128 - count)) as u32
    }
    #[inline(always)]
    fn halves(self) -> [u64; 2] {
        [(self >> 64) as u64, self as u64]
    }
    #[inline(always)]
    fn from_halves([high, low]: [u64; 2]) -> Self {
        u128::from(high) << 64 | u128::from(low)
    }
    fn show(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Ipv6Addr::from(self), f)
    }
}

/// A network prefix in its only form: the bits past its length are zero. Ordered by address, then length, so
/// that a prefix comes right before those it covers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix<A> {
    address: A,
    len: u8,
}

impl<A: Address> Prefix<A> {
    /// The prefix of `len` bits that holds `address`; `None` if `len` is more than an address has.
    #[inline]
    pub fn new(address: A, len: u8) -> Option<Self> {
        (len <= A::BITS).then(|| Prefix { address: address.masked(len), len })
    }

    /// The prefix of one address: /32 or /128.
    #[inline]
    pub fn host(address: A) -> Self {
        Prefix { address, len: A::BITS }
    }

    /// The lowest address of the prefix.
    #[inline(always)]
    pub fn address(self) -> A {
        self.address
    }

    /// The length in bits, 0 to 32 or 128.
    #[inline(always)]
    #[expect(clippy::len_without_is_empty, reason = "the length of a prefix, not of a collection")]
    pub fn len(self) -> u8 {
        self.len
    }

    /// Whether `address` lies within.
    #[inline]
    pub fn contains(self, address: A) -> bool {
        address.masked(self.len) == self.address
    }

    /// Whether `other` is this prefix or a part of it.
    #[inline]
    pub fn covers(self, other: Self) -> bool {
        self.len <= other.len && self.contains(other.address)
    }
}

impl<A: Address> fmt::Display for Prefix<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.show(f)?;
        write!(f, "/{}", self.len)
    }
}

impl<A: Address> fmt::Debug for Prefix<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Ipv4Net> for Prefix<u32> {
    fn from(net: Ipv4Net) -> Self {
        Prefix { address: net.network().to_bits(), len: net.prefix_len() }
    }
}

impl From<Ipv6Net> for Prefix<u128> {
    fn from(net: Ipv6Net) -> Self {
        Prefix { address: net.network().to_bits(), len: net.prefix_len() }
    }
}

#[cfg(test)]
mod tests;
