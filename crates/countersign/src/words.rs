//! What README and guide say in tables, held to what the code says.

use crate::{Scheme, VerifyErrorKind};

const README: &str = include_str!("../../../README.md");
const DEFAULTS: &str = include_str!("../guide/defaults.md");

#[test]
fn the_readme_lists_every_builtin_scheme_as_it_is() {
    let rows: Vec<String> = Scheme::names()
        .map(|name| {
            let scheme = Scheme::named(name).unwrap();
            format!("| `{name}` | `{}` | `{}` |", scheme.signature_grammar(), scheme.signed())
        })
        .collect();
    let listed: Vec<&str> = rows_below(README, "| name | signature | signed bytes |").collect();
    assert_eq!(listed, rows);
}

#[test]
fn the_readme_gives_every_refusal_its_status() {
    let rows: Vec<String> =
        REFUSALS.iter().map(|kind| format!("| `{}` | {} |", kind.code(), kind.status())).collect();
    let listed: Vec<&str> = rows_below(README, "| code | status | when |").collect();
    assert_eq!(listed.len(), rows.len());
    for (listed, row) in listed.iter().zip(rows) {
        assert!(listed.starts_with(&row), "{listed} instead of {row}");
    }
}

#[test]
fn the_guide_gives_every_scheme_its_ack_deadline() {
    let said: Vec<(&str, &str)> = rows_below(DEFAULTS, "| scheme | waits |")
        .filter_map(|row| row.trim_matches(['|', ' ']).split_once(" | "))
        .collect();
    for name in Scheme::names() {
        let waits = Scheme::named(name).unwrap().profile().ack_deadline().as_secs();
        let row = said.iter().find(|(names, _)| names.contains(&format!("`{name}`")));
        assert_eq!(row.map(|(_, waits)| *waits), Some(format!("{waits} s").as_str()), "{name}");
    }
}

#[test]
fn the_guide_names_every_scheme_whose_tolerance_is_not_the_default() {
    let named: String = rows_below(DEFAULTS, "| scheme | tolerance | why |").collect();
    for name in Scheme::names() {
        let tolerance = Scheme::named(name).unwrap().tolerance();
        let is_default = tolerance == Some(crate::Tolerance::symmetric(FIVE_MINUTES));
        assert_ne!(named.contains(&format!("`{name}`")), is_default, "{name}");
    }
}

#[test]
fn the_guide_names_every_scheme_whose_retention_is_not_the_default() {
    let named: String =
        rows_below(DEFAULTS, "| scheme | retention | why more than a day |").collect();
    for name in Scheme::names() {
        let is_default = Scheme::named(name).unwrap().profile().retention() == A_DAY;
        assert_ne!(named.contains(&format!("`{name}`")), is_default, "{name}");
    }
}

/// An unknown key is answered with all that there are.
#[cfg(feature = "serde")]
#[test]
fn the_guide_explains_every_word_of_a_scheme() {
    let guide = include_str!("../guide/schemes.md");
    let answer = Scheme::from_toml("nonsense = 1").unwrap_err().to_string();
    let words: Vec<&str> = answer.split('`').skip(5).step_by(2).collect();
    assert!(words.len() > 20, "{answer}");
    for word in words {
        let row = guide.lines().any(|line| {
            line.starts_with('|')
                && line[1..].split(" |").next().unwrap().contains(&format!("`{word}`"))
        });
        assert!(row, "{word}");
    }
}

#[test]
fn the_readme_and_the_crate_docs_explain_every_feature() {
    let docs = include_str!("lib.rs").replace("//! ", "");
    for text in [README, &docs] {
        let explained: Vec<&str> = rows_below(text, "| feature | adds |")
            .filter_map(|row| row.split('`').nth(1))
            .collect();
        let features = include_str!("../Cargo.toml").lines();
        let features = features.skip_while(|line| *line != "[features]").skip(1);
        for line in features.take_while(|line| !line.starts_with('[')) {
            let feature = line.split_once(" = ").map_or("default", |(feature, _)| feature);
            assert!(feature == "default" || explained.contains(&feature), "{feature}");
        }
    }
}

#[test]
fn the_dependency_line_names_this_version() {
    let version = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
    let line = format!("countersign = {{ version = \"{version}\", features = [\"axum\"] }}");
    assert!(README.lines().any(|said| said == line), "{line}");
}

/// The rows of the table that has this head.
fn rows_below<'a>(text: &'a str, head: &str) -> impl Iterator<Item = &'a str> {
    let mut lines = text.lines();
    assert!(lines.any(|line| line == head), "{head}");
    lines.skip(1).take_while(|line| line.starts_with('|'))
}

const FIVE_MINUTES: std::time::Duration = std::time::Duration::from_secs(5 * 60);
const A_DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

const REFUSALS: [VerifyErrorKind; 18] = [
    VerifyErrorKind::MissingSignature,
    VerifyErrorKind::UnsupportedSignature,
    VerifyErrorKind::SignatureMismatch,
    VerifyErrorKind::MalformedSignature,
    VerifyErrorKind::TooManySignatures,
    VerifyErrorKind::RepeatedHeader,
    VerifyErrorKind::MissingHeader,
    VerifyErrorKind::MissingId,
    VerifyErrorKind::MalformedId,
    VerifyErrorKind::MissingTimestamp,
    VerifyErrorKind::MalformedTimestamp,
    VerifyErrorKind::TimestampTooOld,
    VerifyErrorKind::TimestampInFuture,
    VerifyErrorKind::BodyTooLarge,
    VerifyErrorKind::BodyTimeout,
    VerifyErrorKind::BodyIncomplete,
    VerifyErrorKind::UnsupportedEncoding,
    VerifyErrorKind::Misconfigured,
];
