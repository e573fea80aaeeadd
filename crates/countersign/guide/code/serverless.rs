use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign::{Secret, Verifier, schemes};

/// The relevant fields of the event that the function gets.
#[derive(Default)]
struct Event {
    headers: HashMap<String, String>,
    multi_value_headers: HashMap<String, Vec<String>>,
    body: Option<String>,
    is_base64_encoded: bool,
}

type Headers = Vec<(String, String)>;

/// The headers and the body as they were sent; `None` if the base64 is invalid.
fn unpacked(event: Event) -> Option<(Headers, Vec<u8>)> {
    let headers = if event.multi_value_headers.is_empty() {
        event.headers.into_iter().collect()
    } else {
        let all = event.multi_value_headers.into_iter();
        all.flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)))
            .collect()
    };
    let text = event.body.unwrap_or_default();
    let body = match event.is_base64_encoded {
        true => STANDARD.decode(text).ok()?,
        false => text.into_bytes(),
    };
    Some((headers, body))
}

/// Returns the status of the response.
fn handle(verifier: &Verifier, event: Event) -> u16 {
    let Some((headers, body)) = unpacked(event) else { return 400 };
    match verifier.verify(&headers, body) {
        Ok(verified) => {
            println!("{}: {} bytes", verified.event_id(), verified.body().len());
            200
        }
        Err(rejected) => {
            eprintln!("rejected: {}: {rejected}", rejected.code());
            rejected.status()
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Once, when the function is loaded, not for each event.
    let verifier = Verifier::new(schemes::github(), Secret::new("It's a Secret to Everybody")?)?;

    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let headers = HashMap::from([("x-hub-signature-256".to_owned(), signature.to_owned())]);
    let event = Event { headers, body: Some("Hello, World!".to_owned()), ..Event::default() };
    assert_eq!(handle(&verifier, event), 200);
    Ok(())
}
