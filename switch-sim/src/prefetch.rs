//! Cache prefetch, the one place where the packet path needs `unsafe`.
//!
//! A vector of packets first asks for the cache lines that its look-ups will read and only then reads them, so
//! that the waits for memory overlap. It pays where a look-up waits several times in a row: with 200,000 IPv6
//! prefixes a batch of 64 took a third of the time of 64 single look-ups. With a million IPv4 prefixes, where the
//! processor overlaps independent look-ups by itself, it gained nothing (`cargo bench --bench tables`).
#![allow(unsafe_code)]

/// Asks the processor to bring the cache line at `place` near; does nothing where there is no such instruction.
#[inline(always)]
pub fn read<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetch is a hint that never faults and has no effect on memory; SSE is part of x86-64.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast());
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: `prfm` is a hint that never faults; it reads no register but the address and clobbers nothing.
    unsafe {
        core::arch::asm!("prfm pldl1keep, [{0}]", in(reg) std::ptr::from_ref(place),
            options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = place;
}
