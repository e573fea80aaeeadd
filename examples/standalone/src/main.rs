//! Passes one genuine request and one altered request to the function.

use std::error::Error;

use countersign::{Secret, Signer, schemes};
use example_standalone::{Request, handle, verifier};

fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("WEBHOOK_SECRET").unwrap_or_else(|_| "whsec_example".to_owned());
    let verifier = verifier(&secret)?;

    let body = br#"{"id":"evt_1","type":"invoice.paid"}"#.to_vec();
    let signer = Signer::new(schemes::stripe(), Secret::new(secret)?)?;
    let headers = signer.sign_with(&[("Content-Type", "application/json")], &body)?;

    let genuine = Request { headers, body };
    let mut altered = genuine.clone();
    altered.body.push(b' ');
    println!("answered {}", handle(&verifier, genuine));
    println!("answered {}", handle(&verifier, altered));
    Ok(())
}
