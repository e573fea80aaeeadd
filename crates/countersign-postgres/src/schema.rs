//! The tables, and their version.

/// The tables of one kind.
pub(crate) struct Tables {
    /// The name of the version's row.
    pub(crate) name: &'static str,
    /// A change of the tables increments it, and converts the tables of earlier versions.
    pub(crate) version: i32,
    text: &'static str,
}

/// The tables of a store.
pub(crate) const EVENTS: Tables =
    Tables { name: "event", version: 1, text: include_str!("schema.sql") };

/// The tables of a queue.
pub(crate) const QUEUE: Tables =
    Tables { name: "queue", version: 1, text: include_str!("queue/schema.sql") };

/// The statements that create the tables, unless they exist. Without a schema, they are created in
/// the first schema of the search path.
pub(crate) fn migration(tables: &Tables, schema: Option<&str>) -> String {
    let version = tables.version.to_string();
    match schema {
        Some(schema) => {
            let schema = quoted(schema);
            let text = tables.text.replace("{version}", &version).replace("{schema}", &schema);
            format!("CREATE SCHEMA IF NOT EXISTS {schema};\n{text}")
        }
        None => tables.text.replace("{schema}.", "").replace("{version}", &version),
    }
}

/// The same, for several processes that start at the same time. They are one transaction.
pub(crate) fn creation(tables: &Tables, schema: &str, schema_exists: bool) -> String {
    let lock = format!("SELECT pg_advisory_xact_lock({LOCK});");
    let migration = migration(tables, Some(schema));
    // Even if it exists, creating it needs a right.
    let without_schema =
        if schema_exists { migration.split_once('\n').map(|(_, rest)| rest) } else { None };
    format!("{lock}\n{}", without_schema.unwrap_or(&migration))
}

/// The name as an identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `CSev` in ASCII. An application that uses advisory locks must not use this one for long.
const LOCK: i64 = 0x4353_6576;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        assert_eq!(quoted(r#"a"; DROP"#), r#""a""; DROP""#);
        for tables in [EVENTS, QUEUE] {
            let text = creation(&tables, r#"a"b"#, true);
            assert!(text.contains(r#""a""b".countersign_"#), "{text}");
            assert!(!text.contains("CREATE SCHEMA") && !text.contains('{'), "{text}");
            assert!(!migration(&tables, None).contains('{'));
            let name = r#""{version}".countersign_"#;
            assert!(migration(&tables, Some("{version}")).contains(name));
        }
    }
}
