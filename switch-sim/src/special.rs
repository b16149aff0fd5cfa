//! Calls that are about many objects or about the backend as a whole.

use std::fs::File;
use std::io::{BufWriter, Write};

use sai::meta;
use sai::{Error, ObjectId, ObjectRef, ObjectType, Result, StatId, StatsOp, Status};

use crate::snapshot::Snapshot;
use crate::switch::Switch;

/// `remove_all_neighbor_entries`: as if each were removed.
pub(crate) fn remove_all_neighbors(sw: &mut Switch) -> Result<()> {
    let all = sw.objects(ObjectType::NEIGHBOR_ENTRY)?;
    all.iter().map(|entry| sw.remove(entry)).fold(Ok(()), Result::and)
}

/// `clear_port_all_stats`: every statistic that a port has.
pub(crate) fn clear_port_all_stats(sw: &mut Switch, port: ObjectId) -> Result<()> {
    let known = meta::object(ObjectType::PORT).and_then(|m| m.stats);
    let all: Vec<StatId> =
        known.map_or_else(Vec::new, |e| e.values.iter().map(|v| v.value as StatId).collect());
    sw.stats(&ObjectRef::Object(ObjectType::PORT, port), &all, StatsOp::Clear, &mut [])
}

/// `sai_dbg_generate_dump`: the state of each switch as JSON, as a snapshot has it.
pub(crate) fn dump(path: &str, switches: &[Snapshot]) -> Result<()> {
    let write = || {
        let mut file = BufWriter::new(File::create(path)?);
        serde_json::to_writer_pretty(&mut file, switches)?;
        file.write_all(b"\n")?;
        file.flush()
    };
    write().map_err(|e: std::io::Error| Error::because(Status::FAILURE, format!("{path}: {e}")))
}
