//! The full path in front of a queue: a delivery is answered once the queue has it.
//!
//! ```text
//! request -> headers -> timestamp -> body -> MAC -> compare -> claim, store, done -> 202
//!            `------- HandoffReceiver::receive -------'    `-- HandoffReceiver::hand_off --'
//! ```

mod layer;
mod service;

pub use layer::HandoffLayer;
pub use service::{HandoffService, NotInteractive};
