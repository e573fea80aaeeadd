//! The tables, and their version.

/// The statements that create the tables, unless they exist. Without a schema, they are created in
/// the first schema of the search path.
pub(crate) fn migration(schema: Option<&str>) -> String {
    let (schema, prefix) = match schema.map(quoted) {
        Some(name) => (format!("CREATE SCHEMA IF NOT EXISTS {name};\n"), format!("{name}.")),
        None => Default::default(),
    };
    in_turn(&format!("{schema}{}", tables(&prefix)))
}

/// The same, for a connection that creates them at start-up.
pub(crate) fn creation(schema: &str, schema_exists: bool) -> String {
    // Even if it exists, creating it needs a right.
    if schema_exists {
        in_turn(&tables(&format!("{}.", quoted(schema))))
    } else {
        migration(Some(schema))
    }
}

fn tables(prefix: &str) -> String {
    TABLES.replace("{version}", &VERSION.to_string()).replace("{schema}.", prefix)
}

/// Several processes can start at the same time, and `IF NOT EXISTS` does not see what another
/// transaction has not committed yet. The statements are one transaction.
fn in_turn(statements: &str) -> String {
    format!("SELECT pg_advisory_xact_lock({LOCK});\n{statements}")
}

/// The name as an identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The version of the tables. A change of the tables increments it, and converts the tables of
/// earlier versions.
pub(crate) const VERSION: i32 = 1;

/// `CSev` in ASCII. An application that uses advisory locks must not use this one for long.
const LOCK: i64 = 0x4353_6576;

const TABLES: &str = include_str!("schema.sql");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        assert_eq!(quoted(r#"a"; DROP"#), r#""a""; DROP""#);
        let text = creation(r#"a"b"#, true);
        assert!(text.contains(r#""a""b".countersign_event"#), "{text}");
        assert!(!text.contains("CREATE SCHEMA") && !text.contains('{'), "{text}");
        assert!(!migration(None).contains(['{', '"']));
        assert!(migration(Some("{version}")).contains(r#""{version}".countersign_event"#));
    }
}
