//! The statements: each operation of the protocol is one.

use tokio_postgres::types::Type;

/// A statement with the types of its parameters.
///
/// The types are built in, so that a statement needs no query of the catalogue.
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) types: &'static [Type],
}

impl Statement {
    /// What is sent to the server.
    pub(crate) fn sent(&self) -> (&str, &'static [Type]) {
        (&self.text, self.types)
    }
}

/// The statements, for the table of one schema.
pub(crate) struct Statements {
    pub(crate) claim: Statement,
    pub(crate) complete: Statement,
    pub(crate) renew: Statement,
    pub(crate) release: Statement,
    pub(crate) forget: Statement,
    pub(crate) purge: Statement,
    pub(crate) count: Statement,
}

impl Statements {
    /// `schema` is a quoted identifier.
    pub(crate) fn new(schema: &str) -> Self {
        let table = format!("{schema}.countersign_event");
        let statement = |text: &str, types| {
            let text = without_comments(text).replace("{table}", &table);
            Statement { text, types }
        };
        Self {
            claim: statement(include_str!("statements/claim.sql"), &CLAIM),
            complete: statement(include_str!("statements/complete.sql"), &CLAIM[..4]),
            renew: statement(include_str!("statements/renew.sql"), &RENEW),
            release: statement(include_str!("statements/release.sql"), &CLAIM[..5]),
            forget: statement(include_str!("statements/forget.sql"), &CLAIM[..1]),
            purge: statement(include_str!("statements/purge.sql"), &LIMIT),
            count: statement(include_str!("statements/count.sql"), &LIMIT),
        }
    }
}

/// Behind a pooler, the text is sent with each execution.
pub(crate) fn without_comments(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("--"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Key, token, fingerprint, two durations, and what only a claim has.
static CLAIM: [Type; 7] =
    [Type::BYTEA, Type::BYTEA, Type::INT8, Type::INT8, Type::INT8, Type::INT8, Type::BOOL];
static RENEW: [Type; 4] = [Type::BYTEA, Type::BYTEA, Type::INT8, Type::INT8];
static LIMIT: [Type; 1] = [Type::INT8];
