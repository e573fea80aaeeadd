use axum::body::Body;
use countersign::testing::{AttackRequest, Attacks};
use tower::ServiceExt;

use super::*;

/// The clock is paused, so that timeouts take no time.
#[tokio::test(start_paused = true)]
async fn the_endpoint_withstands_every_attack_and_handles_each_event_once() {
    let handled = Handled::default();
    let app = app("whsec_test", &handled).unwrap();
    let attacks = Attacks::new(schemes::stripe(), "whsec_test").unwrap();
    let attacks = attacks.to("/hooks".parse().unwrap()).prepare().unwrap();
    let deliver = async |attack: &AttackRequest| {
        let request = attack.to_http().map(Body::new);
        app.clone().oneshot(request).await.unwrap().status().into()
    };
    let card = attacks.run_counted(deliver, || handled.load(Ordering::SeqCst)).await;
    assert!(card.is_clean(), "{card}");
}
