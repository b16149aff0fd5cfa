//! Hints to the processor and the system about memory: the one place where the packet path needs `unsafe`.
//!
//! A vector of packets first asks for the cache lines that its look-ups will read and only then reads them, so
//! that the waits for memory overlap. Big tables ask for huge pages, so that a look-up at random does not wait for
//! the page tables as well: with a million IPv4 prefixes that is more than the wait for the slot itself
//! (docs/src/performance.md). Hints alone: what they are worth depends on the system, what is computed does not.
#![allow(unsafe_code)]

/// Asks the processor to bring the cache line at `place` near; does nothing where there is no such instruction.
#[inline(always)]
pub fn prefetch<T>(place: &T) {
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

/// A huge page of the common processors.
const HUGE: usize = 2 << 20;

/// Makes room for `capacity` elements in all, in huge pages where that is much and the system has them. What is
/// there moves.
pub fn grow<T>(table: &mut Vec<T>, capacity: usize) {
    if capacity <= table.capacity() {
        return;
    }
    // A new place, for the advice counts for pages that are not in use yet.
    let mut larger = Vec::with_capacity(capacity);
    advise(&larger);
    larger.append(table);
    *table = larger;
}

/// Asks for huge pages for the memory of an empty vector that spans some.
fn advise<T>(empty: &Vec<T>) {
    #[cfg(target_os = "linux")]
    {
        let start = empty.as_ptr().addr();
        let end = start + empty.capacity() * size_of::<T>();
        let (first, last) = (start.next_multiple_of(HUGE), end / HUGE * HUGE);
        if first < last {
            let at = empty.as_ptr().cast_mut().cast::<u8>().wrapping_add(first - start);
            // SAFETY: the range is whole pages within the vector's own allocation, and the advice changes no byte of
            // it, only the size of the pages to come. An error means that there are no huge pages: as good as none.
            unsafe { libc::madvise(at.cast(), last - first, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (empty, HUGE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_keeps_what_it_holds() {
        let mut table = vec![1u32, 2, 3];
        for capacity in [0, 100, HUGE, 3 * HUGE] {
            grow(&mut table, capacity);
            assert!(table.capacity() >= capacity);
            assert_eq!(table, [1, 2, 3]);
        }
    }
}
