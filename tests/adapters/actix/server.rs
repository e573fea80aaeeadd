//! actix-web's server, on a separate thread.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::{self, ServerHandle};
use actix_web::http::KeepAlive;
use actix_web::rt::System;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use tokio::sync::oneshot;

/// A server on the loopback interface with one worker. It stops when this is
/// dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
    // Keeps the actix system running until this is dropped, even after the
    // server has stopped.
    leave: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(app: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) -> Self {
        Self::start_with(KeepAlive::default(), app)
    }

    /// Configured as the documentation recommends.
    pub(crate) fn start_guarded(app: impl Fn(&mut ServiceConfig) + Clone + Send + 'static) -> Self {
        Self::start_with(KeepAlive::Disabled, app)
    }

    fn start_with(
        keep_alive: KeepAlive,
        app: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        Self::of(move |listener| {
            let server = HttpServer::new(move || App::new().configure(app.clone()))
                .keep_alive(keep_alive)
                .client_request_timeout(HEAD_DEADLINE)
                .client_disconnect_timeout(LINGER)
                .workers(1)
                .disable_signals();
            Ok(server.listen_auto_h2c(listener)?.run())
        })
    }

    /// A server that this closure configures and runs.
    pub(crate) fn of(
        run: impl FnOnce(TcpListener) -> io::Result<dev::Server> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (give, given) = mpsc::channel();
        let (leave, left) = oneshot::channel();
        let thread = thread::spawn(move || {
            System::new().block_on(async move {
                let server = run(listener).unwrap();
                give.send(server.handle()).unwrap();
                server.await.unwrap();
                let _ = left.await;
            });
        });
        let handle = given.recv().unwrap();
        Self { address, handle, leave: Some(leave), thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        drop(self.leave.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

const HEAD_DEADLINE: Duration = Duration::from_secs(2);
const LINGER: Duration = Duration::from_millis(500);
