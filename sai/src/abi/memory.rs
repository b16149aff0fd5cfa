//! Where the elements of lists go when a value is written in its C form.

/// Memory for the lists of values in their C form. What it hands out stays where it is until the arena
/// is dropped.
#[derive(Debug, Default)]
pub struct Arena {
    blocks: Vec<Box<[u64]>>,
}

impl Arena {
    /// An arena that holds nothing and has allocated nothing.
    pub const fn new() -> Arena {
        Arena { blocks: Vec::new() }
    }

    /// Room for `n` values of a C type, all bytes zero; null for none.
    pub fn room<C: Copy>(&mut self, n: usize) -> *mut C {
        const { assert!(align_of::<C>() <= align_of::<u64>()) };
        if n == 0 {
            return std::ptr::null_mut();
        }
        let mut block = vec![0u64; (n * size_of::<C>()).div_ceil(8)].into_boxed_slice();
        let start = block.as_mut_ptr().cast();
        self.blocks.push(block);
        start
    }
}

/// Where the elements of a list go.
#[derive(Debug)]
pub enum Lists<'a> {
    /// Into memory of our own, whatever the C form held before.
    Own(&'a mut Arena),
    /// Into the caller's lists, each as long as its count says.
    Caller(&'a mut Fit),
}

/// How values fitted into a caller's lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// A list was too short; its count says now how long it should be.
    pub overflow: bool,
    /// A list had a count and no memory.
    pub invalid: bool,
}
