//! Attacks the endpoint, and prints its responses.

use std::error::Error;
use std::sync::atomic::Ordering;

use axum::body::Body;
use countersign::schemes;
use countersign::testing::{AttackRequest, Attacks};
use example_attack_your_endpoint::{Handled, app};
use tower::ServiceExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let handled = Handled::default();
    let app = app("whsec_test", &handled)?;
    let attacks = Attacks::new(schemes::stripe(), "whsec_test")?.to("/hooks".parse()?);
    let deliver = async |attack: &AttackRequest| {
        let request = attack.to_http().map(Body::new);
        match app.clone().oneshot(request).await {
            Ok(response) => response.status().into(),
            Err(never) => match never {},
        }
    };
    let handled = || handled.load(Ordering::SeqCst);
    let card = attacks.prepare()?.run_counted(deliver, handled).await;
    for mark in card.results() {
        let sound = if mark.is_sound() { "ok" } else { "LOST" };
        println!("{sound:<4}  {:<19}  {}", mark.kind(), mark.kind().sent());
    }
    println!("\n{card}");
    Ok(())
}
