//! What the server is to be told of a connection.

use std::any::Any;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;

/// Ends a connection whose client takes nothing of its answer for 10 s, which
/// actix-web by itself would keep for ever. For `HttpServer::on_connect`.
///
/// It is the kernel that does so, by `TCP_USER_TIMEOUT`, and so on Linux alone;
/// elsewhere, and for connections that are not plain TCP, this does nothing.
///
/// ```no_run
/// use actix_web::{App, HttpServer};
/// use countersign_actix::limit_unsent;
///
/// # async fn serve() -> std::io::Result<()> {
/// HttpServer::new(App::new)
///     .on_connect(|connection, _| limit_unsent(connection))
///     .bind("127.0.0.1:3000")?
///     .run()
///     .await
/// # }
/// ```
pub fn limit_unsent(connection: &dyn Any) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>() {
        set(&SockRef::from(stream));
    }
}

#[cfg(any(target_os = "android", target_os = "linux"))]
fn set(socket: &SockRef<'_>) {
    // It fails for a socket that is closed already.
    let _ = socket.set_tcp_user_timeout(Some(LONGEST));
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn set(_: &SockRef<'_>) {}

#[cfg(any(target_os = "android", target_os = "linux"))]
const LONGEST: std::time::Duration = std::time::Duration::from_secs(10);
