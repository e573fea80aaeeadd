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

impl Tables {
    /// The statements that create the tables, unless they exist. Without a schema, they are created
    /// in the first schema of the search path.
    pub(crate) fn migration(&self, schema: Option<&str>) -> String {
        let (schema, prefix) = match schema.map(quoted) {
            Some(name) => (format!("CREATE SCHEMA IF NOT EXISTS {name};\n"), format!("{name}.")),
            None => Default::default(),
        };
        in_turn(&format!("{schema}{}", self.statements(&prefix)))
    }

    /// The same, for a connection that creates them at start-up.
    pub(crate) fn creation(&self, schema: &str, schema_exists: bool) -> String {
        // Even if it exists, creating it needs a right.
        if schema_exists {
            in_turn(&self.statements(&format!("{}.", quoted(schema))))
        } else {
            self.migration(Some(schema))
        }
    }

    fn statements(&self, prefix: &str) -> String {
        self.text.replace("{version}", &self.version.to_string()).replace("{schema}.", prefix)
    }
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

/// `CSev` in ASCII. An application that uses advisory locks must not use this one for long.
const LOCK: i64 = 0x4353_6576;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        assert_eq!(quoted(r#"a"; DROP"#), r#""a""; DROP""#);
        for tables in [EVENTS, QUEUE] {
            let text = tables.creation(r#"a"b"#, true);
            assert!(text.contains(r#""a""b".countersign_"#), "{text}");
            assert!(!text.contains("CREATE SCHEMA") && !text.contains('{'), "{text}");
            assert!(!tables.migration(None).contains(['{', '}']));
            let name = r#""{version}".countersign_"#;
            assert!(tables.migration(Some("{version}")).contains(name));
        }
    }
}
