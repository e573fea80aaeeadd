//! The tables, and their version.

/// The statements that create the tables, unless they exist. Without a schema, they are created in
/// the first schema of the search path.
pub(crate) fn migration(schema: Option<&str>) -> String {
    let version = VERSION.to_string();
    match schema {
        Some(schema) => {
            let schema = quoted(schema);
            let tables = TABLES.replace("{version}", &version).replace("{schema}", &schema);
            format!("CREATE SCHEMA IF NOT EXISTS {schema};\n{tables}")
        }
        None => TABLES.replace("{schema}.", "").replace("{version}", &version),
    }
}

/// The same, for several processes that start at the same time. They are one transaction.
pub(crate) fn creation(schema: &str, schema_exists: bool) -> String {
    let lock = format!("SELECT pg_advisory_xact_lock({LOCK});");
    let migration = migration(Some(schema));
    // Even if it exists, creating it needs a right.
    let tables =
        if schema_exists { migration.split_once('\n').map(|(_, rest)| rest) } else { None };
    format!("{lock}\n{}", tables.unwrap_or(&migration))
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
        assert!(!migration(None).contains('{'));
        assert!(migration(Some("{version}")).contains(r#""{version}".countersign_event"#));
    }
}
