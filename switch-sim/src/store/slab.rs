//! The slots of one object type.

use super::Object;

#[derive(Debug, Default)]
struct Slot {
    generation: u16,
    live: bool,
}

/// Slots with generations, and the objects of those that the store itself keeps.
#[derive(Debug, Default)]
pub(super) struct Slab {
    slots: Vec<Slot>,
    objects: Vec<Option<Object>>,
    /// Slots to use again, last freed first.
    free: Vec<u32>,
    live: u32,
}

impl Slab {
    /// The slot and generation that the next object gets.
    pub(super) fn next(&self) -> (u32, u16) {
        match self.free.last() {
            Some(slot) => (*slot, self.slots[*slot as usize].generation),
            None => (self.slots.len() as u32, 0),
        }
    }

    pub(super) fn reserve(&mut self) {
        let (slot, _) = self.next();
        self.free.pop();
        if slot as usize == self.slots.len() {
            self.slots.push(Slot::default());
        }
        self.slots[slot as usize].live = true;
        self.live += 1;
    }

    pub(super) fn release(&mut self, slot: u32) {
        let s = &mut self.slots[slot as usize];
        s.live = false;
        s.generation = s.generation.wrapping_add(1);
        self.free.push(slot);
        self.live -= 1;
    }

    pub(super) fn is_live(&self, slot: u32, generation: u16) -> bool {
        self.slots.get(slot as usize).is_some_and(|s| s.live && s.generation == generation)
    }

    pub(super) fn put(&mut self, slot: u32, object: Object) {
        let slot = slot as usize;
        if slot >= self.objects.len() {
            self.objects.resize_with(slot + 1, || None);
        }
        self.objects[slot] = Some(object);
    }

    pub(super) fn take(&mut self, slot: u32) -> Option<Object> {
        let object = self.objects.get_mut(slot as usize)?.take()?;
        self.release(slot);
        Some(object)
    }

    pub(super) fn get(&self, slot: u32, generation: u16) -> Option<&Object> {
        if !self.is_live(slot, generation) {
            return None;
        }
        self.objects.get(slot as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, slot: u32, generation: u16) -> Option<&mut Object> {
        if !self.is_live(slot, generation) {
            return None;
        }
        self.objects.get_mut(slot as usize)?.as_mut()
    }

    /// The generations of all slots, and the free ones in the order of their freeing.
    pub(super) fn save(&self) -> (Vec<u16>, Vec<u32>) {
        (self.slots.iter().map(|s| s.generation).collect(), self.free.clone())
    }

    /// The slots as they were; those that are not free await their objects.
    pub(super) fn load(generations: &[u16], free: &[u32]) -> Option<Slab> {
        let mut slots: Vec<_> = generations.iter().map(|g| Slot { generation: *g, live: true }).collect();
        for slot in free {
            let slot = slots.get_mut(*slot as usize)?;
            if !std::mem::replace(&mut slot.live, false) {
                return None;
            }
        }
        let live = (slots.len() - free.len()) as u32;
        Some(Slab { slots, objects: Vec::new(), free: free.to_vec(), live })
    }

    pub(super) fn live(&self) -> u32 {
        self.live
    }

    /// The live slots in order, with their generations.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u16)> + '_ {
        self.slots.iter().enumerate().filter(|(_, s)| s.live).map(|(i, s)| (i as u32, s.generation))
    }
}
