//! A PgBouncer for tests.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::PostgresServer;
use crate::redis_server::{LOOPBACK, free_port};
use crate::unprivileged::{self, ServerProcess};

/// A PgBouncer in transaction mode in front of a [`PostgresServer`], on a free port of the loopback
/// interface.
///
/// It is killed when this is dropped, and when this process ends.
pub struct PgBouncer {
    _process: ServerProcess,
    _folder: TempDir,
    port: u16,
}

impl PgBouncer {
    /// Starts a PgBouncer with this number of connections to the server. The user is `postgres`.
    ///
    /// # Panics
    ///
    /// Panics if it is not installed, or does not start.
    #[must_use]
    pub fn start(server: &PostgresServer, connections: u32) -> Self {
        let folder = unprivileged::folder();
        let mut output = String::new();
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let settings = settings(server, connections, port);
            unprivileged::write(folder.path(), "users.txt", "\"postgres\" \"\"\n");
            unprivileged::write(folder.path(), "pgbouncer.ini", &settings);
            let args = ["pgbouncer.ini".to_owned()];
            match ServerProcess::start(&program(), &args, folder.path(), "process up") {
                Ok(process) => return Self { _process: process, _folder: folder, port },
                Err(printed) => output = printed,
            }
        }
        panic!("pgbouncer does not start: {output}");
    }

    /// `postgres://postgres@127.0.0.1:port/postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@{LOOPBACK}:{}/postgres", self.port)
    }
}

impl fmt::Debug for PgBouncer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgBouncer").field("url", &self.url()).finish_non_exhaustive()
    }
}

fn settings(server: &PostgresServer, connections: u32, port: u16) -> String {
    format!(
        "[databases]\n\
         postgres = host={LOOPBACK} port={}\n\
         [pgbouncer]\n\
         listen_addr = {LOOPBACK}\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = trust\n\
         auth_file = users.txt\n\
         pool_mode = transaction\n\
         default_pool_size = {connections}\n",
        server.port()
    )
}

fn program() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join("pgbouncer"));
    let found =
        found.chain([PathBuf::from("/usr/sbin/pgbouncer")]).find(|file| Path::is_file(file));
    found.expect("there is no `pgbouncer`. `cargo xtask test` installs it")
}

const ATTEMPTS: u32 = 5;
