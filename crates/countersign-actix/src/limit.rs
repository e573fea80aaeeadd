//! Limits a connection whose client does not read its response.

use std::any::Any;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;

/// Closes a connection whose client reads nothing of its response for 10 s.
///
/// By default, actix-web keeps such a connection forever. Use it with
/// `HttpServer::on_connect`.
///
/// The kernel closes the connection, by `TCP_USER_TIMEOUT`, so this works on
/// Linux and Android only. On other systems, and for connections that are not
/// plain TCP, it does nothing.
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
    // Fails only if the socket is already closed.
    let _ = socket.set_tcp_user_timeout(Some(LONGEST));
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn set(_: &SockRef<'_>) {}

#[cfg(any(target_os = "android", target_os = "linux"))]
const LONGEST: std::time::Duration = std::time::Duration::from_secs(10);
