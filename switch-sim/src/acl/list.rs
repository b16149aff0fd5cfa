//! The lists of ports that the entries of a table match.
//!
//! Each different list has a bit of the key. A packet's bits say in which lists its port is, and a rule
//! demands the one bit of its list: so lists cost as many words of a key as there are different ones, whatever
//! the number of ports.

#[derive(Debug)]
struct List {
    ports: Vec<u16>,
    users: u32,
}

/// The lists of one kind, in or out ports.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// The words of a key that hold the bits, 64 lists each.
    places: Vec<u8>,
    lists: Vec<Option<List>>,
    /// By port, `places.len()` words each: in which lists it is.
    by_port: Vec<u64>,
}

impl Lists {
    pub fn new(places: Vec<u8>) -> Lists {
        Lists { places, ..Lists::default() }
    }

    /// Words of a key.
    pub fn words(&self) -> usize {
        self.places.len()
    }

    fn find(&self, ports: &[u16]) -> Option<usize> {
        self.lists.iter().position(|l| l.as_ref().is_some_and(|l| l.ports == ports))
    }

    fn free(&self) -> Option<usize> {
        let n = self.lists.iter().position(Option::is_none).unwrap_or(self.lists.len());
        (n < 64 * self.words()).then_some(n)
    }

    /// Whether the list has a bit or can get one.
    pub fn has_room(&self, ports: &[u16]) -> bool {
        self.find(ports).is_some() || self.free().is_some()
    }

    /// The word and bit of a list, for one more user of it.
    pub fn take(&mut self, ports: &[u16]) -> Option<(u8, u8)> {
        let n = match self.find(ports) {
            Some(n) => n,
            None => {
                let n = self.free()?;
                if n == self.lists.len() {
                    self.lists.push(None);
                }
                self.lists[n] = Some(List { ports: ports.to_vec(), users: 0 });
                self.mark(n, ports, true);
                n
            }
        };
        if let Some(list) = &mut self.lists[n] {
            list.users += 1;
        }
        Some((self.places[n / 64], (n % 64) as u8))
    }

    /// One user less; the last gives the bit back.
    pub fn give(&mut self, ports: &[u16]) {
        let Some(n) = self.find(ports) else { return };
        let Some(list) = &mut self.lists[n] else { return };
        list.users -= 1;
        if list.users == 0 {
            self.lists[n] = None;
            self.mark(n, ports, false);
        }
    }

    fn mark(&mut self, n: usize, ports: &[u16], on: bool) {
        let words = self.words();
        for port in ports {
            let at = usize::from(*port) * words + n / 64;
            if self.by_port.len() <= at {
                self.by_port.resize(usize::from(*port) * words + words, 0);
            }
            let bit = 1 << (n % 64);
            if on {
                self.by_port[at] |= bit;
            } else {
                self.by_port[at] &= !bit;
            }
        }
    }

    /// Writes in which lists a port is.
    #[inline]
    pub fn read(&self, port: u16, key: &mut [u64]) {
        let words = self.words();
        if let Some(row) = self.by_port.get(usize::from(port) * words..(usize::from(port) + 1) * words) {
            self.places.iter().zip(row).for_each(|(word, bits)| key[usize::from(*word)] = *bits);
        }
    }
}
