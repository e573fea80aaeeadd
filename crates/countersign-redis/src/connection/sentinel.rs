//! Asking sentinels where the primary is.

use std::sync::atomic::{AtomicUsize, Ordering};

use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{Client, RedisError, TlsMode};

use crate::target::SentinelTarget;

/// The sentinels, and which one is asked first.
pub(crate) struct Sentinels {
    target: SentinelTarget,
    first: AtomicUsize,
}

impl Sentinels {
    pub(super) fn new(target: SentinelTarget) -> Self {
        Self { target, first: AtomicUsize::new(0) }
    }

    /// The primary. Each time another sentinel is asked first, on a connection
    /// of its own, so that one that hangs costs one attempt and not all.
    pub(super) async fn primary(&self) -> Result<Client, RedisError> {
        let mut sentinels = self.target.sentinels.clone();
        let first = self.first.fetch_add(1, Ordering::Relaxed) % sentinels.len().max(1);
        sentinels.rotate_left(first);

        let mut server = SentinelNodeConnectionInfo::default()
            .set_redis_connection_info(self.target.server.clone());
        if self.target.tls {
            server = server.set_tls_mode(TlsMode::Secure);
        }
        let name = self.target.name.clone();
        SentinelClient::build(sentinels, name, Some(server), SentinelServerType::Master)?
            .async_get_client()
            .await
    }
}
