//! Which sets of lanes a port can be created on.

use super::Profile;

impl Profile {
    /// The most ports at a time, the CPU port not counted.
    pub fn max_ports(&self) -> u32 {
        match self.chip.max_ports {
            0 => self.chip.lanes,
            most => most,
        }
    }

    /// Whether the chip can have a port on these lanes, whatever other ports it has.
    ///
    /// # Errors
    /// Says why not.
    pub fn check_lanes(&self, lanes: &[u32]) -> Result<(), String> {
        let mut sorted = lanes.to_vec();
        sorted.sort_unstable();
        let (Some(first), Some(last)) = (sorted.first().copied(), sorted.last().copied()) else {
            return Err("a port has at least one lane".into());
        };
        if let Some(lane) = [first, last].into_iter().find(|l| !(1..=self.chip.lanes).contains(l)) {
            return Err(format!("lane {lane}: the chip has lanes 1 to {}", self.chip.lanes));
        }
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(format!("{lanes:?} names a lane twice"));
        }
        let of_the_boot = || {
            self.boot_ports().into_iter().any(|mut port| {
                port.lanes.sort_unstable();
                port.lanes == sorted
            })
        };
        if !self.breakout.allowed && !of_the_boot() {
            return Err(format!("{lanes:?}: the chip cannot break ports out"));
        }
        let group = self.breakout.group;
        let macro_of = |lane: u32| (lane - 1).checked_div(group).unwrap_or(0);
        if macro_of(first) != macro_of(last) {
            return Err(format!("{lanes:?}: a port lies within one macro of {group} lanes"));
        }
        let width = sorted.len() as u32;
        let start = (first - 1).checked_rem(group).unwrap_or(first - 1);
        if self.breakout.aligned && (last - first + 1 != width || !start.is_multiple_of(width)) {
            return Err(format!("{lanes:?}: a port of {width} lanes has {width} in a row, aligned"));
        }
        Ok(())
    }
}
