//! Tests that compare the tables in the README and the guide with the code.

use crate::{Scheme, VerifyErrorKind, schemes};

const README: &str = include_str!("../../../README.md");
const PACKAGE_README: &str = include_str!("../README.md");
const INDEX: &str = include_str!("../guide/README.md");
const SCHEMES: &str = include_str!("../guide/schemes.md");
const QUICK_STARTS: &str = include_str!("../guide/quick-starts.md");
const TROUBLESHOOTING: &str = include_str!("../guide/troubleshooting.md");
const DEFAULTS: &str = include_str!("../guide/defaults.md");

#[test]
fn the_guide_lists_some_builtin_schemes_as_they_are() {
    let listed: Vec<&str> = rows_below(SCHEMES, "| name | signature | signed bytes |").collect();
    assert!(listed.len() > 10);
    for row in listed {
        let scheme = schemes::named(names(row).next().unwrap()).unwrap();
        let (signature, signed) = (scheme.signature_format(), scheme.signed());
        assert_eq!(row, format!("| `{}` | `{signature}` | `{signed}` |", scheme.name()));
    }
}

#[test]
fn the_guide_lists_the_status_of_every_rejection() {
    let rows: Vec<String> = VerifyErrorKind::ALL
        .iter()
        .map(|kind| format!("| `{}` | {} |", kind.code(), kind.status()))
        .collect();
    let listed: Vec<&str> = rows_below(TROUBLESHOOTING, "| code | status | when |").collect();
    assert_eq!(listed.len(), rows.len());
    for (listed, row) in listed.iter().zip(rows) {
        assert!(listed.starts_with(&row), "{listed} instead of {row}");
    }
}

#[test]
fn the_guide_lists_the_ack_deadlines_of_schemes() {
    for row in rows_below(DEFAULTS, "| scheme | ack deadline |") {
        for name in names(row) {
            let waits = schemes::named(name).unwrap().profile().ack_deadline().as_secs();
            assert!(row.ends_with(&format!("| {waits} s |")), "{name}: {row}");
        }
    }
}

#[test]
fn the_guide_lists_schemes_with_a_different_tolerance() {
    for row in rows_below(DEFAULTS, "| scheme | tolerance | why |") {
        for name in names(row) {
            let tolerance = schemes::named(name).unwrap().tolerance();
            assert_ne!(tolerance, Some(crate::Tolerance::symmetric(FIVE_MINUTES)), "{name}");
            assert_eq!(tolerance.is_none(), row.contains("| none |"), "{name}");
        }
    }
}

#[test]
fn the_guide_lists_schemes_with_a_different_retention() {
    for row in rows_below(DEFAULTS, "| scheme | retention | why more than a day |") {
        for name in names(row) {
            assert_ne!(schemes::named(name).unwrap().profile().retention(), A_DAY, "{name}");
        }
    }
}

/// A reader copies what the page shows. Lines that only rustdoc hides would be missing, or would not
/// compile. The blocks themselves are built by the documentation tests of `guide` and `readme`.
#[test]
fn every_code_block_is_complete_as_rendered() {
    let mut blocks = 0;
    for (page, text) in pages() {
        for (lang, code) in fenced(&text) {
            assert!(!lang.is_empty(), "{page}: a block of code without its language: {code}");
            if lang.split(',').next() != Some("rust") {
                continue;
            }
            blocks += 1;
            let hidden = code
                .lines()
                .map(str::trim_start)
                .find(|line| *line == "#" || line.starts_with("# "));
            assert_eq!(hidden, None, "{page}: a line that only rustdoc hides");
            let at_the_root = |line: &str| {
                let items = ["let ", "assert", "Ok", "Ok::", "if ", "for "];
                items.iter().any(|item| line.starts_with(item))
            };
            let loose = code.lines().find(|line| at_the_root(line));
            assert_eq!(loose, None, "{page}: a statement outside of a function");
        }
    }
    assert!(blocks > 30, "{blocks}");
}

/// The module `guide` is what builds the blocks.
#[test]
fn every_page_of_the_guide_is_in_the_documentation_and_in_the_index() {
    let modules = include_str!("guide.rs");
    for (page, _) in pages().filter(|(page, _)| !page.ends_with("README.md")) {
        assert!(modules.contains(&format!("\"../guide/{page}\"")), "{page}");
        assert!(INDEX.contains(&format!("]({page})")), "{page}");
    }
}

/// The code of the page, with the other forms of an event that its text describes.
mod serverless {
    use crate as countersign;

    include!("../guide/code/serverless.rs");

    #[test]
    fn the_page_shows_this_code() {
        let page = include_str!("../guide/serverless.md");
        let code = include_str!("../guide/code/serverless.rs");
        assert!(super::fenced(page).any(|(_, shown)| shown == code));
    }

