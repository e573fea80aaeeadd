//! Cancels a statement that its caller has given up.

use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::{CancelToken, NoTls};
#[cfg(feature = "tls")]
use tokio_postgres_rustls::MakeRustlsConnect;

/// How to connect for a cancel request.
#[derive(Clone)]
pub(crate) struct Canceller {
    #[cfg(feature = "tls")]
    tls: Option<MakeRustlsConnect>,
}

impl Canceller {
    pub(super) fn plain() -> Self {
        Self {
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    #[cfg(feature = "tls")]
    pub(super) fn tls(tls: MakeRustlsConnect) -> Self {
        Self { tls: Some(tls) }
    }

    /// Cancels the statement of this connection, and then closes the connection: in a task, because
    /// the caller does not wait for it. A pooler forwards the request only while the connection is
    /// open, so it is kept until the statement has ended.
    pub(crate) fn cancel_and_close(&self, connection: ClientWrapper) {
        if connection.is_closed() {
            return;
        }
        // Without a runtime, the connection cannot be used any more either.
        let Ok(runtime) = Handle::try_current() else { return };
        let canceller = self.clone();
        runtime.spawn(async move {
            let cancel = async {
                if canceller.send(connection.cancel_token()).await.is_ok() {
                    // Its reply follows that of the statement.
                    let _ = connection.simple_query("").await;
                }
            };
            let _ = timeout(MAX_WAIT, cancel).await;
        });
    }

    async fn send(&self, token: CancelToken) -> Result<(), tokio_postgres::Error> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return token.cancel_query(tls.clone()).await;
        }
        token.cancel_query(NoTls).await
    }
}

/// The maximum duration of a cancel request, and so of the connection afterwards.
const MAX_WAIT: Duration = Duration::from_secs(1);
