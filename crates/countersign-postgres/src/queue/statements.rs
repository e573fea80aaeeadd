//! The statements of a queue, for the tables of one schema.

use tokio_postgres::types::Type;

use crate::statements::{Statement, without_comments};

macro_rules! statements {
    ($($name:ident: [$($type:ident),*]),+ $(,)?) => {
        pub(super) struct QueueStatements {
            $(pub(super) $name: Statement,)+
        }

        impl QueueStatements {
            /// `schema` is a quoted identifier.
            pub(super) fn new(schema: &str) -> Self {
                let names = Names::new(schema);
                Self {
                    $($name: {
                        static TYPES: &[Type] = &[$(Type::$type),*];
                        let text = include_str!(concat!("statements/", stringify!($name), ".sql"));
                        Statement { text: names.in_text(text), types: TYPES }
                    },)+
                }
            }
        }
    };
}

statements! {
    find: [BYTEA],
    accept: [BYTEA, BYTEA, INT8, INT8, BOOL, TEXT, TEXT, TEXT, TEXT, BOOL, BYTEA],
    complete: [BYTEA, BYTEA, INT8, INT8],
    forget: [BYTEA],
    lock_key: [TEXT, TEXT],
    lock_keys: [INT8_ARRAY],
    promote: [INT8_ARRAY],
    take_begin: [TEXT, INT8, INT8, INT8_ARRAY, BYTEA_ARRAY],
    take: [TEXT, BYTEA, INT8, INT8, INT8, INT8],
    settle: [INT8, BYTEA, INT2, INT8, BOOL, INT4, TEXT, BOOL, BOOL],
    renew: [INT8_ARRAY, BYTEA_ARRAY, INT8],
    purge_events: [INT8],
    purge_jobs: [INT8, INT8],
    list: [INT8_ARRAY, INT2_ARRAY, TEXT, TEXT, TEXT, INT8, INT8, INT8],
    count: [INT8_ARRAY, INT2_ARRAY, TEXT, TEXT, TEXT, INT8, INT8],
    choose: [INT8_ARRAY, INT2_ARRAY, TEXT, TEXT, TEXT, INT8, INT8, INT8, INT8, INT8],
    last: [],
    show: [INT8],
    retry: [INT8_ARRAY, INT2_ARRAY],
    discard: [INT8_ARRAY, INT2_ARRAY],
    pause: [TEXT],
    resume: [TEXT],
    paused: [],
    targets: [],
    missing: [INT8_ARRAY],
    long_event_ids: [INT8],
    counts: [TEXT],
}

/// What the texts leave open.
struct Names {
    /// What the names of the tables begin with.
    tables: String,
    /// The sequence, in a literal.
    sequence: String,
    /// The number that the advisory locks of this queue depend on.
    seed: String,
    filter: String,
}

impl Names {
    fn new(schema: &str) -> Self {
        let tables = format!("{schema}.countersign_queue_");
        let in_literal = tables.replace('\'', "''");
        Self {
            sequence: format!("{in_literal}job_id"),
            seed: format!("'{in_literal}job'::regclass::oid::int8"),
            filter: without_comments(include_str!("statements/filter.sql")),
            tables,
        }
    }

    /// The name of the schema comes last, because it can contain anything.
    fn in_text(&self, text: &str) -> String {
        let text = without_comments(text).replace("{filter}", &self.filter);
        let mut parts = text.split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            filled.push_str(match name {
                "t" => &self.tables,
                "sequence" => &self.sequence,
                "seed" => &self.seed,
                _ => "",
            });
            filled.push_str(rest);
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_schema_is_quoted_in_identifiers_and_literals() {
        let statements = QueueStatements::new(r#""it's {t} ""here""""#);
        let text = statements.accept.text;
        assert!(
            text.contains(r#"INSERT INTO "it's {t} ""here""".countersign_queue_event"#),
            "{text}"
        );
        assert!(
            text.contains(r#"nextval('"it''s {t} ""here""".countersign_queue_job_id'::regclass)"#),
            "{text}"
        );
        assert!(!statements.take_begin.text.contains("{seed}"));
        assert!(statements.list.text.contains("event_id = $4"));
    }
}
