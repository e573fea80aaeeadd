//! `countersign demo`: runs a real receiver on loopback and sends it genuine and forged deliveries.

mod delivery;
mod endpoint;
mod outcome;
mod provider;
mod receiver;
mod sender;

use countersign::{Clock, SystemClock};

use crate::output::Report;
use crate::usage_error::UsageError;
use endpoint::Endpoint;
use outcome::{Outcome, report};
use provider::PROVIDERS;
use receiver::Receiver;
use sender::Sender;

pub(crate) fn run() -> Result<Report, UsageError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| UsageError::because("the demo cannot start", error))?;
    let outcomes = runtime.block_on(send_everything())?;
    Ok(report(&outcomes))
}

async fn send_everything() -> Result<Vec<Outcome>, UsageError> {
    let endpoints = PROVIDERS.iter().map(Endpoint::new).collect::<Result<Vec<_>, _>>()?;
    let receiver = Receiver::start(&endpoints).await?;
    let sender = Sender::to(receiver.address());
    let now_ms = SystemClock::new().now_unix_ms();

    let mut outcomes = Vec::new();
    for endpoint in &endpoints {
        for delivery in endpoint.deliveries(now_ms)? {
            let answered = sender.send_all(&delivery).await;
            outcomes.push(Outcome { seen: receiver.seen(), answered, delivery });
        }
    }
    // The receiver drains open connections before it stops, and the sender keeps some open.
    drop(sender);
    receiver.stop().await;
    Ok(outcomes)
}
