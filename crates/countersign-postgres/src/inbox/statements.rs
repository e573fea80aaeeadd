//! The statements.

use std::sync::LazyLock;

use tokio_postgres::types::Type;

use crate::statements::{Statement, without_comments};

pub(super) static CLAIM: LazyLock<Statement> = LazyLock::new(|| {
    statement(include_str!("claim.sql"), &[Type::INT8, Type::BYTEA, Type::INT8, Type::INT8])
});

pub(super) static FIND: LazyLock<Statement> =
    LazyLock::new(|| statement(include_str!("find.sql"), &[Type::BYTEA]));

pub(super) static ADVANCE: LazyLock<Statement> = LazyLock::new(|| {
    statement(include_str!("advance.sql"), &[Type::TEXT, Type::TEXT, Type::INT8, Type::INT8])
});

pub(super) static PURGE: LazyLock<Statement> =
    LazyLock::new(|| statement(include_str!("purge.sql"), &[Type::INT8]));

fn statement(text: &str, types: &'static [Type]) -> Statement {
    Statement { text: without_comments(text), types }
}
