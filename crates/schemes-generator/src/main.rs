//! Writes what is generated from the provider files of `countersign-schemes`: `cargo xtask schemes`.

use std::error::Error;
use std::fs;

fn main() -> Result<(), Box<dyn Error>> {
    for file in schemes_generator::generated()? {
        fs::write(file.path, file.text)?;
    }
    Ok(())
}