    #[test]
    fn a_function_verifies_every_form_of_its_event() {
        main().unwrap();
        let secret = Secret::new("It's a Secret to Everybody").unwrap();
        let verifier = Verifier::new(schemes::github(), secret).unwrap();
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let name = || "x-hub-signature-256".to_owned();
        let plain = || Event {
            headers: HashMap::from([(name(), signature.to_owned())]),
            body: Some("Hello, World!".to_owned()),
            ..Event::default()
        };
        assert_eq!(handle(&verifier, plain()), 200);
        let encoded = Some(STANDARD.encode("Hello, World!"));
        let event = || Event { body: encoded.clone(), is_base64_encoded: true, ..plain() };
        assert_eq!(handle(&verifier, event()), 200);
        assert_eq!(handle(&verifier, Event { is_base64_encoded: false, ..event() }), 401);
        assert_eq!(handle(&verifier, Event { is_base64_encoded: true, ..plain() }), 400);
        let several = |count| HashMap::from([(name(), vec![signature.to_owned(); count])]);
        assert_eq!(handle(&verifier, Event { multi_value_headers: several(1), ..plain() }), 200);
        assert_eq!(handle(&verifier, Event { multi_value_headers: several(2), ..plain() }), 400);
        let joined = HashMap::from([(name(), format!("{signature},{signature}"))]);
        assert_eq!(handle(&verifier, Event { headers: joined, ..plain() }), 400);
    }
}

/// The documentation of an adapter, with the paths of this crate. `COUNTERSIGN_UPDATE=1 cargo test`
/// writes it.
#[test]
fn the_pages_of_the_adapters_are_those_of_their_crates() {
    for name in ["actix", "axum", "postgres", "redis", "sqlite", "tower"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../countersign-");
        let source = std::fs::read_to_string(format!("{folder}{name}/src/lib.rs")).unwrap();
        let mut page = String::new();
        for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
            page.push_str(line.strip_prefix(' ').unwrap_or(line));
            page.push('\n');
        }
        for (of_crate, here) in [
            ("use countersign_schemes as schemes;", "use countersign::schemes;"),
            ("](countersign_core::", "](crate::"),
            ("countersign_core", "countersign"),
            ("countersign_actix", "countersign::actix"),
            ("countersign_axum", "countersign::axum"),
            ("countersign_postgres", "countersign::postgres"),
            ("countersign_redis", "countersign::redis"),
            ("countersign_sqlite", "countersign::sqlite"),
            ("countersign_tower", "countersign::tower"),
            ("| `cluster` |", "| `redis-cluster` |"),
            ("| `sentinel` |", "| `redis-sentinel` |"),
            ("| `tls` |", &format!("| `{name}-tls` |")),
        ] {
            page = page.replace(of_crate, here);
        }
        let path = format!("{}/src/pages/{name}.md", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("COUNTERSIGN_UPDATE").is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), page, "{path}");
    }
}

/// The error for an unknown key lists all known keys.
#[cfg(feature = "serde")]
#[test]
fn the_guide_explains_every_setting_of_a_scheme() {
    let answer = Scheme::from_toml("nonsense = 1").unwrap_err().to_string();
    let words: Vec<&str> = answer.split('`').skip(5).step_by(2).collect();
    assert!(words.len() > 20, "{answer}");
    for word in words {
        let row = SCHEMES.lines().any(|line| {
            line.starts_with('|')
                && line[1..].split(" |").next().unwrap().contains(&format!("`{word}`"))
        });
        assert!(row, "{word}");
    }
}

#[test]
fn the_guide_lists_every_handshake_as_it_is() {
    let guide = include_str!("../guide/handshakes.md");
    let schemes: Vec<_> = schemes::names().map(|name| schemes::named(name).unwrap()).collect();
    let rows = schemes.iter().flat_map(|scheme| {
        scheme.handshakes().iter().map(|handshake| {
            let (name, rule) = (handshake.name(), handshake.rule());
            let (asked, answered) = (handshake.asked(), handshake.answered());
            format!("| `{}` | `{name}` | {rule} | {asked} | {answered} |", scheme.name())
        })
    });
    let head = "| scheme | handshake | rule | request | response |";
    assert_eq!(rows_below(guide, head).collect::<Vec<_>>(), rows.collect::<Vec<_>>());
}

