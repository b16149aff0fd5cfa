//! `sai-gen`: renders everything repetitive from the SAI model.

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let model = sai_gen::model::Model::load(Path::new("sai-sys/model/1.18.1"))?;
    println!(
        "{} headers, {} enums, {} structs",
        model.headers.len(),
        model.enums().count(),
        model.structs().count()
    );
    Ok(())
}
