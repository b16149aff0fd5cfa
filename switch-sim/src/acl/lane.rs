//! Ingress tables in the express lane: a frame whose entry does nothing but permit and count stays in it.

use std::fmt;

use super::bind::{Point, Stage};
use super::look::Look;
use super::run::Met;
use crate::pipeline::{Lane, NONE, Packet, VECTOR, Work};
use crate::qos;
use crate::switch::Switch;
use crate::table::ternary::{MAX_WORDS, Match};
use crate::wire::parse::Headers;

/// What the lane keeps from its look-ups until its frames leave.
pub(crate) struct Permits {
    /// The slot of the counter of each frame; `u32::MAX` for none.
    counters: [u32; VECTOR],
    keys: Vec<u64>,
    found: Vec<Option<Match>>,
}

impl Default for Permits {
    fn default() -> Permits {
        Permits { counters: [u32::MAX; VECTOR], keys: Vec::new(), found: Vec::new() }
    }
}

impl fmt::Debug for Permits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits").finish_non_exhaustive()
    }
}

impl Permits {
    /// The slot of the counter that a frame which leaves by the lane is counted by; `u32::MAX` for none.
    #[inline(always)]
    pub(crate) fn counter(&self, i: usize) -> u32 {
        self.counters[i % VECTOR]
    }
}

/// Whether the lane can ask what is bound at ingress: at ports and the switch.
pub(crate) fn fits_lane(sw: &Switch) -> bool {
    let has = |point| sw.acl.bound.has(Stage::Ingress, point);
    !has(Point::Lag) && !has(Point::Vlan) && !has(Point::Rif)
}

/// Those of these frames that ingress tables permit and do nothing else to. By what they are counted,
/// [`Permits::counter`] says.
pub(crate) fn permitted<'a>(
    sw: &Switch,
    permits: &mut Permits,
    plain: u64,
    lanes: &'a [Lane; VECTOR],
    frame: impl Fn(usize, &'a Lane) -> &'a [u8],
) -> u64 {
    let Permits { counters, keys, found } = permits;
    keys.clear();
    let acl = &sw.acl;
    let mut odd = 0;
    let (mut together, mut batch) = (NONE, Work(0));
    let (mut p, mut headers) = (Packet::EMPTY, Headers::default());
    for i in Work(plain) {
        let lane = &lanes[i];
        counters[i] = u32::MAX;
        (p.port, p.vid) = (lane.port, lane.vid);
        (p.pcp, p.dei) = lane.priority();
        p.lag = sw.ports.get(lane.port).map_or(NONE, |r| r.lag);
        let table = match Met::of(sw, &p, Stage::Ingress).list() {
            [] => continue,
            [(_, program)] => acl.bound.single(*program),
            _ => NONE,
        };
        let frame = frame(i, lane);
        p.tc = if sw.qos.acts { qos::lane::class(sw, lane, frame) } else { 0 };
        match acl.at(table) {
            Some(of)
                if of.early
                    && (together == NONE || together == table)
                    && lane.read(sw, frame, &mut headers) =>
            {
                together = table;
                let mut key = [0; MAX_WORDS];
                keys.extend_from_slice(of.key(&Look::new(sw, &p, frame, &headers, false), &mut key));
                batch.0 |= 1 << i;
            }
            _ => odd |= 1 << i,
        }
    }
    if let Some(table) = acl.at(together) {
        found.resize(batch.count(), None);
        table.classifier.lookup_batch(keys, found);
        for (i, winner) in batch.zip(found.iter()) {
            let Some(actions) = winner.map(|w| &acl.actions[w.handle as usize]) else { continue };
            counters[i] = actions.counter().unwrap_or(u32::MAX);
            odd |= u64::from(!actions.only_permits()) << i;
        }
    }
    plain & !odd
}
