//! Writes `countersign-schemes/src/generated.rs`: `cargo xtask schemes`.

use std::error::Error;
use std::fs;

fn main() -> Result<(), Box<dyn Error>> {
    let source = schemes_generator::generated()?;
    fs::write(schemes_generator::target(), source)?;
    Ok(())
}
