//! Starts the background task of a receiver.

use actix_web::rt::{System, spawn};
use countersign_core::{IdempotencyStore, Receiver, TokioRuntime};

/// Starts the task at the first request, because a receiver is often created
/// before there is a runtime. If there is an actix system, the task runs on its
/// arbiter. The system outlives the workers, whose tasks release their claims
/// when they are stopped.
pub(crate) fn ensure_background<S: IdempotencyStore>(receiver: &Receiver<S>) {
    let Some(background) = receiver.settlement_task(TokioRuntime) else { return };
    match System::try_current() {
        Some(system) => {
            system.arbiter().spawn(background);
        }
        None => drop(spawn(background)),
    }
}