#[test]
fn the_guide_and_the_crate_docs_explain_every_feature() {
    let docs = include_str!("lib.rs").replace("//! ", "");
    for text in [INDEX, &docs] {
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
fn the_guide_says_what_to_check_for_every_rejection() {
    let codes: Vec<&str> = VerifyErrorKind::ALL.iter().map(|kind| kind.code()).collect();
    let listed: Vec<&str> =
        rows_below(TROUBLESHOOTING, "| code | what to look at |").flat_map(names).collect();
    assert_eq!(listed, codes);
}

#[cfg(feature = "diagnose")]
#[test]
fn the_guide_lists_every_cause() {
    let codes: Vec<&str> = crate::diagnose::CauseKind::ALL.iter().map(|kind| kind.code()).collect();
    let listed: Vec<&str> =
        rows_below(TROUBLESHOOTING, "| cause | what it is | certain |").flat_map(names).collect();
    assert_eq!(listed, codes);
}

/// A link with an inline target leads to a file, and the documentation does not contain that file.
#[test]
fn every_link_between_pages_points_to_a_documented_module() {
    let modules = include_str!("guide/links.md");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/guide");
    let mut links = 0;
    for page in std::fs::read_dir(folder).unwrap() {
        let path = page.unwrap().path();
        // The index is not in the documentation: the module `guide` has its own table.
        if path.is_dir() || path.ends_with("README.md") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mut targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let inline = targets.find(|target| !target.contains("://") && target.contains(".md"));
        assert_eq!(inline, None, "{}: write `[text][page.md]`", path.display());
        let defined = text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
        for (label, file) in defined.filter(|(label, _)| !label.contains(']')) {
            assert_eq!(label, file, "{}", path.display());
            let (page, part) = file.split_once(".md").unwrap();
            let module = format!("[{file}]: crate::guide::{}{part}", page.replace('-', "_"));
            assert!(modules.lines().any(|line| line == module), "{}: {module}", path.display());
            links += 1;
        }
    }
    assert!(links > 20);
}

#[cfg(feature = "metrics")]
#[test]
fn the_guide_lists_every_metric() {
    use crate::metrics::{METRICS, MetricKind};

    let guide = include_str!("../guide/observability.md");
    let listed: Vec<&str> = rows_below(guide, "| metric | kind | labels | means |").collect();
    let rows = METRICS.iter().map(|metric| {
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Histogram { .. } => "histogram",
            _ => "unknown",
        };
        let labels = metric.labels.join("`, `");
        format!("| `{}` | {kind} | `{labels}` | {} |", metric.name, metric.help)
    });
    assert_eq!(listed, rows.collect::<Vec<_>>());
}

#[test]
fn the_dependency_lines_name_this_version() {
    let version = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
    let line = format!("countersign = {{ version = \"{version}\", features = [\"axum\"");
    for text in [README, PACKAGE_README] {
        assert!(text.contains(&line), "{line}");
    }
    let rust = include_str!("../../../Cargo.toml").lines();
    let rust = rust.filter_map(|line| line.strip_prefix("rust-version = ")).next().unwrap();
    assert!(README.contains(&format!("Rust {} or later", rust.trim_matches('"'))), "{rust}");
}

#[test]
fn the_quick_starts_depend_on_what_the_project_depends_on() {
    let project = include_str!("../../../Cargo.toml");
    let lines = QUICK_STARTS.split("[dependencies]\n").skip(1);
    let lines: Vec<_> = lines
        .flat_map(|lines| lines.lines().take_while(|line| *line != "```"))
        .map(|line| (line.split_once(" = ").unwrap().0, version(line)))
        .collect();
    assert!(lines.len() > 10);
    for (name, version_said) in lines {
        let start = format!("{name} = ");
        let used = project.lines().find(|line| line.starts_with(&start)).map(version).unwrap();
        assert!(format!("{used}.").starts_with(&format!("{version_said}.")), "{name}: {used}");
    }
}

#[test]
fn the_guide_names_every_scheme_that_signs_the_url() {
    let proxies = include_str!("../guide/proxies.md");
    let named =
        proxies.split_once("## The URL\n\n").unwrap().1.split_once(" sign the URL").unwrap().0;
    let named: Vec<&str> = named.split('`').skip(1).step_by(2).collect();
    let schemes = schemes::names().filter(|name| schemes::named(name).unwrap().signs_url());
    assert_eq!(named, schemes.collect::<Vec<_>>());
}

/// The pages of the guide, and the READMEs: name and text.
fn pages() -> impl Iterator<Item = (String, String)> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/guide")).unwrap();
    let guide = folder.map(|page| page.unwrap().path()).filter(|path| path.is_file()).map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), text)
    });
    let readmes = [("/README.md", README), ("countersign/README.md", PACKAGE_README)];
    guide.chain(readmes.map(|(name, text)| (name.to_owned(), text.to_owned())))
}

/// The fenced blocks of a page: what follows the fence, and the text.
fn fenced(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut parts = text.split("```");
    parts.next();
    std::iter::from_fn(move || {
        let block = parts.next()?;
        parts.next();
        block.split_once('\n')
    })
}

/// The first version in a line of a manifest.
fn version(line: &str) -> &str {
    let quoted = line.split_once("version = ").map_or(line, |(_, behind)| behind);
    quoted.split('"').nth(1).unwrap()
}

/// The texts between backticks in the first cell of a row.
fn names(row: &str) -> impl Iterator<Item = &str> {
    let cell = row.split('|').nth(1).unwrap();
    cell.split('`').skip(1).step_by(2)
}

/// The rows of the table that has this head.
fn rows_below<'a>(text: &'a str, head: &str) -> impl Iterator<Item = &'a str> {
    let mut lines = text.lines();
    assert!(lines.any(|line| line == head), "{head}");
    lines.skip(1).take_while(|line| line.starts_with('|'))
}

const FIVE_MINUTES: std::time::Duration = std::time::Duration::from_secs(5 * 60);
const A_DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
