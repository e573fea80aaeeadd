//! Prints the signature format and the signed payload of a scheme, or the errors of
//! its file: `cargo run -p example-custom-scheme -- my-scheme.toml`.

use std::error::Error;
use std::process::ExitCode;

use countersign::Scheme;
use example_custom_scheme::acme;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let scheme = match std::env::args_os().nth(1) {
        Some(file) => Scheme::from_toml(&std::fs::read_to_string(file)?),
        None => acme(),
    };
    match scheme {
        Ok(scheme) => {
            println!("{}", scheme.signature_format());
            println!("signed: {}", scheme.signed());
            Ok(ExitCode::SUCCESS)
        }
        Err(problem) => {
            eprintln!("{problem}");
            Ok(ExitCode::FAILURE)
        }
    }
}
