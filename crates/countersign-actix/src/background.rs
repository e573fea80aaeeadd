//! What a receiver has to do beside its requests.

use actix_web::rt::time::sleep;
use actix_web::rt::{System, spawn};
use countersign_core::{IdempotencyStore, Receiver};

/// Starts it, at the first request: a receiver is often made where no runtime is
/// yet. It runs on the system's own thread, where there is one: that outlives the
/// workers, whose tasks give their claims back when they are stopped.
pub(crate) fn ensure_background<S: IdempotencyStore>(receiver: &Receiver<S>) {
    let Some(background) = receiver.background(sleep) else { return };
    match System::try_current() {
        Some(system) => {
            system.arbiter().spawn(background);
        }
        None => drop(spawn(background)),
    }
}
