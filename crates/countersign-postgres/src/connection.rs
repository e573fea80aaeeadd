//! The pool of connections.

#[cfg(feature = "tls")]
mod tls;

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;

use crate::config::PostgresConfig;
use crate::error::ConnectError;

/// A pool that has no connection yet.
pub(crate) fn pool(config: &PostgresConfig) -> Result<Pool, ConnectError> {
    let mut server = config.target.config.clone();
    if !config.has_pooler {
        let options = options(server.get_options(), config.deadline);
        server.options(options);
    }
    // A connection that is closed is detected without a round trip.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = if server.get_ssl_mode() == SslMode::Disable {
        Manager::from_config(server, NoTls, recycling)
    } else {
        #[cfg(feature = "tls")]
        {
            let roots = config.target.root_certificates.as_deref();
            Manager::from_config(server, tls::connector(roots)?, recycling)
        }
        #[cfg(not(feature = "tls"))]
        Manager::from_config(server, NoTls, recycling)
    };
    let pool = Pool::builder(manager).max_size(config.connections).runtime(Runtime::Tokio1);
    pool.build().map_err(|_| ConnectError::Setting { problem: "the store's pool cannot be built" })
}

/// The settings of a session. A statement that waits for a lock ends before its caller's deadline,
/// with an error that says so. The server ends what its caller has given up.
fn options(own: Option<&str>, deadline: Duration) -> String {
    let deadline_ms = deadline.as_millis().max(1);
    let lock_ms = (deadline_ms / 2).max(1);
    let own = own.map(|own| format!(" {own}")).unwrap_or_default();
    format!(
        "-c statement_timeout={deadline_ms} -c lock_timeout={lock_ms} \
         -c default_transaction_isolation=read\\ committed{own}"
    )
}
