//! Where the table of a queue is.

use std::path::PathBuf;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::possible_secret::shown_path;
use crate::serve::{POSTGRES, SQLITE};

/// Where the table of a queue is.
#[derive(Clone)]
pub(crate) enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// The URL of a Postgres database, which may contain a password.
    Database(
        #[cfg_attr(
            not(feature = "postgres"),
            allow(dead_code, reason = "this program cannot connect")
        )]
        String,
    ),
}

impl Location {
    /// `resolved` resolves the path of a file. `None` if the URL has another form.
    pub(crate) fn of_url(url: &str, resolved: impl FnOnce(&str) -> PathBuf) -> Option<Self> {
        if POSTGRES.iter().any(|scheme| url.starts_with(scheme)) {
            return Some(Self::Database(url.to_owned()));
        }
        let path = url.strip_prefix(SQLITE).filter(|path| !path.is_empty())?;
        Some(Self::File(resolved(path)))
    }

    /// The queue, for error messages. Errors of a database name its server.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => format!("the queue `{SQLITE}{}`", path.display()),
            Self::Database(_) => "the queue".to_owned(),
        }
    }

    /// The option of `countersign queue` that names the queue.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn option(&self) -> String {
        match self {
            Self::File(path) => format!("--queue {SQLITE}{}", shown_path(path)),
            Self::Database(_) => "--config FILE".to_owned(),
        }
    }

    /// Why this program cannot open it, whatever is there.
    pub(crate) fn missing_feature(&self) -> Option<&'static str> {
        match self {
            Self::File(_) if !cfg!(feature = "sqlite") => Some(
                "this program was built without SQLite: install it with the feature `sqlite`, \
                 `cargo install --path crates/countersign-cli --features sqlite`",
            ),
            Self::Database(_) if !cfg!(feature = "postgres") => Some(
                "this program was built without Postgres: install it with the feature `postgres`, \
                 `cargo install --path crates/countersign-cli --features postgres`",
            ),
            _ => None,
        }
    }
}

/// What to write instead of a URL of another form.
pub(crate) const UNKNOWN: &str = "is no queue: write `sqlite:` and the path of a file, or the URL of \
     a Postgres database, `postgres://…`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_a_file_or_a_database() {
        let of_url = |url| Location::of_url(url, |path| path.into());
        assert!(
            matches!(of_url("sqlite:a/b.db"), Some(Location::File(path)) if path.ends_with("b.db"))
        );
        for url in ["postgres://a/b", "postgresql://a/b"] {
            assert!(matches!(of_url(url), Some(Location::Database(same)) if same == url));
        }
        for url in ["", "sqlite:", "queue.db", "redis://a", "POSTGRES://a/b"] {
            assert!(of_url(url).is_none(), "{url}");
        }
    }

    #[test]
    fn what_is_shown_of_a_database_has_no_password() {
        let location = Location::Database("postgres://u:hunter2@a/b".to_owned());
        assert!(!location.name().contains("hunter2"));
        #[cfg(any(feature = "sqlite", feature = "postgres"))]
        assert!(!location.option().contains("hunter2"));
    }
}
