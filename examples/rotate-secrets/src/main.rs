//! Verifies deliveries that are signed with each secret, and prints which secret it was.

use std::error::Error;

use countersign::{Secret, Signer};
use example_rotate_secrets::verifier;

fn main() -> Result<(), Box<dyn Error>> {
    let verifier = verifier("whsec_new", "whsec_old")?;
    let body = r#"{"signature":"5h6x","type":"finalized"}"#;
    for secret in ["whsec_new", "whsec_old", "whsec_guessed"] {
        let signer = Signer::new(verifier.scheme().clone(), Secret::new(secret)?)?;
        let headers = signer.sign_with(&[("Content-Type", "application/json")], body.as_bytes())?;
        match verifier.verify(&headers, body) {
            Ok(verified) => {
                let name = verified.secret_name().unwrap_or("unnamed");
                println!("signed by {name}, secret {}", verified.secret_index());
            }
            Err(rejected) => println!("rejected: {rejected}"),
        }
    }
    Ok(())
}
